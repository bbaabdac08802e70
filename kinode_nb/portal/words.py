"""What a person wrote for a node, a message or a file: read the same way by every method."""

import math
import os
from typing import Any

import msgspec

from kinode_nb.fake_net import Net
from kinode_nb.fake_net.node import Node
from kinode_nb.process_lib.our import encode
from kinode_nb.types import Address, AddressError, ProcessId, UsageError, check_node_name, nearest

_LOUDEST = 3


def node_name(given: object, net: Net) -> str:
    """Return the name of a node: ``fake2`` is ``fake2.dev`` as `boot` would have it.

    Raises UsageError for what is no text, AddressError for what breaks Kinode's grammar.
    """
    name = new_node_name(given)
    if name not in net.nodes and ("." not in name or f"{name}.dev" in net.nodes):
        name = f"{name}.dev"
    return check_node_name(name)


def process(given: object, node: Node) -> ProcessId:
    """Return the process of a node that is meant: ``counter`` is the one of that name.

    Names may be written with ``_`` too. Raises UsageError with the nearest name, or with all
    that are meant.
    """
    name = str(given) if isinstance(given, Address | ProcessId) else text("a process", given)
    at, _, plain = name.rpartition("@")
    if at not in ("", "our", node.name):
        raise UsageError(f"{name} is on another node: name it with -n {at}")
    plain = plain.replace("_", "-")
    known = [*node.kernel.processes, *node.kernel.restarting]
    for meant in (str, lambda id_: id_.process_name):
        found = [id_ for id_ in known if meant(id_) == plain]
        if len(found) > 1:
            raise UsageError(f"{name!r} may be {' or '.join(map(str, found))}: write it in full")
        if found:
            return found[0]
    hint = nearest(plain, [*map(str, known), *(id_.process_name for id_ in known)])
    hint = hint or f" %kinode processes -n {node.name} lists them."
    raise UsageError(f"there is no process {name!r} on {node.name}.{hint}")


def new_node_name(given: object) -> str:
    """Return a name that a node may get, if its letters are right."""
    name = text("a node's name", given)
    if not name:
        raise AddressError("NodeNotKimapSafe", "a node's name is empty: write one, as fake2.dev")
    return name


def text(what: str, given: object) -> str:
    """Return what must be text; raises UsageError."""
    if not isinstance(given, str):
        raise UsageError(f"{what} must be text, not {given!r}{_instead(given)}")
    return given


def _instead(given: Any) -> str:
    name = getattr(given, "name", None)  # a node, say
    return f": write {name!r}" if isinstance(name, str) else ""


def files(given: tuple[object, ...]) -> None:
    """Raise UsageError for what is no path."""
    for each in given:
        if not isinstance(each, str | os.PathLike):
            raise UsageError(f"a file is named by text or a Path, not by {each!r}")


def process_id(given: object) -> ProcessId:
    """Return the id of a process, which may be anywhere, with ``_`` read as ``-``.

    Raises UsageError for what is no text, AddressError for what breaks Kinode's grammar.
    """
    if isinstance(given, ProcessId):
        return given
    return ProcessId.parse(text("a process's id", given).replace("_", "-"))


def process_at(given: object, node: Node | None) -> ProcessId:
    """Return the id of a process, which may be written short where its node is one of the net.

    Raises UsageError and AddressError, as `process` and `process_id` do.
    """
    if node is None or not isinstance(given, str) or ":" in given or "@" in given:
        return process_id(given)
    return process(given, node)


def json_body(given: object) -> bytes:
    """Return a body whose JSON is given as text, or anything else as JSON; raises UsageError."""
    if not isinstance(given, str | bytes | bytearray | memoryview):
        return encode(given)
    body = given.encode() if isinstance(given, str) else bytes(given)
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        where = str(error).replace("Input data was truncated", "it ends too soon")
        raise UsageError(
            f"the body is not JSON: {where}. Text has quotes of its own in JSON: '\"hi\"'"
        ) from None
    return body


def verbosity(given: object) -> int:
    """Return how much a terminal shows; raises UsageError."""
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= _LOUDEST:
        raise UsageError(f"verbosity is 0, 1, 2 or {_LOUDEST}, not {given!r}")
    return given


def seconds(what: str, given: object) -> float:
    """Return a time that is longer than none; raises UsageError."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given < math.inf:
        raise UsageError(f"{what} is a number of seconds above 0, not {given!r}")
    return given
