"""``kernel:distro:sys``: begins, ends and shows processes as it is told to (``kernel/mod.rs``).

Whoever may message it has full control of the node, as in Kinode. Here the blob of an
InitializeProcess is Python source.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from kinode_nb.process_lib import LazyLoadBlob, Our, Request, SpawnError
from kinode_nb.process_lib.syscalls import Code
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.lifecycle import Lifecycle
from kinode_nb.runtime.process import Process
from kinode_nb.types import AddressError, Capability, OnExit, ProcessId
from kinode_nb.types.capabilities import canonical
from kinode_nb.types.persisted import UNREADABLE, PersistedProcess, lenient_process_id

_WASM = b"\0asm"

Answer = str | dict[str, Any] | None
"""JSON; None is no answer."""


class Places(Protocol):
    """Knows where code lies."""

    def place(self, handle: str, process: ProcessId) -> Path:
        """Return the file that a process's code came from, or might have; raises SpawnError."""
        ...


class KernelCommands:
    """The process's program."""

    def __init__(
        self, kernel: Kernel, lifecycle: Lifecycle, places: Places, shutdown: Callable[[], None]
    ) -> None:
        """Command one kernel; ``shutdown`` stops its node, soon."""
        self._kernel = kernel
        self._lifecycle = lifecycle
        self._places = places
        self._shutdown = shutdown
        self._print = kernel.print
        self._commands: dict[str, Callable[[Any, Request, LazyLoadBlob | None], Answer]] = {
            "InitializeProcess": self._initialize,
            "RunProcess": self._run,
            "KillProcess": self._kill,
            "GrantCapabilities": self._grant,
            "DropCapabilities": self._drop,
            "SetOnExit": self._set_on_exit,
            "Debug": self._debug,
            "Shutdown": self._shut_down,
        }

    async def __call__(self, our: Our) -> None:
        """Carry out one Request after the other; Responses are ignored."""
        async for message in our:
            if isinstance(message, Request):
                answer = self._carry_out(message, our.get_blob())
                if answer is not None:
                    await our.send_response(answer, to=message)

    def _carry_out(self, request: Request, blob: LazyLoadBlob | None) -> Answer:
        try:
            command = msgspec.json.decode(request.body)
            (name, argument), *more = (
                [(command, None)] if isinstance(command, str) else command.items()
            )
            if more:
                raise ValueError("a command has one name")
            return self._commands[name](argument, request, blob)
        except UNREADABLE as error:
            self._print(f"kernel: couldn't parse command: {error!r}", 0)
            return None

    # One method a command: it reads all of its argument before it does anything.

    def _initialize(self, argument: Any, request: Request, blob: LazyLoadBlob | None) -> Answer:
        id_ = lenient_process_id(argument["id"])
        wanted = PersistedProcess.from_json(argument, "initial_capabilities")
        if blob is None:
            self._print("kernel: process startup requires bytes", 0)
            return "InitializeProcessError"
        if blob.bytes.startswith(_WASM):
            self._print(f"kernel: {id_} is Wasm, which cannot run here: send its Python source", 0)
            return "InitializeProcessError"
        caller = self._kernel.processes.get(request.source.process)
        held = [each for each in wanted.capabilities if self._holds(caller, each, request)]
        try:
            process = self._lifecycle.initialize(
                id_,
                Code(blob.bytes, self._places.place(wanted.handle, id_.check())),
                handle=wanted.handle,
                wit_version=wanted.wit_version,
                on_exit=wanted.on_exit,
                public=wanted.public,
                capabilities=held,
            )
        except (SpawnError, AddressError) as error:
            self._print(f"kernel: error initializing process: {error}", 0)
            return "InitializeProcessError"
        if caller is not None:
            self._lifecycle.introduce(process, caller)
        return "InitializedProcess"

    def _holds(self, caller: Process | None, capability: Capability, request: Request) -> bool:
        """Tell whether a caller may hand a capability on; its own word is not enough here."""
        held = caller is not None and canonical(capability) in caller.capabilities
        if not held:
            self._print(
                f"kernel: InitializeProcess caller {request.source.process} doesn't have "
                f"capability {capability}",
                0,
            )
        return held

    def _run(self, argument: Any, request: Request, blob: LazyLoadBlob | None) -> Answer:
        id_ = lenient_process_id(argument)
        process = self._userspace(id_)
        if process is None:
            self._print(f"kernel: no such process {id_} to run", 0)
            return "RunProcessError"
        if process.incarnation is not None:  # Kinode sends every process its `run`
            self._kernel.send(process, b"run")
            return "StartedProcess"
        try:
            self._lifecycle.run(process)
        except SpawnError as error:
            self._print(f"kernel: {id_} cannot run: {error}", 0)
            self._lifecycle.kill(process)
            return "RunProcessError"
        return "StartedProcess"

    def _kill(self, argument: Any, request: Request, blob: LazyLoadBlob | None) -> Answer:
        id_ = lenient_process_id(argument)
        process = self._userspace(id_)
        expected = request.expects_response is not None
        if process is None:
            self._print(f"kernel: no such process {id_} to kill", 2)
            return "KillProcessError" if expected else None
        self._lifecycle.kill(process, revoke=request.metadata != "no-revoke")
        self._print(f"kernel: killing process {id_}", 0 if expected else 2)
        return {"KilledProcess": str(id_)} if expected else None

    def _userspace(self, id_: ProcessId) -> Process | None:
        """Return a process that is no part of the node itself."""
        kernel = self._kernel
        process = kernel.processes.get(id_) or kernel.restarting.get(id_)
        return None if process is None or process.runtime or process.system else process

    def _grant(self, argument: Any, request: Request, blob: LazyLoadBlob | None) -> Answer:
        target = lenient_process_id(argument["target"])
        for capability in tuple(map(Capability.from_json, argument["capabilities"])):
            self._lifecycle.grant(target, capability)
        return None

    def _drop(self, argument: Any, request: Request, blob: LazyLoadBlob | None) -> Answer:
        process = self._kernel.processes.get(lenient_process_id(argument["target"]))
        for capability in tuple(map(Capability.from_json, argument["capabilities"])):
            if process is not None:
                process.revoke(capability)
        return None

    def _set_on_exit(self, argument: Any, request: Request, blob: LazyLoadBlob | None) -> Answer:
        process = self._kernel.processes.get(lenient_process_id(argument["target"]))
        on_exit = OnExit.from_json(argument["on_exit"])
        if process is not None:
            process.on_exit = on_exit
        return None

    def _debug(self, argument: Any, request: Request, blob: LazyLoadBlob | None) -> Answer:
        known = self._kernel.processes
        if argument in ("ProcessMap", {"ProcessMap": None}):
            shown = {str(id_): process.persisted().to_json() for id_, process in known.items()}
            return {"Debug": {"ProcessMap": shown}}
        if "Process" in argument:
            process = known.get(lenient_process_id(argument["Process"]))
            return {"Debug": {"Process": process and process.persisted().to_json()}}
        asked = argument["HasCap"]
        process = known.get(lenient_process_id(asked["on"]))
        capability = canonical(Capability.from_json(asked["cap"]))
        return {"Debug": {"HasCap": process and capability in process.capabilities}}

    def _shut_down(self, argument: Any, request: Request, blob: LazyLoadBlob | None) -> Answer:
        if argument is not None:
            raise ValueError("Shutdown stands alone")
        self._shutdown()
        return None
