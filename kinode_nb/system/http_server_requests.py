"""HTTP requests as a process gets them, and what it answers (``http/server_types.rs``)."""

import re
from urllib.parse import parse_qsl

import msgspec

from kinode_nb.process_lib import Address, LazyLoadBlob, Our
from kinode_nb.process_lib.http import HttpResponse, IncomingHttpRequest
from kinode_nb.system.http_server_asking import ask
from kinode_nb.system.http_server_calls import Call, Reply, normal, plain
from kinode_nb.system.http_server_paths import Match

_OCTETS = "application/octet-stream"
_FIRST_STATUS, _LAST_STATUS = 200, 999
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_VALUE = re.compile(r"[\t\x20-\x7e]*\Z")
_FRAMING = {"content-length", "transfer-encoding", "connection", "upgrade", "keep-alive"}
"""Headers that belong to the connection: a process that sets them would confuse it."""


_read_response = msgspec.json.Decoder(HttpResponse).decode


async def forward(call: Call, match: Match, our: Our, limit: float) -> Reply:
    """Let the process that bound the path answer; 408 when it does not within the limit."""
    owner = match.binding.owner
    request = msgspec.json.encode({"Http": _incoming(call, match)})
    target = Address(our.node, owner)
    response = await ask(our, target, request, limit, blob=LazyLoadBlob(call.body))
    if response is None:
        return plain(408, f"{owner} did not answer within {limit:g} s")
    blob = our.get_blob()
    return _reply(response.body, b"" if blob is None else blob.bytes, str(owner))


def _incoming(call: Call, match: Match) -> IncomingHttpRequest:
    address, port = call.peer
    return IncomingHttpRequest(
        source_socket_addr=f"[{address}]:{port}" if ":" in address else f"{address}:{port}",
        method=call.method,
        url=f"http://{call.host}{normal(call.path)}",
        bound_path=match.binding.path,
        headers=call.headers,
        url_params=match.params,
        query_params=dict(parse_qsl(call.query, keep_blank_values=True)),
    )


def _reply(said: bytes, body: bytes, owner: str) -> Reply:
    try:
        response = _read_response(said)
    except (ValueError, RecursionError):
        return plain(
            500,
            f'{owner} answered {said[:80]!r}, which is not {{"status": 200, "headers": {{…}}}}',
        )
    status = response.status
    if not _FIRST_STATUS <= status <= _LAST_STATUS:
        status = 500
    headers = {"content-type": _OCTETS}
    for name, value in response.headers.items():
        if _NAME.match(name) and _VALUE.match(value) and name.lower() not in _FRAMING:
            headers[name.lower()] = value
    return Reply(status, body, headers)
