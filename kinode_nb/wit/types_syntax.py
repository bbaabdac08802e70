"""Types as they are written: ``list<option<u8>>`` -> a `tree.Type`."""

from __future__ import annotations

from kinode_nb.wit import tree
from kinode_nb.wit.errors import WitSyntaxError
from kinode_nb.wit.reader import Reader
from kinode_nb.wit.tokens import Token

PRIMITIVES = frozenset(
    {
        *("bool", "char", "string", "f32", "f64", "float32", "float64"),
        *("u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64"),
    }
)
_INSTEAD = {
    "resource": "let a process keep the thing, and name it by an id",
    "own": "name the thing by an id",
    "borrow": "name the thing by an id",
    "stream": "send several messages, or a blob",
    "future": "answer with a Response",
}
# The parser recurses as deep as types are nested, and Python's stack is finite.
_DEEPEST = 64


def read_type(read: Reader, depth: int = 0) -> tree.Type:
    """Take a type; raises WitSyntaxError."""
    token = read.token
    if depth > _DEEPEST:
        raise WitSyntaxError(f"types are nested deeper than {_DEEPEST}", *token.at)
    if token.kind == "name":
        return tree.Named(token.text, read.next().at)
    if token.kind == "keyword" and token.text in PRIMITIVES:
        return tree.Primitive(read.next().text.replace("float", "f"))
    match token.text if token.kind == "keyword" else "":
        case "list":
            return tree.ListOf(_argument(read, depth))
        case "option":
            return tree.OptionOf(_argument(read, depth))
        case "tuple":
            return _tuple(read, depth)
        case "result":
            return _result(read, depth)
        case _:
            refuse_unsendable(token)
            raise read.failure("a type")


def _argument(read: Reader, depth: int) -> tree.Type:
    read.next()
    read.expect("<")
    item = read_type(read, depth + 1)
    if read.at(","):
        raise WitSyntaxError("a list has no fixed length here: write list<…>", *read.token.at)
    read.expect(">")
    return item


def _tuple(read: Reader, depth: int) -> tree.TupleOf:
    at = read.next().at
    items = read.between("<", ">", lambda: read_type(read, depth + 1))
    if not items:
        raise WitSyntaxError("a tuple is empty: give it a type", *at)
    return tree.TupleOf(tuple(items))


def _result(read: Reader, depth: int) -> tree.ResultOf:
    read.next()
    if not read.take("<"):
        return tree.ResultOf(None, None)
    ok = None if read.take("_") else read_type(read, depth + 1)
    err = None
    if read.take(","):
        err = None if read.take("_") else read_type(read, depth + 1)
    read.expect(">")
    return tree.ResultOf(ok, err)


def refuse_unsendable(token: Token) -> None:
    """Raise WitSyntaxError for what no message can have."""
    if token.kind == "keyword" and token.text in _INSTEAD:
        problem = f"{token.text!r} cannot be part of a message, which is plain data"
        raise WitSyntaxError(f"{problem}: {_INSTEAD[token.text]}", *token.at)
