"""A net, its nodes and its transfers as verbs see them, with nothing behind them.

It keeps what it was asked to do, and answers as the real one does where a verb depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kinode_nb.notebook.commands.context import Context
from kinode_nb.types import NodeError, TransferError, UsageError, nearest

OFFERED = {"fake.dev": ["mine.txt"], "fake2.dev": ["my_file.txt", "naïve ✓ file (1).bin"]}


@dataclass
class PretendTransfer:
    id: str
    status: str = "done"
    error: str = ""
    interrupted: bool = False
    file: str = "my_file.txt"
    provider: str = "fake2.dev"

    def wait(self) -> PretendTransfer:
        if self.interrupted:
            raise KeyboardInterrupt
        if self.error:
            raise TransferError(self.error)
        return self


@dataclass
class PretendNode:
    name: str
    net: PretendNet
    status: str = "running"

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_"):
            raise AttributeError(method)
        return lambda *words, **options: self.net.keep((self.name, method, words, options))

    def put(self, *files: str, **options: Any) -> list[Path]:
        self.net.keep((self.name, "put", files, options))
        return [Path(file) for file in files]

    def download(self, file: str, provider: str, **options: Any) -> PretendTransfer:
        self.net.keep((self.name, "download", (file, provider), options))
        return self.net.transfers_to_come.pop(0)

    def kill(self, process: str) -> str:
        self.net.keep((self.name, "kill", (process,), {}))
        return f"{process}:of:all"

    def type_line(self, line: str, say: Any = None, show: Any = None) -> str:
        self.net.keep((self.name, "type_line", (line,), {}))
        head, _, args = line.partition(" ")
        if head not in self.net.script_names():
            raise UsageError(f"error calling script: '{head}' not found")
        if head == "echo":
            say(args.replace("|", "\r\n"))
        for transfer in self.net.transfers_to_come if head.startswith("send") else ():
            show(transfer).finish()
        return args

    def view_api(self, *packages: str, **options: Any) -> dict[str, str] | list[str]:
        self.net.keep((self.name, "view_api", packages, options))
        return {"chat.wit": "interface chat {}"} if packages else ["chat:template.os"]

    def hi(self, node: str, message: str) -> str:
        self.net.keep((self.name, "hi", (node, message), {}))
        return f"response from {node}: ack"


@dataclass
class PretendNet:
    done: list[Any] = field(default_factory=list)
    transfers_to_come: list[PretendTransfer] = field(default_factory=list)

    def keep(self, call: tuple[Any, ...]) -> tuple[Any, ...]:
        self.done.append(call)
        return call

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_"):
            raise AttributeError(method)
        return lambda *words, **options: self.keep(("net", method, words, options))

    def node(self, name: str | None = None, port: int | None = None) -> PretendNode:
        if port is not None:
            name = {8080: "fake.dev", 8081: "fake2.dev"}[port]
        name = name or "fake.dev"
        if name not in OFFERED:
            raise NodeError(f"there is no node {name!r}.{nearest(name, OFFERED)}")
        return PretendNode(name, self)

    def started_packages(self) -> set[tuple[str, str, str]]:
        started: set[tuple[str, str, str]] = set()
        for who, method, packages, _ in self.done:
            named = {
                (package, name, "digest")
                for package in packages
                for name in OFFERED
                if who in {"net", name}
            }
            if method == "start":
                started |= named
            elif method == "remove":
                started -= named
        return started

    def installed_packages(self) -> list[str]:
        return ["chat"]

    def node_names(self) -> list[str]:
        return list(OFFERED)

    def package_names(self) -> list[str]:
        return ["chat", "chat-with-file-transfer", "file-transfer"]

    def process_names(self) -> list[str]:
        return [
            "fake.dev@vfs:distro:sys",
            "fake.dev@chat:chat:template.os",
            "fake2.dev@silent:notebook:template.os",
        ]

    def script_names(self) -> list[str]:
        return ["echo", "hi", "m", "send:chat:template.os"]

    def transfer_ids(self) -> list[str]:
        return ["t1", "t2"]

    def offered_files(self, node: str | None = None) -> list[str]:
        return [name for each, names in OFFERED.items() if node in {None, each} for name in names]


class Listener:
    """Hears what verbs say, and sees which transfers they show."""

    def __init__(self, *transfers: PretendTransfer) -> None:
        self.net = PretendNet(transfers_to_come=list(transfers))
        self.said: list[str] = []
        self.shown: list[str] = []
        self.finished: list[str] = []
        self.context = Context(lambda: self.net, say=self.said.append, show=self.show)  # type: ignore[arg-type]

    def show(self, transfer: Any) -> Any:
        self.shown.append(transfer.id)
        listener = self

        class View:
            def finish(self) -> None:
                listener.finished.append(transfer.id)

        return View()
