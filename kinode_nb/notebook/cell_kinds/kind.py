"""A kind of ``%%kinode`` cell: a word after the prompt, and what is done with the lines below."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Argument, Flag, Values, Verb
from kinode_nb.types import UsageError


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell, and where it runs."""

    header: str
    """What stands after ``%%kinode``."""
    body: str
    """The lines below; the first of them is line 2 of the cell."""
    names: Mapping[str, Any]
    """The notebook's variables, as they are now."""
    context: Context


Run = Callable[[Cell, Values], object]


@dataclass(frozen=True, slots=True)
class CellKind:
    """How its first line is written, and the function that does what it says."""

    verb: Verb
    """From it come the parser, the help and what Tab offers; its own ``run`` is not used."""
    run: Run

    @property
    def name(self) -> str:
        """The word after ``%%kinode``."""
        return self.verb.name


def cell_kind(
    name: str,
    summary: str,
    run: Run,
    *,
    arguments: tuple[Argument, ...] = (),
    flags: tuple[Flag, ...] = (),
    details: str = "",
    example: str = "",
) -> CellKind:
    """Return a kind of cell."""

    def alone(_: Context, __: Values) -> None:
        raise UsageError(f"%%kinode {name} stands at the top of a cell, with lines below it")

    verb = Verb(
        name=name,
        summary=summary,
        run=alone,
        arguments=arguments,
        flags=flags,
        details=details,
        example=example,
    )
    return CellKind(verb, run)
