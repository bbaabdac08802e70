"""The helpers over http-server that a process author uses."""

import asyncio

import pytest

from kinode_nb.process_lib import Address, HttpServerError, LazyLoadBlob, SendError, VfsError, http
from kinode_nb.types import BodyError, Request
from kinode_nb.types.capabilities import HTTP_SERVER, VFS, messaging
from tests.system.http_nodes import APP, serve


def running(program, scenario, **options):
    """Run the scenario beside a process that has run the program, which gets its `our`."""

    async def with_process(web):
        started = asyncio.Event()
        failure = []

        async def init(our):
            try:
                await program(our, started)
            except Exception as error:
                failure.append(error)
                raise
            finally:
                started.set()

        held = [messaging(Address(web.node.name, each)) for each in (HTTP_SERVER, VFS)]
        web.node.spawn(init, "app", public=True, **{"capabilities": held, **options})
        await started.wait()
        assert not failure, failure
        return await scenario(web)

    return serve(with_process)


def doing(program, **options):
    """Run a program alone; returns what it returns."""
    results = []

    async def noting(our, started):
        results.append(await program(our))

    async def nothing(web):
        return results[0]

    return running(noting, nothing, **options)


async def site(our, started):
    """Answer requests and frames with what the helpers tell of them."""
    await http.bind_http_path(our, "/hello/:name", authenticated=False)
    await http.bind_http_path(
        our, "/open", authenticated=False, allowed_origins=["https://friend.example"]
    )
    await http.bind_ws_path(our, "/ws", authenticated=False)
    started.set()
    async for message in our:
        match http.parse_request(our, message):
            case http.IncomingHttpRequest() as request:
                said = f"{request.method} {request.path} {request.url_params}"
                await http.send_response(our, 201, {"Content-Type": "text/plain"}, said.encode())
            case http.WebSocketOpen(path, channel):
                await http.send_ws_push(our, channel, "Text", f"welcome to {path}")
            case http.WebSocketPush(channel, "Binary"):
                await http.send_ws_push(our, channel, "Binary", our.get_blob().bytes[::-1])
            case http.WebSocketPush(channel, "Text"):
                await http.close_ws(our, channel)
            case http.WebSocketClose(channel):
                await http.close_ws(our, channel)


def test_a_site():
    async def scenario(web):
        response = await web.response(f"/{APP}/hello/ann?x=1")
        assert (response.code, response.headers["Content-Type"]) == (201, "text/plain")
        assert response.body == b"GET /hello/ann {'name': 'ann'}"
        friend, foe = {"Origin": "https://friend.example"}, {"Origin": "https://foe.example"}
        assert (await web.fetch(f"/{APP}/open", "POST", b"", **friend))[0] == 201
        assert (await web.fetch(f"/{APP}/open", "POST", b"", **foe))[0] == 403
        client = await web.socket(f"/{APP}/ws")
        assert await client.read_message() == "welcome to /ws"
        await client.write_message(b"abc", binary=True)
        assert await client.read_message() == b"cba"
        await client.write_message("that is all")
        assert await client.read_message() is None

    running(site, scenario)


def test_paths_ask_for_a_login_unless_told_otherwise():
    async def program(our, started):
        await http.bind_http_path(our, "/")
        await http.secure_bind_http_path(our, "/secure")
        await http.secure_bind_ws_path(our, "/secure")
        started.set()
        await our.receive()

    async def scenario(web):
        assert b"Log in to" in (await web.fetch(f"/{APP}"))[1]
        assert (await web.fetch(f"/{APP}/secure", Host="localhost"))[0] == 307

    running(program, scenario)


def test_static_content_and_unbinding():
    async def program(our, started):
        page = LazyLoadBlob(b"<h1>Hi</h1>", "text/html")
        for path in ("/a", "/b"):
            await http.bind_http_path(our, path, authenticated=False, static_content=page)
        await http.unbind_http_path(our, "/b")
        await http.bind_ws_path(our, "/ws", authenticated=False)
        await http.unbind_ws_path(our, "/ws")
        started.set()
        await our.receive()

    async def scenario(web):
        assert await web.fetch(f"/{APP}/a") == (200, b"<h1>Hi</h1>")
        assert (await web.fetch(f"/{APP}/b"))[0] == 404
        assert (await web.raw(f"GET /{APP}/ws HTTP/1.0\r\n\r\n".encode()))[9:12] == b"404"

    running(program, scenario)


def test_a_folder_is_served_with_its_types():
    files = {"index.html": b"<p>", "js/app.js": b"1", "js/deep/x.unknown": b"?"}

    async def scenario(web):
        folder = web.node.home / "vfs" / "notebook:template.os" / "pkg" / "ui"
        for name, data in files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        started = asyncio.Event()

        async def init(our):
            await http.serve_ui(our, "ui", ["/", "/start"], authenticated=False)
            with pytest.raises(VfsError):
                await http.serve_file(our, "missing", ["/missing"])
            started.set()
            await our.receive()

        held = [messaging(Address(web.node.name, each)) for each in (HTTP_SERVER, VFS)]
        web.node.spawn(init, "app", public=True, capabilities=held)
        await started.wait()
        for path in ("", "/start", "/index.html"):
            page = await web.response(f"/{APP}{path}")
            assert (page.body, page.headers["Content-Type"]) == (b"<p>", "text/html")
        script = await web.response(f"/{APP}/js/app.js")
        assert "javascript" in script.headers["Content-Type"]
        unknown = await web.response(f"/{APP}/js/deep/x.unknown")
        assert unknown.headers["Content-Type"] == "application/octet-stream"

    serve(scenario)


def test_what_http_server_refuses_is_raised():
    async def program(our):
        with pytest.raises(HttpServerError, match="125") as caught:
            await http._ask(
                our,
                {"WebSocketPush": {"channel_id": 1, "message_type": "Ping"}},
                LazyLoadBlob(b"x" * 126),
            )
        await http.close_ws(our, 12345)
        return caught.value.kind

    assert doing(program) == "WsPingPongTooLong"


def test_without_the_capability_there_is_no_answer():
    async def program(our):
        with pytest.raises(SendError) as caught:
            await http.bind_http_path(our, "/")
        return caught.value.kind

    assert doing(program, capabilities=()) == "Timeout"


def test_only_the_nodes_own_http_server_is_believed():
    async def program(our):
        await our.send_request(our.address, {"Http": {}})
        forged = await our.receive()
        return http.parse_request(our, forged)

    assert doing(program) is None


@pytest.mark.parametrize("body", ['{"Http":{}}', "{}", '{"Later":1}', "no JSON"])
def test_what_http_server_cannot_have_said_is_an_error(body):
    class Ours:
        node = "fake.dev"

    server = Address("fake.dev", HTTP_SERVER)
    message = Request(
        server, server, 1, body.encode(), False, None, (), -1, None, 1, 0, 0
    )  # fmt: skip
    with pytest.raises(BodyError, match="http-server said"):
        http.parse_request(Ours(), message)
