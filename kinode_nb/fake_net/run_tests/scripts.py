"""The shell commands of a tests.toml, as kit runs them.

Each is given to bash, in the working folder; a word that names a file beside the tests.toml
becomes its whole path. Setup scripts run beside the tests until the end; test scripts run after
the tests, one after the other. What a script has begun ends with it.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from kinode_nb.types import UsageError


def command(script: str, folder: Path) -> str:
    """Return a script as it is run: words that name files of the folder as whole paths."""
    return " ".join(_whole(word, folder) for word in script.split())


def _whole(word: str, folder: Path) -> str:
    try:
        return str((folder / word).resolve()) if (folder / word).exists() else word
    except (OSError, ValueError):  # too long for a file's name, or with a character of none
        return word


class Script:
    """A script that was started. Leave it to end it, with all that it began."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: IO[bytes]) -> None:
        """Hold its bash, and the file in which is what it says."""
        self._process = process
        self._said = said

    @classmethod
    def start(cls, script: str, folder: Path) -> Self:
        """Start a script; raises UsageError when it cannot be."""
        bash = shutil.which("bash")
        if bash is None:
            raise UsageError("setup_scripts and test_scripts need bash, which is not here")
        # A file, since a pipe is open for as long as anything that the script began lives.
        said = tempfile.TemporaryFile()  # noqa: SIM115 - it is read when all have ended
        try:
            process = subprocess.Popen(  # noqa: S603 - to run it is what it is for
                [bash, "-c", command(script, folder)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            said.close()
            raise UsageError(f"the script {_begin(script)!r} cannot be started: {error}") from None
        return cls(process, said)

    async def wait(self) -> int:
        """Wait until its bash has ended; returns the exit code."""
        return await asyncio.to_thread(self._process.wait)

    def said(self) -> str:
        """Return what it has said until now."""
        file = self._said.fileno()  # its position is that where the script writes on
        return os.pread(file, os.fstat(file).st_size, 0).decode(errors="replace").rstrip()

    def end(self) -> int:
        """End it and all that it began, if they still run; returns the exit code."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()

    def close(self) -> None:
        """Forget what it said."""
        self._said.close()


async def run(script: str, folder: Path, timeout: float) -> tuple[int | None, str]:
    """Run a script; returns its exit code and what it said. Cancelling ends it.

    The code is None when it has not ended after ``timeout`` seconds. Raises UsageError.
    """
    running = Script.start(script, folder)
    code: int | None = None
    try:
        with suppress(TimeoutError):
            code = await asyncio.wait_for(running.wait(), timeout)
        return code, running.said()
    finally:
        running.end()
        running.close()


class SetupScripts:
    """Scripts that run while the tests do."""

    def __init__(self, scripts: Sequence[str], folder: Path) -> None:
        """Start nothing yet."""
        self._scripts = scripts
        self._folder = folder
        self._running: dict[int, Script] = {}
        self.notes: list[str] = []
        """Of each that has failed before it was ended, how."""

    def start(self) -> None:
        """Start them all; nobody waits for them, as in kit. Raises UsageError."""
        for number, script in enumerate(self._scripts):
            self._running[number] = Script.start(script, self._folder)

    def __enter__(self) -> Self:
        """End them when this is left."""
        return self

    def __exit__(self, *_: object) -> None:
        """End those that still run, with all that they began."""
        for number, running in self._running.items():
            code = running.end()
            if code not in (0, -signal.SIGKILL):
                self._note(self._scripts[number], code, running.said())
            running.close()

    def _note(self, script: str, code: int, said: str) -> None:
        last = f": {said.splitlines()[-1]}" if said else ""
        self.notes.append(f"setup_scripts: {_begin(script)} ended with exit code {code}{last}")

    def said(self) -> str:
        """Return what they have said until now."""
        return "\n".join(filter(None, (each.said() for each in self._running.values())))


def _begin(script: str) -> str:
    """Return a script as it is told: a long one is cut."""
    shown = 80
    return script if len(script) <= shown else f"{script[: shown - 1]}…"
