"""Messages: what processes send each other, and what the log keeps of it.

A message is one small frozen object, passed by reference and kept by the log as it stands.
``gc=False`` hides messages from the garbage collector: a growing log would otherwise make every
collection dearer. Blobs travel beside their message, so that the log never holds one.
Fields follow ``kinode.wit`` 1.0 (``request``, ``response``, ``lazy-load-blob``).
"""

from typing import Any

import msgspec

from kinode_nb.types.address import Address
from kinode_nb.types.capabilities import Capability
from kinode_nb.types.errors import BodyError, KinodeError


class LazyLoadBlob(msgspec.Struct, frozen=True, gc=False):
    """Bytes that travel beside a message, with their MIME type."""

    bytes: bytes
    mime: str | None = None


class _Body(msgspec.Struct, frozen=True, gc=False):
    """What Requests and Responses have in common.

    ``seq`` counts the messages of the net from 1, ``time`` is in nanoseconds of its clock,
    ``parent`` is the ``seq`` of the message that caused this one (0: none).
    ``blob_size`` is in bytes, -1 where there is no blob.
    """

    source: Address
    target: Address
    id: int
    body: bytes
    inherit: bool
    metadata: str | None
    capabilities: tuple[Capability, ...]
    blob_size: int
    mime: str | None
    seq: int
    time: int
    parent: int

    def json(self) -> Any:  # JSON enters here
        """Return the body, read as JSON; raises BodyError."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BodyError(f"the body is not JSON ({error}): {self.body[:80]!r}") from None

    def text(self) -> str:
        """Return the body, read as UTF-8; raises BodyError."""
        try:
            return self.body.decode()
        except UnicodeDecodeError:
            raise BodyError(f"the body is not text: {self.body[:80]!r}") from None


class Request(_Body, frozen=True, gc=False):
    """A message that may ask for a Response.

    ``expects_response`` is in whole seconds; None asks for none. ``rsvp`` is who gets the
    Response (None: the source).
    """

    expects_response: int | None = None
    rsvp: Address | None = None


class Response(_Body, frozen=True, gc=False):
    """The answer to a Request; ``context`` is what the receiver attached to it, never sent."""

    context: Any = None  # whatever the process itself handed in


class Answer(Response, frozen=True, gc=False):
    """A Response together with its blob, for callers that are no process."""

    blob: LazyLoadBlob | None = None


class Event(msgspec.Struct, frozen=True, gc=False):
    """A row of the log that is no Request or Response.

    ``kind`` is ``send_error``, ``print`` or ``condition``.
    """

    seq: int
    time: int
    kind: str
    source: Address
    target: Address
    body: str
    parent: int
    id: int = 0
    reason: str = ""
    verbosity: int = 0


class SendError(KinodeError):
    """A Request that was not answered: an item when received, raised when awaited.

    ``kind`` is ``"Offline"`` or ``"Timeout"``; ``target`` is whom the Request was for,
    ``message`` the Request as sent, ``blob`` its blob, ``context`` what the sender attached.
    """

    def __init__(
        self,
        kind: str,
        message: Request,
        blob: LazyLoadBlob | None = None,
        context: Any = None,
        reason: str = "",
    ) -> None:
        """Describe the failure of one Request."""
        super().__init__(kind, message, blob, context, reason)
        self.kind = kind
        self.message = message
        self.target = message.target
        self.blob = blob
        self.context = context
        self.reason = reason
        self.seq = 0
        self.story = ""
        """The traceback of the process that an error has ended, where that is why."""

    def tell(self, story: str) -> None:
        """Let the story be seen, in a notebook and in a script, below what is said."""
        if story and not self.story:
            self.story = story
            self.add_note(story)

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows: one line, and below it where in the process it was."""
        said = super()._render_traceback_()
        return ["\n".join([*said, "", self.story])] if self.story else said

    @property
    def source(self) -> Address:
        """Whom the Request was for: as Kinode's process_lib gives it."""
        return self.target

    @property
    def body(self) -> bytes:
        """The Request's body."""
        return self.message.body

    @property
    def metadata(self) -> str | None:
        """The Request's metadata."""
        return self.message.metadata

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """The capabilities that were attached to the Request."""
        return self.message.capabilities

    def json(self) -> Any:  # JSON enters here
        """Return the Request's body, read as JSON; raises BodyError."""
        return self.message.json()

    def text(self) -> str:
        """Return the Request's body, read as UTF-8; raises BodyError."""
        return self.message.text()

    def __str__(self) -> str:
        """Return one line: what happened to which Request, and why where that is known."""
        if self.reason:
            return f"{self.kind}: {self.reason}"
        if self.kind == "Offline":
            return f"Offline: {self.target.node} is offline or does not exist"
        seconds = self.message.expects_response
        return f"Timeout: {self.target} did not answer within {seconds} s"


Message = Request | Response
Received = Request | Response | SendError
