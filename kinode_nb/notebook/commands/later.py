"""The verbs that are known by name and come in a later version."""

from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Run, Values, Verb
from kinode_nb.types import UsageError

_NAMES: tuple[tuple[str, ...], ...] = (
    ("pause",),
    ("resume",),
    ("cancel",),
    ("trace",),
    ("watch",),
    ("panel",),
    ("network",),
)


def _refuse(name: str) -> Run:
    def run(context: Context, _: Values) -> object:
        raise UsageError(f"{name} is not there yet in this version; see {context.prompt} help")

    return run


LATER = tuple(
    Verb(
        name=name,
        aliases=tuple(aliases),
        summary="not there yet",
        run=_refuse(name),
        is_there=False,
    )
    for name, *aliases in _NAMES
)
