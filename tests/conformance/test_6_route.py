"""The one HTTP route that kit uses, and the packages that it brings by it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from tests.conformance.rules import rule
from tests.conformance.steps import DIRECTOR, blob
from tests.conformance.web import ROUTE, Web
from tests.conformance.world import HERE, THERE, World

CALL = "6 Route"
STORE_RULES = "6 app-store"
WEB = "http-server:distro:sys"
STORE = "main:app-store:sys"
ID = {"package_name": "made", "publisher_node": "test.os"}


def text(answer: Any) -> str:
    return bytes(answer["body"]).decode()


@rule(CALL, "a Response is JSON: the body as numbers, a blob as the numbers of its base64 text")
async def test_the_shape_of_an_answer(world: World):
    async with Web(world) as web:
        a = await world.guest("a", public=True, may=[WEB])
        await a.serve(body='"Ack"', metadata="unseen", blob=blob("hi", "x/y"))
        response = await web.fetch(
            ROUTE, "POST", json.dumps({"process": a.id, "expects_response": 15, "body": '"test"'})
        )
    assert (response.code, response.headers["Content-Type"]) == (200, "text/html")
    assert json.loads(response.body) == {
        "body": list(b'"Ack"'),
        "lazy_load_blob": {"mime": "x/y", "bytes": list(base64.b64encode(b"hi"))},
    }


@rule(CALL, "without a blob in the Response, lazy_load_blob is null")
async def test_no_blob(world: World):
    async with Web(world) as web:
        a = await world.guest("a", public=True, may=[WEB])
        await a.serve()
        assert (await web.rpc(a.id))["lazy_load_blob"] is None


@rule(CALL, "the Request comes from http-server, with body, metadata, blob and expects_response")
async def test_what_is_sent(world: World):
    async with Web(world) as web:
        a = await world.guest("a", public=True, may=[WEB])
        call = {"process": a.id, "body": "any text", "metadata": "m", "mime": "x/y"}
        call |= {"data": base64.b64encode(b"\x00\xff").decode(), "inherit": True, "context": "c"}
        assert (await web.fetch(ROUTE, "POST", json.dumps(call))).code == 200
        await world.settle()
    (got,) = a.idle
    assert (got["source"], got["body"]) == (f"{HERE}@{WEB}", "any text")
    assert (got["metadata"], got["expects"]) == ("m", None)
    assert got["blob"] == blob(b"\x00\xff", "x/y")


@rule(CALL, "expects_response null is answered 200 with an empty body, whatever becomes of it")
async def test_nothing_expected(world: World):
    async with Web(world) as web:
        response = await web.fetch(ROUTE, "POST", json.dumps({"process": "no:such:os"}))
    assert (response.code, response.body) == (200, b"")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@rule(CALL, "any HTTP method will do")
async def test_methods(world: World, method: str):
    async with Web(world) as web:
        a = await world.guest("a", public=True, may=[WEB])
        await a.serve(body="yes")
        call = json.dumps({"process": a.id, "expects_response": 5})
        answer = json.loads((await web.fetch(ROUTE, method, call)).body)
    assert text(answer) == "yes"


@pytest.mark.parametrize("call", ["", "no json", "{}", '{"process":"a:b"}', '{"process":1}', "[]"])
@rule(CALL, "bad JSON and a bad process id are 400 with an empty body")
async def test_bad_calls(world: World, call: str):
    async with Web(world) as web:
        response = await web.fetch(ROUTE, "POST", call)
    assert (response.code, response.body) == (400, b"")


@rule(CALL, "data that is no base64 is no blob, and mime alone neither")
async def test_bad_data(world: World):
    async with Web(world) as web:
        a = await world.guest("a", public=True, may=[WEB])
        for more in ({"data": "?"}, {}):
            call = json.dumps({"process": a.id, "mime": "x/y", **more})
            assert (await web.fetch(ROUTE, "POST", call)).code == 200
        await world.settle()
    assert [got["blob"] for got in a.idle] == [None, None]


@rule(CALL, "node may name another node")
async def test_another_node(world: World):
    async with Web(world) as web:
        b = await world.guest("b", node=THERE)
        await b.serve(body="from there")
        assert text(await web.rpc(b.id, node=THERE)) == "from there"


@pytest.mark.parametrize("target", ["no:such:os", "a:a:test.os"])
@rule(CALL, "who is not there, is not let in or does not answer is 408 after 15 s", "differs")
async def test_no_answer(world: World, target: str):
    async with Web(world) as web:
        await world.guest("a", public=False)
        call = json.dumps({"process": target, "expects_response": 15})
        response = await web.unanswered(ROUTE, "POST", call)
    assert response.code == 408
    assert world.clock.seconds == pytest.approx(15, abs=0.1)


@rule(CALL, "a process that granted http-server messaging is reachable without being public")
async def test_granted(world: World):
    async with Web(world) as web:
        a = await world.guest("a", may=[WEB], grants=[WEB])
        await a.serve(body="yes")
        assert text(await web.rpc(a.id)) == "yes"


@rule(CALL, "the runtime's own modules are reachable")
async def test_the_runtime_is_reachable(world: World):
    async with Web(world) as web:
        body = {"path": "/tester:sys/tests", "action": "ReadDir"}
        assert json.loads(text(await web.rpc("vfs:distro:sys", body)))
        assert "Debug" in json.loads(
            text(await web.rpc("kernel:distro:sys", {"Debug": "ProcessMap"}))
        )


# app-store, as kit uses it.


def made(world: World, **entry: Any) -> bytes:
    """Return a package as kit zips it, of one guest."""
    whole = {
        "process_name": "made",
        "process_wasm_path": world.host.path,
        "on_exit": "None",
        "request_networking": False,
        "request_capabilities": [WEB],
        "grant_capabilities": [DIRECTOR, WEB],
        "public": True,
        **entry,
    }
    api = io.BytesIO()
    with zipfile.ZipFile(api, "w") as archive:
        archive.writestr("made.wit", "interface made { type request = string; }")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps([whole]))
        archive.writestr("api.zip", api.getvalue())
        archive.writestr(world.host.guest.name, world.host.guest.read_bytes())
    return packed.getvalue()


async def store(web: Web, body: Any, data: bytes | None = None) -> Any:
    more = {"data": base64.b64encode(data).decode()} if data is not None else {}
    return json.loads(text(await web.rpc(STORE, body, expects_response=15, **more)))


async def install(web: Web, packed: bytes) -> Any:
    new = await store(web, {"NewPackage": {"package_id": ID, "mirror": True}}, packed)
    assert new == {"NewPackageResponse": "Success"}
    version = hashlib.sha256(packed).hexdigest()
    body = {"package_id": ID, "version_hash": version, "metadata": None}
    return await store(web, {"Install": body})


@rule(STORE_RULES, "NewPackage and Install start a package: it answers, and the node says so")
async def test_installing(world: World):
    async with Web(world) as web:
        assert await install(web, made(world)) == {"InstallResponse": "Success"}
        await world.settle()
        await world.known(f"{HERE}@made:made:test.os").serve(body="here")
        assert text(await web.rpc("made:made:test.os")) == "here"
        assert any("successfully installed made:test.os" in each for each in world.prints())


@rule(STORE_RULES, "NewPackage without a blob is NoBlob; bytes that are no zip are InstallFailed")
async def test_bad_packages(world: World):
    body = {"NewPackage": {"package_id": ID, "mirror": True}}
    async with Web(world) as web:
        assert await store(web, body) == {"NewPackageResponse": "NoBlob"}
        assert await store(web, body, b"no zip") == {"NewPackageResponse": "InstallFailed"}


@rule(STORE_RULES, "Install of a version that is not there is Failure, with a print that says why")
async def test_an_unknown_version(world: World):
    body = {"Install": {"package_id": ID, "version_hash": "0" * 64, "metadata": None}}
    async with Web(world) as web:
        assert await store(web, body) == {"InstallResponse": "Failure"}
        assert any("error installing package" in each for each in world.prints())


@rule(STORE_RULES, "Uninstall ends the package's processes and its pkg drive; else it is Failure")
async def test_uninstalling(world: World):
    async with Web(world) as web:
        await install(web, made(world))
        assert await store(web, {"Uninstall": ID}) == {"UninstallResponse": "Success"}
        assert f"{HERE}@made:made:test.os" not in world.alive()
        assert not (world.home() / "vfs" / "made:test.os" / "pkg").exists()
        assert await store(web, {"Uninstall": ID}) == {"UninstallResponse": "Failure"}


@rule(STORE_RULES, "Apis lists the packages that have one; GetApi brings its zip, or is Failure")
async def test_apis(world: World):
    async with Web(world) as web:
        await install(web, made(world))
        assert ID in (await store(web, "Apis"))["ApisResponse"]["apis"]
        answer = await web.rpc(STORE, {"GetApi": ID})
        assert json.loads(text(answer)) == {"GetApiResponse": "Success"}
        packed = base64.b64decode(bytes(answer["lazy_load_blob"]["bytes"]))
        assert zipfile.ZipFile(io.BytesIO(packed)).namelist() == ["made.wit"]
        other = {**ID, "package_name": "other"}
        assert await store(web, {"GetApi": other}) == {"GetApiResponse": "Failure"}


@rule(STORE_RULES, "what app-store cannot read, and what other nodes ask, gets no Response")
async def test_no_response(world: World):
    async with Web(world) as web:
        call = json.dumps({"process": STORE, "expects_response": 5, "body": '"Sing"'})
        assert (await web.unanswered(ROUTE, "POST", call)).code == 408
