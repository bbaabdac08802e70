"""Runs cells in a Jupyter kernel and keeps what a notebook would show of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient
    from jupyter_client.manager import KernelManager

SCENARIO = """\
%load_ext kinode_nb
%kinode boot fake.dev
%kinode boot fake2.dev
%kinode start chat-with-file-transfer
%kinode send fake2.dev "hello from the notebook"
%kinode history fake2.dev
%kinode put my_file.txt -n fake2.dev
%kinode list-files fake2.dev
t = %kinode download my_file.txt fake2.dev
%kinode transfers
log = %kinode log
""".splitlines()


@dataclass
class Output:
    """What one cell left behind."""

    status: str = ""
    text: str = ""
    """All that was printed, and the plain text of all values."""
    errors: list[list[str]] = field(default_factory=list)
    """The lines of each error as shown."""


@dataclass
class Kernel:
    manager: KernelManager
    client: BlockingKernelClient

    def run(self, code: str, on_message: Callable[[str, Any], None] | None = None) -> Output:
        """Run a cell to its end."""
        output = Output()

        def keep(message: dict[str, Any]) -> None:
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "stream":
                output.text += content["text"]
            elif kind in {"display_data", "execute_result", "update_display_data"}:
                output.text += content["data"].get("text/plain", "") + "\n"
            elif kind == "error":
                output.errors.append(content["traceback"])
            if on_message is not None:
                on_message(kind, content)

        reply = self.client.execute_interactive(code, timeout=60, output_hook=keep)
        output.status = reply["content"]["status"]
        return output

    def value(self, expression: str) -> str:
        """Return the text of a value in the kernel."""
        reply = self.client.execute_interactive(
            "", silent=True, store_history=False, timeout=60,
            user_expressions={"value": expression},
        )  # fmt: skip
        found = reply["content"]["user_expressions"]["value"]
        assert found["status"] == "ok", found
        return str(found["data"]["text/plain"]).strip("'")

    def matches(self, code: str, at: int | None = None) -> list[str]:
        """Return what Tab offers."""
        place = len(code) if at is None else at
        reply = self.client.complete(code, place, reply=True, timeout=60)
        return list(reply["content"]["matches"])
