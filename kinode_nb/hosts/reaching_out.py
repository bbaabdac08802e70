"""Whether a module's code may change what other modules hold, or its own functions and classes.

A module that holds nothing that can be changed still has functions and classes, and those have
attributes. So code may set an attribute only of ``self``, in a method; whether it sets one of
anything else, by whatever name, its text does not show.
"""

import ast
from collections.abc import Iterator

from kinode_nb.hosts.known_names import last_of

_REFLECTION = frozenset(
    {"ctypes", "delattr", "eval", "exec", "gc", "globals", "import_module", "inspect", "locals"}
    | {"modules", "setattr", "vars"}
)
_HARMLESS_DUNDERS = frozenset(
    {"__aenter__", "__aexit__", "__all__", "__cause__", "__context__", "__debug__", "__doc__"}
    | {"__enter__", "__eq__", "__exit__", "__file__", "__future__", "__hash__", "__init__"}
    | {"__main__", "__name__", "__post_init__", "__qualname__", "__repr__", "__str__"}
    | {"__traceback__"}
)
_KEEPING_SELF = frozenset(
    {"abstractmethod", "asynccontextmanager", "cached_property", "contextmanager", "deleter"}
    | {"final", "getter", "override", "property", "setter"}
)


def reaches_out(module: ast.Module) -> bool:
    """Tell whether it may: by setting attributes, or by way of names."""
    if any(_reflects(node) for node in ast.walk(module)):
        return True
    harmless = set(_stores_in_self(module))
    return any(
        isinstance(node, ast.Attribute)
        and not isinstance(node.ctx, ast.Load)
        and node not in harmless
        for node in ast.walk(module)
    )


def _reflects(node: ast.AST) -> bool:
    match node:
        case ast.Name(id="__all__", ctx=context):
            return isinstance(context, ast.Load)
        case ast.Attribute(attr=name) | ast.Name(id=name, ctx=ast.Load()):
            reflects = name in _REFLECTION or _is_hidden(name)
        case ast.alias(name=name):
            reflects = not _REFLECTION.isdisjoint(name.split(".")) or _is_hidden(name)
        case ast.Constant(value=str(text)):
            reflects = _is_hidden(text)
        case ast.Call(func=ast.Name(id="getattr"), args=[_, name, *_]):
            reflects = not isinstance(name, ast.Constant)
        case _:
            reflects = False
    return reflects


def _is_hidden(name: str) -> bool:
    """Tell whether it is a name of Python's own, by which one may come at anything."""
    is_dunder = name.startswith("__") and name.endswith("__") and name.isidentifier()
    return is_dunder and name not in _HARMLESS_DUNDERS


def _stores_in_self(module: ast.Module) -> Iterator[ast.Attribute]:
    """Yield where a method sets an attribute of the object that it is called on."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            for function in node.body:
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield from _of_method(function)


def _of_method(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.Attribute]:
    arguments = [*function.args.posonlyargs, *function.args.args]
    if not arguments or arguments[0].arg != "self" or _binds_anew(function):
        return
    if not all(_keeps_self(each) for each in function.decorator_list):
        return
    for node in ast.walk(function):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), ctx=ast.Store() | ast.Del()):
                yield node


def _keeps_self(decorator: ast.expr) -> bool:
    return last_of(decorator) in _KEEPING_SELF


def _binds_anew(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether ``self`` may be another object somewhere in it."""
    return any(
        (isinstance(node, ast.Name) and node.id == "self" and not isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.arg) and node.arg == "self" and node is not _first(function))
        for node in ast.walk(function)
    )


def _first(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.arg:
    return [*function.args.posonlyargs, *function.args.args][0]
