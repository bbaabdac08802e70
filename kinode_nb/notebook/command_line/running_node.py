"""A node that runs elsewhere, as it is spoken to from another terminal: over its HTTP port."""

import base64
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.verb import Flag, Values
from kinode_nb.types import KinodeError, NodeError

if TYPE_CHECKING:
    from kinode_nb.kit.installed_apis import InstalledApis

PORT = Flag(("-p", "--port"), "the node's port; default 8080", kinds.PORT_NUMBER, "PORT")

_DEFAULT_PORT = 8080
_SECONDS = 15  # kit's
_PATIENCE = 660  # seconds: Kinode's own fake nodes say after 600 that nothing came
_APP_STORE = "main:app-store:sys"
_TIMED_OUT = 408


class Returned(NamedTuple):
    """What a Response holds, as it comes over HTTP."""

    body: bytes
    blob: bytes | None


class RunningNode:
    """The node that listens on a port of this machine."""

    def __init__(self, values: Values) -> None:
        """Speak with the node that ``--port`` names."""
        self._port = values.number("--port") or _DEFAULT_PORT
        # not through a proxy that the environment names: it is this very machine
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @property
    def url(self) -> str:
        """Where it is, as kit writes it."""
        return f"http://localhost:{self._port}"

    def inject(
        self,
        process: str,
        body: str,
        *,
        node: str | None = None,
        blob: bytes | None = None,
        wait: bool = True,
    ) -> Returned | None:
        """Send a message; returns its Response, None without waiting. Raises KinodeError."""
        said = self._post(
            {
                "node": node,
                "process": process,
                "inherit": False,
                "expects_response": _SECONDS if wait else None,
                "body": body,
                "metadata": None,
                "context": None,
                "mime": "application/octet-stream",
                "data": None if blob is None else base64.b64encode(blob).decode(),
            }
        )
        if not wait:
            return None
        try:
            read = json.loads(said)
            packed = read["lazy_load_blob"]
            data = None if packed is None else base64.b64decode(bytes(packed["bytes"]))
            return Returned(bytes(read["body"]), data)
        except (ValueError, TypeError, KeyError):
            raise NodeError(f"what listens at {self.url} does not answer as a node does") from None

    def ask_app_store(self, request: Mapping[str, Any], blob: bytes | None = None) -> Any:
        """Return what app-store answers, as JSON; raises KinodeError."""
        returned = self.inject(_APP_STORE, json.dumps(request), blob=blob)
        try:
            return json.loads(returned.body) if returned else None
        except ValueError:
            raise NodeError(f"{_APP_STORE} at {self.url} answered no JSON") from None

    def apis(self) -> "InstalledApis":
        """Return the APIs that the node has; nothing is asked yet."""
        from kinode_nb.kit.installed_apis import InstalledApis

        def ask(body: object) -> tuple[Any, bytes | None]:
            returned = self.inject(_APP_STORE, json.dumps(body))
            return (json.loads(returned.body), returned.blob) if returned else (None, None)

        return InstalledApis(ask, f"the node at {self.url}")

    @property
    def no_download(self) -> str:
        """What to say of kit's ``--download-from``."""
        return (
            "--download-from changes nothing: fake nodes download no packages from each other. "
            f"The node at {self.url} is asked; --port names another"
        )

    def _post(self, call: Mapping[str, Any]) -> bytes:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/rpc:distro:sys/message",
            json.dumps(call).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=_PATIENCE) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error.code, str(call["process"])) from None
        except (OSError, http.client.HTTPException) as error:
            reason = " ".join(str(getattr(error, "reason", None) or error).split())
            raise NodeError(
                f"no node answers at {self.url} ({reason}): kinode-nb boot starts one, and -p "
                "names its port"
            ) from None

    def _refusal(self, status: int, process: str) -> KinodeError:
        if status == _TIMED_OUT:
            return NodeError(
                f"Failed with status code: {status}. {process} did not answer in time: it may not "
                "be there, or not let http-server in"
            )
        return NodeError(
            f"Failed with status code: {status}. Is there a Kinode node at {self.url}?"
        )
