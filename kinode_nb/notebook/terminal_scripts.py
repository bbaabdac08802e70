"""What Tab offers on a line for the terminal: scripts, and what is known of their arguments."""

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.kinds import Kind, Place
from kinode_nb.notebook.commands.verb import Argument, Count, Values, Verb
from kinode_nb.types import UsageError


def _no_run(_: Context, __: Values) -> None:
    raise UsageError("a line of the terminal is typed there")


def _script(name: str, *arguments: Argument) -> Verb:
    return Verb(name=name, summary="", arguments=arguments, run=_no_run)


def _process_ids(place: Place) -> list[str]:
    addresses = place.find_net().process_names()
    return list(dict.fromkeys(name.partition("@")[2] for name in addresses))


def _addresses(place: Place) -> list[str]:
    return [*(f"our@{name}" for name in _process_ids(place)), *place.find_net().process_names()]


def _files_or_nodes(place: Place) -> list[str]:
    """Offer what can be typed: the terminal has no quotes that would keep a space."""
    return [name for name in kinds.OFFERED_FILE.offer(place) if " " not in name]


_NODE = Argument("node", kinds.NODE)
_PROCESS = Argument("process", Kind(_process_ids))
_SCRIPTS = Kind(lambda place: place.find_net().script_names())
_FILES = Kind(_files_or_nodes)

FIRST = _script("", Argument("script", Kind(lambda place: ("kit", *_SCRIPTS.offer(place)))))
"""Of the first word."""

_KNOWN = {
    "alias": _script("alias", Argument("name"), Argument("script", _SCRIPTS)),
    "download": _script("download", Argument("file", _FILES), _NODE),
    "help": _script("help", Argument("script", _SCRIPTS)),
    "hi": _script("hi", _NODE),
    "kill": _script("kill", _PROCESS),
    "list-files": _script("list-files", _NODE),
    "m": _script("m", Argument("address", Kind(_addresses))),
    "peer": _script("peer", _NODE),
    "send": _script("send", _NODE),
    "top": _script("top", _PROCESS),
}
_NODES = _script("", Argument("node", kinds.NODE, Count.ANY))
_NOTHING = _script("")


def script(first: str) -> Verb:
    """Return what is known of the script that a line begins with: of a strange one, nodes."""
    name, colon, _ = first.replace("_", "-").partition(":")
    return _KNOWN.get(name) or (_NODES if colon else _NOTHING)
