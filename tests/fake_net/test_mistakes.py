"""What goes wrong at the start leaves everything as it was, and says why."""

import os
from pathlib import Path

import msgspec
import pytest

import kinode_nb.process_lib as library
from kinode_nb.fake_net.homes import Homes
from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import Our, Request
from kinode_nb.types import (
    AddressError,
    NodeError,
    PackageError,
    SendError,
    TransferError,
    UsageError,
)

Two = tuple[Node, Node]


def test_a_fresh_boot_that_fails_leaves_the_old_node_alone(net: FakeNet, tmp_path: Path) -> None:
    taken = net.boot()
    one = net.boot("one.dev", port="none")
    net.start("chat-with-file-transfer", node="one.dev")
    place = one.put("precious.txt", data=b"1")[0]
    (tmp_path / "file").write_text("")
    for wrong in ({"port": taken.port}, {"port": 99999}, {"home": tmp_path / "file"}):
        with pytest.raises((NodeError, UsageError)):
            net.boot("one.dev", fresh=True, **wrong)
        assert one.status == "running"
        assert place.read_bytes() == b"1"
    port = taken.port
    fresh = net.boot("fake.dev", port=port, fresh=True)
    assert (fresh.port, taken.status) == (port, "stopped")
    assert not place.exists() or one.status == "running"
    net.boot("one.dev", port="none", fresh=True)
    assert not place.exists()


@pytest.mark.parametrize("name", ["..", "a\nb.dev", "A.dev", "", ".dev", "a..dev", "a."])
def test_a_bad_name_is_one_line(net: FakeNet, name: str) -> None:
    with pytest.raises(AddressError) as caught:
        net.boot(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file", [5, None, "", "\ud800"])
def test_what_is_no_name_of_a_file_is_told(two: Two, net: FakeNet, file: object) -> None:
    with pytest.raises(UsageError, match=r"name of a file|must be text"):
        two[0].download(file, "fake2.dev")  # type: ignore[arg-type]
    assert net.transfers().empty


def test_a_name_that_is_no_unicode_cannot_be_put(two: Two, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/bad\xff.txt"
    with open(path, "wb"):  # noqa: PTH123 - a Path would not take these bytes
        pass
    with pytest.raises(UsageError, match="is no name of a file"):
        two[0].put(os.fsdecode(path))


def test_an_identical_file_is_noted_and_counts_as_nothing_sent(two: Two, net: FakeNet) -> None:
    one, other = two
    other.put("file.bin", data=b"x" * 3_000_000)
    one.download("file.bin", "fake2.dev").wait(60)
    assert net.take_notes() == []
    one.download("file.bin", "fake2.dev").wait(60)
    assert net.take_notes() == ["file.bin is there already, the same as on fake2.dev"]
    row = net.transfers().iloc[1]
    assert (row["status"], row["rate"], row["chunks"]) == ("done", 0.0, 0)
    assert set(net.transfers()["package"]) <= set(net.packages()["package"])


PROGRAMS = {
    r"main\.py, line 1, column 15: '\(' was never closed": "async def init(our:\n",
    r"ended as it started: .*ZeroDivisionError": "async def init(our): ...\n1 / 0\n",
    r"main\.py is a process without its program; write `async def init": "x = 1\n",
    r"ended as it started: ValueError: no": "async def init(our):\n    raise ValueError('no')\n",
}


@pytest.mark.parametrize("on_exit", ["None", "Restart"])
@pytest.mark.parametrize("reason", PROGRAMS)
def test_a_package_that_cannot_start_says_why(
    net: FakeNet, tmp_path: Path, reason: str, on_exit: str
) -> None:
    (tmp_path / "pkg").mkdir()
    properties = {
        "package_name": "broken",
        "publisher": "me.os",
        "current_version": "0.1.0",
        "mirrors": [],
        "code_hashes": {},
    }
    entry = {
        "process_name": "main",
        "process_wasm_path": "/main.py",
        "on_exit": on_exit,
        "request_networking": False,
        "request_capabilities": [],
        "grant_capabilities": [],
        "public": True,
    }
    (tmp_path / "metadata.json").write_bytes(msgspec.json.encode({"properties": properties}))
    (tmp_path / "pkg" / "manifest.json").write_bytes(msgspec.json.encode([entry]))
    (tmp_path / "pkg" / "main.py").write_text(PROGRAMS[reason])
    net.boot(port="none")
    with pytest.raises(PackageError, match=reason) as caught:
        net.start(str(tmp_path))
    assert "\n" not in str(caught.value)
    assert net.packages().empty
    assert not any("broken" in name for name in net.processes()["process"])
    good = "async def init(our):\n    async for _ in our:\n        pass\n"
    (tmp_path / "pkg" / "main.py").write_text(good)
    net.start(str(tmp_path))
    assert net.packages()["processes"].tolist() == [1]


def test_a_spawn_that_is_run_again_replaces_its_process_and_keeps_its_state(net: FakeNet) -> None:
    node = net.boot(port="none")

    async def counter(our: Our) -> None:
        async for message in our:
            if isinstance(message, Request):
                count = int(our.get_state() or b"0") + 1
                our.set_state(b"%d" % count)
                await our.send_response(count)

    for expected in (1, 2):
        address = node.spawn(counter, name="counter")
        assert node.request(address, None).json() == expected


def test_a_send_error_is_a_message_too(net: FakeNet) -> None:
    node = net.boot(port="none")
    with pytest.raises(SendError) as caught:
        node.request("nobody.dev@a:b:c", {"x": 1})
    error = caught.value
    assert (error.json(), error.text(), error.body) == ({"x": 1}, '{"x":1}', b'{"x":1}')
    assert (str(error.source), error.metadata, error.capabilities) == ("nobody.dev@a:b:c", None, ())
    assert error.context is None


def test_the_library_has_its_helpers() -> None:
    assert callable(library.vfs.open_file)


def test_a_root_that_others_could_look_into_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    root = tmp_path / f"kinode-nb-{os.getuid()}"
    root.mkdir()
    root.chmod(0o777)
    homes = Homes()
    home = homes.open("fake.dev", None, persist=False)
    assert root.stat().st_mode & 0o777 == 0o700
    homes.close(home)


def test_a_node_without_the_package_is_named(two: Two, net: FakeNet) -> None:
    one, _ = two
    net.boot("third.dev", port="none")
    hint = r"is not started on third\.dev: %kinode start chat-with-file-transfer -n third\.dev"
    with pytest.raises(SendError, match=f"Timeout: .*{hint}"):
        one.send("third.dev", "hello")
    with pytest.raises(SendError, match=hint):
        one.list_files("third.dev")
    with pytest.raises(TransferError, match=hint):
        one.download("x.txt", "third.dev").wait(60)
