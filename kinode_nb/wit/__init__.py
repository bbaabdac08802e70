"""WIT text -> message types, and their JSON as Kinode's own processes write and read it."""

from typing import TYPE_CHECKING, Any

from kinode_nb.types.errors import nearest
from kinode_nb.wit.codec import decode, decode_any, encode, to_json
from kinode_nb.wit.errors import WitBodyError, WitError, WitSyntaxError
from kinode_nb.wit.model import Interface, load, standard_interface
from kinode_nb.wit.shape import Shape
from kinode_nb.wit.syntax import parse
from kinode_nb.wit.values import Err, Ok, Variant

if TYPE_CHECKING:
    from kinode_nb.wit.generating import generate, implementation_name

__all__ = [
    "Err",
    "Interface",
    "Ok",
    "Shape",
    "Variant",
    "WitBodyError",
    "WitError",
    "WitSyntaxError",
    "decode",
    "decode_any",
    "encode",
    "generate",
    "implementation_name",
    "load",
    "parse",
    "standard_interface",
    "to_json",
]


if not TYPE_CHECKING:  # or every name would be there for a type checker

    def __getattr__(name: str) -> Any:
        """Fetch what generates at its first use: only who builds packages needs it."""
        if name in {"generate", "implementation_name"}:
            from kinode_nb.wit import generating

            return globals().setdefault(name, getattr(generating, name))
        known = [each for each in {*globals(), *__all__} if not each.startswith("_")]
        hint = nearest(name, known) or f" A cell makes it: %%kinode wit {name}"
        raise AttributeError(f"kinode_nb.wit has no {name!r}.{hint}")
