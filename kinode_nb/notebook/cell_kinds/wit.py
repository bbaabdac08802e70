"""``%%kinode wit NAME``: a cell of WIT, whose message types are ``kn.wit.NAME``."""

from kinode_nb.notebook.cell_kinds.kind import Cell, cell_kind
from kinode_nb.notebook.commands.kinds import Kind
from kinode_nb.notebook.commands.verb import Argument, Values


def _defined(_: object) -> tuple[str, ...]:
    from kinode_nb.wit.defined import defined_names

    return defined_names()


def run(cell: Cell, values: Values) -> None:
    """Make the interfaces, and say in one line what they have."""
    from kinode_nb.wit.defined import checked_name, define, interfaces_in

    name = checked_name(values.one("name"))
    # WIT's errors count lines from the cell's first, which is not in its body.
    made = define(name, f"\n{cell.body}")
    for key, interface in interfaces_in(made).items():
        types = ", ".join(interface.class_names) or "no types"
        cell.context.say(f"kn.wit.{name}{f'.{key}' if key else ''}: {types}")


WIT = cell_kind(
    "wit",
    "makes message types of the WIT below it: kn.wit.NAME",
    run,
    arguments=(Argument("name", Kind(_defined)),),
    details=(
        "Below stands WIT, one interface or several. Its types are kn.wit.NAME.TYPE, in processes "
        "from kinode_nb.wit import NAME; several interfaces are kn.wit.NAME.INTERFACE each. "
        "A cell that runs again replaces what it made."
    ),
    example="wit counter",
)
