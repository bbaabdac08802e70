"""Where the APIs that a package depends on come from.

Folders that ``-l`` names; those beside the package, and the package that a test belongs to; the
built-in ones; at last the running node. What a dependency itself depends on comes along.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from kinode_nb.kit import apis, copies, implementations
from kinode_nb.kit.apis import Api
from kinode_nb.kit.built_in import built_in
from kinode_nb.kit.folders import Folder, read_folder
from kinode_nb.kit.node_apis import node_api
from kinode_nb.kit.shown import shown
from kinode_nb.types import KinodeError, PackageError, PackageId
from kinode_nb.types.manifests import read_metadata

_OLD_COPY = "; or delete it, if an earlier build copied it there, or build with -f"
_LAST_BUILD = "the last build"
FetchApi = Callable[[PackageId], bytes | None]
"""Asks a running node for an ``api.zip``; None when it has none. May raise KinodeError."""


class _NotFoundError(PackageError):
    """A dependency that is nowhere."""


class Dependencies:
    """Finds APIs for one package."""

    def __init__(
        self,
        folder: Folder,
        local: Iterable[str | Path] = (),
        fetch_api: FetchApi | None = None,
        *,
        spare: bool = False,
    ) -> None:
        """Look for them from a folder on; raises PackageError for a ``local`` that is none.

        With ``spare``, the copies that the last build made do for what is nowhere.
        """
        self.notes: list[str] = []
        self._spare = folder.record.dependencies if spare else ()
        self._folder = folder
        self._fetch = fetch_api
        self._local = {_id(Path(each).expanduser()): Path(each).expanduser() for each in local}

    def resolve(self) -> list[Api]:
        """Return the APIs, those of dependencies' dependencies too; raises PackageError."""
        found: dict[PackageId, Api] = {}
        own = apis.Api(self._folder.id, "", {}, self._folder.path, self._folder.dependencies)
        waiting = [(own, each) for each in own.dependencies]
        while waiting:
            importer, id_ = waiting.pop(0)
            if id_ not in found and id_ != self._folder.id:
                found[id_] = api = self._find_or_spare(id_, importer)
                waiting += [(api, each) for each in api.dependencies]
        for id_, path in self._local.items():
            if id_ not in found:
                self.notes.append(
                    f"-l {path}: {id_} is not used; write it into the dependencies of "
                    f"{self._folder.shown / 'metadata.json'}"
                )
        return self._with_copies(list(found.values()))

    def _find_or_spare(self, id_: PackageId, importer: Api) -> Api:
        try:
            return self._find(id_, importer)
        except _NotFoundError as error:
            if str(id_) not in self._spare:
                raise
            said = str(error).partition(". Name its folder")[0]
            self.notes.append(f"{said}. What the last build copied of it is used")
            return Api(id_, _LAST_BUILD, {})

    def _with_copies(self, found: list[Api]) -> list[Api]:
        """Give what stands in for APIs the copies that are not of another one."""
        spares = [index for index, api in enumerate(found) if api.where == _LAST_BUILD]
        if spares:  # a build does not remember which copy is whose
            files = copies.remembered(self._folder, found)
            found[spares[0]] = msgspec.structs.replace(found[spares[0]], files=files)
        return found

    def _find(self, id_: PackageId, importer: Api) -> Api:
        own = node_api(id_)
        if own is not None:
            return apis.of_zip(own, id_, "every node")
        looked: list[str] = []
        for path in self._places(id_, importer):
            known = _id_or_none(path)
            if known == id_:
                folder = read_folder(path)
                implementations.check(folder, folder.files)
                return apis.of_folder(folder)
            looked.append(f"{shown(path)} is {known}" if known else f"not at {shown(path)}")
        data = self._fetched(id_, looked)
        if data is not None:
            return apis.of_zip(data, id_, "the running node")
        raise _NotFoundError(
            f"{importer.package} depends on {id_}, which was not found: {', '.join(looked)}. "
            f"Name its folder with -l, or start {id_.package_name} on the node that is asked"
        )

    def _places(self, id_: PackageId, importer: Api) -> list[Path]:
        if id_ in self._local:
            return [self._local[id_]]
        names = dict.fromkeys((id_.package_name, id_.package_name.replace("-", "_")))
        tested = self._tested()
        near = (self._folder.path, importer.folder, tested)
        bases = dict.fromkeys(path.parent for path in near if path is not None)
        places = [base / name for base in bases for name in names]
        places = [path for path in places if (path / "metadata.json").is_file()] or places[:1]
        if tested is not None:
            places.insert(0, tested)
        if id_.package_name in (known := built_in()):
            places.append(known[id_.package_name])
        return [path for path in places if path != self._folder.path]

    def _tested(self) -> Path | None:
        """Return the folder of the package whose test this is, if it is one."""
        beside = self._folder.path.parent
        return beside.parent if beside.name == "test" else None

    def _fetched(self, id_: PackageId, looked: list[str]) -> bytes | None:
        if self._fetch is None:
            looked.append("no running node was asked")
            return None
        try:
            data = self._fetch(id_)
        except KinodeError as error:
            looked.append(str(error))
            return None
        if data is None:
            looked.append("the running node has no such API")
        return data


def merge(own: dict[str, bytes], importer: str, found: Sequence[Api]) -> dict[str, bytes]:
    """Return ``own`` files with those of the APIs; raises PackageError where two differ."""
    merged, brought = dict(own), dict.fromkeys(own, importer)
    for api in found:
        for name, content in api.in_pkg().items():
            if merged.get(name, content) != content:
                copied = name in own and not name.endswith(".wit")
                raise PackageError(
                    f"pkg/{name} would be two files: {brought[name]} has one, and the API of "
                    f"{api.package} ({api.where}) another. Rename one of them"
                    f"{_OLD_COPY if copied else ''}"
                )
            merged[name] = content
            brought.setdefault(name, f"the API of {api.package} ({api.where})")
    return merged


def _id(path: Path) -> PackageId:
    if not path.is_dir():
        raise PackageError(
            f"there is no folder {str(path)!r} (-l): it is a dependency's own folder"
        )
    return read_metadata(path).package_id


def _id_or_none(path: Path) -> PackageId | None:
    return read_metadata(path).package_id if (path / "metadata.json").is_file() else None
