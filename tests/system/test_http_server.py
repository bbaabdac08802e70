"""What processes ask of http-server, and its answers."""

import asyncio

import msgspec
import pytest

from kinode_nb.process_lib import Address, LazyLoadBlob, SendError
from kinode_nb.types.capabilities import HTTP_SERVER
from tests.system.http_nodes import APP, BINDING, WS_BINDING, act, echo, serve

BIND = {"path": "/a", **BINDING}


def answers(*steps):
    """Return what http-server answers to these (action[, blob]) of one process."""

    async def scenario(web):
        app = await web.app()
        return [await act(app.our, *step) for step in steps]

    return serve(scenario)


@pytest.mark.parametrize(
    "action",
    [
        {"Bind": BIND},
        {"Bind": {**BIND, "allowed_origins": ["*"], "of_later_versions": 1}},
        {"SecureBind": {"path": "/a", "cache": False}},
        {"Unbind": {"path": "/never/bound"}},
        {"WebSocketBind": {"path": "/a", **WS_BINDING}},
        {"WebSocketBind": {"path": "/a", **WS_BINDING, "encrypted": False}},
        {"WebSocketSecureBind": {"path": "/a", "extension": False}},
        {"WebSocketUnbind": {"path": "/never/bound"}},
        {"WebSocketClose": 12345},
    ],
)
def test_what_is_carried_out_is_ok(action):
    assert answers((action,), (action,)) == [{"Ok": None}] * 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b"[]",
        b"null",
        b"{}",
        b'"Bind"',
        b"\xff",
        {"Bind": {}},
        {"Bind": {**BIND, "path": 1}},
        {"Bind": {**BIND, "authenticated": "yes"}},
        {"Bind": {**BIND, "allowed_origins": "*"}},
        {"Bind": BIND, "Unbind": {"path": "/a"}},
        {"bind": BIND},
        {"SecureBind": {"path": "/a"}},
        {"Unbind": "/a"},
        {"WebSocketBind": {"path": "/a"}},
        {"WebSocketClose": {"channel_id": 1}},
        {"WebSocketOpen": {"path": "/a", "channel_id": 1}},
        {"Bind": [[[[[]]]]]},
        b'{"Bind":' + b"[" * 100_000,
    ],
)
def test_what_is_no_action_is_malformed(body):
    assert answers((body,), ({"Bind": BIND},)) == [{"Err": "MalformedRequest"}, {"Ok": None}]


@pytest.mark.parametrize(
    "action",
    [{"Bind": {**BIND, "cache": True}}, {"SecureBind": {"path": "/a", "cache": True}}],
)
def test_cached_content_wants_a_blob(action):
    assert answers((action,), (action, b"")) == [{"Err": "NoBlob"}, {"Ok": None}]


def test_ok_is_told_to_those_who_asked_for_it_errors_to_all():
    async def scenario(web):
        app = await web.app()
        before = len(web.net.log.entries)
        for body in ({"Bind": BIND}, {"Bind": {}}):
            await app.our.send_request(HTTP_SERVER, body)
        assert await act(app.our, {"Unbind": {"path": "/a"}}) == {"Ok": None}
        server = str(HTTP_SERVER)
        said = [
            each.body
            for each in web.net.log.entries[before:]
            if str(each.source.process) == server and isinstance(each.body, bytes)
        ]
        assert said == [b'{"Err":"MalformedRequest"}', b'{"Ok":null}']

    serve(scenario)


def test_answers_carry_no_metadata():
    async def scenario(web):
        app = await web.app()
        for body in ({"Bind": BIND}, {"Bind": {}}):
            answer = await app.our.send_and_await_response(HTTP_SERVER, body, metadata="m")
            assert answer.metadata is None

    serve(scenario)


def test_responses_to_http_server_are_let_be():
    async def scenario(web):
        app = await web.app(echo, binds=["/"])
        await app.our.send_response({"status": 200, "headers": {}})
        assert (await web.fetch(f"/{APP}"))[0] == 200

    serve(scenario)


def test_a_process_of_another_node_binds_nothing():
    async def scenario(web):
        there = await web.net.boot("there.dev", port="none")
        done = asyncio.Event()
        said = []

        async def binding(our):
            server = Address(web.node.name, HTTP_SERVER)
            for action in ({"Bind": BIND}, {"WebSocketBind": {"path": "/a", **WS_BINDING}}):
                answer = await our.send_and_await_response(server, action)
                said.append(answer.json())
            done.set()

        there.spawn(binding, "app", public=True)
        await done.wait()
        assert said == [{"Err": "InvalidSourceProcess"}] * 2
        assert (await web.fetch(f"/{APP}/a"))[0] == 404

    serve(scenario)


def test_a_process_needs_the_capability_to_message_http_server():
    async def scenario(web):
        said = []
        done = asyncio.Event()

        async def binding(our):
            try:
                await our.send_and_await_response(HTTP_SERVER, {"Bind": BIND})
            except SendError as error:
                said.append(error.kind)
            done.set()

        web.node.spawn(binding, "app", public=True, capabilities=())
        await done.wait()
        assert said == ["Timeout"]

    serve(scenario)


def test_rebinding_replaces():
    async def scenario(web):
        app = await web.app(echo, binds=["/a"])
        assert await act(app.our, {"Bind": {**BIND, "cache": True}}, b"cached") == {"Ok": None}
        assert await web.fetch(f"/{APP}/a") == (200, b"cached")
        assert await act(app.our, {"Bind": BIND}) == {"Ok": None}

    serve(scenario)


def test_a_restart_keeps_bindings():
    async def scenario(web):
        async def handle(our, said, data):
            if said["Http"]["method"] == "DELETE":
                raise ValueError("a mistake of the process")
            await our.send_response({"status": 200, "headers": {}}, blob=LazyLoadBlob(b"back"))

        app = await web.app(handle, binds=["/"])
        process = next(each for each in web.node.kernel.processes.values() if str(each.id) == APP)
        process.on_exit = type(process.on_exit)("Restart")
        app.started.clear()
        crash = asyncio.create_task(web.fetch(f"/{APP}", "DELETE"))
        await app.started.wait()
        assert await web.fetch(f"/{APP}") == (200, b"back")
        web.clock.advance(15.1)
        assert (await crash)[0] == 408

    serve(scenario)


def test_extensions_speak_message_pack():
    """A program of the machine answers a process's own Request, or sends it one."""
    path = f"/{APP}/ext"

    async def scenario(web):
        app = await web.app(ws_binds=[("/ext", {"extension": True})])
        client = await web.socket(path)
        channel = (await app.next())[0]["WebSocketOpen"]["channel_id"]
        outgoing = {
            "WebSocketExtPushOutgoing": {
                "channel_id": channel,
                "message_type": "Binary",
                "desired_reply_type": "Response",
            }
        }

        async def asking():
            answer = await app.our.send_and_await_response(
                HTTP_SERVER, outgoing, blob=LazyLoadBlob(b"\x01\xff")
            )
            return answer.json(), app.our.get_blob().bytes

        asked = asyncio.create_task(asking())
        data = msgspec.msgpack.decode(await client.read_message())["WebSocketExtPushData"]
        assert (data["kinode_message_type"], data["blob"]) == ("Response", [1, 255])
        pushed = {"WebSocketPush": {"channel_id": channel, "message_type": "Binary"}}

        async def say(kind, blob):
            said = {"id": data["id"], "kinode_message_type": kind, "blob": blob}
            frame = msgspec.msgpack.encode({"WebSocketExtPushData": said})
            await client.write_message(frame, binary=True)

        await say("Request", [7])
        assert await app.next() == (pushed, b"\x07")
        await say("Response", b"done")
        assert await asked == (pushed, b"done")
        await say("Response", b"nobody asked")
        await client.write_message(b"plain", binary=True)
        assert await app.next() == (pushed, b"plain")

        text = {**outgoing["WebSocketExtPushOutgoing"], "message_type": "Text"}
        elsewhere = {**outgoing["WebSocketExtPushOutgoing"], "channel_id": (channel + 1) % 2**32}
        assert await act(app.our, {"WebSocketExtPushOutgoing": text}, b"x") == {"Err": "NoBlob"}
        assert await act(app.our, outgoing) == {"Err": "NoBlob"}
        assert await act(app.our, {"WebSocketExtPushOutgoing": elsewhere}, b"x") == {
            "Err": "WsChannelNotFound"
        }

    serve(scenario)


def test_odd_paths_are_bound_and_met_by_nobody():
    async def scenario(web):
        app = await web.app(echo, binds=["/", "\x00/../%2e?#", "//", "/ä", "/:", "/*"])
        assert (await web.fetch(f"/{APP}"))[0] == 200
        assert (await app.next())[0]["Http"]["bound_path"] == f"/{APP}"
        assert (await web.fetch(f"/{APP}/x/y"))[0] == 200

    serve(scenario)
