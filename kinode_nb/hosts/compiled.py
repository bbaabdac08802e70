"""What is made of a module's text once, for all nodes and processes that run the same."""

import ast
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

from kinode_nb.hosts.module_state import Import, holds_state, imports
from kinode_nb.hosts.reaching_out import reaches_out


@dataclass(frozen=True, slots=True)
class Compiled:
    """The code of a module, and what `module_state` knows of it."""

    code: CodeType
    imports: frozenset[Import]
    """What it imports relatively, anywhere in it."""
    holds_state: bool
    reaches_out: bool


@lru_cache(maxsize=512)
def compiled(text: bytes, shown: str) -> Compiled:
    """Compile a module that tracebacks call ``shown``; raises SyntaxError, ValueError."""
    tree = ast.parse(text, shown)
    return Compiled(
        code=compile(text, shown, "exec", dont_inherit=True),
        imports=imports(tree),
        holds_state=holds_state(tree),
        reaches_out=reaches_out(tree),
    )
