"""Files that are written whole or not at all, so that who is stopped in the middle lost nothing."""

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

_LONGEST = 255  # bytes of a name, as file systems have it


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file, or leave it as it was and raise OSError. Its folder is made if need be."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.write_bytes(content)
    try:
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise


def write_all(files: Mapping[Path, bytes]) -> None:
    """Replace files, and make their folders; where one cannot be written, none is: OSError.

    All lie beside their places before the first is moved there, so a disk that is full, or a person
    who interrupts, leaves what was.
    """
    fresh = {path: _beside(path) for path in files}
    made: list[Path] = []
    try:
        for path, content in files.items():
            made += _make(path.parent)
            with _naming(path):
                fresh[path].write_bytes(content)
        for path in files:
            _check_place(path)
        for path, whole in fresh.items():
            with _naming(path):
                whole.replace(path)
    except BaseException:
        for whole in fresh.values():
            with contextlib.suppress(OSError):
                whole.unlink()
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _beside(path: Path) -> Path:
    """Return where a file lies until it is whole."""
    name = f".{path.name}.new"
    if len(os.fsencode(name)) > _LONGEST:
        name = f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()}.new"
    return path.with_name(name)


def _make(folder: Path) -> list[Path]:
    """Make a folder, and return it with those above it that were not there; raises OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _check_place(path: Path) -> None:
    """Raise OSError where no file can be moved to, as far as that can be seen."""
    if path.is_dir():
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if len(os.fsencode(path.name)) > _LONGEST:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(path))


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Have an OSError name the file that was to be written."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise
