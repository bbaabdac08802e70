"""What the WIT of Kinode's public packages is made of, in small texts of the same features."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinode_nb import wit

API = Path(__file__).parent / "api"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(API.glob("*.wit"))}
PROCESS = '{"process_name":"a","package_name":"b","publisher_node":"c.os"}'
LABEL = '{"name":"x","code_hashes":[["0.1.0","ab"]],"screenshots":null,"wit_version":1}'
# A file, an interface in it, one of its types, and a body of that type.
BODIES = [
    ("storage", "storage", "ClientRequest", '{"Put":"a.txt"}'),
    ("storage", "storage", "ClientRequest", '"ListNames"'),
    ("storage", "storage", "ClientResponse", '{"Put":{"Ok":null}}'),
    ("storage", "storage", "ClientResponse", '{"ListNames":{"Ok":["a","b"]}}'),
    ("storage", "storage", "ClientResponse", '{"ListNames":{"Err":"gone"}}'),
    (
        "shop", "counter", "Request",
        ('{"Local":{"Add":{"package_id":{"package_name":"a","publisher_node":"b.os"},'
        f'"label":{LABEL},"mirror":true}}}}}}'),
    ),
    ("shop", "counter", "Request", '{"Local":"All"}'),
    ("shop", "counter", "Response", '{"Local":{"AddResponse":"AlreadyExists"}}'),
    ("shop", "counter", "Response", '{"ShelfError":"NoPackage"}'),
    (
        "shop", "counter", "Response",
        '{"CellarError":{"HashMismatch":{"desired":"a","actual":"b"}}}',
    ),
    ("shop", "shelf", "ShelfResponses", '{"Find":null}'),
    ("shop", "shelf", "ShelfResponses", '{"Err":"NoPackage"}'),
    ("shop", "cellar", "Entry", f'{{"File":{{"name":"a","size":1,"label":{LABEL}}}}}'),
    ("preferences", "preferences", "Request", '"Reset"'),
    ("preferences", "preferences", "Request", '{"Providers":{"Remove":[31337,"a"]}}'),
    (
        "preferences", "preferences", "Request",
        '{"Providers":{"Add":{"chain_id":1,"where_":{"Url":"ws://x"}}}}',
    ),
    ("preferences", "preferences", "Response", '{"Ok":null}'),
    (
        "preferences", "preferences", "Response",
        '{"Ok":{"Identity":{"name":"a.os","routing":{"Direct":{"ip":"::","ports":[["ws",9000]]}}}}}',
    ),
    ("preferences", "preferences", "Response", '{"Err":"GreetTimeout"}'),
    ("people", "people", "Capabilities", '"Read"'),
    ("people", "people", "Request", '{"AddField":["a","b","c"]}'),
    ("people", "people", "Response", '"GetOne"'),
    ("judge", "judge", "Request", '{"Run":{"names":["a"],"seconds":15}}'),
    ("judge", "judge", "Response", '{"Run":{"Err":{"file":"a.py","line":3,"column":1}}}'),
    (
        "game", "game", "Request",
        (f'{{"NewGame":{{"white":{{"node":"a.os","process":{PROCESS}}},"black":{PROCESS},'
        '"exit":"Restart","after":"Timeout"}}'),
    ),
    (
        "game", "game", "Request",
        ('{"Move":{"game_id":"1","type_":"Queen","move_str":"e4","picture":'
        '{"mime":null,"bytes":[1,255]},"clock":{"white":1.5,"black":0.5,"moves":-3,"mark":"♡"}}}'),
    ),
]  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_read(name):
    document = wit.parse(TEXTS[name])
    assert document.interfaces or document.worlds


@pytest.mark.parametrize("name", TEXTS)
def test_ends_of_lines_and_a_last_line_without_one_mean_nothing(name):
    text = TEXTS[name]
    plain = wit.parse(text)
    other = wit.parse(text.replace("\n", "\r\n").rstrip())
    assert [interface.name for interface in other.interfaces] == [
        interface.name for interface in plain.interfaces
    ]
    assert other.worlds == plain.worlds


@pytest.mark.parametrize(
    ("file", "interface", "type_", "body"), BODIES, ids=[f"{b[1]}: {b[3]}" for b in BODIES]
)
def test_a_body_is_read_and_written_as_it_was(file, interface, type_, body):
    message_type = getattr(wit.load(API / f"{file}.wit", name=interface), type_)
    value = wit.decode(message_type, body.encode())
    assert wit.encode(value, message_type) == body.encode()


def test_functions_are_read_with_their_parameters():
    [storage] = wit.parse(TEXTS["storage.wit"]).interfaces
    assert [(f.name, [p.name for p in f.parameters]) for f in storage.functions] == [
        ("put", ["host", "path", "name"]),
        ("get", ["host", "name"]),
        ("list-names", ["host"]),
        ("replace", ["host", "old", "new"]),
        ("forget", []),
    ]
    assert storage.functions[0].doc == "`put()`: hand a file of ours to `host`."


def test_worlds_say_what_is_imported_exported_and_included():
    said = {
        world.name: [(item.verb, item.name) for item in world.items]
        for text in TEXTS.values()
        for world in wit.parse(text).worlds
    }
    assert said["storage-template-dot-os-api-v0"] == [("export", "storage")]
    assert said["types-game-example-dot-os-v0"] == [("import", "game"), ("include", "lib")]
    assert said["people-sys-v0"] == [("import", "people"), ("include", "process-v0")]
    assert said["importer-template-dot-os-v0"] == [
        ("import", "file-transfer-worker"),
        ("import", "tester"),
        ("include", "process-v1"),
    ]
