"""``@kn.process("NAME")``: the function below is a process, as a cell of that kind would be."""

from collections.abc import Callable, Iterable, Sequence
from inspect import iscoroutinefunction
from linecache import getlines
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from kinode_nb.hosts import cell_source
from kinode_nb.hosts.borrowing import borrowed, hinting
from kinode_nb.hosts.written import WrittenProgram
from kinode_nb.portal.net import fakenet
from kinode_nb.portal.node import Node
from kinode_nb.types import Capability, OnExit, UsageError, nearest

if TYPE_CHECKING:
    from kinode_nb import aio

F = TypeVar("F", bound=Callable[..., Any])


def process(
    name: str | None = None,
    *,
    public: bool = True,
    node: "str | Node | aio.Node | None" = None,
    package: str | None = None,
    networking: bool = True,
    capabilities: Sequence[Capability] | None = None,
    on_exit: str | OnExit = "none",
    with_: str | Iterable[str] = (),
) -> Callable[[F], F]:
    """Run the async function below as a process: ``@kn.process("counter", public=True)``.

    It begins at once, on the notebook's current node unless ``node`` is given, in place of the
    process that has its name there (default: the function's), whose saved state it finds. It is a
    module of its own: what it names of modules, functions and classes is there, other variables
    are not, but for copies of those that ``with_`` names. The function stays as it is, and has
    the process's ``address``. Raises as `Node.process` does.
    """
    if not isinstance(name, str | None):
        raise UsageError('@kn.process takes a name: write @kn.process("counter")')
    names = with_.replace(",", " ").split() if isinstance(with_, str) else list(with_)

    def begin_it(function: F) -> F:
        own = str(name or getattr(function, "__name__", ""))
        program = function_program(function, own.replace("_", "-"), names)
        address = _node(node).process(
            own,
            program,
            public=public,
            package=package,
            networking=networking,
            capabilities=capabilities,
            on_exit=on_exit,
        )
        function.address = address  # type: ignore[attr-defined]  # for its caller to use
        return function

    return begin_it


def _node(given: "str | Node | aio.Node | None") -> Node:
    if given is None or isinstance(given, str):
        return fakenet().node(given)
    return given if isinstance(given, Node) else given.blocking


def function_program(function: object, name: str, with_: Iterable[str]) -> WrittenProgram:
    """Return a program from a function, with what it names, and copies of what ``with_`` names."""
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
            each.__code__ = _renamed(each.__code__, title)
    advice = (
        "{name} is a variable outside the process: with_=('{name}',) copies it in, or import it "
        "in the function"
    )
    return WrittenProgram(
        title=title,
        lines=getlines(file, home),
        entry=given[function.__name__],
        given=given,
        hint=hinting(lambda: home, advice),
    )


def _renamed(code: CodeType, file: str) -> CodeType:
    """Return code, and that inside it, that tracebacks find in another file."""
    inner = tuple(
        _renamed(each, file) if isinstance(each, CodeType) else each for each in code.co_consts
    )
    return code.replace(co_filename=file, co_consts=inner)
