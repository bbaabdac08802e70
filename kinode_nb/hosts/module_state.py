"""Whether a module can hold state that one process could change and another one see.

Processes share nothing, so each would have to run all modules of its package anew. But most modules
define functions, classes and constants, and can hold nothing: those are run once for all processes
of a package, which is what makes thousands of workers a second possible. Which is which is read off
the text. What is not known to be harmless counts as state: then a process only begins more slowly.
"""

import ast
from collections.abc import Iterator

Import = tuple[int, str, tuple[str, ...]]
"""A relative import: its dots, the module (may be empty), and the names."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CONSTRUCTORS = _words(
    """bool bytes complex float frozenset int len max min range str sum tuple type
    Path PurePath PurePosixPath Decimal Fraction timedelta Struct ContextVar NewType TypeVar
    ParamSpec TypeVarTuple namedtuple NamedTuple attrgetter itemgetter methodcaller getLogger
    compile field Field Decoder Encoder TypedDict"""
)
"""What makes a value that cannot be changed, or something new for each object of a class."""
_METHODS = _words(
    """absolute as_posix encode decode format fromhex get hex join joinpath lower parse read_bytes
    read_text removeprefix removesuffix replace resolve strip title upper with_name
    with_suffix"""
)
"""Methods whose results cannot be changed, on what a module has at its top."""
_DECORATORS = _words(
    """abstractmethod asynccontextmanager cached_property classmethod contextmanager dataclass
    dataclass_transform deleter final getter override overload property runtime_checkable setter
    staticmethod total_ordering unique wraps"""
)
_REFLECTION = _words(
    """__class__ __dict__ __globals__ __import__ __subclasses__ delattr eval exec globals
    import_module modules setattr vars"""
)
_LISTS_OF_NAMES = frozenset({"__all__", "__slots__"})
_DISPLAYS = (ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_HARMLESS = ast.Pass | ast.Import | ast.ImportFrom | ast.Assert | ast.Raise | ast.Delete


def imports(module: ast.Module) -> frozenset[Import]:
    """Return all relative imports, those inside functions among them."""
    return frozenset(
        (node.level, node.module or "", tuple(alias.name for alias in node.names))
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.level
    )


def reaches_out(module: ast.Module) -> bool:
    """Tell whether it may change what other modules hold: by setting attributes, or by names."""
    known = set(_bound(module))
    return any(
        _names(node) in _REFLECTION
        or (
            isinstance(node, ast.Attribute)
            and not isinstance(node.ctx, ast.Load)
            and _root(node) in known
        )
        for node in ast.walk(module)
    )


def holds_state(module: ast.Module) -> bool:
    """Tell whether it may hold something that changes."""
    trusted = set(_of_ours(module))
    return any(isinstance(node, ast.Global) for node in ast.walk(module)) or not all(
        _Top(trusted).is_harmless(statement) for statement in module.body
    )


class _Top:
    """What a module does as it is run."""

    def __init__(self, trusted: set[str]) -> None:
        self._trusted = trusted
        """Names from kinode_nb: what they make is known to hold no state, or is not shared."""

    def is_harmless(self, statement: ast.stmt) -> bool:
        """Tell whether a statement leaves nothing behind that can change."""
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return self._is_plain_function(statement)
            case ast.ClassDef(decorator_list=decorators, body=body):
                return all(map(self._decorates, decorators)) and all(map(self.is_harmless, body))
            case ast.If() | ast.Try():
                return all(map(self.is_harmless, _inside(statement)))
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                return self._assigns_what_stays(statement)
            case ast.Expr(value=ast.Call(func=function)):
                return _root(function) in self._trusted
        return isinstance(statement, ast.Expr | _HARMLESS)

    def _assigns_what_stays(self, statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> bool:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if not all(map(_is_name, targets)):
            return False
        value = statement.value
        if isinstance(statement, ast.AnnAssign) and _is_by_process(statement):
            return True
        return value is None or _names(targets[0]) in _LISTS_OF_NAMES or self._stays(value)

    def _is_plain_function(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        return all(map(self._decorates, function.decorator_list)) and self._has_plain_defaults(
            function.args
        )

    def _has_plain_defaults(self, arguments: ast.arguments) -> bool:
        given = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
        return all(map(self._stays, given))

    def _decorates(self, decorator: ast.expr) -> bool:
        name = decorator.func if isinstance(decorator, ast.Call) else decorator
        return _names(name) in _DECORATORS or _root(name) in self._trusted

    def _stays(self, value: ast.expr) -> bool:
        """Tell whether a value cannot be changed, or is somebody else's."""
        match value:
            case ast.Constant() | ast.Name() | ast.JoinedStr():
                return True
            case ast.Lambda(args=arguments):
                return self._has_plain_defaults(arguments)
            case ast.Call():
                return self._makes_what_stays(value)
        if isinstance(value, (*_DISPLAYS, ast.Await, ast.Yield, ast.YieldFrom)):
            return False
        return all(
            self._stays(each) for each in ast.iter_child_nodes(value) if isinstance(each, ast.expr)
        )

    def _makes_what_stays(self, call: ast.Call) -> bool:
        function = call.func
        if _root(function) in self._trusted:
            return True
        known = _names(function) in _CONSTRUCTORS or (
            isinstance(function, ast.Attribute)
            and function.attr in _METHODS
            and self._stays(function.value)
        )
        given = [*call.args, *(each.value for each in call.keywords)]
        return known and all(map(self._is_taken_over, given))

    def _is_taken_over(self, value: ast.expr) -> bool:
        """Tell whether an argument may be given: a list may, since what is made copies it."""
        if isinstance(value, _DISPLAYS):
            return all(
                self._stays(each)
                for each in ast.iter_child_nodes(value)
                if isinstance(each, ast.expr)
            )
        return self._stays(value)


def _is_by_process(statement: ast.AnnAssign) -> bool:
    """Tell whether it is ``name: WeakKeyDictionary[Our, …] = WeakKeyDictionary()``.

    Each process has an `Our` of its own, so it finds there what it put there itself.
    """
    match statement.annotation, statement.value:
        case (
            ast.Subscript(value=kind, slice=ast.Tuple(elts=[key, _])),
            ast.Call(func=made, args=[], keywords=[]),
        ):
            found = (_names(kind), _names(key), _names(made))
            return found == ("WeakKeyDictionary", "Our", "WeakKeyDictionary")
    return False


def _inside(statement: ast.If | ast.Try) -> list[ast.stmt]:
    if isinstance(statement, ast.If):
        return [*statement.body, *statement.orelse]
    caught = [each for handler in statement.handlers for each in handler.body]
    return [*statement.body, *caught, *statement.orelse, *statement.finalbody]


def _is_name(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple):
        return all(map(_is_name, target.elts))
    return isinstance(target, ast.Name)


def _names(node: ast.AST) -> str:
    """Return the last part of a name or an attribute; '' for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _root(node: ast.AST) -> str:
    """Return the name that a chain such as ``a.b[0].c`` begins with; '' where it is none."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if isinstance(node, ast.Call) and _names(node.func) == "type":
        return "type"
    return node.id if isinstance(node, ast.Name) else ""


def _bound(module: ast.Module) -> Iterator[str]:
    """Yield the names that stand for what is not one object's own."""
    yield from ("cls", "type")
    for node in ast.walk(module):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    for statement in module.body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield statement.name
            case ast.Assign(targets=targets):
                yield from (each.id for each in targets if isinstance(each, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def _of_ours(module: ast.Module) -> Iterator[str]:
    """Yield the names that are imported from kinode_nb."""
    for node in ast.walk(module):
        match node:
            case ast.ImportFrom(module=str(source), level=0, names=names):
                if source.partition(".")[0] == "kinode_nb":
                    yield from (alias.asname or alias.name for alias in names)
            case ast.Import(names=names):
                for alias in names:
                    if alias.name.partition(".")[0] == "kinode_nb":
                        yield alias.asname or "kinode_nb"
