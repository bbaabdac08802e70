"""``/rpc:distro:sys/message``: one message in the name of http-server, as kit sends it.

Every HTTP method will do. The Response comes back as JSON, with bytes as lists of numbers; those
of a blob are the text of its base64 (Kinode's ``http/server.rs`` and ``http/utils.rs``).
"""

import base64
from typing import Annotated

import msgspec

from kinode_nb.process_lib import Address, LazyLoadBlob, Our, ProcessId
from kinode_nb.system.http_server_asking import ask
from kinode_nb.system.http_server_calls import Reply

PATH = "/rpc:distro:sys/message"
_PARTS = 3
_U64 = 1 << 64


class Rpc(msgspec.Struct):
    """A call; only ``process`` is needed, ``inherit``, ``context`` and other keys do nothing."""

    process: str
    node: str | None = None
    inherit: bool | None = None
    expects_response: Annotated[int, msgspec.Meta(ge=0)] | None = None
    body: str | None = None
    metadata: str | None = None
    context: str | None = None
    mime: str | None = None
    data: str | None = None


_read = msgspec.json.Decoder(Rpc).decode


async def answer(call: bytes, our: Our, limit: float) -> Reply:
    """Carry out one call; ``limit`` is how many seconds an answer may take."""
    try:
        rpc = _read(call)
        target = Address(rpc.node or our.node, _process(rpc.process))
        body = (rpc.body or "").encode()
        if (rpc.expects_response or 0) >= _U64:
            raise ValueError  # noqa: TRY301 - as the other numbers and texts that it cannot be
    except (ValueError, RecursionError):  # msgspec's and Unicode's errors are ValueErrors
        return Reply(400)
    if rpc.node == "our":
        target = Address(our.node, target.process)
    blob = _blob(rpc)
    if rpc.expects_response is None:
        await our.send_request(target, body, blob=blob, metadata=rpc.metadata)
        return Reply(200)
    response = await ask(
        our,
        target,
        body,
        limit,
        expects_response=rpc.expects_response,
        blob=blob,
        metadata=rpc.metadata,
    )
    if response is None:
        return Reply(408)
    return Reply(200, _shown(response.body, our.get_blob()), {"Content-Type": "text/html"})


def _process(text: str) -> ProcessId:
    """Read a process id as the runtime does, which looks at the colons alone.

    What no process can be called is not there, as any other: it is told after the same time.
    """
    parts = text.replace("_", "-").split(":")
    if len(parts) != _PARTS or not all(parts) or "@" in text:
        raise ValueError(text)
    return ProcessId(*parts)


def _blob(rpc: Rpc) -> LazyLoadBlob | None:
    if rpc.data is None:
        return None
    try:
        data = base64.b64decode(rpc.data, validate=True)
    except ValueError:
        return None
    if base64.b64encode(data) != rpc.data.encode():  # bits that are left over
        return None
    return LazyLoadBlob(data, rpc.mime)


def _shown(body: bytes, blob: LazyLoadBlob | None) -> bytes:
    shown = blob and {"mime": blob.mime, "bytes": list(base64.b64encode(blob.bytes))}
    return msgspec.json.encode({"body": list(body), "lazy_load_blob": shown})
