"""``terminal:terminal:sys``: starts the script that a line names (Kinode: ``packages/terminal``).

A line arrives as a Request of the process to itself. Its first word is an alias or a process id,
and the rest goes, as it stands, to a process that is started for it: from the package's drive, with
what ``scripts.json`` asks for as far as the terminal holds it.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from kinode_nb.process_lib import (
    Capability,
    KinodeError,
    Our,
    PackageId,
    ProcessId,
    Request,
    SendError,
    SpawnError,
    VfsError,
    vfs,
)
from kinode_nb.types.scripts import ScriptEntry, find_script, read_scripts

_SCRIPTS = (
    "alias", "cat", "echo", "help", "hi", "kfetch", "kill", "m", "net-diagnostics", "peer",
    "peers", "top",
)  # fmt: skip
_OWN = {name: ProcessId(name, "terminal", "sys") for name in _SCRIPTS}
"""The aliases that are there from the start, and come back."""


class Refused(KinodeError):  # noqa: N818 - Kinode's texts, printed after `error calling script: `
    """A line that starts no script."""


class Runner(Protocol):
    """What starts scripts: needs the table of processes, so the node's composition supplies it."""

    def start(
        self,
        line: int,
        path: str,
        package: PackageId,
        entry: ScriptEntry,
        capabilities: Sequence[Capability],
    ) -> ProcessId:
        """Start a script's file as a process of the package, under a random name.

        It gets those of the capabilities that the terminal holds; the entry's grants are made
        before it runs; the terminal may message it. ``line`` is the ``seq`` of the line's Request.
        Raises SpawnError.
        """
        ...

    def handled(self, line: int, error: str) -> None:
        """Hear that a line was dealt with; ``error`` is why it started nothing, or empty."""
        ...


class EditAlias(msgspec.Struct):
    """A name for a script; None takes it away."""

    alias: str
    process: str | None = None


class _Edit(msgspec.Struct, rename={"edit": "EditAlias"}):
    edit: EditAlias


class Terminal:
    """The process's program, and what its aliases are."""

    def __init__(self, runner: Runner) -> None:
        """Let ``runner`` start what the lines name."""
        self._runner = runner
        self.aliases = dict(_OWN)

    async def __call__(self, our: Our) -> None:
        """Read lines until the node stops."""
        self.aliases = _saved(our) | _OWN
        async for message in our:
            if isinstance(message, SendError):
                our.print_to_terminal(0, f"net error: {message.kind}!")
            elif not isinstance(message, Request):
                our.print_to_terminal(0, message.body.decode(errors="replace"))
            elif message.source == our.address:
                await self._typed(our, message)
            elif message.source.node == our.node and message.source.package_id == our.package_id:
                await self._edit(our, message)
            else:
                our.print_to_terminal(2, f"ignoring message from {message.source}")

    async def _typed(self, our: Our, request: Request) -> None:
        """Do what a line says; what goes wrong is printed."""
        error = ""
        try:
            await self._run(our, request.body.decode(errors="replace"), request.seq)
        except Refused as refused:
            error = f"error calling script: {refused}"
            our.print_to_terminal(0, error)
        finally:
            self._runner.handled(request.seq, error)

    async def _run(self, our: Our, line: str, seq: int) -> None:
        if not line:
            return
        head, _, args = line.partition(" ")
        process = self._process(head)
        name, entry = await _entry(our, process)
        wanted = [*entry.requested(our.node), our.messaging()]
        if entry.root:
            wanted += our.our_capabilities()
        path = f"/{process.package_id}/pkg/{name}"
        try:
            id_ = self._runner.start(seq, path, process.package_id, entry, wanted)
        except SpawnError:
            raise Refused("failed to read script Wasm from VFS") from None
        await our.send_request(id_, args.encode())

    def _process(self, head: str) -> ProcessId:
        """Return what an alias or a process id names, underscores allowed."""
        for name in (head, head.replace("_", "-")):
            if name in self.aliases:
                return self.aliases[name]
        try:
            return ProcessId.parse(head.replace("_", "-"))
        except KinodeError:
            raise Refused(f"'{head}' not found, either as an alias or process ID") from None

    async def _edit(self, our: Our, request: Request) -> None:
        try:
            edit = msgspec.json.decode(request.body, type=_Edit).edit
            process = None if edit.process is None else _parsed(edit.process)
        except (msgspec.DecodeError, UnicodeDecodeError, KinodeError):
            our.print_to_terminal(0, f"failed to parse TerminalRequest from {request.source}")
            return
        if process is not None:
            self.aliases[edit.alias] = process
            said, answer = f"alias {edit.alias} set for {process}", "AliasSet"
        elif self.aliases.pop(edit.alias, None) is not None:
            said, answer = f"alias {edit.alias} removed", "AliasRemoved"
        else:
            said, answer = f"alias {edit.alias} not found", "AliasNotFound"
        our.print_to_terminal(0, said)
        _save(our, self.aliases)
        if request.expects_response is not None:
            await our.send_response({"EditAlias": answer}, to=request)


def _parsed(text: str) -> ProcessId:
    return ProcessId.parse(text.replace("_", "-"))


async def _entry(our: Our, process: ProcessId) -> tuple[str, ScriptEntry]:
    """Return the file name and the entry of a script; raises Refused."""
    try:
        file = vfs.File(our, f"/{process.package_id}/pkg/scripts.json")
        text = await file.read()
    except (VfsError, SendError):
        raise Refused("no scripts manifest in package") from None
    try:
        found = find_script(read_scripts(text), process.process_name)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("could not parse scripts.json file") from None
    if found is None:
        raise Refused("script not in scripts.json file")
    return found


def _saved(our: Our) -> dict[str, ProcessId]:
    """Return the aliases that were kept; those of the terminal's own scripts always come back."""
    state = our.get_state()
    if state is None:
        return {}
    try:
        known: dict[str, Any] = msgspec.json.decode(state, type=dict[str, str])
        return {name: ProcessId.parse(process) for name, process in known.items()}
    except (msgspec.DecodeError, UnicodeDecodeError, KinodeError):
        return {}


def _save(our: Our, aliases: dict[str, ProcessId]) -> None:
    our.set_state(msgspec.json.encode({name: str(process) for name, process in aliases.items()}))
