"""The parser: WIT text -> `tree.Document`.

Covers what Kinode packages write in ``api/*.wit``. Resources, streams and futures are refused:
none of them can be part of a message.
"""

from __future__ import annotations

from collections.abc import Callable

from kinode_nb.wit import tree
from kinode_nb.wit.errors import WitSyntaxError
from kinode_nb.wit.reader import Reader, check_distinct
from kinode_nb.wit.tokens import Position, Token

PRIMITIVES = frozenset(
    {
        *("bool", "char", "string", "f32", "f64", "float32", "float64"),
        *("u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64"),
    }
)
_UNSENDABLE = frozenset({"resource", "own", "borrow", "stream", "future"})
# The parser recurses as deep as types are nested, and Python's stack is finite.
_DEEPEST = 64


def parse(text: str) -> tree.Document:
    """Return what the WIT text says; raises WitSyntaxError."""
    read = Reader(text)
    interfaces: list[tree.Interface] = []
    worlds: list[tree.World] = []
    if read.take("package"):
        read.path("the package's name")
        read.expect(";")
    while read.token.kind != "end":
        if read.at("interface"):
            interfaces.append(_interface(read))
        elif read.at("world"):
            worlds.append(_world(read))
        else:
            raise read.failure("'interface' or 'world'")
    check_distinct("interface", interfaces)
    check_distinct("world", worlds)
    return tree.Document(tuple(interfaces), tuple(worlds))


def _interface(read: Reader) -> tree.Interface:
    doc = read.expect("interface").doc
    name = read.name("the interface's name")
    types: list[tree.TypeDefinition] = []
    functions: list[tree.Function] = []
    read.expect("{")
    while not read.take("}"):
        if read.at("use"):
            types.extend(_use(read))
        elif read.token.kind == "keyword":
            types.append(_definition(read))
        else:
            functions.append(_function(read))
    check_distinct("name", [*types, *functions])
    return tree.Interface(name.text, tuple(types), tuple(functions), name.at, doc)


def _world(read: Reader) -> tree.World:
    doc = read.expect("world").doc
    name = read.name("the world's name")
    items: list[tree.WorldItem] = []
    read.expect("{")
    while not read.take("}"):
        items.append(_world_item(read))
    return tree.World(name.text, tuple(items), name.at, doc)


def _world_item(read: Reader) -> tree.WorldItem:
    if not any(map(read.at, ("import", "export", "include"))):
        raise read.failure("'import', 'export', 'include' or '}'")
    verb = read.next()
    name = read.path("the name of an interface, a function or a world")
    if verb.text != "include" and read.take(":"):
        return tree.WorldItem(verb.text, name.text, _signature(read, name, verb.doc))
    if verb.text == "include" and read.take("with"):
        read.between("{", "}", lambda: _renamed(read))
        read.take(";")
    else:
        read.expect(";")
    return tree.WorldItem(verb.text, name.text)


def _use(read: Reader) -> list[tree.Use]:
    read.expect("use")
    interface = read.path("the name of an interface")
    read.expect(".")
    pairs = read.between("{", "}", lambda: _renamed(read))
    read.expect(";")
    return [tree.Use(new.text, interface.text, old.text, new.at) for old, new in pairs]


def _renamed(read: Reader) -> tuple[Token, Token]:
    old = read.name("the name of a type")
    return old, read.name("its new name") if read.take("as") else old


def _definition(read: Reader) -> tree.TypeDefinition:
    match read.token.text:
        case "record":
            return _record(read)
        case "variant":
            return tree.Variant(*_cases(read, lambda: _case(read, payload=True)))
        case "enum":
            return tree.Enum(*_cases(read, lambda: _case(read, payload=False)))
        case "flags":
            return tree.Flags(*_cases(read, lambda: _case(read, payload=False)))
        case "type":
            return _alias(read)
        case _:
            _refuse_unsendable(read.token)
            raise read.failure("a type, a function or '}'")


def _record(read: Reader) -> tree.Record:
    keyword, name = read.next(), read.name("the record's name")
    fields = read.between("{", "}", lambda: _field(read))
    check_distinct("field", fields)
    return tree.Record(name.text, tuple(fields), name.at, keyword.doc)


def _alias(read: Reader) -> tree.Alias:
    keyword, name = read.next(), read.name("the type's name")
    read.expect("=")
    target = _type(read)
    read.expect(";")
    return tree.Alias(name.text, target, name.at, keyword.doc)


def _cases(
    read: Reader, case: Callable[[], tree.Case]
) -> tuple[str, tuple[tree.Case, ...], Position, str]:
    keyword = read.next()
    name = read.name(f"the {keyword.text}'s name")
    cases = read.between("{", "}", case)
    if not cases:
        problem = f"{keyword.text} {name.text!r} is empty: give it a case"
        raise WitSyntaxError(problem, *name.at)
    check_distinct("case", cases)
    return name.text, tuple(cases), name.at, keyword.doc


def _case(read: Reader, *, payload: bool) -> tree.Case:
    name = read.name("a case")
    carries = None
    if payload and read.take("("):
        carries = _type(read)
        read.expect(")")
    return tree.Case(name.text, carries, name.at, name.doc)


def _field(read: Reader) -> tree.Field:
    name = read.name("a name")
    read.expect(":")
    return tree.Field(name.text, _type(read), name.at, name.doc)


def _function(read: Reader) -> tree.Function:
    name = read.name("a type, a function or '}'")
    read.expect(":")
    return _signature(read, name, name.doc)


def _signature(read: Reader, name: Token, doc: str) -> tree.Function:
    read.expect("func")
    parameters = read.between("(", ")", lambda: _field(read))
    check_distinct("parameter", parameters)
    result = _type(read) if read.take("->") else None
    read.expect(";")
    return tree.Function(name.text, tuple(parameters), result, name.at, doc)


def _type(read: Reader, depth: int = 0) -> tree.Type:
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
            _refuse_unsendable(token)
            raise read.failure("a type")


def _argument(read: Reader, depth: int) -> tree.Type:
    read.next()
    read.expect("<")
    item = _type(read, depth + 1)
    read.expect(">")
    return item


def _tuple(read: Reader, depth: int) -> tree.TupleOf:
    at = read.next().at
    items = read.between("<", ">", lambda: _type(read, depth + 1))
    if not items:
        raise WitSyntaxError("a tuple is empty: give it a type", *at)
    return tree.TupleOf(tuple(items))


def _result(read: Reader, depth: int) -> tree.ResultOf:
    read.next()
    if not read.take("<"):
        return tree.ResultOf(None, None)
    ok = None if read.take("_") else _type(read, depth + 1)
    err = None
    if read.take(","):
        err = None if read.take("_") else _type(read, depth + 1)
    read.expect(">")
    return tree.ResultOf(ok, err)


def _refuse_unsendable(token: Token) -> None:
    if token.kind == "keyword" and token.text in _UNSENDABLE:
        problem = f"{token.text!r} cannot be part of a message, which is plain data"
        raise WitSyntaxError(problem, *token.at)
