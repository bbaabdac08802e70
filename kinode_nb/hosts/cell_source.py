"""The text of a process: compiled and checked before anything runs, or is replaced by it."""

import ast
import warnings
from collections.abc import Iterator
from types import CodeType

from kinode_nb.types import UsageError, cells, nearest

_WRITE = "write `async def init(our):`"


def title(name: str) -> str:
    """Return what tracebacks call the text of a process, such as ``<process counter>``."""
    return f"<process {name}>"


def lines_of(header: str | None, body: str) -> list[str]:
    """Return a cell's lines; ``header`` is what stands after ``%%kinode`` (None: no such line)."""
    first = [] if header is None else ["\n"] * cells.blank_lines + [f"%%kinode {header}\n"]
    return [*first, *body.splitlines(keepends=True)]


def skipped(header: str | None) -> int:
    """Return how many of these lines stand above the text."""
    return 0 if header is None else cells.blank_lines + 1


def compiled(header: str | None, body: str, file: str) -> CodeType:
    """Return the code of a cell, with its line numbers; raises UsageError."""
    text = "\n" * skipped(header) + body
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a doubtful escape is the writer's affair
            tree = ast.parse(text, file)
            code = compile(tree, file, "exec", dont_inherit=True)
    except SyntaxError as error:
        source = (error.text or "").strip()
        shown = f": {source}" if source else ""
        raise UsageError(
            f"line {error.lineno}: {type(error).__name__}: {error.msg}{shown}"
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:  # such as a NUL
        raise UsageError(f"this is no Python: {error}") from None
    _check_init(tree)
    return code


def _check_init(tree: ast.Module) -> None:
    """Raise UsageError unless the text has an ``async def init(our)``."""
    found = [each for each in tree.body if getattr(each, "name", None) == "init"]
    if not found:
        if "init" not in set(_bound(tree)):
            functions = [each.name for each in tree.body if isinstance(each, ast.AsyncFunctionDef)]
            hint = nearest("init", functions) or (
                f" There is {', '.join(functions)}." if functions else ""
            )
            raise UsageError(f"the process has no init: {_WRITE}.{hint}")
        return
    init = found[-1]
    if isinstance(init, ast.FunctionDef) and not init.decorator_list:
        raise UsageError(f"line {init.lineno}: init is not async: {_WRITE}")
    if isinstance(init, ast.ClassDef):
        raise UsageError(f"line {init.lineno}: init is a class: {_WRITE}")
    if isinstance(init, ast.AsyncFunctionDef) and not init.decorator_list:
        args = init.args
        places = [*args.posonlyargs, *args.args]
        needed = len(places) - len(args.defaults)
        keywords = [each for each in args.kw_defaults if each is None]
        if (not places and args.vararg is None) or needed > 1 or keywords:
            raise UsageError(f"line {init.lineno}: init takes one argument: {_WRITE}")


def _bound(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module's text gives a value, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.asname or node.name
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
