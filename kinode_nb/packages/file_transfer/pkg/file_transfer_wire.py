"""What the two workers say beyond the recipe's messages, in ``metadata``.

The recipe's messages and bodies stand as they are. A requestor that knows more says so in its
Download's metadata; a provider that knows more answers so in its Response's. A side that sees
no such metadata speaks the plain recipe. The text is JSON: ``{"file-transfer": {…}}``.

Download, requestor's worker to provider: ``acknowledge`` (each Chunk is a Request that is
answered), ``size`` (of the file that the requestor has under that name, if any), and
``overwrite`` (whether that may be replaced).
Download, person to main process: ``transfer`` (an id to report), ``overwrite``.
Response to Download, before anything that takes long: ``size`` (bytes) and ``compare`` (yours is
as long, so both sides hash what they have first); or ``error``, such as `DIFFERS`.
Size, plain: the first message of the provider's worker, as in the recipe. While that worker
hashes, or waits, it answers a Request with Progress: the requestor asks whether it is there.
Size to compare: ``have``, the digest of the provider's file; a Request that is answered, when the
requestor has hashed its own: with Progress (the same: the end), with Download Ok (another one:
send yours) or with Download Err (another one, which must not be replaced: the end).
Size after the last Chunk: ``digest`` of the whole file; or ``error``: it cannot be sent.
Progress, worker to parent: the transfer's state, field by field as in `Report`.
"""

import msgspec

from kinode_nb import wit
from kinode_nb.process_lib import KinodeError

from .api.file_transfer_worker import Response

CHUNK = 1 << 20  # bytes, as in the recipe
WINDOW = 6
"""Chunks that may be on their way, unanswered: what a transfer holds in memory, at most."""
SECONDS = 5
"""What Kinode's recipe gives a Request."""
_SLOWEST = 8 << 20  # bytes a second: a disk that is busy

DIFFERS = "the requestor has another file of that name"
"""The provider's error when it must not be overwritten."""

_KEY = "file-transfer"
_LONGEST_NAME = 255  # bytes, on the file systems in use


class Failure(KinodeError):  # noqa: N818 - it is the transfer that fails, not a program
    """A transfer that cannot go on; the text goes to the other side and to the parent."""


class Offer(msgspec.Struct, omit_defaults=True):
    """The extension's fields; absent ones are at their default."""

    acknowledge: bool = False
    have: str = ""
    transfer: str = ""
    overwrite: bool = True
    size: int = -1
    compare: bool = False
    digest: str = ""
    error: str = ""


class Report(msgspec.Struct, omit_defaults=True):
    """A worker's word on its transfer. ``status``: running, done or failed; sizes in bytes."""

    status: str
    name: str
    provider: str
    received: int
    transfer: str = ""
    size: int = -1
    chunks: int = 0
    digest: str = ""
    verified: bool = False
    identical: bool = False
    path: str = ""
    error: str = ""


class _Envelope(msgspec.Struct, rename={"offer": _KEY}):
    offer: Offer


def write(content: "Offer | Report") -> str:
    """Return the metadata text."""
    return msgspec.json.encode({_KEY: content}).decode()


def read(metadata: str | None) -> Offer | None:
    """Return the extension's part of the metadata; None where the other side has none."""
    if not metadata:
        return None
    try:
        return msgspec.json.decode(metadata, type=_Envelope).offer
    except msgspec.DecodeError:
        return None


def patience(size: int) -> int:
    """Return how many seconds a side may take to read a file of that size once more."""
    return 12 * SECONDS + size // _SLOWEST


def safe_name(name: str) -> str:
    """Return a file's name below its drive, or raise Failure when it would lead out of it."""
    parts = name.split("/")
    if not name or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise Failure(f"{name!r} is no name of a file: it must stay inside the drive")
    if any(len(part.encode()) > _LONGEST_NAME for part in parts):
        raise Failure(f"the name {name[:40]!r}… is too long: {_LONGEST_NAME} bytes at most")
    return name


def bare_name(name: str, package: object) -> str:
    """Return a file's bare name: list-files tells whole vfs paths, and both are accepted."""
    drive = f"{package}/files/"
    path = name.removeprefix("/")
    return path.removeprefix(drive) if path.startswith(drive) else name


def download_answer(result: wit.Ok[None] | wit.Err[str]) -> Response:
    """Return the Response to a Download."""
    return Response.Download(result)
