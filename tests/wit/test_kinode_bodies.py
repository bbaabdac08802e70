"""The bodies that Kinode's own packages exchange, both ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kinode_nb.types import Address, ProcessId
from kinode_nb.wit import Err, Ok, WitBodyError, decode, decode_any, encode, load, to_json

API = Path(__file__).parent / "api"
CHAT = load(API / "chat.wit")
FILES = load(API / "file-transfer.wit", name="file-transfer")
WORKER = load(API / "file-transfer.wit", name="file-transfer-worker")
FIBONACCI = load(API / "fibonacci.wit")
# Kinode's test builds only.
TEST = load(
    """
    interface tester {
        variant request { caps, write-file(write-file-request) }
        record write-file-request { name: string, contents: list<u8> }
    }
    """
)

MAIN_OF_FAKE2 = Address("fake2.dev", ProcessId("file-transfer", "file-transfer", "template.os"))

BODIES: list[tuple[str, Any, Any]] = [
    (
        '{"Send":{"target":"fake2.dev","message":"hello"}}',
        CHAT.Request,
        CHAT.Request.Send(CHAT.SendRequest(target="fake2.dev", message="hello")),
    ),
    ('{"History":"fake2.dev"}', CHAT.Request, CHAT.Request.History("fake2.dev")),
    ('"Send"', CHAT.Response, CHAT.Response.Send()),
    (
        '{"History":[{"author":"fake.dev","content":"hello"}]}',
        CHAT.Response,
        CHAT.Response.History([CHAT.ChatMessage(author="fake.dev", content="hello")]),
    ),
    ('"ListFiles"', FILES.TransferRequest, FILES.TransferRequest.ListFiles()),
    (
        '{"ListFiles":[{"name":"file-transfer:template.os/files/my_file.txt","size":12}]}',
        FILES.TransferResponse,
        FILES.TransferResponse.ListFiles(
            [FILES.FileInfo("file-transfer:template.os/files/my_file.txt", 12)]
        ),
    ),
    (
        (
            '{"Download":{"name":"my_file.txt","target":{"node":"fake2.dev","process":'
            '{"process_name":"file-transfer","package_name":"file-transfer",'
            '"publisher_node":"template.os"}},"is_requestor":true}}'
        ),
        WORKER.Request,
        WORKER.Request.Download(
            WORKER.DownloadRequest(name="my_file.txt", target=MAIN_OF_FAKE2, is_requestor=True)
        ),
    ),
    (
        '{"Progress":{"name":"my_file.txt","progress":100}}',
        WORKER.Request,
        WORKER.Request.Progress(WORKER.ProgressRequest("my_file.txt", 100)),
    ),
    ('{"Download":{"Ok":null}}', WORKER.Response, WORKER.Response.Download(Ok())),
    ('{"Download":{"Err":"text"}}', WORKER.Response, WORKER.Response.Download(Err("text"))),
    ('"Progress"', WORKER.Response, WORKER.Response.Progress()),
    (
        '{"Chunk":{"name":"my_file.txt","offset":0,"length":12}}',
        WORKER.InternalRequest,
        WORKER.InternalRequest.Chunk(WORKER.ChunkRequest("my_file.txt", offset=0, length=12)),
    ),
    ('{"Size":12}', WORKER.InternalRequest, WORKER.InternalRequest.Size(12)),
    ('{"Number":10}', FIBONACCI.Request, FIBONACCI.Request.Number(10)),
    ('{"Numbers":[10,5]}', FIBONACCI.Request, FIBONACCI.Request.Numbers((10, 5))),
    ('{"Number":55}', FIBONACCI.Response, FIBONACCI.Response.Number(55)),
    ('{"Numbers":[55,5]}', FIBONACCI.Response, FIBONACCI.Response.Numbers((55, 5))),
    ('"Caps"', TEST.Request, TEST.Request.Caps()),
    (
        '{"WriteFile":{"name":"my_file.txt","contents":[104,105]}}',
        TEST.Request,
        TEST.Request.WriteFile(TEST.WriteFileRequest("my_file.txt", b"hi")),
    ),
]
each_body = pytest.mark.parametrize(("body", "type_", "value"), BODIES, ids=[b[0] for b in BODIES])


@each_body
def test_a_value_is_written_byte_for_byte(body, type_, value):
    assert encode(value) == body.encode()
    assert to_json(value) == body.encode()
    assert encode(value, type_) == body.encode()


@each_body
def test_a_body_is_read(body, type_, value):
    assert decode(type_, body.encode()) == value
    assert isinstance(decode(type_, body.encode()), type_)


@each_body
def test_spaces_in_a_body_mean_nothing(body, type_, value):
    assert decode(type_, json.dumps(json.loads(body), indent=2).encode()) == value


# The file-transfer process tells its messages apart as its `enum Msg` does, in this order.
MSG = (
    FILES.TransferRequest,
    FILES.TransferResponse,
    WORKER.Request,
    WORKER.Response,
    WORKER.InternalRequest,
)


@pytest.mark.parametrize(
    ("body", "value"),
    [(body, value) for body, type_, value in BODIES if type_ in MSG],
)
def test_messages_of_several_types_are_told_apart(body, value):
    found = decode_any(MSG, body.encode())
    assert type(found) is type(value)
    assert found == value


def test_a_body_of_no_type_says_what_serde_says_and_why():
    with pytest.raises(WitBodyError) as caught:
        decode_any(MSG[:2], b'{"Send":{}}')
    assert str(caught.value) == "data did not match any variant of untagged enum Msg"
    assert caught.value.__notes__ == [
        'transfer-request: at $: transfer-request has no case "Send", only ListFiles.',
        'transfer-response: at $: transfer-response has no case "Send", only ListFiles.',
    ]


def test_the_first_type_that_fits_is_taken():
    both = load("interface two { variant a { x } variant b { x } }")
    assert isinstance(decode_any((both.B, both.A), b'"X"'), both.B)
    assert isinstance(decode_any((both.A, both.B), b'"X"'), both.A)


def test_the_old_python_chat_sends_null_for_a_case_that_carries_nothing():
    assert decode(CHAT.Response, b'{"Send":null}') == CHAT.Response.Send()


def test_a_match_statement_reads_like_the_wit():
    message = decode(CHAT.Request, b'{"Send":{"target":"fake2.dev","message":"hello"}}')
    match message:
        case CHAT.Request.History(node):
            pytest.fail(f"history of {node}")
        case CHAT.Request.Send(CHAT.SendRequest(target=target, message=text)):
            assert (target, text) == ("fake2.dev", "hello")
        case _:
            pytest.fail("no case")
    match decode(CHAT.Response, b'"Send"'):
        case CHAT.Response.Send():
            pass
        case _:
            pytest.fail("no case")
    match decode(WORKER.Response, b'{"Download":{"Err":"gone"}}'):
        case WORKER.Response.Download(Ok()):
            pytest.fail("it is an error")
        case WORKER.Response.Download(Err(reason)):
            assert reason == "gone"
