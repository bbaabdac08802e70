"""What the names of a module stand for, and which of them are known to make what never changes."""

import ast
import builtins
from collections.abc import Iterator


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MAKERS = _words(
    """builtins.bool builtins.complex builtins.float builtins.int builtins.len builtins.range
    builtins.str builtins.bytes.fromhex builtins.int.from_bytes
    contextvars.ContextVar dataclasses.field datetime.date datetime.datetime datetime.time
    datetime.timedelta decimal.Decimal enum.auto fractions.Fraction kinode_nb.process_lib.Address
    kinode_nb.process_lib.Address.parse kinode_nb.process_lib.PackageId
    kinode_nb.process_lib.PackageId.parse kinode_nb.process_lib.ProcessId
    kinode_nb.process_lib.ProcessId.parse kinode_nb.wit.Err kinode_nb.wit.Ok kinode_nb.wit.load
    logging.getLogger msgspec.field msgspec.json.Decoder msgspec.json.Encoder msgspec.Meta
    msgspec.msgpack.Decoder msgspec.msgpack.Encoder operator.attrgetter operator.itemgetter
    operator.methodcaller os.environ.get os.getenv os.path.abspath os.path.basename os.path.dirname
    os.path.join pathlib.Path pathlib.PurePath pathlib.PurePosixPath re.compile re.escape
    struct.Struct struct.calcsize typing.NewType typing.ParamSpec typing.TypeVar
    typing.TypeVarTuple uuid.UUID"""
)
"""What is made by these cannot be changed, or is new for each object of a class; or, of
`ContextVar`, is each process's own. What they are given they may keep."""
COPIERS = _words(
    """builtins.bytes builtins.frozenset builtins.max builtins.min builtins.tuple
    collections.namedtuple kinode_nb.wit.load typing.NamedTuple typing.TypedDict"""
)
"""The same; and of a list or a dict that they are given they keep nothing but what is in it."""
PATHS = _words("pathlib.Path pathlib.PurePath pathlib.PurePosixPath")
DECORATORS = _words(
    """abc.abstractmethod builtins.classmethod builtins.property builtins.staticmethod
    contextlib.asynccontextmanager contextlib.contextmanager dataclasses.dataclass enum.unique
    functools.cached_property functools.total_ordering functools.wraps
    kinode_nb.process_lib.script kinode_nb.process_lib.tester.test typing.dataclass_transform
    typing.final typing.overload typing.override typing.runtime_checkable"""
)
ENUMS = _words("enum.Enum enum.Flag enum.IntEnum enum.IntFlag enum.StrEnum")
BASES = _words(
    """abc.ABC builtins.bytes builtins.dict builtins.float builtins.frozenset builtins.int
    builtins.list builtins.object builtins.set builtins.str builtins.tuple msgspec.Struct
    typing.Generic typing.NamedTuple typing.Protocol typing.TypedDict"""
)
_HOMES_OF_TYPES = ("typing.", "collections.abc.", "kinode_nb.", "msgspec.", "pathlib.", "types.")
_HOMES_OF_CONSTANTS = ("re.", "math.", "stat.", "string.", "errno.", "signal.", "socket.")
_MODULE_NAMES = frozenset({"__name__", "__file__", "__doc__"})


class Names:
    """What the names of one module stand for, as far as its text shows it beyond doubt."""

    def __init__(self, statements: list[ast.stmt]) -> None:
        """Know what is imported, and what is bound otherwise."""
        self._imported: dict[str, str] = {}
        self.bound: set[str] = set()
        """What the module binds itself."""
        self._beside: set[str] = set()  # what it imports from its package: looked at there
        self._types: set[str] = set()  # those of them that are named as types and constants are
        self.doubtful = False
        """It imports names that are not told."""
        for node in statements:
            self._learn(node)
        self._own = self.bound | self._beside
        for name in self._own & self._imported.keys():
            del self._imported[name]

    def _learn(self, node: ast.stmt) -> None:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    root = alias.name.partition(".")[0]
                    self._bind(alias.asname or root, alias.name if alias.asname else root)
            case ast.ImportFrom(module=module, level=level, names=names):
                self.doubtful |= any(alias.name == "*" for alias in names)
                for alias in names:
                    name = alias.asname or alias.name
                    if level:
                        self._beside.add(name)
                        self._types |= {name} if alias.name[:1].isupper() else set()
                    else:
                        self._bind(name, f"{module}.{alias.name}")
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.bound.add(node.name)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Delete():
                self.bound.update(
                    each.id
                    for each in ast.walk(node)
                    if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)
                )

    def _bind(self, name: str, stands_for: str) -> None:
        if self._imported.setdefault(name, stands_for) != stands_for:
            self.bound.add(name)  # one or the other: it is not known

    def of(self, node: ast.AST) -> str:
        """Return what a name, or a chain of attributes, stands for; '' where that is not known."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        root = self._imported.get(node.id, "")
        if not root and node.id not in self._own and hasattr(builtins, node.id):
            root = f"builtins.{node.id}"
        return ".".join([root, *reversed(parts)]) if root else ""

    def is_own(self, node: ast.AST) -> bool:
        """Tell whether it is the module's own, or its package's, and no alias of others' values."""
        match node:
            case ast.Name(id=name):
                return name in self.bound or name in self._types or name in _MODULE_NAMES
        while isinstance(node, ast.Attribute) and node.attr[:1].isupper():
            node = node.value
        return isinstance(node, ast.Name) and node.id in self._own

    def is_plain(self, node: ast.AST) -> bool:
        """Tell whether it is a type, or a constant, of a module that is known."""
        name = self.of(node)
        last = name.rpartition(".")[2]
        if name.startswith("builtins."):
            return isinstance(getattr(builtins, last, None), type)
        is_type = last[:1].isupper() and not last.isupper()
        return name.startswith(_HOMES_OF_CONSTANTS) or (
            name.startswith(_HOMES_OF_TYPES) and is_type
        )


def statements_run(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield a module's statements that are run as it is imported, those of its classes too."""
    for statement in body:
        yield statement
        match statement:
            case ast.ClassDef():
                yield from statements_run(statement.body)
            case ast.If() | ast.Try():
                yield from statements_run(inside(statement))


def inside(statement: ast.If | ast.Try) -> list[ast.stmt]:
    """Return what may be run of it; what is for type checkers alone is not."""
    if isinstance(statement, ast.If):
        if last_of(statement.test) == "TYPE_CHECKING":
            return statement.orelse
        return [*statement.body, *statement.orelse]
    caught = [each for handler in statement.handlers for each in handler.body]
    return [*statement.body, *caught, *statement.orelse, *statement.finalbody]


def last_of(node: ast.AST) -> str:
    """Return the last part of a name or an attribute; '' for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
