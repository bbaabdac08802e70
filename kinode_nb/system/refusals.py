"""What a system process answers when it does not do what it was asked to.

The texts of ``IOError`` are those that Rust's standard library prints, since programs read them:
``No such file or directory (os error 2)``.
"""

import os

import msgspec

MALFORMED_REQUEST = "MalformedRequest"
NO_READ_CAP = "NoReadCap"
NO_WRITE_CAP = "NoWriteCap"
ADD_CAP_FAILED = "AddCapFailed"


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a defect
    """An answer other than success; ``error`` is what stands beside ``Err`` in its JSON."""

    def __init__(self, error: object) -> None:
        """Carry one of Kinode's names of errors, or an object with a name and what it says."""
        super().__init__(error)
        self.error = error


def io_error(text: str) -> Refused:
    """Return an ``IOError`` with a text of its own."""
    return Refused({"IOError": text})


def os_error(code: int) -> Refused:
    """Return an ``IOError`` of the operating system, as Rust prints it."""
    return io_error(f"{os.strerror(code)} (os error {code})")


def answer(error: Exception) -> bytes:
    """Return the body of the answer that tells of an error, whatever it is."""
    if isinstance(error, OSError) and error.errno is not None:
        error = os_error(error.errno)
    elif not isinstance(error, Refused):
        error = io_error(str(error) or type(error).__name__)
    return msgspec.json.encode({"Err": error.error})
