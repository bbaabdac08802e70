"""``main:app-store:sys`` as kit and curl meet it: JSON over the node's HTTP port."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest

from kinode_nb.fake_net.kept_packages import KeptPackages
from kinode_nb.kit import zips
from kinode_nb.portal import FakeNet, Node
from kinode_nb.types import ProcessId

STORE = "main:app-store:sys"
ID = {"package_name": "shouter", "publisher_node": "me.os"}
ENTRY: dict[str, Any] = {
    "process_name": "shouter",
    "process_wasm_path": "/shouter.wasm",
    "on_exit": "Restart",
    "request_networking": False,
    "request_capabilities": ["vfs:distro:sys", "http-server:distro:sys"],
    "grant_capabilities": ["http-server:distro:sys"],
    "public": False,
}
SHOUTER = """
from kinode_nb.process_lib import Request
async def init(our):
    async for message in our:
        if isinstance(message, Request):
            await our.send_response(message.text().upper().encode())
"""
SPAWNER = """
from kinode_nb.process_lib import Request
async def init(our):
    async for message in our:
        if isinstance(message, Request):
            await our.spawn(
                f"{our.package_id}/pkg/worker.wasm",
                name="worker",
                request_capabilities=our.our_capabilities(),
                public=True,
            )
            await our.send_response("spawned")
"""
WIT = b"""
interface shouter {
    variant request { shout(string) }
}
world shouter-me-dot-os-v0 { export shouter; include process-v1; }
"""


def zipped(files: dict[str, bytes | str]) -> bytes:
    """Return a zip as kit writes it: folder entries before their files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def package(*entries: dict[str, Any], **files: bytes | str) -> bytes:
    """Return the zip of a package with these manifest entries, and files by their stems."""
    named = {f"{stem}.py": content for stem, content in files.items()}
    manifest = json.dumps(list(entries or (ENTRY,)))
    return zipped({"manifest.json": manifest, "scripts.json": "{}", **named})


GOOD = package(shouter=SHOUTER)


def metadata(**more: Any) -> dict[str, Any]:
    """Return a package's metadata as kit sends them in Install."""
    return {
        "name": "shouter",
        "description": "",
        "image": "",
        "external_url": "",
        "animation_url": "",
        "properties": {
            "package_name": "shouter",
            "publisher": "me.os",
            "current_version": "0.1.0",
            "mirrors": [],
            "code_hashes": [["0.1.0", ""]],
            "license": "",
            "screenshots": [],
            "wit_version": 1,
            "dependencies": [],
            "api_includes": [],
            **more,
        },
    }


def post(node: Node, process: str, body: str, data: bytes | None = None, wait: int = 15) -> Any:
    """Send what kit's inject-message sends; returns (body as text, blob or None)."""
    call = {
        "node": None,
        "process": process,
        "inherit": False,
        "expects_response": wait,
        "body": body,
        "metadata": None,
        "context": None,
        "mime": "application/octet-stream",
        "data": None if data is None else base64.b64encode(data).decode(),
    }
    request = urllib.request.Request(
        node.url("/rpc:distro:sys/message"),
        json.dumps(call).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        said = json.load(answer)
    blob = said["lazy_load_blob"]
    return bytes(said["body"]).decode(), blob and base64.b64decode(bytes(blob["bytes"]))


def ask(node: Node, body: object, data: bytes | None = None) -> Any:
    return json.loads(post(node, STORE, json.dumps(body), data)[0])


def new_package(node: Node, data: bytes | None, id_: dict[str, str] = ID) -> Any:
    return ask(node, {"NewPackage": {"package_id": id_, "mirror": True}}, data)


def install(node: Node, data: bytes, id_: dict[str, str] = ID, **more: Any) -> Any:
    """NewPackage, then Install."""
    assert new_package(node, data, id_) == {"NewPackageResponse": "Success"}
    wanted = {"package_id": id_, "version_hash": hashlib.sha256(data).hexdigest()}
    return ask(node, {"Install": {**wanted, "metadata": metadata(), **more}})


SUCCESS, FAILURE = {"InstallResponse": "Success"}, {"InstallResponse": "Failure"}
REMOVED, NOT_REMOVED = {"UninstallResponse": "Success"}, {"UninstallResponse": "Failure"}


@pytest.fixture
def node(net: FakeNet) -> Node:
    return net.boot()


def test_what_kit_does_in_its_own_bytes(node: Node, net: FakeNet) -> None:
    """start-package, inject-message and remove-package, as kit's serde_json writes them."""
    digest = hashlib.sha256(GOOD).hexdigest()
    body = '{"NewPackage":{"mirror":true,"package_id":{"package_name":"shouter","publisher_node":"me.os"}}}'  # fmt: skip # noqa: E501
    assert post(node, STORE, body, GOOD) == ('{"NewPackageResponse":"Success"}', None)
    kept = node.home / "vfs/app-store:sys/downloads/shouter:me.os" / f"{digest}.zip"
    assert kept.read_bytes() == GOOD
    body = (
        '{"Install":{"metadata":{"animation_url":"","description":"","external_url":"","image":"",'
        '"name":"shouter","properties":{"api_includes":null,"code_hashes":[["0.1.0",""]],'
        '"current_version":"0.1.0","dependencies":[],"license":null,"mirrors":[],'
        '"package_name":"shouter","publisher":"me.os","screenshots":null,"wit_version":1}},'
        '"package_id":{"package_name":"shouter","publisher_node":"me.os"},'
        f'"version_hash":"{digest}"}}}}'
    )
    assert post(node, STORE, body) == ('{"InstallResponse":"Success"}', None)
    assert "app-store:sys: successfully installed shouter:me.os" in node.terminal()
    assert post(node, "shouter:shouter:me.os", '"hi"') == ('"HI"', None)
    row = net.packages().iloc[0]
    assert row["package"] == "shouter:me.os"
    assert (row["version"], row["processes"]) == ("0.1.0", 1)
    assert row["source"] == f"app-store:sys/downloads/shouter:me.os/{digest}.zip"
    pkg = node.home / "vfs/shouter:me.os/pkg"
    assert (pkg / "shouter:me.os.zip").read_bytes() == GOOD
    body = '{"Uninstall":{"package_name":"shouter","publisher_node":"me.os"}}'
    assert post(node, STORE, body) == ('{"UninstallResponse":"Success"}', None)
    assert not pkg.exists()
    assert net.packages().empty
    assert not any("shouter" in name for name in net.process_names())
    assert post(node, STORE, body) == ('{"UninstallResponse":"Failure"}', None)


def test_an_installed_process_has_what_its_manifest_says(node: Node, net: FakeNet) -> None:
    entry = {
        **ENTRY,
        "request_networking": True,
        "request_capabilities": [
            "vfs:distro:sys",
            "http-server:distro:sys",
            {"process": "vfs:distro:sys", "params": {"root": True}},
            "Not Right",
            {"process": "vfs:distro:sys"},
        ],
        "grant_capabilities": ["http-server:distro:sys", {"nobody": 1}],
    }
    assert install(node, package(entry, shouter=SHOUTER)) == SUCCESS
    rows = net.processes().set_index("process")
    here = f"{node.name}@"
    assert set(rows.loc["shouter:shouter:me.os"]["capabilities"].splitlines()) == {
        f'{here}shouter:shouter:me.os("messaging")',
        f'{here}kernel:distro:sys("network")',
        f'{here}vfs:distro:sys("messaging")',
        f'{here}http-server:distro:sys("messaging")',
        f'{here}vfs:distro:sys({{"root":true}})',
        f'{here}vfs:distro:sys({{"drive":"/shouter:me.os/pkg","kind":"read"}})',
        f'{here}vfs:distro:sys({{"drive":"/shouter:me.os/pkg","kind":"write"}})',
    }
    granted = f'{here}shouter:shouter:me.os("messaging")'
    assert granted in rows.loc["http-server:distro:sys"]["capabilities"].splitlines()
    assert node.terminal().count("has an invalid cap") == 3
    assert ask(node, {"Uninstall": ID}) == REMOVED
    rows = net.processes().set_index("process")
    assert granted not in rows.loc["http-server:distro:sys"]["capabilities"].splitlines()


def test_apis_are_listed_and_given(node: Node) -> None:
    api_zip = zipped({"shouter:me.os-v0.wit": WIT})
    data = zipped({"manifest.json": json.dumps([ENTRY]), "shouter.py": SHOUTER, "api.zip": api_zip})
    assert ask(node, "Apis") == {"ApisResponse": {"apis": []}}
    assert ask(node, {"GetApi": ID}) == {"GetApiResponse": "Failure"}
    tester = {"package_name": "tester", "publisher_node": "sys"}
    said, own = post(node, STORE, json.dumps({"GetApi": tester}))
    assert said == '{"GetApiResponse":"Success"}'
    assert list(zips.contents(own or b"")) == ["tester.wit"]
    assert install(node, data) == SUCCESS
    node.start("chat")
    chat = {"package_name": "chat", "publisher_node": "template.os"}
    assert ask(node, "Apis") == {"ApisResponse": {"apis": [ID, chat]}}
    got = post(node, STORE, json.dumps({"GetApi": ID}))
    assert got == ('{"GetApiResponse":"Success"}', api_zip)
    unpacked = node.home / "vfs/shouter:me.os/pkg/api/shouter:me.os-v0.wit"
    assert unpacked.read_bytes() == WIT
    _, given = post(node, STORE, json.dumps({"GetApi": chat}))
    assert {"chat.wit", "send.py"} <= set(zipfile.ZipFile(io.BytesIO(given)).namelist())


def test_new_package_wants_a_zip(node: Node) -> None:
    assert new_package(node, None) == {"NewPackageResponse": "NoBlob"}
    for wrong in (b"", b"no zip", GOOD[: len(GOOD) // 2]):
        assert new_package(node, wrong) == {"NewPackageResponse": "InstallFailed"}
    for name in ("../../x", "a b", "A"):
        unsafe = {**ID, "package_name": name}
        assert new_package(node, GOOD, unsafe) == {"NewPackageResponse": "InstallFailed"}
    assert not list((node.home / "vfs").glob("app-store:sys/downloads/*"))


def wrong_zips() -> dict[str, tuple[bytes, str]]:
    wasm = {"manifest.json": json.dumps([ENTRY]), "shouter.wasm": b"\0asm"}
    manifest = json.dumps([ENTRY])
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    linked = io.BytesIO()
    with zipfile.ZipFile(linked, "w") as archive:
        archive.writestr("manifest.json", manifest)
        archive.writestr(link, "/etc/passwd")
    slipping = {"manifest.json": manifest, "shouter.py": SHOUTER}
    return {
        "no manifest": (zipped({"shouter.py": SHOUTER}), "holds no manifest.json at its root"),
        "no JSON": (zipped({"manifest.json": "["}), "manifest.json cannot be read"),
        "a field less": (package({k: v for k, v in ENTRY.items() if k != "public"}), "public"),
        "no code": (package(), "/shouter.wasm is missing"),
        "wasm alone": (zipped(wasm), "shouter.wasm cannot run here: only Python"),
        "wasm beside": (zipped({**wasm, "shouter.py": SHOUTER}), "shouter.wasm cannot run here"),
        "unsafe id": (package({**ENTRY, "process_name": "My_Main"}), "can only contain a-z"),
        "twice": (package(ENTRY, ENTRY, shouter=SHOUTER), "names the process 'shouter' twice"),
        "on_exit": (package({**ENTRY, "on_exit": {"Requests": [1]}}), "on_exit cannot be read"),
        "zip-slip": (zipped({**slipping, "../../evil.py": "x"}), "leads out of the package"),
        "absolute": (zipped({**slipping, "/evil.py": "x"}), "leads out of the package"),
        "a link": (linked.getvalue(), "holds a link"),
        "file and folder": (zipped({**slipping, "a": "x", "a/b": "y"}), "both as a file and"),
        "a long name": (zipped({**slipping, "n" * 300: "x"}), "more than 255 bytes"),
        "broken api.zip": (zipped({**slipping, "api.zip": "x"}), "api.zip cannot be unpacked"),
    }


@pytest.mark.parametrize("what", list(wrong_zips()))
def test_what_cannot_be_installed_fails_and_leaves_the_old(node: Node, what: str) -> None:
    data, said = wrong_zips()[what]
    assert install(node, GOOD) == SUCCESS
    before = {
        path: path.stat().st_mtime_ns for path in (node.home / "vfs/shouter:me.os").rglob("*")
    }
    assert install(node, data) == FAILURE
    [line] = [line for line in node.terminal().splitlines() if "error installing package" in line]
    assert said in line
    assert post(node, "shouter:shouter:me.os", '"still"') == ('"STILL"', None)
    after = {path: path.stat().st_mtime_ns for path in (node.home / "vfs/shouter:me.os").rglob("*")}
    assert after == before
    assert not list(node.home.parent.rglob("evil.py"))


def test_a_hash_must_be_known_and_true(node: Node) -> None:
    def wanted(version_hash: str, id_: dict[str, str] = ID) -> Any:
        body = {"package_id": id_, "version_hash": version_hash, "metadata": metadata()}
        return ask(node, {"Install": body})

    digest = hashlib.sha256(GOOD).hexdigest()
    assert wanted(digest) == FAILURE
    assert wanted("") == FAILURE
    new_package(node, GOOD)
    place = node.home / "vfs/app-store:sys/downloads/shouter:me.os"
    (place.parent / "outside.zip").write_bytes(GOOD)
    assert wanted("../outside") == FAILURE
    assert wanted(digest, {**ID, "package_name": "../shouter"}) == FAILURE
    (place / f"{digest}.zip").write_bytes(package(shouter="# another one"))
    assert wanted(digest) == FAILURE
    new_package(node, GOOD)
    assert wanted(digest) == SUCCESS


def test_the_nodes_own_packages_stay_its_own(node: Node) -> None:
    own = {"package_name": "distro", "publisher_node": "sys"}
    data = package({**ENTRY, "process_name": "vfs"}, shouter=SHOUTER)
    assert install(node, data, own) == FAILURE
    assert "distro:sys is the node's own" in node.terminal()
    assert ask(node, {"Uninstall": own}) == NOT_REMOVED
    assert install(node, GOOD) == SUCCESS


def test_metadata_may_be_missing(node: Node, net: FakeNet) -> None:
    assert install(node, GOOD, metadata=None) == SUCCESS
    assert net.packages()["version"].tolist() == [""]


def test_what_cannot_be_read_is_not_answered(net: FakeNet) -> None:
    node = net.boot(http_timeout=0.2)
    other = net.boot(port="none")
    wrong = [
        "{",
        '"Nothing"',
        '{"Uninstall":"shouter:me.os"}',
        json.dumps({"Install": {"package_id": ID, "version_hash": "", "metadata": {}}}),
        "[" * 100_000,
    ]
    for body in wrong:
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(node, STORE, body, wait=1)
        assert refused.value.code == 408
        refused.value.close()
    far = other.home  # a Request of another node: it times out, and nothing is removed
    assert far.is_dir()
    assert install(node, GOOD) == SUCCESS
    with pytest.raises(Exception, match="Timeout"):
        other.request(f"{node.name}@{STORE}", {"Uninstall": ID}, timeout=1)
    assert net.packages()["package"].tolist() == ["shouter:me.os"]
    told = [line for line in node.terminal(1).splitlines() if "left unanswered" in line]
    assert len(told) == len(wrong) + 1
    assert f"{other.name}@notebook:distro:sys" in told[-1]
    assert "left unanswered" not in node.terminal(0)


def test_a_reinstall_replaces_and_workers_survive(node: Node, net: FakeNet) -> None:
    second = {**ENTRY, "process_name": "spawner", "process_wasm_path": "/spawner.wasm"}
    files = {"shouter": SHOUTER, "spawner": SPAWNER, "worker": SHOUTER}
    assert install(node, package(ENTRY, second, **files)) == SUCCESS
    assert post(node, "spawner:shouter:me.os", "") == ('"spawned"', None)
    whisper = SHOUTER.replace("upper", "lower")
    assert install(node, package(ENTRY, shouter=whisper, worker=SHOUTER)) == SUCCESS
    names = {name.partition("@")[2] for name in net.process_names()}
    assert {"shouter:shouter:me.os", "worker:shouter:me.os"} <= names
    assert "spawner:shouter:me.os" not in names  # it is in no manifest any more
    assert post(node, "shouter:shouter:me.os", '"Hi"') == ('"hi"', None)
    assert post(node, "worker:shouter:me.os", '"Hi"') == ('"HI"', None)
    assert ask(node, {"Uninstall": ID}) == REMOVED
    assert post(node, "worker:shouter:me.os", '"Hi"') == ('"HI"', None)


def test_start_and_app_store_share_one_table(node: Node, net: FakeNet, tmp_path: Path) -> None:
    node.start("chat")
    assert install(node, GOOD) == SUCCESS
    assert net.packages()["package"].tolist() == ["chat:template.os", "shouter:me.os"]
    chat = {"package_name": "chat", "publisher_node": "template.os"}
    assert ask(node, {"Uninstall": chat}) == REMOVED
    assert net.packages()["package"].tolist() == ["shouter:me.os"]
    node.start("chat")
    node.send(node.name, "to myself")
    assert node.history(node.name)["content"].tolist() == ["to myself"]


def test_what_ends_as_it_starts_fails_and_leaves_nothing(node: Node, net: FakeNet) -> None:
    assert install(node, package(shouter="async def init(our):\n    1 / 0\n")) == FAILURE
    reason = "shouter:shouter:me.os ended as it started: ZeroDivisionError: division by zero"
    assert f"error installing package: {reason}" in node.terminal()
    kernel = net.core.node(node.name).kernel
    left = net.portal.do(lambda: [*kernel.processes, *kernel.restarting])
    assert ProcessId.parse("shouter:shouter:me.os") not in left
    assert net.packages().empty


def test_what_ends_as_it_starts_leaves_the_older_one_and_its_workers(node: Node) -> None:
    second = {**ENTRY, "process_name": "spawner", "process_wasm_path": "/spawner.wasm"}
    files = {"shouter": SHOUTER, "spawner": SPAWNER, "worker": SHOUTER}
    assert install(node, package(ENTRY, second, **files)) == SUCCESS
    assert post(node, "spawner:shouter:me.os", "") == ('"spawned"', None)
    spawns = (
        "async def init(our):\n    await our.spawn('shouter:me.os/pkg/worker.wasm', name='new')\n"
    )
    broken = {**files, "shouter": f"{spawns}    1 / 0\n"}
    assert install(node, package(ENTRY, second, **broken)) == FAILURE
    assert "division by zero. The older one runs again" in node.terminal()
    for name in ("shouter", "worker"):
        assert post(node, f"{name}:shouter:me.os", '"Hi"') == ('"HI"', None)
    assert not [row for row in node.processes()["process"] if row.startswith("new:")]
    assert [path.name for path in (node.home / "vfs/shouter:me.os").iterdir()] == ["pkg"]


def test_a_node_that_stops_while_it_unpacks_leaves_nothing(
    node: Node, net: FakeNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_package(node, GOOD)
    reading, killed, stopped, staged = (threading.Event() for _ in range(4))
    stage = KeptPackages.stage

    def slowly(*args: Any) -> Path:
        reading.set()
        assert killed.wait(60)
        stopped.wait(0.2)  # a node that did not wait for this thread would have stopped by then
        try:
            return stage(*args)
        finally:
            staged.set()

    def ended(process: Any, _: object) -> None:
        if str(process.id) == STORE:
            killed.set()

    monkeypatch.setattr(KeptPackages, "stage", slowly)
    net.core.node(node.name).kernel.on_end.append(ended)
    digest = hashlib.sha256(GOOD).hexdigest()
    body = {"package_id": ID, "version_hash": digest, "metadata": None}
    node.inject(STORE, {"Install": body}, wait=False)
    assert reading.wait(60)
    net.stop()
    stopped.set()
    assert staged.wait(60)
    assert not node.home.exists()
