"""The Python host: runs processes that are written as ``async def init(our)``.

A file is run as a module of its own for every process, since processes share nothing. What lies
beside it in the package's ``pkg`` folder, and below that, can be imported relatively
(``from .api.chat import Send``), and is nobody else's: see `folders` and `trees`.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from kinode_nb.hosts.explaining import explain
from kinode_nb.hosts.folders import Folders, Taken, Version
from kinode_nb.hosts.own_globals import Init, own
from kinode_nb.hosts.printing import OUR, printer
from kinode_nb.hosts.tasks import ProcessTasks
from kinode_nb.hosts.trees import Tree, fresh_name
from kinode_nb.hosts.written import PROGRAM, WrittenModule, WrittenProgram, handed_over
from kinode_nb.process_lib import Our, SpawnError
from kinode_nb.process_lib.syscalls import Code, Program, Syscalls
from kinode_nb.runtime.telling import story


class PythonHost:
    """Runs Python processes as tasks of the running event loop; one host a node."""

    language = "python"

    def __init__(self, vfs: Path | None = None) -> None:
        """Start with nothing loaded; files below ``vfs`` are called by their vfs paths."""
        self._folders = Folders(vfs)

    def take(self, program: Program) -> Program:
        """Return a program as it is now, to be run as often as its process restarts.

        What cannot be read is returned as it is: it ends its process. Raises UsageError for a
        function of a process that holds what cannot be copied.
        """
        if isinstance(program, WrittenProgram):
            return program.taken(self._folders)
        if not isinstance(program, Path | Code) or isinstance(program, Taken):
            return handed_over(program)  # type: ignore[no-any-return]  # one in, one out
        try:
            return self._folders.take(program)
        except OSError:
            return program

    def launch(
        self, program: Program, syscalls: Syscalls, ended: Callable[[BaseException | None], None]
    ) -> ProcessTasks:
        """Begin to run; a program that cannot even be loaded ends with its error."""
        our = Our(syscalls)
        module: _Main | WrittenModule | None = None
        if isinstance(program, Path | Code):
            module = _Main(program, our, self._folders)
        elif isinstance(program, WrittenProgram):
            module = WrittenModule(program, our, self._folders)

        def over(error: BaseException | None) -> None:
            try:
                if error is not None:
                    explain(error)
                if error is not None and isinstance(program, WrittenProgram):
                    program.explain(error)
                if module is not None:
                    module.unload()
            finally:
                ended(error)

        def strayed(what: str, error: BaseException) -> None:
            explain(error)
            if isinstance(program, WrittenProgram):
                program.explain(error)
            did = "raised" if what == "callback" else "ended with error"
            our.print_to_terminal(0, f"a {what} of {our.address} {did}:\n{story(error)}")

        return ProcessTasks(_run(program, our, module), str(our.address), over, strayed)

    def close(self) -> None:
        """Unload all modules of the node's packages."""
        self._folders.close()


async def _run(
    program: Program, our: Our, module: "_Main | WrittenModule | None"
) -> BaseException | None:
    """Run the process; whatever it raises (SystemExit too) is its own end, not the node's."""
    OUR.set(our)
    try:
        init = module.init() if module is not None else own(program, our)  # type: ignore[arg-type]  # a function
        await init(our)
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 - see above
        return error
    return None


class _Main:
    """The module of one process: its program, run for it alone."""

    def __init__(self, program: Path | Code, our: Our, folders: Folders) -> None:
        self._program = program
        self._our = our
        self._folders = folders
        self._entered: tuple[Version, Tree] | None = None
        self._name = f"{fresh_name()}.{_path(program).stem}"

    def init(self) -> Init:
        """Run the module, and return its ``init``; raises SpawnError where it has none."""
        program = self._program
        taken = program if isinstance(program, Taken) else self._folders.take(program)
        compiled = taken.compiled()
        module = ModuleType(self._name)
        module.__file__ = str(taken.path)
        module.__package__ = ""
        if taken.version is not None:
            tree = self._folders.enter(taken, taken.version)
            self._entered = taken.version, tree
            module.__package__ = tree.package(taken.package)
        module.__loader__ = taken
        module.__dict__[PROGRAM] = taken
        module.__dict__["print"] = printer(self._our)
        sys.modules[self._name] = module  # where dataclasses and the like look for names
        exec(compiled.code, module.__dict__)  # noqa: S102 - its job
        init = getattr(module, "init", None)
        if not callable(init):
            raise SpawnError("NoFileAtPath", f"{taken.path.name} has no `async def init(our)`")
        return init  # type: ignore[no-any-return]  # checked as far as can be

    def unload(self) -> None:
        """Forget the module, and what only it has imported."""
        sys.modules.pop(self._name, None)
        if self._entered is not None:
            self._folders.leave(*self._entered)


def _path(program: Path | Code) -> Path:
    return program if isinstance(program, Path) else program.path
