"""HTTP requests to the paths that processes have bound: over real sockets, to a whole node."""

import asyncio
import json

import pytest

from kinode_nb.process_lib import LazyLoadBlob
from tests.system.http_nodes import APP, act, answering, echo, serve


def fetching(*requests, handle=echo, **app):
    """Return what these requests get from an app, as (status, body) each."""

    async def scenario(web):
        await web.app(handle, **app)
        return [await web.fetch(*each) for each in requests]

    return serve(scenario)


def test_a_process_gets_the_request_and_its_body():
    async def scenario(web):
        app = await web.app(echo, binds=["/things/:kind/:id"])
        url = f"/{APP}/things/big/7/?a=1&a=2&b=x%20y&c"
        assert await web.fetch(url, "PUT", b"hello", X_Own="first") == (200, b"hello")
        said, data = await app.next()
        assert data == b"hello"
        request = said["Http"]
        address, port = request.pop("source_socket_addr").split(":")
        assert (address, int(port) > 0) == ("127.0.0.1", True)
        headers = request.pop("headers")
        assert headers["x-own"] == "first"
        assert headers["host"] == f"127.0.0.1:{web.node.port}"
        assert request == {
            "method": "PUT",
            "url": f"http://127.0.0.1/{APP}/things/big/7",
            "bound_path": f"/{APP}/things/:kind/:id",
            "url_params": {"kind": "big", "id": "7"},
            "query_params": {"a": "2", "b": "x y", "c": ""},
        }

    serve(scenario)


def test_the_request_expects_a_response_within_the_nodes_time():
    async def scenario(web):
        await web.app(echo, binds=["/"])
        await web.fetch(f"/{APP}")
        (request,) = (
            each for each in web.net.log.entries if getattr(each, "body", b"")[:7] == b'{"Http"'
        )
        assert (request.expects_response, request.rsvp) == (15, None)
        assert str(request.source) == "fake.dev@http-server:distro:sys"

    serve(scenario)


def test_a_request_without_a_body_has_an_empty_blob():
    async def scenario(web):
        app = await web.app(echo, binds=["/"])
        assert await web.fetch(f"/{APP}") == (200, b"")
        assert (await app.next())[1] == b""

    serve(scenario)


def test_of_repeated_headers_the_last_counts_and_what_is_not_ascii_is_empty():
    async def scenario(web):
        app = await web.app(echo, binds=["/"])
        head = f"GET /{APP} HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n".encode()
        answer = await web.raw(head + b"X-Twice: 1\r\nX-Twice: 2\r\nX-Odd: \xe9\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")
        request = (await app.next())[0]["Http"]
        assert request["headers"]["x-twice"] == "2"
        assert request["headers"]["x-odd"] == ""
        assert request["url"] == f"http://localhost/{APP}"

    serve(scenario)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_every_method_reaches_the_process(method):
    async def scenario(web):
        app = await web.app(echo, binds=["/"])
        assert await web.fetch(f"/{APP}", method, b"x") == (200, b"x")
        assert (await app.next())[0]["Http"]["method"] == method

    serve(scenario)


def test_the_process_decides_on_status_and_headers():
    async def scenario(web):
        said = {
            "status": 418,
            "headers": {"content-type": "a/b", "X-Own": "1", "Set-Cookie": "k=v"},
        }
        await web.app(answering(said, b"short and stout"), binds=["/"])
        response = await web.response(f"/{APP}")
        assert (response.code, response.body) == (418, b"short and stout")
        assert response.headers["Content-Type"] == "a/b"
        assert response.headers["X-Own"] == "1"
        assert response.headers["Set-Cookie"] == "k=v"

    serve(scenario)


def test_the_content_type_is_octets_unless_the_process_says():
    async def scenario(web):
        await web.app(answering({"status": 200, "headers": {}}, None), binds=["/"])
        response = await web.response(f"/{APP}")
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.body == b""

    serve(scenario)


def test_headers_that_would_confuse_the_connection_are_left_out():
    async def scenario(web):
        headers = {
            "Content-Length": "99",
            "Transfer-Encoding": "chunked",
            "X-Split": "a\r\nX-Injected: 1",
            "bad name": "1",
            "X-Good": "1",
        }
        await web.app(answering({"status": 200, "headers": headers}, b"body"), binds=["/"])
        response = await web.response(f"/{APP}")
        assert (response.body, response.headers["Content-Length"]) == (b"body", "4")
        assert response.headers["X-Good"] == "1"
        assert not {"X-Split", "X-Injected", "Transfer-Encoding"} & set(response.headers)

    serve(scenario)


def test_head_and_no_content_have_no_body_and_the_connection_goes_on():
    async def scenario(web):
        async def handle(our, said, _):
            empty = "head" not in said["Http"]["url"]
            body = {"status": 204 if empty else 200, "headers": {}}
            await our.send_response(body, blob=LazyLoadBlob(b"12345"))

        await web.app(handle, binds=["/"])
        head = "Host: localhost\r\n"
        answer = await web.raw(
            f"HEAD /{APP}/head HTTP/1.1\r\n{head}\r\n"
            f"GET /{APP} HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode()
        )
        first, second, rest = answer.split(b"\r\n\r\n")
        assert first.startswith(b"HTTP/1.1 200 ")
        assert b"Content-Length: 5" in first
        assert second.startswith(b"HTTP/1.1 204 ")
        assert rest == b""

    serve(scenario)


@pytest.mark.parametrize(
    "said",
    [
        b"no JSON",
        b'{"status":200}',
        b'{"status":"200","headers":{}}',
        b'{"status":70000,"headers":{}}',
    ],
)
def test_an_answer_that_is_none_is_the_nodes_error(said):
    assert fetching((f"/{APP}",), handle=answering(said), binds=["/"])[0][0] == 500


@pytest.mark.parametrize("status", [0, 99, 100, 101, 1000, 65535])
def test_a_status_that_is_none_is_the_nodes_error(status):
    handle = answering({"status": status, "headers": {}}, b"as it is")
    assert fetching((f"/{APP}",), handle=handle, binds=["/"]) == [(500, b"as it is")]


def test_what_nobody_has_bound_is_not_found():
    wanted = [(f"/{APP}/x",), ("/",), ("/other:notebook:template.os/a",), ("//",), ("/a/b/c",)]
    assert [status for status, _ in fetching(*wanted, binds=["/a"])] == [404] * 5


def test_paths_below_go_to_the_base_path():
    async def scenario(web):
        app = await web.app(echo, binds=["/"])
        assert (await web.fetch(f"/{APP}/deep/down"))[0] == 200
        request = (await app.next())[0]["Http"]
        assert request["bound_path"] == f"/{APP}"
        assert request["url"].endswith("/deep/down")

    serve(scenario)


def test_what_was_unbound_is_not_found_and_may_be_bound_again():
    async def scenario(web):
        app = await web.app(echo, binds=["/", "/a"])
        our = app.our
        bind = {"Bind": {"path": "/a", "authenticated": False, "local_only": False, "cache": False}}
        steps = []

        async def doing(our):
            steps.append(await act(our, {"Unbind": {"path": "a/"}}))
            steps.append(await web.fetch(f"/{APP}/a"))
            steps.append((await web.fetch(f"/{APP}/b"))[0])
            steps.append(await act(our, bind))

        await asyncio.create_task(doing(our))
        assert steps[0] == steps[3] == {"Ok": None}
        assert (steps[1][0], steps[2]) == (404, 200)
        assert (await web.fetch(f"/{APP}/a"))[0] == 200

    serve(scenario)


def test_cached_content_is_served_to_get_alone():
    async def scenario(web):
        app = await web.app(echo, binds=["/"])
        for path, mime in (("/typed", "text/css"), ("/untyped", None)):
            bind = {"path": path, "authenticated": False, "local_only": False, "cache": True}
            blob = LazyLoadBlob(b"content", mime)
            answer = await app.our.send_and_await_response(
                "http-server:distro:sys", {"Bind": bind}, blob=blob
            )
            assert answer.json() == {"Ok": None}
        response = await web.response(f"/{APP}/typed")
        assert (response.code, response.body) == (200, b"content")
        assert response.headers["Content-Type"] == "text/css"
        untyped = await web.response(f"/{APP}/untyped")
        assert untyped.headers["Content-Type"] == "text/plain"
        assert app.got.empty()
        assert await web.fetch(f"/{APP}/typed", "POST", b"mine") == (200, b"mine")

    serve(scenario)


def test_no_answer_is_408_when_the_time_is_up_and_not_before():
    async def scenario(web):
        app = await web.app(binds=["/"])
        asked = asyncio.create_task(web.fetch(f"/{APP}"))
        await app.next()
        web.clock.advance(14.9)
        await _answered(web)
        assert not asked.done()
        web.clock.advance(0.2)
        assert (await asked)[0] == 408

    serve(scenario)


def test_the_time_is_an_option_of_boot():
    async def scenario(web):
        app = await web.app(binds=["/"])
        asked = asyncio.create_task(web.fetch(f"/{APP}"))
        await app.next()
        web.clock.advance(0.5)
        assert (await asked)[0] == 408

    serve(scenario, http_timeout=0.5)


def test_a_late_answer_changes_nothing():
    async def scenario(web):
        late = asyncio.Event()

        async def handle(our, said, data):
            await late.wait()
            await echo(our, said, data)

        app = await web.app(handle, binds=["/"])
        asked = asyncio.create_task(web.fetch(f"/{APP}", "POST", b"1"))
        await app.next()
        web.clock.advance(16)
        assert (await asked)[0] == 408
        late.set()
        assert await web.fetch(f"/{APP}", "POST", b"2") == (200, b"2")

    serve(scenario)


async def _answered(web):
    """Return when the node has answered something else, so had its chance to answer the first."""
    assert (await web.fetch("/nothing"))[0] == 404


def test_a_process_that_may_not_be_messaged_is_as_one_that_does_not_answer():
    async def scenario(web):
        app = await web.app(echo, binds=["/"])
        process = next(each for each in web.node.kernel.processes.values() if str(each.id) == APP)
        process.public = False
        asked = asyncio.create_task(web.fetch(f"/{APP}"))
        await _denied(web)
        assert not asked.done()
        web.clock.advance(15)
        assert (await asked)[0] == 408
        assert app.got.empty()

    serve(scenario)


async def _denied(web):
    while not any(fate[0] == "denied" for fate in web.net.log.outcomes.values()):
        await _answered(web)


def test_only_the_process_that_was_asked_can_answer():
    async def scenario(web):
        answered = asyncio.Event()

        async def accomplice(our, said, data):
            await our.send_response({"status": 200, "headers": {}}, blob=LazyLoadBlob(b"mine"))
            answered.set()

        async def passing_on(our, said, data):
            if "Http" in said:
                await our.send_request("other:notebook:template.os", said, inherit=True)
                await answered.wait()
                await echo(our, said, data)

        await web.app(accomplice, name="other", capabilities=())
        web.node.kernel.processes[next(iter(_ids(web, "other")))].system = True
        await web.app(passing_on, binds=["/"])
        assert await web.fetch(f"/{APP}", "POST", b"the app's") == (200, b"the app's")

    serve(scenario)


def _ids(web, name):
    return [id_ for id_ in web.node.kernel.processes if id_.process_name == name]


def test_a_process_that_ends_takes_its_bindings_along():
    async def scenario(web):
        async def handle(our, said, data):
            await echo(our, said, data)
            raise SystemExit

        await web.app(handle, binds=["/", "/:any"])
        assert (await web.fetch(f"/{APP}/a"))[0] == 200
        while (await web.fetch(f"/{APP}/a"))[0] != 404:
            pass
        assert (await web.fetch(f"/{APP}"))[0] == 404
        await web.app(answering({"status": 201, "headers": {}}), binds=["/"])
        assert (await web.fetch(f"/{APP}"))[0] == 201

    serve(scenario)


def test_local_only_wants_a_local_name_too(monkeypatch):
    monkeypatch.setenv("KINODE_NB_TRUSTED_HOSTS", "jupyter.example.org")

    async def scenario(web):
        await web.app(echo, binds=["/open", ("/local", {"local_only": True})])
        for host, open_, local in (
            ("localhost:8888", 200, 200),
            ("jupyter.example.org", 200, 403),
        ):
            assert (await web.fetch(f"/{APP}/open", Host=host))[0] == open_
            assert (await web.fetch(f"/{APP}/local", Host=host))[0] == local

    serve(scenario)


def test_many_at_once_each_get_their_own_answer():
    async def scenario(web):
        await web.app(echo, binds=["/"])
        bodies = [str(number).encode() for number in range(60)]
        answers = await asyncio.gather(*(web.fetch(f"/{APP}", "POST", body) for body in bodies))
        assert answers == [(200, body) for body in bodies]

    serve(scenario)


def test_a_client_that_goes_away_is_not_waited_for():
    async def scenario(web):
        app = await web.app(binds=["/"])
        _, writer = await asyncio.open_connection("127.0.0.1", web.node.port)
        writer.write(f"GET /{APP} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await app.next()
        writer.close()
        server = next(iter(_ids(web, "http-server")))
        outstanding = web.node.kernel.processes[server].outstanding.entries
        while outstanding:
            await _answered(web)

    serve(scenario)


def test_json_of_the_request_is_compact_text():
    async def scenario(web):
        await web.app(echo, binds=["/"])
        await web.fetch(f"/{APP}?q=ä".replace("ä", "%C3%A4"))
        (body,) = (
            each.body
            for each in web.net.log.entries
            if getattr(each, "body", b"")[:7] == b'{"Http"'
        )
        assert json.loads(body)["Http"]["query_params"] == {"q": "ä"}
        assert list(json.loads(body)["Http"]) == [
            "source_socket_addr",
            "method",
            "url",
            "bound_path",
            "headers",
            "url_params",
            "query_params",
        ]

    serve(scenario)
