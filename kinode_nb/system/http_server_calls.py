"""What comes in over HTTP, and what goes out: plain values that know nothing of sockets."""

import msgspec

PLAIN = "text/plain; charset=utf-8"
MOST_BODY = 128 << 20
"""Bytes that one request may carry: a zip of a package in base64, and much more."""
MOST_LOGIN = 16 << 10
MOST_HEADERS = 64 << 10
MOST_TARGET = 16 << 10


class Call(msgspec.Struct, frozen=True):
    """One HTTP request; ``headers`` are by lower-case name, the last one of a name counts."""

    method: str
    path: str
    """As it was written: percent signs are not resolved."""
    query: str = ""
    headers: dict[str, str] = {}
    body: bytes = b""
    peer: tuple[str, int] = ("127.0.0.1", 0)
    """The address and the port that it came from."""

    @property
    def host(self) -> str:
        """The name that the caller knows this node by, without the port."""
        return split_host(self.headers.get("host", ""))[0] or "localhost"


class Reply(msgspec.Struct, frozen=True):
    """One HTTP response."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = {}


def plain(status: int, text: str) -> Reply:
    """Return a reply of one line for whoever reads it."""
    return Reply(status, f"{text}\n".encode(), {"Content-Type": PLAIN})


def split_host(host: str) -> tuple[str, str]:
    """Return the name, in lower case, and the port (which may be missing) of a Host header."""
    host = host.strip().lower()
    if host.startswith("["):  # an IPv6 address
        name, _, port = host[1:].partition("]")
        return name, port.removeprefix(":")
    name, _, port = host.partition(":")
    return name, port


def normal(path: str) -> str:
    """Return a path without one slash at its end, as Kinode compares paths."""
    return path.removesuffix("/")
