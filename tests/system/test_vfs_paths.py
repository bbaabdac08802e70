"""How paths are read, and the ones that are refused."""

import pytest

from kinode_nb.system.refusals import Refused
from kinode_nb.system.vfs_paths import parse
from tests.system.vfs_nodes import APP, DRIVE, MALFORMED, TOO_LONG, asking

ACTIONS = [
    "AddZip",
    "Append",
    "CreateDir",
    "CreateDirAll",
    "CreateDrive",
    "CreateFile",
    "Hash",
    "Len",
    "Metadata",
    "Read",
    "ReadDir",
    "ReadToEnd",
    "ReadToString",
    "RemoveDir",
    "RemoveDirAll",
    "RemoveFile",
    "SyncAll",
    "Write",
    "WriteAll",
    {"CopyFile": {"new_path": f"{DRIVE}/new"}},
    {"OpenFile": {"create": True}},
    {"ReadExact": {"length": 1}},
    {"Rename": {"new_path": f"{DRIVE}/new"}},
    {"Seek": {"Start": 0}},
    {"SetLen": 0},
]

OUTSIDE = [
    f"{DRIVE}/..",
    f"{DRIVE}/../other/file",
    f"{DRIVE}/../files/file",
    f"{DRIVE}/../../victim:tester.os/files/secret",
    f"{DRIVE}/../../../secret",
    f"{DRIVE}/../../../../../../../../../../../../etc/passwd",
    f"{DRIVE}/a/../..",
    f"{DRIVE}/a/../../other/file",
    f"{DRIVE}/a/b/../../../../../secret",
    f"{DRIVE}/./../secret",
    f"{DRIVE}//../secret",
    f"{DRIVE}/a/./..//../secret",
    f"/{DRIVE}/../../../secret",
    f"//{DRIVE}/..",
    f"../{DRIVE}/file",
    f"./../{DRIVE}/file",
    f"victim:tester.os/../{DRIVE}/file",
    f"victim:tester.os/files/../../{DRIVE}/file",
    f"app:tester.os/../{DRIVE}/file",
    "app:tester.os/../../secret",
    "app:tester.os/..",
    "app:tester.os/../..",
    "..",
    "../..",
    "../../secret",
    "/..",
    "/../../secret",
    "/etc/passwd",
    "//etc/passwd",
    "etc/passwd",
    "file:///etc/passwd",
    "~/secret",
    "",
    ".",
    "/",
    "//",
    "app:tester.os",
    "/app:tester.os",
    "app:tester.os/",
    "app:tester.os/.",
    "app/files/file",
    "app:/files/file",
    ":tester.os/files/file",
    ":/files/file",
    "a:b:c/files/file",
    "main:app:tester.os/files/file",
    f"{DRIVE}/file\0",
    f"{DRIVE}/\0",
    f"{DRIVE}/fi\0le/file",
    f"{DRIVE}\0/file",
    "app\0:tester.os/files/file",
    f"{DRIVE}/a/../../victim\0",
    "C:\\secret",
    "..\\..\\secret",
]

LONG = [
    f"{DRIVE}/{'x' * 300}",
    f"{DRIVE}/{'x' * 256}",
    f"{DRIVE}/{'é' * 128}",
    f"{DRIVE}/a/{'x' * 300}/b",
    f"app:tester.os/{'x' * 300}",
    f"app:{'x' * 300}/files/file",
    f"{DRIVE}/" + "/".join(["folder"] * 800),
    f"{DRIVE}/" + "x" * 100_000,
]


@pytest.fixture
def victims(node):
    """What must not be touched, beside and above the drive."""
    node.drive  # noqa: B018 - makes the folder
    secrets = [
        node.home / "secret",
        node.root / "secret",
        node.root / "victim:tester.os" / "files" / "secret",
        node.root / "app:tester.os" / "other" / "file",
    ]
    for secret in secrets:
        secret.parent.mkdir(parents=True, exist_ok=True)
        secret.write_text("secret")
    return lambda: {str(each): each.is_file() and each.read_text() for each in node.home.rglob("*")}


@pytest.mark.parametrize("path", OUTSIDE, ids=repr)
def test_no_path_leaves_its_drive(node, victims, path):
    before = victims()
    actions = [each for each in ACTIONS if (path, each) != ("/", "ReadDir")]
    answers = node.run(asking(*((path, action, b"data") for action in actions)))
    assert answers == [MALFORMED] * len(actions)
    assert victims() == before


@pytest.mark.parametrize("path", OUTSIDE, ids=repr)
@pytest.mark.parametrize("action", ["Rename", "CopyFile"])
def test_no_new_path_leaves_its_drive(node, victims, action, path):
    (node.drive / "file").write_text("file")
    before = victims()
    step = (f"{DRIVE}/file", {action: {"new_path": path}})
    assert node.run(asking(step)) == [MALFORMED]
    assert victims() == before


@pytest.mark.parametrize("path", LONG, ids=lambda path: f"{len(path)} characters")
def test_what_is_too_long_is_told_and_makes_nothing(node, victims, path):
    before = victims()
    answers = node.run(asking(*((path, action, b"data") for action in ACTIONS)))
    assert answers == [TOO_LONG] * len(ACTIONS)
    (node.drive / "file").write_text("file")
    steps = [(f"{DRIVE}/file", {each: {"new_path": path}}) for each in ("Rename", "CopyFile")]
    assert node.run(asking(*steps)) == [TOO_LONG] * 2
    (node.drive / "file").unlink()
    assert victims() == before


@pytest.mark.parametrize(
    "path",
    [
        f"{DRIVE}/file",
        f"/{DRIVE}/file",
        f"///{DRIVE}/file",
        f"{DRIVE}//file",
        f"{DRIVE}/file/",
        f"{DRIVE}/./file",
        f"./{DRIVE}/file",
        "app:tester.os/./files/./file/.",
        f"{DRIVE}/a/../file",
        f"{DRIVE}/a/b/../../file",
        f"{DRIVE}/none/../file",
        f"{DRIVE}/file/../file",
    ],
)
def test_inside_the_drive_paths_are_normalised_as_text(node, path):
    (node.drive / "file").write_bytes(b"content")
    assert node.run(asking((path, "Read"))) == [("Read", b"content")]


def test_all_spellings_of_a_path_share_one_cursor(node):
    (node.drive / "file").write_bytes(b"0123456789")
    one = {"ReadExact": {"length": 1}}
    steps = [(path, one) for path in (f"{DRIVE}/file", f"/{DRIVE}/./file", f"{DRIVE}/a/../file")]
    assert node.run(asking(*steps)) == [("Read", b"%d" % number) for number in range(3)]


@pytest.mark.parametrize("text", ["chat_with_files:template.os/files", "A b:✓/f"])
def test_package_ids_are_read_leniently(text):
    assert parse(text).text == text


def test_a_path_knows_its_parts():
    path = parse("/app:tester.os/files/a/./b/../c")
    assert str(path.package) == "app:tester.os"
    assert (path.drive, path.parts) == ("files", ("a", "c"))
    assert (path.home, path.text) == (DRIVE, f"{DRIVE}/a/c")
    assert APP.endswith(str(path.package))


def test_what_is_refused_says_how():
    with pytest.raises(Refused) as caught:
        parse("../x")
    assert caught.value.error == "MalformedRequest"
