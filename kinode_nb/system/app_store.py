"""``main:app-store:sys``: takes packages in as kit sends them, installs and removes them.

A package comes as the zip of its ``pkg`` folder and is kept in
``/app-store:sys/downloads/<package>:<publisher>/<sha256>.zip``; Install names it by that hash.
What kit asks, and gets, is Kinode's (``packages/app-store``, kit ``src/start_package``).
"""

import asyncio
import hashlib
import io
import re
import zipfile
from typing import Any, Protocol

from kinode_nb import wit
from kinode_nb.process_lib import KinodeError, LazyLoadBlob, Our, PackageId, Request, vfs
from kinode_nb.system.app_store_api import api, metadata_of
from kinode_nb.types import PackageError
from kinode_nb.types.manifests import Metadata

_HASH = re.compile(r"[0-9a-f]{64}\Z")
_DRIVE = "downloads"
_MIME = "application/zip"

_Answer = tuple[Any, LazyLoadBlob | None]
"""A Response of the API, and its blob."""


class Installer(Protocol):
    """The node's table of packages; the composition root supplies it."""

    async def install_archive(
        self, archive: bytes, id_: PackageId, metadata: Metadata | None, source: str
    ) -> None:
        """Install the zip of a package's ``pkg`` folder, or raise KinodeError and change nothing.

        ``source`` says where it came from.
        """
        ...

    def uninstall(self, id_: PackageId) -> None:
        """Remove an installed package; raises PackageError when it is not installed."""
        ...

    def with_api(self) -> list[PackageId]:
        """Return the installed packages that have an ``api.zip``."""
        ...

    def own_api(self, id_: PackageId) -> bytes | None:
        """Return the ``api.zip`` of a package that comes with the node, such as ``tester:sys``."""
        ...


class AppStore:
    """The program: call it with a process's `Our`, as ``init(our)``."""

    def __init__(self, installer: Installer) -> None:
        """Install into this table."""
        self._installer = installer

    async def __call__(self, our: Our) -> None:
        """Serve until the process is ended."""
        async for message in our:
            if isinstance(message, Request):
                await self._handle(our, message)

    async def _handle(self, our: Our, message: Request) -> None:
        """Answer a Request of the own node; any other, and what is no Request of ours, is told."""
        if message.source.node != our.node:
            our.print_to_terminal(1, f"left unanswered: a request from {message.source}")
            return
        blob = our.get_blob()
        try:
            request = wit.decode(api.Request, message.body)
        except wit.WitError as error:
            our.print_to_terminal(1, f"left unanswered: a request that cannot be read: {error}")
            return
        body, data = await self._answer(our, request, blob)
        if message.expects_response is not None:
            await our.send_response(wit.encode(body), blob=data, to=message)

    async def _answer(self, our: Our, request: Any, blob: LazyLoadBlob | None) -> _Answer:
        answer = api.Response
        match request:
            case api.Request.NewPackage(new):
                return answer.NewPackageResponse(await _store(our, new.package_id, blob)), None
            case api.Request.Install(wanted):
                return answer.InstallResponse(await self._install(our, wanted)), None
            case api.Request.Uninstall(id_):
                return answer.UninstallResponse(self._uninstall(our, id_)), None
            case api.Request.GetApi(id_):
                return await self._api(our, id_)
            case _:
                return answer.ApisResponse(api.ApisResponse(self._installer.with_api())), None

    async def _install(self, our: Our, wanted: Any) -> Any:
        """Install a zip that was stored; returns an InstallResponse."""
        id_ = wanted.package_id
        try:
            path = _place(our, id_, wanted.version_hash)
            archive = await _stored(our, path, wanted.version_hash)
            await self._installer.install_archive(archive, id_, metadata_of(wanted.metadata), path)
        except KinodeError as error:
            our.print_to_terminal(0, f"error installing package: {error}")
            return api.InstallResponse.Failure
        our.print_to_terminal(0, f"successfully installed {id_}")
        return api.InstallResponse.Success

    def _uninstall(self, our: Our, id_: PackageId) -> Any:
        """Remove a package; returns an UninstallResponse."""
        try:
            self._installer.uninstall(id_)
        except KinodeError as error:
            our.print_to_terminal(0, f"error uninstalling package: {error}")
            return api.UninstallResponse.Failure
        our.print_to_terminal(0, f"successfully uninstalled {id_}")
        return api.UninstallResponse.Success

    async def _api(self, our: Our, id_: PackageId) -> _Answer:
        """Return the API's zip of an installed package, or of one that comes with the node."""
        found = api.Response.GetApiResponse(api.GetApiResponse.Success)
        own = self._installer.own_api(id_)
        if own is not None:
            return found, LazyLoadBlob(own, _MIME)
        if id_ in self._installer.with_api():
            try:
                file = vfs.File(our, f"{id_}/pkg/api.zip")
                data = await file.read()
            except KinodeError as error:
                our.print_to_terminal(1, f"the API of {id_} cannot be read: {error}")
            else:
                return found, LazyLoadBlob(data, _MIME)
        return api.Response.GetApiResponse(api.GetApiResponse.Failure), None


async def _store(our: Our, id_: PackageId, blob: LazyLoadBlob | None) -> Any:
    """Keep the zip of a package under its hash; returns a NewPackageResponse."""
    if blob is None:
        return api.NewPackageResponse.NoBlob
    try:
        digest = await asyncio.to_thread(_digest_of_zip, blob.bytes)
        path = _place(our, id_, digest)
        await vfs.create_drive(our, our.package_id, _DRIVE)
        await vfs.create_dir_all(our, path.rpartition("/")[0])
        await vfs.File(our, path).write(blob.bytes)
    except KinodeError as error:
        our.print_to_terminal(0, f"error storing package {id_}: {error}")
        return api.NewPackageResponse.InstallFailed
    return api.NewPackageResponse.Success


async def _stored(our: Our, path: str, version_hash: str) -> bytes:
    """Return the zip that was stored under a hash; raises PackageError, SendError."""
    if not await vfs.exists(our, path):
        raise PackageError(f"no zip of the hash {version_hash} was sent: NewPackage comes first")
    archive = await vfs.File(our, path).read()
    if await asyncio.to_thread(_digest, archive) != version_hash:
        raise PackageError(f"{path} has changed since it was sent: send it anew with NewPackage")
    return archive


def _place(our: Our, id_: PackageId, version_hash: str) -> str:
    """Return the vfs path of a package's zip; raises AddressError, PackageError."""
    if not _HASH.match(version_hash):
        raise PackageError(f"version_hash {version_hash!r} is no sha256 in hexadecimal digits")
    return f"{our.package_id}/{_DRIVE}/{id_.check()}/{version_hash}.zip"


def _digest_of_zip(data: bytes) -> str:
    """Return the sha256 of a zip; raises PackageError for what is none."""
    try:
        zipfile.ZipFile(io.BytesIO(data)).close()
    except Exception as error:  # noqa: BLE001 - somebody's bytes can be wrong in many ways
        raise PackageError(f"the blob is no zip: {error}") from None
    return _digest(data)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
