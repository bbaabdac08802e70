"""Messages: small frozen objects, with bodies that are read when somebody asks."""

from __future__ import annotations

import gc

import pytest

from kinode_nb.types import (
    Address,
    BodyError,
    KinodeError,
    LazyLoadBlob,
    Request,
    Response,
    SendError,
)

SOURCE, TARGET = Address.parse("a.dev@p:q:r"), Address.parse("b.dev@p:q:r")


def request(body: bytes = b"{}") -> Request:
    return Request(SOURCE, TARGET, 1, body, False, None, (), -1, None, 1, 0, 0, 5, SOURCE)


def test_a_body_is_read_as_json_and_as_text():
    message = request(b'{"Send": {"target": "\xc3\xa9"}}')
    assert message.json() == {"Send": {"target": "é"}}
    assert message.text() == '{"Send": {"target": "é"}}'


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"nope"])
def test_a_body_that_is_no_json(body):
    with pytest.raises(BodyError, match="not JSON"):
        request(body).json()


def test_a_body_that_is_no_text():
    with pytest.raises(BodyError, match="not text"):
        request(b"\xff\xfe").text()


def test_messages_cannot_be_changed():
    with pytest.raises(AttributeError):
        request().body = b"other"
    with pytest.raises(AttributeError):
        LazyLoadBlob(b"").bytes = b"other"


def test_messages_are_none_of_the_garbage_collectors_business():
    response = Response(SOURCE, TARGET, 1, b"", False, None, (), -1, None, 1, 0, 0)
    assert not gc.is_tracked(request())
    assert not gc.is_tracked(response)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SendError("Offline", request()), "Offline: b.dev is offline or does not exist"),
        (SendError("Timeout", request()), "Timeout: b.dev@p:q:r did not answer within 5 s"),
        (SendError("Timeout", request(), reason="because"), "Timeout: because"),
    ],
)
def test_what_a_send_error_says(error, text):
    assert str(error) == text
    assert isinstance(error, KinodeError)
    assert error.target == TARGET
