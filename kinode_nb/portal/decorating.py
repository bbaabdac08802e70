"""``@kn.process("NAME")``: the function below is a process, as a cell of that kind would be."""

import sys
from collections.abc import Callable, Iterable, Sequence
from inspect import iscoroutinefunction, signature
from linecache import getlines
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Never, TypeAlias, TypeVar

from kinode_nb.hosts import cell_source
from kinode_nb.hosts.borrowing import borrowed, hinting
from kinode_nb.hosts.written import WrittenProgram
from kinode_nb.portal.net import FakeNet, fakenet
from kinode_nb.portal.node import Node
from kinode_nb.types import Capability, OnExit, UsageError, cells, nearest

if TYPE_CHECKING:
    from kinode_nb import aio

F = TypeVar("F", bound=Callable[..., Any])
OneNode: TypeAlias = "str | Node | aio.Node"


def process(
    name: str | None = None,
    *,
    public: bool = True,
    node: "OneNode | Iterable[OneNode] | None" = None,
    package: str | None = None,
    networking: bool = True,
    capabilities: Sequence[Capability] | None = None,
    on_exit: str | OnExit = "none",
    with_: str | Iterable[str] = (),
    **unknown: Never,
) -> Callable[[F], F]:
    """Run the async function below as a process: ``@kn.process("counter", public=True)``.

    It begins at once, on the notebook's current node unless ``node`` names another, or several, in
    place of the process that has its name there (default: the function's), whose saved state it
    finds. It is a module of its own: what it names of modules, functions and classes is there,
    other variables are not, but for copies of those that ``with_`` names. The function stays as it
    is, and has the process's ``address``, and all ``addresses`` where there are several nodes.
    Raises as `Node.process` does.
    """
    for word in unknown:
        raise UsageError(f"@kn.process takes no {word}=.{_MEANT.get(word) or _near(word)}")
    if not isinstance(name, str | None):
        raise UsageError('@kn.process takes a name: write @kn.process("counter")')
    names = with_.replace(",", " ").split() if isinstance(with_, str) else list(with_)

    def begin_it(function: F) -> F:
        own = str(name or getattr(function, "__name__", ""))
        title = own.replace("_", "-")
        nodes = _nodes(node)
        code = getattr(function, "__code__", None)
        is_here = code is not None and code.co_filename == sys._getframe(1).f_code.co_filename  # noqa: SLF001
        program = function_program(function, title, names, cells.blank_lines if is_here else 0)
        outcomes = _net(nodes[0]).process(
            own,
            program,
            *(each.name for each in nodes),
            public=public,
            package=package,
            networking=networking,
            capabilities=capabilities,
            on_exit=on_exit,
        )
        addresses = tuple(each.address for each in outcomes)
        function.address, function.addresses = addresses[0], addresses  # type: ignore[attr-defined]  # for its caller to use
        return function

    return begin_it


_MEANT = {
    "private": " Write public=False.",
    "no_networking": " Write networking=False.",
    "nodes": ' Write node=["fake.dev", "fake2.dev"].',
    "given": " Write with_=: the names of what is copied in.",
}


def _near(word: str) -> str:
    known = [each for each in signature(process).parameters if each != "unknown"]
    return nearest(word, known) or f" Its options: {', '.join(known[1:])}."


def _nodes(given: "OneNode | Iterable[OneNode] | None") -> list[Node]:
    """Return the nodes of one net; raises UsageError and NodeError."""
    several = given if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    nodes = [_node(each) for each in several]
    if not nodes:
        raise UsageError("node=[] names no node: leave it out for the current one")
    if any(_net(each) is not _net(nodes[0]) for each in nodes):
        raise UsageError("node= names nodes of several nets: one process is of one net")
    return nodes


def _net(node: Node) -> FakeNet:
    return node._net  # noqa: SLF001 - the portal's own


def _node(given: "OneNode | None") -> Node:
    if given is None or isinstance(given, str):
        return fakenet().node(given)
    blocking = getattr(given, "blocking", given)
    if not isinstance(blocking, Node):
        raise UsageError(f"node= takes a node or its name, or a list of these, not {given!r}")
    return blocking


def function_program(
    function: object, name: str, with_: Iterable[str], above: int = 0
) -> WrittenProgram:
    """Return a program from a function, with what it names, and copies of what ``with_`` names.

    ``above`` is how many blank lines its cell had lost at its top when it was compiled.
    """
    if not isinstance(function, FunctionType) or not iscoroutinefunction(function):
        shown = getattr(function, "__name__", None) or repr(function)
        raise UsageError(
            f"{shown} is no async function: @kn.process(…) stands above `async def init(our):`"
        )
    home = function.__globals__
    for each in with_:
        if each not in home:
            raise UsageError(f"there is no variable {each!r} to copy.{nearest(each, home)}")
    chosen = {each: home[each] for each in with_}
    given = borrowed({**chosen, function.__name__: function}, home)
    file, title = function.__code__.co_filename, cell_source.title(name)
    for each in given.values():
        if isinstance(each, FunctionType) and each.__code__.co_filename == file:
            each.__code__ = _renamed(each.__code__, title, above)
    advice = (
        "{name} is a variable outside the process: with_=('{name}',) copies it in, or import it "
        "in the function"
    )
    return WrittenProgram(
        title=title,
        lines=["\n"] * above + getlines(file, home),
        entry=given[function.__name__],
        given=given,
        hint=hinting(lambda: home, advice),
    )


def _renamed(code: CodeType, file: str, above: int) -> CodeType:
    """Return code, and that inside it, that tracebacks find in another file, and further down."""
    inner = tuple(
        _renamed(each, file, above) if isinstance(each, CodeType) else each
        for each in code.co_consts
    )
    first = code.co_firstlineno + above
    return code.replace(co_filename=file, co_consts=inner, co_firstlineno=first)
