"""``%%kinode process NAME``: the cell is a process, a module of its own with ``init(our)``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kinode_nb.notebook.cell_kinds.kind import Cell, cell_kind
from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.kinds import Kind, Place, choice
from kinode_nb.notebook.commands.verb import Argument, Flag, Values
from kinode_nb.types import ProcessId, UsageError, nearest

if TYPE_CHECKING:
    from kinode_nb.portal.written import Outcome

_PACKAGE = ":notebook:template.os"
_DETAILS = """\
The lines below are a Python module with `async def init(our):`. It belongs to the package
notebook:template.os, may use the network and vfs, and any process of its node may message it.
Nothing of the notebook is in it, except copies of what --with names.

Run again, it replaces the process: its saved state (our.get_state) stays, and so does what others
may do with it; messages that it had not taken are lost. While the cell has an error that can be
found before it runs, the process that is there goes on."""


def _names(place: Place) -> list[str]:
    """Offer the processes that cells have made."""
    found = {name.rpartition("@")[2] for name in place.find_net().process_names()}
    return sorted(name.removesuffix(_PACKAGE) for name in found if name.endswith(_PACKAGE))


def run(cell: Cell, values: Values) -> None:
    """Check the cell as a whole, then begin its process, in place of the one of its name."""
    name = values.one("name").replace("_", "-")
    ProcessId.parse(f"{name}{_PACKAGE}")
    outcomes = cell.context.net.process(
        name,
        cell.body,
        *values.many("--node"),
        public=not values.has("--private"),
        package=values.maybe("--package"),
        networking=not values.has("--no-networking"),
        on_exit=values.maybe("--on-exit") or "none",
        given=_given(values.many("--with"), cell.names),
        header=cell.header,
        notebook=cell.names,
    )
    cell.context.say(_told(outcomes))


def _given(words: list[str], names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the notebook's variables of these names; raises UsageError."""
    wanted = [name for word in words for name in word.replace(",", " ").split()]
    for name in wanted:
        if name not in names:
            hint = nearest(name, [each for each in names if not each.startswith("_")])
            raise UsageError(f"--with: there is no notebook variable {name!r}.{hint}")
    return {name: names[name] for name in wanted}


def _told(outcomes: "list[Outcome]") -> str:
    """Return one line: what runs where, and what it has replaced."""
    told = []
    for each in outcomes:
        does = "ran, and has ended" if each.ended else "runs"
        told.append(f"{each.address} {does}{' (replaced)' if each.replaced else ''}")
        if each.stands_in:
            package = each.address.package_id.package_name
            back = f"%kinode start {package} -n {each.address.node}"
            told[-1] += f" in place of the package's own, until {back}"
    return "; ".join(told)


PROCESS = cell_kind(
    "process",
    "runs the lines below it as a process",
    run,
    arguments=(Argument("name", Kind(_names)),),
    flags=(
        Flag(
            ("-n", "--node"),
            "the nodes that it runs on; default: the current one",
            kinds.NODE,
            "NODE",
            is_many=True,
        ),
        Flag(
            ("--package",),
            "the installed package that it belongs to, whose modules it imports: from .x import y",
            kinds.INSTALLED,
            "PACKAGE",
        ),
        Flag(("--private",), "only who holds the capability may message it"),
        Flag(("--no-networking",), "it may not use the network"),
        Flag(
            ("--on-exit",),
            "what becomes of it when it ends: none, or restart",
            choice("none", "restart"),
            "BEHAVIOR",
        ),
        Flag(
            ("--with",),
            "notebook variables to copy into it: a,b",
            kinds.NOTHING,
            "NAME",
            is_many=True,
        ),
    ),
    details=_DETAILS,
    example="process counter -n fake.dev --on-exit restart",
)
