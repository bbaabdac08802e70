"""The steps that a guest can be told to do, and what it reports: the protocol of the suite.

A guest is one program for each host. It receives for ever. A Request with the metadata ``script``
tells it what to do; its body is ``{"run": n, "steps": [{"do": …}, …]}``. It does the steps one
after the other, and tells `DIRECTOR` after each ``{"run": n, "step": i, "got": result}``, and after
the last ``{"run": n, "done": true}``. Anything else that it receives while it has no script it
tells as ``{"idle": received}``. All of this is JSON in Requests that expect no Response and inherit
nothing, so that it disturbs neither the prompting message nor what is inherited.

Bytes are written as text, each byte as the character of its number; a blob is ``{"mime", "data"}``,
a capability ``{"issuer", "params"}``. What was received is
``{"kind": "Request"|"Response"|"Offline"|"Timeout", "source", "body", "metadata", "inherit",
"expects", "capabilities", "context", "blob"}``; of an error, its target's and its Request's.

The functions here make the steps. What a step reports: nothing, unless its docstring says so. A
trap ends the guest, as the host has it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

DIRECTOR = "director:notebook:template.os"

Step = dict[str, Any]


def blob(data: bytes | str, mime: str | None = None) -> dict[str, Any]:
    return {"mime": mime, "data": text(data)}


def text(data: Any) -> str:
    """Return a body as the protocol writes it: texts and bytes as they are, all else as JSON."""
    if isinstance(data, bytes):
        return data.decode("latin-1")
    return data if isinstance(data, str) else json.dumps(data)


def capability(issuer: object, params: Any = "messaging") -> dict[str, str]:
    return {"issuer": str(issuer), "params": json.dumps(params, separators=(",", ":"))}


def send(target: object, body: Any = "", **more: Any) -> Step:
    """Send a Request: expects, inherit, metadata, context, blob, capabilities."""
    return {"do": "send", "target": str(target), "body": text(body), **more}


def ask(target: object, body: Any = "", **more: Any) -> Step:
    """Send a Request and await its Response (expects: 5 s). Reports what came, or the error."""
    return {"do": "await", "target": str(target), "body": text(body), **more}


def respond(body: Any = "", **more: Any) -> Step:
    """Send a Response: inherit, metadata, blob, capabilities."""
    return {"do": "respond", "body": text(body), **more}


def receive() -> Step:
    """Wait for the next message. Reports it."""
    return {"do": "receive"}


def serve(times: int | None = None, **answer: Any) -> Step:
    """Answer Requests, for ever or some times, with their own body or what is given."""
    return {"do": "serve", "times": times, "answer": answer}


def blobs() -> Step:
    """Report ``{"has": bool, "get": blob, "last": blob}``."""
    return {"do": "blobs"}


def spawn(
    name: str | None, path: str, grants: Sequence[tuple[object, Any]] = (), **more: Any
) -> Step:
    """Spawn: on_exit, requests, public. Reports ``{"Ok": process id}`` or ``{"Err": name}``."""
    given = [[str(who), json.dumps(params)] for who, params in grants]
    return {"do": "spawn", "name": name, "path": path, "grants": given, **more}


def capabilities() -> Step:
    """Report all that it holds."""
    return {"do": "capabilities"}


def save(*held: dict[str, str]) -> Step:
    return {"do": "save", "capabilities": list(held)}


def drop(*held: dict[str, str]) -> Step:
    return {"do": "drop", "capabilities": list(held)}


def get_state() -> Step:
    """Report the state, or null."""
    return {"do": "get_state"}


def set_state(state: str) -> Step:
    return {"do": "set_state", "state": state}


def clear_state() -> Step:
    return {"do": "clear_state"}


def get_on_exit() -> Step:
    """Report ``"None"``, ``"Restart"`` or ``"Requests"``."""
    return {"do": "get_on_exit"}


def set_on_exit(on_exit: Any) -> Step:
    return {"do": "set_on_exit", "on_exit": on_exit}


def say(words: str, verbosity: int = 0) -> Step:
    """Print on the terminal."""
    return {"do": "print", "verbosity": verbosity, "text": words}


def our() -> Step:
    """Report its own address."""
    return {"do": "our"}


def leave() -> Step:
    """Return from ``init``."""
    return {"do": "leave"}


def linger(target: object, body: Any = "") -> Step:
    """Send a Request when it has ended; nothing where the host lets nothing go on then."""
    return {"do": "linger", "target": str(target), "body": text(body)}


def trap() -> Step:
    """End with an error."""
    return {"do": "trap"}
