"""What kit's ``inject-message`` shows of a Response (kit ``src/inject_message``)."""

import base64

from kinode_nb.types.messages import Answer


class Injected(Answer, frozen=True, gc=False):
    """The Response to an injected message; its repr is what kit prints."""

    def __repr__(self) -> str:
        """Return the three lines that kit prints."""
        return injected_text(self.body, None if self.blob is None else self.blob.bytes)


def injected_text(body: bytes, blob: bytes | None) -> str:
    """Return a Response as kit prints it: a blob that is no text as the bytes of its base64."""
    return f"Response:\nbody: {body.decode(errors='replace')}\nblob: {_shown(blob)}"


def _shown(blob: bytes | None) -> str:
    if blob is None:
        return "None"
    try:
        return blob.decode()
    except UnicodeDecodeError:
        return f"Some({list(base64.b64encode(blob))})"
