"""``download:PACKAGE:PUBLISHER FILE NODE``: has the script's package fetch a file."""

from kinode_nb.process_lib import Address, KinodeError, Our, ProcessId, ScriptError, script
from kinode_nb.types import BodyError

from .api.file_transfer_worker import DownloadRequest, Request
from .file_transfer_wire import Offer, write

_SECONDS = 10  # more than the worker waits for the other node


@script
async def init(our: Our, args: str) -> str:
    """Say nothing when the transfer has begun: its progress is for the main process to print."""
    name, space, who = args.rpartition(" ")  # a node's name has no spaces, a file's may
    if not space:
        raise ScriptError(f"usage: download:{our.package_id} file_name who")
    main = ProcessId.parse(f"{our.package_id.package_name}:{our.package_id}")
    try:
        answer = await our.send_and_await_response(
            main,
            Request.Download(
                DownloadRequest(name=name, target=Address(who, main), is_requestor=True)
            ),
            timeout=_SECONDS,
            metadata=write(Offer(overwrite=False)),
        )
        result = _result(answer.json())
    except KinodeError as error:
        raise ScriptError(f"download failed: {error}") from None
    if "Ok" not in result:
        raise ScriptError(f"download failed: {result.get('Err')}")
    return ""


def _result(said: object) -> dict[str, object]:
    """Return what ``{"Download": …}`` holds; raises BodyError."""
    result = said.get("Download") if isinstance(said, dict) else None
    if not isinstance(result, dict):
        raise BodyError(f"answered {said!r}")
    return result
