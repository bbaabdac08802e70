"""The shell commands of a tests.toml, as kit runs them.

Each is given to bash, in the working folder; a word that names a file beside the tests.toml
becomes its whole path. Setup scripts run beside the tests until the end; test scripts run after
the tests, one after the other.
"""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from kinode_nb.types import UsageError


def command(script: str, folder: Path) -> str:
    """Return a script as it is run: words that name files of the folder as whole paths."""
    return " ".join(
        str((folder / word).resolve()) if (folder / word).exists() else word
        for word in script.split()
    )


async def run(script: str, folder: Path) -> tuple[int, str]:
    """Run a script to its end; returns its exit code and what it said. Cancelling ends it."""
    process = await asyncio.create_subprocess_exec(
        _bash(),
        "-c",
        command(script, folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            _end(process.pid)
            await process.wait()
    return process.returncode or 0, said.decode(errors="replace").rstrip()


class SetupScripts:
    """Scripts that run while the tests do."""

    def __init__(self, scripts: Sequence[str], folder: Path) -> None:
        """Start nothing yet."""
        self._scripts = scripts
        self._folder = folder
        self._running: list[asyncio.subprocess.Process] = []
        self._said: list[IO[bytes]] = []

    async def __aenter__(self) -> Self:
        """Start them all; nobody waits for them, as in kit."""
        for script in self._scripts:
            said = tempfile.TemporaryFile()  # noqa: SIM115 - it is read when they have ended
            self._said.append(said)
            self._running.append(
                await asyncio.create_subprocess_exec(
                    _bash(),
                    "-c",
                    command(script, self._folder),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        """End those that still run, with all that they began."""
        for process in self._running:
            _end(process.pid)
            await process.wait()
        for said in self._said:
            said.close()

    def said(self) -> str:
        """Return what they have said until now."""
        texts = []
        for said in self._said:
            said.seek(0)
            texts.append(said.read().decode(errors="replace").rstrip())
        return "\n".join(filter(None, texts))


def _bash() -> str:
    found = shutil.which("bash")
    if found is None:
        raise UsageError("setup_scripts and test_scripts need bash, which is not here")
    return found


def _end(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
