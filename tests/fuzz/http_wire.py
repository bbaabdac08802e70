"""What a client may put on the wire: requests that are nearly right, and bytes that are none."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.bodies import JSON, NUMBERS, bodies, damaged, mostly
from tests.fuzz.vfs_bodies import PLAUSIBLE as VFS_BODIES

WEB = "web:notebook:template.os"
RPC = "/rpc:distro:sys/message"
_PATIENCE = 200  # seconds of a clock that jumps: longer than the server waits for anything
_ODD = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=8)

# ------------------------------------------------------------------- the route that kit uses

_MODULES = [f"{name}:distro:sys" for name in ("vfs", "net", "kv", "sqlite", "timer", "state")]
_PROCESSES = mostly(
    st.sampled_from([*_MODULES, WEB, "main:app-store:sys", "http-server:distro:sys"]),
    st.sampled_from(["no:such:process", "a:b", "a:b:c:d", "::", "", "our@a:b:c", "terminal"]),
    st.text(max_size=8),
)
_PACKAGE = {"package_name": "notebook", "publisher_node": "template.os"}
_DATABASE = st.fixed_dictionaries(
    {
        "package_id": mostly(st.just(_PACKAGE), JSON),
        "db": mostly(st.sampled_from(["db", "..", "", "a/b", "\0", "d" * 300]), JSON),
        "action": mostly(
            st.one_of(
                st.sampled_from(["Open", "RemoveDb", "BeginTx"]),
                st.fixed_dictionaries({"Query": st.sampled_from(["SELECT 1", "PRAGMA x", ""])}),
                st.fixed_dictionaries({"Get": st.lists(st.integers(-1, 256), max_size=3)}),
                st.fixed_dictionaries({"Commit": st.fixed_dictionaries({"tx_id": NUMBERS})}),
            ),
            JSON,
        ),
    }
)
_APP_STORE = st.one_of(
    st.just("Apis"),
    st.fixed_dictionaries({"GetApi": mostly(st.just(_PACKAGE), JSON)}),
    st.fixed_dictionaries({"Uninstall": mostly(st.just(_PACKAGE), JSON)}),
    st.fixed_dictionaries(
        {
            "NewPackage": st.fixed_dictionaries(
                {"package_id": mostly(st.just(_PACKAGE), JSON), "mirror": st.booleans()}
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "Install": st.fixed_dictionaries(
                {
                    "package_id": mostly(st.just(_PACKAGE), JSON),
                    "version_hash": st.sampled_from(["", "0" * 64, "../" * 20, "é"]),
                    "metadata": JSON,
                }
            )
        }
    ),
)
# Seconds: the clock of these tests jumps, but not so far that it could no longer tell two apart.
_TIMER = st.fixed_dictionaries({"SetTimer": mostly(st.integers(-1, 20_000), JSON)})
_STATE = st.one_of(
    st.fixed_dictionaries({name: mostly(st.just(WEB), JSON)})
    for name in ("GetState", "SetState", "DeleteState")
)
_SAID = bodies(
    st.one_of(VFS_BODIES, _DATABASE, _APP_STORE, _TIMER, _STATE, st.just("hello")),
)
_BASE64 = mostly(
    st.binary(max_size=30).map(lambda data: base64.b64encode(data).decode()),
    st.sampled_from(["é", "a", "====", "YQ==YQ==", "YR==", " ", "-_"]),
    st.text(max_size=6),
)
CALLS = st.fixed_dictionaries(
    {"process": mostly(_PROCESSES, JSON)},
    optional={
        "node": mostly(st.sampled_from([None, "fake.dev", "our", "far.dev", "no.dev", ""]), JSON),
        "expects_response": mostly(st.sampled_from([None, 5, 0, 15]), NUMBERS, JSON),
        "body": mostly(_SAID.map(lambda body: body.decode("utf-8", "replace")), JSON),
        "metadata": mostly(st.none() | st.text(max_size=6), JSON),
        "mime": mostly(st.none() | st.text(max_size=6), JSON),
        "data": mostly(st.none() | _BASE64, JSON),
        "inherit": JSON,
        "context": JSON,
    },
)

# ------------------------------------------------------------------------------- requests

PATHS = mostly(
    st.sampled_from(
        [
            *(RPC, f"/{WEB}", f"/{WEB}/", f"/{WEB}/echo", f"/{WEB}/item/7/x", f"/{WEB}/deep/a/b"),
            *(f"/{WEB}/private", f"/{WEB}/local", f"/{WEB}/cached", f"/{WEB}/secure", "/login"),
            *(f"/{WEB}/socket", f"/{WEB}/unknown", f"/{WEB}//", "/", f"/{WEB}/echo/"),
        ]
    ),
    st.sampled_from(["*", "//", "/..", "/%00", "/%2e%2e/", "http://x/", "http://[", "/a?b", "/#"]),
    st.sampled_from(["/" + "a" * 20_000, "/" + "/" * 300, f"/{WEB}/item//x", f"/{WEB}/ü/\xff"]),
    _ODD,
)
_QUERIES = mostly(
    st.sampled_from(["", "?a=b", "?a=1&a=2&c", "?%ff=%00&=", "?" + "&" * 200, "?%"]), _ODD
)
_METHODS = mostly(
    st.sampled_from(["POST", "GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]),
    st.sampled_from(["CONNECT", "TRACE", "post", "FROB", "", "A" * 300, "G\0T"]),
)
_HEADERS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(
                    "Host: localhost:8080",
                    "Host: evil.example",
                    "Host:",
                    "Host: [::1",
                    "Host: [::]",
                ),
                *("Host: localhost, evil", "Host: notebook-template-os.localhost:8080", "Host: @"),
                *("Origin: http://evil.example", "Origin: null", "Origin: http://[", "Origin:"),
                *("Origin: http://localhost:8080", "Sec-Fetch-Site: cross-site"),
                *("Cookie: kinode-auth_fake.dev=a.b.c", "Cookie: kinode-auth_fake.dev=", "Cookie:"),
                *("Cookie: kinode-auth_fake.dev=..", "Cookie: ;;;=", "X-Forwarded-Prefix: /"),
                *("Expect: 100-continue", "Expect: nonsense", "Transfer-Encoding: chunked"),
                *("Transfer-Encoding: gzip", "Connection: keep-alive", "Connection: upgrade"),
                *("Content-Length: 5", "Content-Length: -1", "Content-Length: 1, 2"),
                *("Content-Length: " + "9" * n for n in (15, 25, 5000)),
                *("Content-Encoding: gzip", "Content-Type: multipart/form-data; boundary=x"),
                *("Upgrade: websocket", "Upgrade: h2c", "Sec-WebSocket-Version: 13"),
                *("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Key: x"),
                *("Sec-WebSocket-Extensions: permessage-deflate", "Range: bytes=0-"),
                *("X-Odd: \xff\x80", "X-Long: " + "a" * 70_000, "No colon", ": empty", " folded"),
            ]
        ),
        st.builds("{}: {}".format, _ODD, _ODD),
    ),
    max_size=4,
)


def request(method: str, target: str, query: str, headers: list[str], body: bytes) -> bytes:
    """Return a request; its length is told unless the headers tell one."""
    told = any(each.lower().startswith(("content-length", "transfer")) for each in headers)
    lines = [f"{method} {target}{query} HTTP/1.1", *headers]
    lines += [] if told else [f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body


REQUEST_BODIES = mostly(
    bodies(CALLS),
    bodies(st.fixed_dictionaries({"password_hash": JSON, "subdomain": JSON})),
    st.just(b""),
    st.just(b"5\r\nhello\r\n0\r\n\r\n"),
    st.just(b"FFFFFFFFFFFFFFFFF\r\nhello"),
)
REQUESTS = st.builds(request, _METHODS, PATHS, _QUERIES, _HEADERS, REQUEST_BODIES)
CALLED = st.builds(request, st.just("POST"), st.just(RPC), st.just(""), st.just([]), bodies(CALLS))
RAW = mostly(damaged(REQUESTS | CALLED), st.binary(max_size=60), st.sampled_from([b"\r\n" * 50]))

# --------------------------------------------------------------------- what processes answer

_REPLY_HEADERS = st.dictionaries(
    mostly(
        st.sampled_from(["Content-Type", "content-length", "Transfer-Encoding", "Set-Cookie"]),
        st.sampled_from(["", "a b", "X:", "a\r\nb", "é", "Connection"]),
    ),
    mostly(st.sampled_from(["text/plain", "5", "chunked"]), st.text(max_size=6)),
    max_size=3,
)
REPLIES = bodies(
    st.fixed_dictionaries(
        {
            "status": mostly(st.sampled_from([200, 404, 204, 304, 100, 101]), NUMBERS, JSON),
            "headers": mostly(_REPLY_HEADERS, JSON),
        }
    )
)


async def exchange(port: int, data: bytes) -> bytes:
    """Send bytes to the port, and return what comes until the server closes.

    When it does not, as with an open WebSocket, the client says that no more will come. The server
    has to close then; TimeoutError is raised if it waits on.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        writer.write(data)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while piece := await reader.read(1 << 16):
                    answer += piece
                return answer
        writer.write_eof()
        async with asyncio.timeout(_PATIENCE):
            return answer + await reader.read()
    except ConnectionError:  # it had enough
        return answer
    finally:
        writer.close()


def frames() -> st.SearchStrategy[bytes]:
    """Return frames of a WebSocket's client, and what looks like them."""
    right = st.builds(_frame, st.integers(0, 15), st.integers(0, 15), _PAYLOADS, _SIZES)
    return st.lists(mostly(right, damaged(right), st.binary(max_size=20)), max_size=4).map(b"".join)


_PAYLOADS: Any = st.one_of(
    st.binary(max_size=130), st.just(b"\x03\xe8bye"), st.just(b"\x03"), st.just(b"\xff" * 20)
)
_SIZES = mostly(st.none(), st.sampled_from([0, 1, 125, 1 << 15, 1 << 40, (1 << 64) - 1]))


def _frame(opcode: int, flags: int, payload: bytes, size: int | None) -> bytes:
    """Return a masked frame (RFC 6455); ``size`` is what it claims, where that is not true."""
    size = len(payload) if size is None else size
    head = bytes([flags << 4 | opcode if flags < 8 else 0x80 | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 1 << 16:
        head += bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([0x80 | 127]) + size.to_bytes(8, "big")
    return head + bytes(4) + payload
