"""Bodies as people read them: text, and the variant that a JSON body is.

Kinode's processes write a variant's case as ``{"Send": …}``, or as ``"ListFiles"`` where it
carries nothing. Both parts work on many bodies at once: this is most of what a log costs to read.
"""

from __future__ import annotations

import re
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

_PREVIEW = 32
"""How many bytes of a body that is no text are shown."""

_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode  # what is inside stays unread
_string = msgspec.json.Decoder(str).decode
# A lone lower-case word is more likely to be just text; a key may be anything that names a case.
_KEY = re.compile(r"[A-Za-z][\w-]{0,63}\Z")
_WORD = re.compile(r"[A-Z]\w{0,63}\Z")
_OBJECT, _STRING, *_SPACES = b'{" \t\r\n'
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError)


class Bodies(NamedTuple):
    """Bodies as columns."""

    text: pa.LargeStringArray
    sizes: npt.NDArray[np.int64]
    """In bytes."""
    starts: npt.NDArray[np.uint8]
    """The first byte of each, 0 where there is none."""


def pack(bodies: list[Any]) -> Bodies:
    """Return bodies (bytes, or text) as columns."""
    import numpy as np
    import pyarrow as pa

    try:
        packed = pa.array(bodies, pa.large_binary())
    except UnicodeEncodeError:
        packed = pa.array(map(_encoded, bodies), pa.large_binary())
    try:
        text = packed.cast(pa.large_string())
    except pa.ArrowInvalid:  # some are no text
        text = pa.array(map(as_text, bodies), pa.large_string())
    offsets = np.frombuffer(packed.buffers()[1], "i8", len(bodies) + 1)
    sizes = np.diff(offsets)
    starts = np.zeros(len(bodies), "u1")
    full = sizes > 0
    if full.any():
        starts[full] = np.frombuffer(packed.buffers()[2], "u1")[offsets[:-1][full]]
    return Bodies(text, sizes, starts)


def as_text(body: bytes | str) -> str:
    """Return a body as text; of bytes that are no UTF-8, how they begin."""
    raw = _encoded(body)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return f"{raw[:_PREVIEW]!r}{'…' if len(raw) > _PREVIEW else ''}"


def _encoded(body: bytes | str) -> bytes:
    # A process may print half a surrogate pair, which has no UTF-8.
    return body.encode(errors="backslashreplace") if isinstance(body, str) else body


class Variants(dict[str, int]):
    """Numbers the names of variants in the order in which they turn up; 0 is no variant."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__({"": 0})

    def __missing__(self, name: str) -> int:
        if not _KEY.match(name):
            return 0
        self[name] = code = len(self)
        return code

    def of(
        self, bodies: list[Any], starts: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int64], list[int]]:
        """Return which bodies may be variants, and the number of each of these.

        ``starts`` has the first byte of each body, 0 for what is to be left alone.
        """
        import numpy as np

        objects = starts == _OBJECT
        rows = np.flatnonzero(objects)
        codes = self._of_objects(list(compress(bodies, objects.tolist())))
        others = np.flatnonzero((starts == _STRING) | np.isin(starts, _SPACES))
        return (
            np.concatenate([rows, others]),
            codes + [self._of_any(bodies[at]) for at in others.tolist()],
        )

    def _of_objects(self, bodies: list[bytes]) -> list[int]:
        # Values are let go of one by one: kept, they would set the garbage collector off.
        try:
            return list(map(self.__getitem__, [key for (key,) in map(_object, bodies)]))
        except (ValueError, *_NO_JSON):  # some have another number of keys, or are no JSON
            return [self._of_object(body) for body in bodies]

    def _of_object(self, body: bytes) -> int:
        try:
            value = _object(body)
        except _NO_JSON:
            return 0
        return self[next(iter(value))] if len(value) == 1 else 0

    def _of_any(self, body: bytes) -> int:
        try:
            word = _string(body)
        except _NO_JSON:
            return self._of_object(body)
        return self[word] if _WORD.match(word) else 0
