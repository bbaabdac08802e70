"""A node's port: bound at boot on the loopback address, so that kit finds the node there.

Only a plain socket is bound; the HTTP library is imported when the first client comes.
"""

import contextlib
import errno
import os
import socket

from kinode_nb.types import NodeError, UsageError

FIRST = 8080  # kit's default
_LAST = 65535


def bind(port: "int | str | None") -> socket.socket | None:
    """Return a listening socket; raises NodeError for a port in use, UsageError for none at all.

    ``port`` is a number, None (8080 or the next free one) or ``"none"`` (no socket at all, which
    is also the default under JupyterHub, where many people share a machine).
    """
    if port == "none" or (port is None and "JUPYTERHUB_SERVICE_PREFIX" in os.environ):
        return None
    if port is None:
        return _next_free()
    try:
        number = int(port)
    except ValueError:
        number = 0
    if not 1 <= number <= _LAST:
        raise UsageError(f"{port!r} is no port: give a number from 1 to {_LAST}, or none")
    try:
        return _listen(number)
    except OSError as error:
        raise NodeError(_reason(number, error)) from None


def _reason(port: int, error: OSError) -> str:
    if error.errno != errno.EADDRINUSE:
        return f"port {port} cannot be used ({error.strerror}): choose another, or -p none"
    with contextlib.suppress(NodeError), contextlib.closing(_next_free()) as free:
        return f"port {port} is in use: {free.getsockname()[1]} is free, or leave -p away"
    return f"port {port} is in use: choose another, or -p none"


def _next_free() -> socket.socket:
    for port in range(FIRST, _LAST + 1):
        with contextlib.suppress(OSError):
            return _listen(port)
    raise NodeError("no port is free: boot with -p none")


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # lets a port be bound again at once after its node has stopped
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
