"""Which modules a program can come to import, and whether processes may share them."""

from kinode_nb.hosts.compiled import Compiled
from kinode_nb.hosts.sources import Sources


def may_share(sources: Sources, program: Compiled, package: str) -> bool:
    """Tell whether nothing that one process does can be seen by another in what they import.

    The program lies in a folder (``''``, ``api``) of the sources.
    """
    modules = _Reached(sources, program, package).found.values()
    return not modules or not (
        program.reaches_out
        or any(each is None or each.holds_state or each.reaches_out for each in modules)
    )


class _Reached:
    """The modules of some sources that a program leads to, by their names."""

    def __init__(self, sources: Sources, program: Compiled, package: str) -> None:
        self._sources = sources
        self.found: dict[str, Compiled | None] = {}
        """None: it cannot be compiled, of which whoever imports it is told."""
        self._follow(program, package)

    def _follow(self, compiled: Compiled, package: str) -> None:
        for level, module, names in compiled.imports:
            parts = package.split(".") if package else []
            base = parts[: len(parts) - level + 1]
            if level > len(parts) + 1:
                continue  # out of the tree: it fails as it is run
            target = ".".join([*base, *([module] if module else [])])
            self._reach(target)
            for name in names:
                self._reach(f"{target}.{name}" if target else name)

    def _reach(self, module: str) -> None:
        """Look at a module and the packages that it is in; a name that is no module is none."""
        for depth in range(module.count(".") + 2) if module else (0,):
            name = ".".join(module.split(".")[:depth])
            if name in self.found or not (file := self._sources.file_of(name)):
                continue
            self.found[name] = None
            compiled = _compiled_or_none(self._sources, file)
            self.found[name] = compiled
            if compiled is not None:
                is_package = file.endswith("__init__.py")
                self._follow(compiled, name if is_package else name.rpartition(".")[0])


def _compiled_or_none(sources: Sources, file: str) -> Compiled | None:
    try:
        return sources.compiled(file)
    except (OSError, SyntaxError, ValueError):
        return None
