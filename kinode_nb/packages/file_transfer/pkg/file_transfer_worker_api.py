"""The functions of the interface file-transfer-worker, for every package that imports it.

Wire and roles are those of Kinode's recipe *Exporting Workers in Package APIs*: a requestor's
main process spawns a worker, the worker asks the provider's main process, which spawns a
worker of its own, and the two workers exchange the file.
"""

from weakref import WeakKeyDictionary

from kinode_nb import wit
from kinode_nb.process_lib import Address, Capability, KinodeError, Our

from .api.file_transfer_worker import DownloadRequest, Request

# More than the 5 s that the worker gives the other node: its answer must come first.
_SECONDS = 8

# What a worker needs is held when the first one starts. Later each worker that runs adds one more,
# and to hand all on to the next would cost ever more.
_capabilities: WeakKeyDictionary[Our, tuple[Capability, ...]] = WeakKeyDictionary()


async def start_download(
    our: Our, name: str, target: Address, is_requestor: bool
) -> wit.Ok[None] | wit.Err[str]:
    """Spawn a worker in our own package and let it begin; say whether that could be done.

    Call it while the Download is handled: what the other side wishes is in its metadata, and a
    provider's worker serves who sent it, whatever the ``target``. Other nodes start no downloads
    here. The worker's answer, a ``Download`` Response, arrives with the context "download": it
    is for the one who asked, and ``Ok`` when the provider has opened the file.
    """
    asked = our.handling()
    if asked is not None and not is_requestor:
        target = asked.source
    elif asked is not None and asked.source.node != our.node:
        # the recipe lets any node make us download from anywhere, over our own files
        return wit.Err(f"{our.node} starts no downloads for other nodes")
    try:
        worker = await our.spawn(
            f"{our.package_id}/pkg/file-transfer-worker.wasm",
            request_capabilities=_held(our),
        )
        await our.send_request(
            worker,
            Request.Download(DownloadRequest(name=name, target=target, is_requestor=is_requestor)),
            expects_response=_SECONDS,
            metadata=None if asked is None else asked.metadata,
            context="download",
        )
    except KinodeError as error:
        return wit.Err(f"no worker could be started: {error}")
    return wit.Ok()


def _held(our: Our) -> tuple[Capability, ...]:
    """Return what a worker is given: all that we held when the first one started."""
    held = _capabilities.get(our)
    if held is None:
        held = _capabilities[our] = our.our_capabilities()
    return held
