"""Whether a module can hold state that one process could change and another one see.

Processes share nothing, so each would have to run all modules of its package anew. But most modules
define functions, classes and constants, and can hold nothing: those are run once for all processes
of a package, which is what makes thousands of workers a second possible. Which is which is read off
the text: a module holds none if each of its statements is of a form that is known to be harmless,
and what it calls is known by name (`known_names`). Whatever else there is counts as state: then
a process only begins more slowly.
"""

import ast

from kinode_nb.hosts.known_names import (
    BASES,
    COPIERS,
    DECORATORS,
    ENUMS,
    MAKERS,
    PATHS,
    Names,
    inside,
    last_of,
    statements_run,
)

Import = tuple[int, str, tuple[str, ...]]
"""A relative import: its dots, the module (may be empty), and the names."""

_OF_TEXT = frozenset(
    {"encode", "decode", "format", "hex", "join", "lower", "upper", "title", "replace"}
    | {"removeprefix", "removesuffix", "strip", "lstrip", "rstrip"}
)
_OF_PATHS = frozenset({"absolute", "joinpath", "resolve", "with_name", "with_suffix"})
_READING = frozenset({"read_text", "read_bytes", "as_posix"})
_CLASS_HOOKS = frozenset({"__init_subclass__", "__class_getitem__", "__set_name__"})
_LISTS_OF_NAMES = frozenset({"__all__", "__slots__", "__match_args__"})
_DISPLAYS = ast.List | ast.Set | ast.Dict
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
_COMPOUND = (
    ast.Constant
    | ast.Tuple
    | ast.JoinedStr
    | ast.FormattedValue
    | ast.UnaryOp
    | ast.BinOp
    | ast.BoolOp
    | ast.IfExp
)
_HARMLESS = ast.Pass | ast.Import | ast.ImportFrom


def imports(module: ast.Module) -> frozenset[Import]:
    """Return all relative imports, those inside functions among them."""
    return frozenset(
        (node.level, node.module or "", tuple(alias.name for alias in node.names))
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.level
    )


def holds_state(module: ast.Module) -> bool:
    """Tell whether it may hold something that changes."""
    top = _Top(Names(list(statements_run(module.body))))
    return (
        top.names.doubtful
        or any(isinstance(node, ast.Global) for node in ast.walk(module))
        or not all(map(top.is_harmless, module.body))
    )


class _Top:
    """What a module does as it is run."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._classes: dict[str, bool] = {}
        """Its classes so far; True: an Enum."""
        self._paths: set[str] = set()
        self._texts: set[str] = set()

    def is_harmless(self, statement: ast.stmt) -> bool:
        """Tell whether a statement leaves nothing behind that can change."""
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                harmless = self._is_plain_function(statement)
            case ast.ClassDef():
                harmless = self._is_plain_class(statement)
            case ast.If(test=test):
                harmless = self._is_lookup(test) and all(map(self.is_harmless, inside(statement)))
            case ast.Try(handlers=handlers):
                caught = all(each.type is None or self._annotates(each.type) for each in handlers)
                harmless = caught and all(map(self.is_harmless, inside(statement)))
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                harmless = self._assigns_what_stays(statement)
            case ast.Raise():
                harmless = not any(isinstance(each, ast.NamedExpr) for each in ast.walk(statement))
            case ast.Expr(value=value) | ast.Assert(test=value, msg=None):
                harmless = self._is_lookup(value)
            case ast.Assert(test=test, msg=ast.expr() as said):
                harmless = self._is_lookup(test) and self._is_lookup(said)
            case ast.Delete(targets=targets):
                harmless = all(isinstance(each, ast.Name) for each in targets)
            case _:
                harmless = isinstance(statement, _HARMLESS)
        return harmless

    def _is_plain_class(self, statement: ast.ClassDef) -> bool:
        body = statement.body
        kinds = list(map(self._kind_of_base, statement.bases))
        if (
            None in kinds
            or not all(map(self._decorates, statement.decorator_list))
            or not self._has_plain_keywords(statement)
            or any(isinstance(each, _FUNCTION) and each.name in _CLASS_HOOKS for each in body)
        ):
            return False
        is_enum = any(kinds)
        self._classes[statement.name] = is_enum
        # An Enum's members are objects, which its methods could change, or those of another base.
        plain = not is_enum or (
            all(isinstance(each, ast.Assign | ast.Pass | ast.Expr) for each in body)
            and all(
                kind or self.names.of(base).startswith("builtins.")
                for kind, base in zip(kinds, statement.bases, strict=True)
            )
        )
        return plain and all(map(self.is_harmless, body))

    def _has_plain_keywords(self, statement: ast.ClassDef) -> bool:
        is_struct = any(self.names.of(base) == "msgspec.Struct" for base in statement.bases)
        given = self._is_taken_over if is_struct else self.stays
        return all(
            word.arg not in (None, "metaclass") and given(word.value) for word in statement.keywords
        )

    def _kind_of_base(self, base: ast.expr) -> bool | None:
        """Tell whether a base is an Enum; None where it is not known what it is."""
        if isinstance(base, ast.Subscript):
            base = base.value
        name = self.names.of(base)
        if name in ENUMS:
            return True
        if isinstance(base, ast.Name) and base.id in self._classes:
            return self._classes[base.id]
        last = name.rpartition(".")[2]
        known = name in BASES or (
            name.startswith(("builtins.", "kinode_nb.", "msgspec.", "collections.abc."))
            and last[:1].isupper()
        )
        return False if known else None

    def _assigns_what_stays(self, statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> bool:
        targets: list[ast.expr] = (
            [statement.target] if not isinstance(statement, ast.Assign) else statement.targets
        )
        value = statement.value
        if not all(map(_is_name, targets)):
            return False
        if isinstance(statement, ast.AugAssign):
            return self.stays(statement.target) and self.stays(statement.value)
        if isinstance(statement, ast.AnnAssign) and not self._annotates(statement.annotation):
            return False
        if value is None or _is_by_process(statement, self.names):
            return True
        self._note_kind(targets, value)
        is_list_of_names = last_of(targets[0]) in _LISTS_OF_NAMES
        return self._is_taken_over(value) if is_list_of_names else self.stays(value)

    def _note_kind(self, targets: list[ast.expr], value: ast.expr) -> None:
        """Remember which names are paths and texts: what their methods return is known."""
        for kind, told in ((self._is_path, self._paths), (self._is_text, self._texts)):
            for target in targets:
                name = last_of(target)
                (told.add if kind(value) else told.discard)(name)

    def _is_plain_function(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        arguments = function.args
        everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        everything += filter(None, [arguments.vararg, arguments.kwarg])
        annotations = [*(each.annotation for each in everything), function.returns]
        return (
            all(map(self._decorates, function.decorator_list))
            and self._has_plain_defaults(arguments)
            and all(each is None or self._annotates(each) for each in annotations)
        )

    def _annotates(self, annotation: ast.expr) -> bool:
        """Tell whether an annotation does nothing; what it holds, nobody looks at."""
        return not any(
            isinstance(each, ast.NamedExpr | ast.Lambda)
            or (isinstance(each, ast.Call) and not self.stays(each))
            for each in ast.walk(annotation)
        )

    def _has_plain_defaults(self, arguments: ast.arguments) -> bool:
        given = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
        return all(map(self._is_lookup, given))

    def _decorates(self, decorator: ast.expr) -> bool:
        if isinstance(decorator, ast.Call):
            given = [*decorator.args, *(each.value for each in decorator.keywords)]
            return self._decorates(decorator.func) and all(map(self._is_lookup, given))
        is_part_of_property = (
            isinstance(decorator, ast.Attribute)
            and decorator.attr in ("getter", "setter", "deleter")
            and isinstance(decorator.value, ast.Name)
            and decorator.value.id in self.names.bound
        )
        return is_part_of_property or self.names.of(decorator) in DECORATORS

    def _is_lookup(self, value: ast.expr) -> bool:
        """Tell whether to evaluate something leaves nothing behind; others' values it may name."""
        match value:
            case ast.BoolOp(values=parts) | ast.Tuple(elts=parts):
                return all(map(self._is_lookup, parts))
            case ast.UnaryOp(operand=inner) | ast.Attribute(value=inner):
                return self._is_lookup(inner)
        return isinstance(value, ast.Name) or self.stays(value)

    def stays(self, value: ast.expr) -> bool:
        """Tell whether a value cannot be changed, nor what operators make of it."""
        match value:
            case ast.Name() | ast.Attribute():
                return self._is_known(value)
            case ast.Lambda(args=arguments):
                return self._has_plain_defaults(arguments)
            case ast.Call():
                return self._makes_what_stays(value)
            case ast.Subscript(value=inner, slice=inside_it):
                return self.stays(inner) and self._annotates(inside_it)
            case ast.Compare(left=left, comparators=others):
                return all(self._is_lookup(e) or self._is_taken_over(e) for e in (left, *others))
        return isinstance(value, _COMPOUND) and all(map(self.stays, _parts(value)))

    def _is_known(self, value: ast.Name | ast.Attribute) -> bool:
        if self.names.is_plain(value) or self.names.is_own(value):
            return True
        root: ast.expr = value
        while isinstance(root, ast.Attribute):
            root = root.value
        return isinstance(root, ast.Call) and self.stays(root)

    def _makes_what_stays(self, call: ast.Call) -> bool:
        name = self.names.of(call.func)
        given = [*call.args, *(each.value for each in call.keywords)]
        if name in COPIERS:
            return all(map(self._is_taken_over, given))
        if name in MAKERS or self._is_text(call) or self._is_path(call):
            return all(map(self._is_given, given))
        return False

    def _is_given(self, value: ast.expr) -> bool:
        return isinstance(value, ast.Lambda | ast.Name | ast.Attribute) or self.stays(value)

    def _is_taken_over(self, value: ast.expr) -> bool:
        """Tell whether an argument may be given to what copies it: a list may."""
        match value:
            case ast.List(elts=elements) | ast.Set(elts=elements) | ast.Tuple(elts=elements):
                return all(
                    self.stays(each)
                    or (isinstance(each, ast.Tuple) and all(map(self.stays, each.elts)))
                    for each in elements
                )
            case ast.Dict(keys=keys, values=values):
                return None not in keys and all(map(self.stays, [*filter(None, keys), *values]))
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                parts = [each.iter for each in value.generators]
                tests = [test for each in value.generators for test in each.ifs]
                return (
                    all(map(_is_name, (each.target for each in value.generators)))
                    and all(map(self._is_taken_over, parts))
                    and all(map(self._counts, [value.elt, *tests]))
                )
        return self.stays(value)

    def _counts(self, value: ast.expr) -> bool:
        """Tell whether an expression over what is looped through makes nothing that changes."""
        return not any(
            isinstance(each, _DISPLAYS | ast.NamedExpr | ast.Lambda | ast.Starred)
            or (isinstance(each, ast.Call) and not self._makes_what_stays(each))
            for each in ast.walk(value)
        )

    def _is_text(self, value: ast.expr) -> bool:
        match value:
            case ast.Constant(value=str() | bytes()) | ast.JoinedStr():
                return True
            case ast.Name(id=name):
                return name in self._texts
            case ast.Call(func=ast.Attribute(value=on, attr=method)):
                return (method in _OF_TEXT and self._is_text(on)) or (
                    method in _READING and self._is_path(on)
                )
        return False

    def _is_path(self, value: ast.expr) -> bool:
        match value:
            case ast.Name(id=name):
                return name in self._paths
            case ast.Attribute(value=on, attr="parent"):
                return self._is_path(on)
            case ast.BinOp(left=left, op=ast.Div()):
                return self._is_path(left)
            case ast.Call(func=function):
                return self.names.of(function) in PATHS or (
                    isinstance(function, ast.Attribute)
                    and function.attr in _OF_PATHS
                    and self._is_path(function.value)
                )
        return False


def _parts(value: ast.expr) -> list[ast.expr]:
    return [each for each in ast.iter_child_nodes(value) if isinstance(each, ast.expr)]


def _is_by_process(statement: ast.Assign | ast.AnnAssign, names: Names) -> bool:
    """Tell whether it is ``name: WeakKeyDictionary[Our, …] = WeakKeyDictionary()``.

    Each process has an `Our` of its own, so it finds there what it put there itself.
    """
    if isinstance(statement, ast.Assign):
        return False
    match statement.annotation, statement.value:
        case (
            ast.Subscript(value=kind, slice=ast.Tuple(elts=[key, _])),
            ast.Call(func=made, args=[], keywords=[]),
        ):
            found = (names.of(kind), names.of(key), names.of(made))
            weak = "weakref.WeakKeyDictionary"
            return found == (weak, "kinode_nb.process_lib.Our", weak)
    return False


def _is_name(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple):
        return all(map(_is_name, target.elts))
    return isinstance(target, ast.Name)
