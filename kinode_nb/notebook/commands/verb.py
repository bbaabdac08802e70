"""A verb: one object from which its parser, its help and its completion all come."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.kinds import Kind

if TYPE_CHECKING:
    from kinode_nb.notebook.commands.context import Context


class Count(Enum):
    """How many words an argument takes."""

    ONE = "one"
    OPTIONAL = "at most one"
    SOME = "one or more"
    ANY = "any number"


@dataclass(frozen=True, slots=True)
class Argument:
    """A word, or several, by position."""

    name: str
    kind: Kind = kinds.TEXT
    count: Count = Count.ONE

    @property
    def usage(self) -> str:
        """How the argument is written in a usage line."""
        name = self.name.upper()
        many = f"{name}…" if self.is_many else name
        return many if self.is_required else f"[{many}]"

    @property
    def is_many(self) -> bool:
        """Whether it takes any number of words."""
        return self.count in {Count.SOME, Count.ANY}

    @property
    def is_required(self) -> bool:
        """Whether it needs a word."""
        return self.count in {Count.ONE, Count.SOME}


@dataclass(frozen=True, slots=True)
class Flag:
    """A word that begins with a dash; ``kind`` is None where no value follows it."""

    names: tuple[str, ...]
    help: str
    kind: Kind | None = None
    metavar: str = ""
    is_many: bool = False
    """Takes all words that follow, up to the next flag, and may stand there again."""
    is_repeated: bool = False
    """Takes one word, and may stand there again."""

    @property
    def key(self) -> str:
        """The name that its value is kept under: the long one, dashes included."""
        return max(self.names, key=len)

    @property
    def usage(self) -> str:
        """How the flag is written in a usage line."""
        return f"{self.names[0]} {self.metavar}{'…' if self.is_many else ''}".rstrip()


class Values:
    """What one line gave to a verb's arguments and flags."""

    def __init__(self, found: dict[str, list[Any]]) -> None:
        """Keep what was read, by argument or flag."""
        self._found = found

    def one(self, name: str) -> str:
        """Return the text of an argument that must be there."""
        return str(self._found[name][0])

    def maybe(self, name: str) -> str | None:
        """Return the text of an argument or a flag, or None."""
        return str(self._found[name][0]) if self._found.get(name) else None

    def many(self, name: str) -> list[str]:
        """Return all words of an argument, or of a flag that takes several."""
        return [str(value) for value in self._found.get(name, [])]

    def number(self, name: str) -> int | None:
        """Return the number that follows a flag, or None."""
        value = self._found.get(name, [None])[0]
        return value if isinstance(value, int) else None

    def seconds(self, name: str) -> float | None:
        """Return the seconds, whole or not, that follow a flag, or None."""
        value = self._found.get(name, [None])[0]
        return value if isinstance(value, int | float) else None

    def has(self, name: str) -> bool:
        """Tell whether a flag stands on the line."""
        return name in self._found


Run = Callable[["Context", Values], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A verb of ``%kinode``: how it is written, what it does, and the function that does it."""

    name: str
    summary: str
    run: Run
    aliases: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    flags: tuple[Flag, ...] = ()
    example: str = ""
    details: str = ""
    is_there: bool = field(default=True)

    @property
    def names(self) -> tuple[str, ...]:
        """The verb's name and its aliases."""
        return (self.name, *self.aliases)

    @property
    def head(self) -> str:
        """The verb with its arguments, as a person writes it."""
        return " ".join([self.name, *(argument.usage for argument in self.arguments)])

    @property
    def usage(self) -> str:
        """The same with its flags."""
        return " ".join([self.head, *(f"[{flag.usage}]" for flag in self.flags)])

    def flag(self, name: str) -> Flag | None:
        """Return the flag of that name, dashes included."""
        return next((flag for flag in self.flags if name in flag.names), None)


def flag_names(flags: Iterable[Flag]) -> list[str]:
    """Return all names of these flags, short ones first."""
    names = [name for flag in flags for name in flag.names]
    return sorted(names, key=lambda name: (name.startswith("--"), name))


ACTING = (
    Flag(("-n", "--node"), "the node that acts; default: the current one", kinds.NODE, "NODE"),
    Flag(("-p", "--port"), "the same, named by its port", kinds.NUMBER, "PORT"),
)
PACKAGE = Flag(
    ("--package",),
    "the package that does it, where several can",
    kinds.PACKAGE,
    "PACKAGE",
)
HELP = Flag(("-h", "--help"), "this text")
