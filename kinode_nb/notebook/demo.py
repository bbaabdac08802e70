"""``kinode-nb demo``: the first lesson's lines, run for real, each printed with its result."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, cast

from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.line import run_line
from kinode_nb.types import KinodeError

if TYPE_CHECKING:
    import pandas as pd

    from kinode_nb.portal import Node

FILE = "my_file.txt"
CONTENT = b"hello world\n"
WIDTH = 100
PACKAGE = "chat-with-file-transfer:template.os"
# Line by line what a notebook's cells say; a table is shown with these columns only.
LINES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("boot fake.dev", ()),
    ("boot fake2.dev", ()),
    ("start chat-with-file-transfer", ()),
    ('send fake2.dev "hello from the notebook"', ()),
    ("history fake2.dev", ("peer", "author", "content")),
    (f"put {FILE} -n fake2.dev", ()),
    ("list-files fake2.dev", ("node", "file", "bytes")),
    (f"download {FILE} fake2.dev", ()),
    ("transfers", ("id", "file", "provider", "requestor", "bytes", "status", "verified")),
    ("log", ("seq", "kind", "type", "source_node", "target_node", "status", "body")),
)


def demo(say: Callable[[str], None]) -> int:
    """Run the scenario; returns 0 when the file arrived byte for byte, else 1."""
    from kinode_nb.portal import FakeNet

    with tempfile.TemporaryDirectory(prefix="kinode-nb-demo-") as folder, chdir(folder):
        Path(FILE).write_bytes(CONTENT)
        say(f"{FILE} holds {CONTENT!r}; two nodes, {len(LINES)} lines\n")
        with FakeNet() as net:
            context = Context(lambda: net, say=say)
            try:
                for line, columns in LINES:
                    say(f"%kinode {line}")
                    _show(run_line(line, context), columns, say)
                    say("")
                return _check(net.node("fake.dev"), say)
            except KinodeError as error:
                say(f"{type(error).__name__}: {error}")
                return 1


def _show(result: object, columns: Sequence[str], say: Callable[[str], None]) -> None:
    if result is None:
        return
    if columns:
        table = cast("pd.DataFrame", result)[list(columns)]
        say(table.to_string(index=False, na_rep="", line_width=WIDTH, max_colwidth=WIDTH // 3))
    else:
        say(repr(result))


def _check(node: "Node", say: Callable[[str], None]) -> int:
    """Compare what arrived with what was offered."""
    path = Path("vfs", PACKAGE, "files", FILE)
    arrived = (node.home / path).read_bytes() if (node.home / path).is_file() else None
    same = arrived == CONTENT
    say(f"In the home of {node.name}: {path}\n{_verdict(arrived)}")
    return 0 if same else 1


def _verdict(arrived: bytes | None) -> str:
    if arrived is None:
        return "it is NOT there"
    if arrived != CONTENT:
        return f"NOT the same: {arrived[:WIDTH]!r}"
    return f"byte for byte the same, {len(arrived)} bytes"
