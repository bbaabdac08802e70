"""Where in a package's own files an error was raised."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import msgspec


class Place(msgspec.Struct, frozen=True):
    """A place in a file; ``line`` and ``column`` count from 1, and are 0 where they are not known.

    ``file`` is relative to the package's folder where it lies in it.
    """

    file: str = ""
    line: int = 0
    column: int = 0


def place_of(error: BaseException, folder: str) -> Place:
    """Return the innermost place of an error that lies in a folder's files, else the innermost.

    A syntax error is where Python could not read on; a group of errors is where its first one is.
    """
    places = list(_places(error, folder))
    own = [each for each in places if not Path(each.file).is_absolute()]
    return (own or places or [Place()])[-1]


def _places(error: BaseException, folder: str) -> Iterator[Place]:
    """Yield the places that an error went through, from the outermost."""
    for frame in traceback.extract_tb(error.__traceback__):
        column = 0 if frame.colno is None else frame.colno + 1
        yield Place(_relative(frame.filename, folder), frame.lineno or 0, column)
    if isinstance(error, SyntaxError) and error.filename:
        yield Place(_relative(error.filename, folder), error.lineno or 0, error.offset or 0)
    if isinstance(error, BaseExceptionGroup):
        yield from _places(error.exceptions[0], folder)


def _relative(file: str, folder: str) -> str:
    """Return a path as it is seen from a folder; one outside of it stays absolute."""
    path = Path(file)
    if path.is_relative_to(folder):
        return path.relative_to(folder).as_posix()
    return str(path.absolute())
