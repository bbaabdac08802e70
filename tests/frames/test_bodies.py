from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinode_nb import frames
from kinode_nb.frames.bodies import Variants, pack
from tests.frames.log_writer import EPOCH, LogWriter


def types(*bodies: bytes) -> list[str]:
    written = LogWriter()
    for body in bodies:
        written.request(body)
    return frames.log(written.log, EPOCH)["type"].astype("object").fillna("").tolist()


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        (b'{"Send":{"target":"fake.dev"}}', "Send"),
        (b'{"Send":null}', "Send"),
        (b' { "Send" : [1, {"a": 2, "b": 3}] }\n', "Send"),
        (b'{"set_timer":10}', "set_timer"),
        (b'"ListFiles"', "ListFiles"),
        (b' "ListFiles"', "ListFiles"),
        (b'"hi"', ""),
        (b'"Hello there"', ""),
        (b'{"path":"/a","action":"Read"}', ""),
        (b'{"two words":1}', ""),
        (b"{}", ""),
        (b"[]", ""),
        (b"7", ""),
        (b"null", ""),
        (b"Send", ""),
        (b'{"Send":', ""),
        (b'{"Send":1} more', ""),
        (b'"\xff"', ""),
        (b"\xff\xfe", ""),
        (b"", ""),
        (b" ", ""),
    ],
)
def test_the_type_is_the_outer_variant(body, type_):
    assert types(body) == [type_]
    assert types(b'{"A":1}', body, b'{"B":1}') == ["A", type_, "B"]


def test_what_a_process_prints_has_no_type():
    written = LogWriter()
    written.event(body='{"Send":1}')
    assert frames.log(written.log, EPOCH)["type"].isna().all()


def test_data_in_place_of_variants_does_not_pile_up():
    variants = Variants()
    bodies = [json.dumps({f"file {number}.txt": number}).encode() for number in range(100)]
    variants.of(bodies, pack(bodies).starts)
    assert len(variants) == 1


@given(st.lists(st.binary() | st.text()))
def test_every_body_becomes_text_of_a_known_size(bodies):
    packed = pack(bodies)
    assert len(packed.text) == len(bodies)
    for body, text, size in zip(bodies, packed.text.to_pylist(), packed.sizes, strict=True):
        if isinstance(body, str):
            assert (text, size) == (body, len(body.encode()))
        else:
            assert size == len(body)
            assert text == body.decode() if is_text(body) else text.startswith(repr(body)[:8])


def is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_bytes_that_are_no_text_are_a_short_preview():
    written = LogWriter()
    written.request(b"\x89PNG\r\n")
    written.request(b"\xff" * 1000)
    short, long = frames.log(written.log, EPOCH)["body"]
    assert short == r"b'\x89PNG\r\n'"
    assert long == "b'" + r"\xff" * 32 + "'…"


def test_half_a_surrogate_pair_can_be_printed():
    written = LogWriter()
    written.event(body="a\ud800b")
    assert frames.log(written.log, EPOCH)["body"].tolist() == [r"a\ud800b"]
