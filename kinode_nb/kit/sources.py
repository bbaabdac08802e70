"""Python sources, looked at without being run: whether they compile, and what is in them."""

import ast
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache

from kinode_nb.types import PackageError

_Function = ast.FunctionDef | ast.AsyncFunctionDef


# A package is read again for every node and every test; its modules are mostly the same.
@lru_cache(maxsize=256)
def parsed(source: bytes, where: str) -> ast.Module:
    """Return the tree of a module, not to be changed; raises PackageError with line and column."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # whoever runs it is warned, if it still matters then
            tree = ast.parse(source, where)
            compile(tree, where, "exec", dont_inherit=True)
            return tree
    except SyntaxError as error:
        at = f", line {error.lineno}, column {error.offset}" if error.lineno else ""
        raise PackageError(f"{where}{at}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise PackageError(f"{where} cannot be compiled: {error}") from None


def check_init(module: ast.Module, where: str) -> None:
    """Raise PackageError when a module has no ``init`` that can be a process."""
    if not check_coroutine(module, "init", ("our",), where):
        raise PackageError(
            f"{where} is a process without its program; write `async def init(our: Our) -> None:`"
        )


def check_coroutine(module: ast.Module, name: str, parameters: Sequence[str], where: str) -> bool:
    """Tell whether a module has a name; raises PackageError when it is no coroutine to be called.

    It is called with ``parameters`` by position. What is decorated, assigned or imported may be
    anything, and is believed.
    """
    found = list(_bindings(module.body, name))
    if found and isinstance(last := found[-1], _Function) and not last.decorator_list:
        _check_function(last, parameters, f"{where}, line {last.lineno}")
    return bool(found)


def _check_function(function: _Function, parameters: Sequence[str], where: str) -> None:
    write = f"write `async def {function.name}({', '.join(parameters)})`"
    if isinstance(function, ast.FunctionDef):
        raise PackageError(f"{where}: {function.name} is no coroutine; {write}")
    arguments, given = function.args, len(parameters)
    most = len(arguments.posonlyargs) + len(arguments.args)
    by_name = [each for each in arguments.kw_defaults if each is None]
    least = most - len(arguments.defaults)
    if by_name or least > given or (most < given and arguments.vararg is None):
        takes = "one argument, our" if parameters == ("our",) else ", ".join(parameters)
        raise PackageError(f"{where}: {function.name} takes {takes}; {write}")


def _bindings(body: list[ast.stmt], name: str) -> Iterator[ast.stmt]:
    """Yield what gives a name its value at a module's top, inside ``if`` and ``try`` too."""
    for each in body:
        match each:
            case ast.FunctionDef(name=found) | ast.AsyncFunctionDef(name=found):
                if found == name:
                    yield each
            case ast.Assign(targets=targets) if any(_binds(each, name) for each in targets):
                yield each
            case ast.AnnAssign(target=target) if _binds(target, name):
                yield each
            case ast.ImportFrom(names=names) | ast.Import(names=names):
                if any((alias.asname or alias.name) in {name, "*"} for alias in names):
                    yield each
            case ast.If() | ast.Try() | ast.With():
                yield from _bindings(_inside(each), name)


def _inside(statement: ast.If | ast.Try | ast.With) -> list[ast.stmt]:
    found = list(statement.body)
    if isinstance(statement, ast.Try):
        found += [each for handler in statement.handlers for each in handler.body]
        found += [*statement.orelse, *statement.finalbody]
    elif isinstance(statement, ast.If):
        found += statement.orelse
    return found


def _binds(target: ast.expr, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(target))


@lru_cache(maxsize=256)
def imported(module: ast.Module) -> tuple[tuple[str, int], ...]:
    """Return the modules beside it that a module imports, with the lines: ``.x.y`` is ``x/y``."""
    return tuple(_imported(module))


def _imported(module: ast.Module) -> Iterator[tuple[str, int]]:
    for each in ast.walk(module):
        if not isinstance(each, ast.ImportFrom) or each.level != 1:
            continue
        if each.module is None:
            yield from ((alias.name, each.lineno) for alias in each.names)
        else:
            yield each.module.replace(".", "/"), each.lineno
