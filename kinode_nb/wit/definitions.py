"""What stands in an interface: types and functions, as they are written."""

from __future__ import annotations

from collections.abc import Callable

from kinode_nb.types.errors import nearest
from kinode_nb.wit import tree
from kinode_nb.wit.errors import WitSyntaxError
from kinode_nb.wit.reader import Reader, check_distinct
from kinode_nb.wit.tokens import Position, Token
from kinode_nb.wit.types_syntax import read_type, refuse_unsendable

_KINDS = ("record", "variant", "enum", "flags", "type", "use")


def read_interface(read: Reader, name: Token, doc: str, package: str = "") -> tree.Interface:
    """Take an interface from its brace on; raises WitSyntaxError."""
    types: list[tree.TypeDefinition] = []
    functions: list[tree.Function] = []
    read.expect("{")
    while not read.take("}"):
        read.gates()
        if read.at("use"):
            types.extend(read_use(read))
        elif read.token.kind == "keyword":
            types.append(read_definition(read))
        else:
            functions.append(_function(read))
    check_distinct("name", [*types, *functions])
    return tree.Interface(name.text, tuple(types), tuple(functions), name.at, doc, package)


def read_use(read: Reader) -> list[tree.Use]:
    """Take ``use interface.{name, name as other};``."""
    read.expect("use")
    path = read.path("the name of an interface")
    read.expect(".")
    pairs = read.between("{", "}", lambda: read_renamed(read))
    read.expect(";")
    interface, package = path.name.text, path.package
    return [tree.Use(new.text, interface, old.text, new.at, package) for old, new in pairs]


def read_renamed(read: Reader) -> tuple[Token, Token]:
    """Take ``name`` or ``name as other``."""
    old = read.name("the name of a type")
    return old, read.name("its new name") if read.take("as") else old


def read_definition(read: Reader) -> tree.TypeDefinition:
    """Take the definition of a type; raises WitSyntaxError."""
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
            refuse_unsendable(read.token)
            raise read.failure("a type, a function or '}'")


def _record(read: Reader) -> tree.Record:
    keyword, name = read.next(), read.name("the record's name")
    fields = read.between("{", "}", lambda: _field(read))
    check_distinct("field", fields)
    return tree.Record(name.text, tuple(fields), name.at, keyword.doc)


def _alias(read: Reader) -> tree.Alias:
    keyword, name = read.next(), read.name("the type's name")
    read.expect("=")
    target = read_type(read)
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
        carries = read_type(read)
        read.expect(")")
    return tree.Case(name.text, carries, name.at, name.doc)


def _field(read: Reader) -> tree.Field:
    name = read.name("a name")
    read.expect(":")
    return tree.Field(name.text, read_type(read), name.at, name.doc)


def _function(read: Reader) -> tree.Function:
    name = read.name("a type, a function or '}'")
    hint = nearest(name.text, _KINDS) if read.token.kind == "name" else ""
    if hint:
        problem = f"expected a type, a function or '}}', found {name}."
        raise WitSyntaxError(f"{problem}{hint}", *name.at)
    read.expect(":")
    return read_signature(read, name, name.doc)


def read_signature(read: Reader, name: Token, doc: str) -> tree.Function:
    """Take ``func(parameter: type, …) -> result;``; raises WitSyntaxError."""
    if read.at_name("async"):
        problem = "'async' is not for Kinode's functions: leave it out"
        raise WitSyntaxError(problem, *read.token.at)
    read.expect("func")
    parameters = read.between("(", ")", lambda: _field(read))
    check_distinct("parameter", parameters)
    result = _result(read) if read.take("->") else None
    read.expect(";")
    return tree.Function(name.text, tuple(parameters), result, name.at, doc)


def _result(read: Reader) -> tree.Type:
    if read.at("("):
        problem = "results have no names any more: return a record or a tuple<…>"
        raise WitSyntaxError(problem, *read.token.at)
    return read_type(read)
