"""WIT text -> message types, and their JSON as Kinode's own processes write and read it."""

from kinode_nb.wit.codec import decode, decode_any, encode, to_json
from kinode_nb.wit.errors import WitBodyError, WitError, WitSyntaxError
from kinode_nb.wit.generating import generate
from kinode_nb.wit.model import Interface, load, standard_interface
from kinode_nb.wit.shape import Shape
from kinode_nb.wit.syntax import parse
from kinode_nb.wit.values import Err, Ok, Variant

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
    "load",
    "parse",
    "standard_interface",
    "to_json",
]
