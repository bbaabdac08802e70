"""The route that kit uses: one message in the name of http-server."""

import asyncio
import base64
import json

import pytest

from kinode_nb.process_lib import LazyLoadBlob
from tests.system.http_nodes import APP, RPC, serve

CALL = {
    "node": None,
    "process": APP,
    "inherit": False,
    "expects_response": 15,
    "body": '"hi"',
    "metadata": None,
    "context": None,
    "mime": "x/y",
    "data": base64.b64encode(b"the blob").decode(),
}


async def back(our, said, data):
    """Answer with the body and the blob that came."""
    body, mime = json.dumps(said).encode(), "x/y" if data else None
    await our.send_response(body, blob=LazyLoadBlob(data, mime) if data else None)


def calling(*calls, handle=back, **boot):
    """Return what each of these calls gets, as (status, body)."""

    async def scenario(web):
        await web.app(handle)
        return [await web.rpc(call) for call in calls]

    return serve(scenario, **boot)


def shown(body, blob=None):
    return json.loads(json.dumps({"body": list(body), "lazy_load_blob": blob}))


def test_body_and_blob_come_back_as_numbers():
    async def scenario(web):
        await web.app(back)
        response = await web.response(RPC, "POST", json.dumps(CALL).encode())
        assert response.code == 200
        assert response.headers["Content-Type"] == "text/html"
        blob = {"mime": "x/y", "bytes": list(base64.b64encode(b"the blob"))}
        assert json.loads(response.body) == shown(b'"hi"', blob)

    serve(scenario)


def test_what_curl_sends_in_kits_shape():
    """As ``curl -d @- -H 'content-type: application/json' http://localhost:8080/rpc…``."""

    async def scenario(web):
        await web.app(back)
        body = json.dumps({**CALL, "data": None}).encode()
        answer = await web.raw(
            f"POST {RPC} HTTP/1.1\r\nHost: localhost:{web.node.port}\r\n"
            "User-Agent: curl/8.14.1\r\nAccept: */*\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        head, _, said = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert said == b'{"body":[34,104,105,34],"lazy_load_blob":null}'

    serve(scenario)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PROPFIND"])
def test_any_method_will_do(method):
    async def scenario(web):
        await web.app(back)
        return await web.rpc(CALL, method)

    assert serve(scenario)[0] == 200


def test_only_the_process_is_needed():
    async def scenario(web):
        app = await web.app()
        body = b'{"process":"app:notebook:template.os","other":[1],"body":"{}"}'
        assert await web.rpc(body) == (200, b"")
        assert await app.next() == ({}, None)

    serve(scenario)


def test_an_absent_body_is_empty():
    async def scenario(web):
        await web.app()
        assert await web.rpc({"process": APP}) == (200, b"")
        sent = [each for each in web.net.log.entries if "http-server" in str(each.source)]
        assert [each.body for each in sent if str(each.target.process) == APP][-1] == b""

    serve(scenario)


def test_metadata_is_passed_on():
    async def scenario(web):
        await web.app()
        await web.rpc({"process": APP, "body": "{}", "metadata": "about it", "inherit": True})
        assert any(getattr(each, "metadata", "") == "about it" for each in web.net.log.entries)

    serve(scenario)


@pytest.mark.parametrize("data", ["no base64!", "YWJj\n", "YWI", "YR==", "ä", "_-8="])
def test_data_that_cannot_be_decoded_is_no_blob(data):
    ((status, body),) = calling({**CALL, "data": data})
    assert (status, json.loads(body)) == (200, shown(b'"hi"'))


def test_empty_data_is_an_empty_blob():
    async def handle(our, said, data):
        assert our.has_blob()
        await our.send_response({}, blob=our.get_blob())

    ((_, body),) = calling({**CALL, "data": "", "mime": None}, handle=handle)
    assert json.loads(body) == shown(b"{}", {"mime": None, "bytes": []})


def test_expecting_nothing_is_done_at_once():
    async def scenario(web):
        app = await web.app()
        call = {**CALL, "expects_response": None}
        assert await web.rpc(call) == (200, b"")
        assert await app.next() == ("hi", b"the blob")
        assert await web.rpc({**call, "process": "nobody:is:there"}) == (200, b"")
        assert await web.rpc({**call, "node": "nowhere.dev"}) == (200, b"")

    serve(scenario)


@pytest.mark.parametrize(
    "call",
    [
        b"",
        b"no JSON",
        b"[]",
        b"{}",
        b"null",
        b"\xff\xfe",
        b'{"process":1}',
        b'{"process":""}',
        b'{"process":"a:b"}',
        b'{"process":"a:b:c:d"}',
        b'{"process":"a::c"}',
        b'{"process":"our@a:b:c"}',
        b'{"process":"a:b:c","expects_response":"15"}',
        b'{"process":"a:b:c","expects_response":-1}',
        b'{"process":"a:b:c","expects_response":1.5}',
        b'{"process":"a:b:c","expects_response":18446744073709551616}',
        b'{"process":"a:b:c","body":{}}',
        b'{"process":"a:b:c","inherit":"no"}',
        b'{"process":"a:b:c","body":"\\ud800"}',
        b'{"process":"a:b:c"} and more',
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_bad_json_and_bad_process_ids_are_400_with_nothing(call):
    assert calling(call) == [(400, b"")]


@pytest.mark.parametrize(
    "call",
    [
        {"process": "nobody:is:there"},
        {"process": "NOT:Kimap-safe:but read"},
        {"process": APP, "node": "nowhere.dev"},
        {"process": APP, "node": "no name!"},
        {"process": APP, "node": ""},
        {"process": "private:notebook:template.os"},
    ],
)
def test_what_cannot_be_delivered_is_408_when_the_time_is_up(call):
    async def scenario(web):
        await web.app()
        web.node.spawn(_waiting, "private", capabilities=())
        asked = asyncio.create_task(web.rpc({**CALL, **call}))
        while not web.net.log.outcomes:
            await web.rpc({"process": APP})
        web.clock.advance(14.9)
        await web.rpc({"process": APP})
        assert not asked.done()
        web.clock.advance(0.2)
        assert await asked == (408, b"")

    serve(scenario)


async def _waiting(our):
    await our.receive()


@pytest.mark.parametrize("seconds", [0, 1, 15, 600, (1 << 64) - 1])
def test_the_time_is_the_nodes_whatever_the_caller_expects(seconds):
    async def scenario(web):
        app = await web.app()
        asked = asyncio.create_task(web.rpc({**CALL, "expects_response": seconds}))
        await app.next()
        web.clock.advance(2.9)
        await web.rpc({"process": APP})
        assert not asked.done()
        web.clock.advance(0.2)
        assert await asked == (408, b"")

    serve(scenario, http_timeout=3)


def test_an_answer_later_than_the_caller_expects_is_taken():
    async def scenario(web):
        go_on = asyncio.Event()

        async def handle(our, said, data):
            await go_on.wait()
            await back(our, said, data)

        app = await web.app(handle)
        asked = asyncio.create_task(web.rpc({**CALL, "expects_response": 1}))
        await app.next()
        web.clock.advance(10)
        assert (await web.fetch("/nothing"))[0] == 404  # timers have had their turn
        go_on.set()
        assert (await asked)[0] == 200

    serve(scenario)


def test_the_real_one_answers_for_whoever_got_the_request_passed_on():
    async def scenario(web):
        async def passing_on(our, said, data):
            await our.send_request("other:notebook:template.os", said, inherit=True)

        other = await web.app(back, name="other")
        await web.app(passing_on)
        status, body = await web.rpc({**CALL, "data": None})
        assert (status, json.loads(body)) == (200, shown(b'"hi"'))
        assert (await other.next())[0] == "hi"

    serve(scenario)


def test_another_node_is_reached():
    async def scenario(web):
        there = await web.net.boot("there.dev", port="none")
        started = asyncio.Event()

        async def answering(our):
            started.set()
            async for message in our:
                await our.send_response({"from": str(message.source)})

        there.spawn(answering, "app", public=True)
        await started.wait()
        status, body = await web.rpc({**CALL, "node": "there.dev", "process": APP})
        assert status == 200
        assert bytes(json.loads(body)["body"]) == b'{"from":"fake.dev@http-server:distro:sys"}'

    serve(scenario)


@pytest.mark.parametrize(
    ("process", "body"),
    [
        ("kernel:distro:sys", {"Debug": "ProcessMap"}),
        ("vfs:distro:sys", {"path": "/tester:sys/tests", "action": "ReadDir"}),
        ("state:distro:sys", {"GetState": APP}),
        ("kv:distro:sys", {}),
        ("sqlite:distro:sys", {}),
        ("timer:distro:sys", {"SetTimer": 0}),
        ("main:app-store:sys", "Apis"),
    ],
)
def test_the_runtime_modules_and_app_store_answer(process, body):
    async def scenario(web):
        return await web.rpc({**CALL, "process": process, "body": json.dumps(body)})

    assert serve(scenario)[0] == 200


def test_our_is_this_node():
    assert [status for status, _ in calling({**CALL, "node": "our"})] == [200]


def test_names_with_underscores_are_read_with_hyphens():
    async def scenario(web):
        await web.app(back, name="long-name")
        return await web.rpc({**CALL, "process": "long_name:notebook:template.os"})

    assert serve(scenario)[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {
            "Sec_Fetch_Site": "cross-site",
            "Sec_Fetch_Mode": "navigate",
            "Sec_Fetch_Dest": "document",
        },
        {"Host": "evil.example"},
        {"Host": "evil.example:8080", "Origin": "http://evil.example:8080"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "192.168.0.1"},
        {"Host": ""},
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_no_foreign_web_page_reaches_it(method, headers):
    async def scenario(web):
        app = await web.app(back)
        status, _ = await web.rpc(CALL, method, **headers)
        assert status in ({400, 403} if headers.get("Host") == "" else {403})
        assert app.got.empty()

    serve(scenario)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost:8080"},
        {"Host": "LOCALHOST"},
        {"Host": "[::1]:8080"},
        {"Host": "127.0.0.1:9090"},
        {"Host": "localhost:8888", "Origin": "http://localhost:8888"},
        {"Origin": "http://localhost:3000"},
        {"Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "none"},
    ],
)
def test_kit_curl_and_the_machines_own_pages_do(headers):
    async def scenario(web):
        await web.app(back)
        return await web.rpc(CALL, **headers)

    assert serve(scenario)[0] == 200
