"""The paths that processes have bound, and which of them a request means.

A process binds below ``/<process id>``; segments such as ``:id`` stand for any text. Rules and
precedence are those of Kinode's ``http/server.rs``: fewest wild segments first; a path that was
bound by nobody goes to the process's base path; one that was unbound is not found.
"""

import msgspec

from kinode_nb.process_lib import LazyLoadBlob, ProcessId
from kinode_nb.system.http_server_calls import normal

_HOMEPAGE = ProcessId("homepage", "homepage", "sys")  # the one process that binds where it likes


class Binding(msgspec.Struct, frozen=True):
    """A path, and what a process wants of requests to it."""

    path: str
    owner: ProcessId
    bound: bool = True
    """False: it was unbound."""
    authenticated: bool = False
    local_only: bool = False
    subdomain: str | None = None
    """The name before the host's that alone may be used (SecureBind)."""
    content: LazyLoadBlob | None = None
    """What a GET gets at once, without the process."""
    extension: bool = False
    allowed_origins: frozenset[str] = frozenset()
    """The foreign web pages that may use it, such as ``https://example.org``; ``*``: all."""


class Match(msgspec.Struct, frozen=True):
    """A binding that a request means, and what stood for its ``:name`` segments."""

    binding: Binding
    params: dict[str, str] = {}


class PathTable:
    """Bindings, by the shape of their paths."""

    def __init__(self) -> None:
        """Start with none."""
        self._fixed: dict[tuple[str, ...], Binding] = {}
        self._wild: dict[tuple[str, ...], Binding] = {}

    def bind(self, binding: Binding) -> None:
        """Put in a binding; one of the same path is replaced."""
        shape = tuple(map(_kind, _segments(binding.path)))
        (self._wild if {":", "*"} & set(shape) else self._fixed)[shape] = binding

    def find(self, path: str) -> Match | None:
        """Return what is bound at exactly this path."""
        segments = _segments(normal(path))
        fixed = self._fixed.get(segments)
        if fixed is not None:
            return Match(fixed)
        fitting = [shape for shape in self._wild if _fits(shape, segments)]
        if not fitting:
            return None
        best = self._wild[min(fitting, key=lambda shape: (shape.count("*"), shape.count(":")))]
        return Match(best, _params(best.path, segments))

    def find_or_base(self, path: str) -> Match | None:
        """Return what is bound at this path, or else at the base path of its process."""
        found = self.find(path)
        if found is None:
            found = self.find("/" + _segments(normal(path))[0])
        return found

    def bound(self) -> list[str]:
        """Return the paths that are bound, sorted."""
        bindings = (*self._fixed.values(), *self._wild.values())
        return sorted(each.path or "/" for each in bindings if each.bound)

    def forget(self, owner: ProcessId) -> None:
        """Take out what a process has bound."""
        for table in (self._fixed, self._wild):
            for shape in [shape for shape, binding in table.items() if binding.owner == owner]:
                del table[shape]


def full_path(owner: ProcessId, path: str) -> str:
    """Return where a path that a process asks for is bound."""
    if owner == _HOMEPAGE:
        return normal(path)
    return normal(f"/{owner}/{path.removeprefix('/')}")


def own_path(owner: ProcessId, path: str) -> str:
    """Return a request's path as its process knows it: without the process id."""
    return "/" + normal(path).lstrip("/").removeprefix(str(owner)).lstrip("/")


def secure_subdomain(owner: ProcessId) -> str:
    """Return the name that a process's SecureBind is reached at: that of its package."""
    name = f"{owner.package_name}-{owner.publisher_node}"
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in name)


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.removeprefix("/").split("/"))


def _kind(segment: str) -> str:
    """Return ``:`` or ``*`` for a segment that stands for others, else the segment."""
    return segment[0] if segment[:1] in {":", "*"} else segment


def _fits(shape: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    if shape[-1] == "*":  # stands for the rest
        if len(segments) < len(shape):
            return False
    elif len(segments) != len(shape):
        return False
    return all(
        (segment != "") if kind in {":", "*"} else kind == segment
        for kind, segment in zip(shape, segments, strict=False)
    )


def _params(path: str, segments: tuple[str, ...]) -> dict[str, str]:
    named = _segments(path)
    params = {
        name[1:]: segment
        for name, segment in zip(named, segments, strict=False)
        if name[:1] in {":", "*"}
    }
    if named[-1][:1] == "*":
        params[named[-1][1:]] = "/".join(segments[len(named) - 1 :])
    return params
