"""http-server:distro:sys: paths and WebSockets that processes bind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.rules import rule
from tests.conformance.steps import Step, ask, blob, respond, send
from tests.conformance.web import Web
from tests.conformance.world import HERE, THERE, Guest, World

PATHS = "5 http-server: paths"
ANSWERS = "5 http-server: answers"
SOCKETS = "5 http-server: WebSockets"
SERVER = "http-server:distro:sys"
OK = {"Ok": None}
NOTHING = json.dumps({"status": 200, "headers": {}})


def act(action: Any, data: str | None = None, **more: Any) -> Step:
    return ask(f"our@{SERVER}", action, blob=None if data is None else blob(data), **more)


def bind(path: str, data: str | None = None, **more: Any) -> Step:
    what = {"path": path, "authenticated": False, "local_only": False, "cache": False, **more}
    return act({"Bind": what}, data)


async def app(world: World, *binds: Step, **answer: Any) -> Guest:
    """A guest that binds paths; with ``answer`` it answers every request so."""
    guest = await world.guest("app", may=[SERVER], grants=[SERVER])
    for got in await guest.play(*binds):
        assert json.loads(got["body"]) == OK
    return await guest.serve(**{"body": NOTHING, **answer}) if answer else guest


def url(guest: Guest, path: str = "") -> str:
    return f"/{guest.id}{path}"


# Paths.


@rule(PATHS, "a path is bound below its process's id; what nobody bound is 404")
async def test_bound_paths(world: World):
    async with Web(world) as web:
        a = await app(world, bind("/here"), blob=blob("yes"))
        for path, status in ((url(a, "/here"), 200), ("/here", 404), (url(a, "/no"), 404)):
            assert (await web.fetch(path)).code == status


@rule(PATHS, "a slash at the end is taken off")
async def test_trailing_slashes(world: World):
    async with Web(world) as web:
        a = await app(world, bind("/here/"), blob=blob("yes"))
        for path in ("/here", "/here/"):
            assert (await web.fetch(url(a, path))).code == 200


@rule(PATHS, "what is bound nowhere below a process falls back to its base path")
async def test_the_base_path(world: World):
    async with Web(world) as web:
        a = await app(world, bind("/"), blob=blob("base"))
        assert (await web.fetch(url(a, "/any/thing"))).body == b"base"


@rule(PATHS, "the process is told of the request, with parameters of path and query, and its body")
async def test_what_the_process_is_told(world: World):
    async with Web(world) as web:
        a = await app(world, bind("/u/:name"))
        path = url(a, "/u/ann?x=1&x=2")
        asked = await web.begin(path, "POST", "posted", X_Y="z")
        (got,) = a.idle
        await a.do(respond(NOTHING))
        assert (await web.standing(asked)).code == 200
    said = json.loads(got["body"])["Http"]
    assert (said["method"], said["bound_path"]) == ("POST", url(a, "/u/:name"))
    assert (said["url_params"], said["query_params"]) == ({"name": "ann"}, {"x": "2"})
    assert said["headers"]["x-y"] == "z"
    assert said["url"].startswith("http://")
    assert said["url"].endswith("/u/ann")
    assert got["blob"] == blob("posted")
    assert got["expects"]


@rule(PATHS, "a request without a body has an empty blob")
async def test_an_empty_body(world: World):
    async with Web(world) as web:
        a = await app(world, bind("/"))
        asked = await web.begin(url(a))
        assert a.idle[0]["blob"] == blob("")
        await a.do(respond(NOTHING))
        await web.standing(asked)


@rule(PATHS, "binding again replaces; Unbind makes it 404 again")
async def test_rebinding(world: World):
    async with Web(world) as web:
        a = await app(world, bind("/here", "one", cache=True), bind("/here", "two", cache=True))
        assert (await web.fetch(url(a, "/here"))).body == b"two"
        await a.do(act({"Unbind": {"path": "/here"}}))
        assert (await web.fetch(url(a, "/here"))).code == 404


@rule(PATHS, "cached content is given to GET without the process, as text/plain by default")
async def test_cached_content(world: World):
    async with Web(world) as web:
        a = await app(world, bind("/here", "cached", cache=True))
        response = await web.fetch(url(a, "/here"))
        assert (response.body, response.headers["Content-Type"]) == (b"cached", "text/plain")
    assert not a.idle


@rule(PATHS, "an authenticated path shows the login page, with 200, to who has no cookie")
async def test_login_page(world: World):
    async with Web(world) as web:
        a = await app(world, bind("/here", authenticated=True), blob=blob("secret"))
        response = await web.fetch(url(a, "/here"))
        assert response.code == 200
        assert b"secret" not in response.body
        hashed = json.dumps({"password_hash": "0x00", "subdomain": ""})
        login = await web.fetch("/login", "POST", hashed, Content_Type="application/json")
        cookie = login.headers["Set-Cookie"].partition(";")[0]
        assert cookie.startswith(f"kinode-auth_{HERE}=")
        assert (await web.fetch(url(a, "/here"), Cookie=cookie)).body == b"secret"


@rule(PATHS, "a process of another node cannot bind", "fixed")
async def test_binding_from_abroad(world: World):
    async with Web(world) as web:
        b = await world.guest("b", node=THERE)
        what = {"path": "/", "authenticated": False, "local_only": False, "cache": False}
        await b.do(send(f"{HERE}@{SERVER}", {"Bind": what}))
        assert (await web.fetch(url(b))).code == 404


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("Sing", "MalformedRequest"),
        (
            {"Bind": {"path": "/", "authenticated": False, "local_only": False, "cache": True}},
            "NoBlob",
        ),
    ],
    ids=["unknown", "no blob"],
)
@rule(PATHS, "what cannot be done is an Err with its name")
async def test_errors(world: World, action: Any, error: str):
    a = await app(world)
    assert json.loads((await a.do(act(action)))["body"]) == {"Err": error}


# Answers.


@rule(ANSWERS, "the process's status and headers are the response's; its blob is the body")
async def test_status_and_headers(world: World):
    said = json.dumps({"status": 418, "headers": {"X-Tea": "pot", "Content-Type": "a/b"}})
    async with Web(world) as web:
        a = await app(world, bind("/"), body=said, blob=blob(b"\x00\xff"))
        response = await web.fetch(url(a))
    assert (response.code, response.body) == (418, b"\x00\xff")
    assert (response.headers["X-Tea"], response.headers["Content-Type"]) == ("pot", "a/b")


@rule(ANSWERS, "Content-Type is application/octet-stream where the process says nothing")
async def test_the_default_type(world: World):
    async with Web(world) as web:
        a = await app(world, bind("/"), blob=blob("x"))
        response = await web.fetch(url(a))
    assert response.headers["Content-Type"] == "application/octet-stream"


@rule(ANSWERS, "an answer that cannot be read is 500")
async def test_a_malformed_answer(world: World):
    async with Web(world) as web:
        a = await app(world, bind("/"), body="no json")
        assert (await web.fetch(url(a))).code == 500


@rule(ANSWERS, "no answer within 15 s is 408", "differs")
async def test_no_answer(world: World):
    async with Web(world) as web:
        a = await app(world, bind("/"))
        assert (await web.unanswered(url(a))).code == 408
    assert world.clock.seconds == pytest.approx(15, abs=0.1)


# WebSockets.


async def opened(world: World, web: Web) -> tuple[Guest, Any, int]:
    """An app with a client, and the id of their channel."""
    binding = {"path": "/ws", "authenticated": False, "extension": False}
    a = await app(world, act({"WebSocketBind": binding}))
    client = await web.socket(url(a, "/ws"))
    await web.until(lambda: len(a.idle) == 1)
    return a, client, json.loads(a.idle[0]["body"])["WebSocketOpen"]["channel_id"]


@rule(SOCKETS, "the process is told of a channel that is opened, with the path as it bound it")
async def test_opening(world: World):
    async with Web(world) as web:
        a, _, channel = await opened(world, web)
    said = {"WebSocketOpen": {"path": "/ws", "channel_id": channel}}
    assert (json.loads(a.idle[0]["body"]), a.idle[0]["expects"]) == (said, None)


@pytest.mark.parametrize(("frame", "kind"), [("text", "Text"), (b"\x00{}", "Binary")])
@rule(SOCKETS, "a client's frame is a WebSocketPush with its bytes in the blob")
async def test_frames_from_clients(world: World, frame: str | bytes, kind: str):
    async with Web(world) as web:
        a, client, channel = await opened(world, web)
        await web.standing(client.write_message(frame, binary=isinstance(frame, bytes)))
        await web.until(lambda: len(a.idle) == 2)
    push = {"WebSocketPush": {"channel_id": channel, "message_type": kind}}
    assert (json.loads(a.idle[1]["body"]), a.idle[1]["blob"]) == (push, blob(frame))


@pytest.mark.parametrize(("frame", "kind"), [("text", "Text"), (b"\x00{}", "Binary")])
@rule(SOCKETS, "a process's WebSocketPush is a frame for the client")
async def test_frames_to_clients(world: World, frame: str | bytes, kind: str):
    async with Web(world) as web:
        a, client, channel = await opened(world, web)
        push = {"WebSocketPush": {"channel_id": channel, "message_type": kind}}
        await a.do(send(f"our@{SERVER}", push, blob=blob(frame)))
        assert await web.standing(client.read_message()) == frame


@rule(SOCKETS, "a client that closes is a WebSocketPush of type Close, then a WebSocketClose")
async def test_closing_by_the_client(world: World):
    async with Web(world) as web:
        a, client, channel = await opened(world, web)
        client.close()
        await web.until(lambda: len(a.idle) == 3)
    push, close = [json.loads(got["body"]) for got in a.idle[1:]]
    assert push == {"WebSocketPush": {"channel_id": channel, "message_type": "Close"}}
    assert close == {"WebSocketClose": channel}


@rule(SOCKETS, "a process may close its channel, and one that is not there, but not another's")
async def test_closing_by_the_process(world: World):
    async with Web(world) as web:
        a, client, channel = await opened(world, web)
        other = await world.guest("other", may=[SERVER], grants=[SERVER])
        not_found = {"Err": "WsChannelNotFound"}
        for guest, id_, said in (
            (other, channel, not_found),
            (a, channel + 1, OK),
            (a, channel, OK),
        ):
            got = await guest.do(act({"WebSocketClose": id_}))
            assert json.loads(got["body"]) == said
        assert await web.standing(client.read_message()) is None


@rule(SOCKETS, "a frame of type Close closes the channel, and harms nobody", "fixed")
async def test_pushing_close(world: World):
    async with Web(world) as web:
        a, client, channel = await opened(world, web)
        push = {"WebSocketPush": {"channel_id": channel, "message_type": "Close"}}
        await a.do(send(f"our@{SERVER}", push, blob=blob("")))
        assert await web.standing(client.read_message()) is None
        assert (await web.fetch("/nothing")).code == 404
