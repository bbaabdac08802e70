from __future__ import annotations

import msgspec
import pytest

from kinode_nb.types import Address, Capability, ProcessId
from kinode_nb.types.capabilities import messaging, networking, vfs_root
from kinode_nb.types.scripts import find_script, read_scripts, script_names

SCRIPTS = b"""{
  "list-files.wasm": {"root": false, "public": true, "request_networking": true},
  "my_own.py": {
    "root": true, "public": false, "request_networking": false, "wit_version": 1,
    "request_capabilities": [
      "chat:chat:template.os", {"process": "vfs:distro:sys", "params": {"root": true}},
      "no id", 5, {"process": "a:b:c"}, {"params": 1}, null
    ],
    "grant_capabilities": ["net:distro:sys", {"process": "a:b:c", "params": {"door": 1}}, "x"]
  }
}"""


def test_the_fields_are_kinodes():
    scripts = read_scripts(SCRIPTS)
    entry = scripts["my_own.py"]
    assert (entry.root, entry.public, entry.wit_version) == (True, False, 1)
    assert scripts["list-files.wasm"].request_capabilities is None


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b'{"x.wasm": {}}', b'{"x.wasm": {"root": 1, "public": 1}}', b"\xff"],
)
def test_what_cannot_be_read_is_an_error(text: bytes):
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        read_scripts(text)


def test_what_is_asked_for_and_granted_makes_sense_or_is_left_out():
    scripts = read_scripts(SCRIPTS)
    chat = messaging(Address("a.dev", ProcessId("chat", "chat", "template.os")))
    assert scripts["my_own.py"].requested("a.dev") == [chat, vfs_root("a.dev")]
    assert scripts["list-files.wasm"].requested("a.dev") == [networking("a.dev")]
    script = Address.parse("a.dev@1:chat:template.os")
    assert scripts["my_own.py"].granted(script) == [
        (ProcessId("net", "distro", "sys"), messaging(script)),
        (ProcessId("a", "b", "c"), Capability.make(script, {"door": 1})),
    ]


def test_a_script_is_found_by_the_name_that_is_typed():
    scripts = read_scripts(SCRIPTS)
    assert find_script(scripts, "list-files")[0] == "list-files.wasm"
    assert find_script(scripts, "my-own") == ("my_own.wasm", scripts["my_own.py"])
    assert find_script(scripts, "my_own") == find_script(scripts, "my-own")
    assert find_script(scripts, "other") is None
    assert script_names(scripts) == ["list-files", "my-own"]


@pytest.mark.parametrize("key", ["my_under-way.wasm", "my-under_way.py", "my_under_way.wasm"])
def test_an_underscore_in_a_key_is_as_good_as_a_hyphen(key: str):
    entry = b'{"root": false, "public": false, "request_networking": false}'
    scripts = read_scripts(b'{"%s": %s}' % (key.encode(), entry))
    stem = key.rpartition(".")[0]
    for typed in ("my-under-way", "my_under_way"):
        assert find_script(scripts, typed) == (f"{stem}.wasm", scripts[key])
