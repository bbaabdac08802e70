"""Who may do what on which drive."""

import json

import pytest

from kinode_nb.system.refusals import Refused
from kinode_nb.system.vfs_requests import read
from kinode_nb.system.vfs_rights import Gate
from kinode_nb.types import KinodeError, PackageId, ProcessId
from kinode_nb.types.capabilities import drive, vfs_root
from tests.system.test_vfs_drives import holds
from tests.system.test_vfs_paths import ACTIONS
from tests.system.vfs_nodes import (
    DRIVE,
    MISSING,
    NO_READ,
    NO_WRITE,
    NODE,
    KernelRights,
    ask,
    asking,
)

STRANGER = "main:stranger:tester.os"
MINE = "stranger:tester.os/files"
READING = {"Hash", "Len", "Metadata", "Read", "ReadDir", "ReadToEnd", "ReadToString"}
READING |= {"ReadExact", "Seek"}
PACKAGE = PackageId("app", "tester.os")


def name_of(action):
    return action if isinstance(action, str) else next(iter(action))


def refusal(action):
    return NO_READ if name_of(action) in READING else NO_WRITE


def capability(kind, package=PACKAGE, name="files"):
    return drive(NODE, kind, package, name)


@pytest.fixture
def stranger(node):
    """Run steps as a process of another package, which holds what is given."""
    (node.drive / "file").write_bytes(b"content")

    def run(*steps, holding=()):
        node.held[STRANGER] = holding
        return node.run(asking(), {STRANGER: asking(*steps)})[1]

    return run


def test_every_process_of_the_package_may_use_all_its_drives(node):
    async def other(our):
        await ask(our, "app:tester.os/more", "CreateDrive")
        await ask(our, "app:tester.os/more/file", "Write", b"x")
        return await ask(our, "app:tester.os/more/file", "Read")

    assert node.run(asking(), {"1234:app:tester.os": other})[1] == ("Read", b"x")


@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_other_packages_need_capabilities(node, stranger, action):
    before = holds(node.home)
    answers = stranger((f"{DRIVE}/file", action, b"data"), (f"{DRIVE}/none", action, b"data"))
    assert answers == [refusal(action)] * 2
    assert holds(node.home) == before


@pytest.mark.parametrize("package", ["other:tester.os", "app:other.os"])
def test_name_and_publisher_both_make_the_package(node, package):
    node.drive  # noqa: B018 - makes the folder
    answers = node.run(asking(), {f"main:{package}": asking((DRIVE, "ReadDir"))})
    assert answers[1] == [NO_READ]


@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_the_capability_to_read_is_for_reading(stranger, action):
    (answer,) = stranger((f"{DRIVE}/file", action, b"data"), holding=[capability("read")])
    if name_of(action) in READING:
        assert answer not in (NO_READ, NO_WRITE)
    else:
        assert answer == NO_WRITE


@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_the_capability_to_write_is_for_writing(stranger, action):
    (answer,) = stranger((f"{DRIVE}/file", action, b"data"), holding=[capability("write")])
    if name_of(action) in READING:
        assert answer == NO_READ
    elif action == "CreateDrive":
        assert answer == NO_WRITE
    else:
        assert answer not in (NO_READ, NO_WRITE)


@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_root_may_do_everything(stranger, action):
    (answer,) = stranger((f"{DRIVE}/file", action, b"data"), holding=[vfs_root(NODE)])
    assert answer not in (NO_READ, NO_WRITE)


@pytest.mark.parametrize(
    "held",
    [
        drive("other.dev", "read", PACKAGE, "files"),
        capability("read", PackageId("app", "other.os")),
        capability("read", name="other"),
        capability("read", name="file"),
        capability("all"),
        vfs_root("other.dev"),
    ],
    ids=str,
)
def test_other_capabilities_do_not_help(stranger, held):
    assert stranger((f"{DRIVE}/file", "Read"), holding=[held]) == [NO_READ]


def test_the_drive_that_counts_is_the_one_that_is_used(stranger):
    """`..` cannot make one drive look like another."""
    path = "stranger:tester.os/files/../../app:tester.os/files/file"
    assert stranger((path, "Read")) == [{"Err": "MalformedRequest"}]


@pytest.mark.parametrize("action", ["Rename", "CopyFile"])
@pytest.mark.parametrize(
    ("path", "new_path", "holding", "allowed"),
    [
        (f"{MINE}/a", f"{MINE}/b", [], True),
        (f"{MINE}/a", "stranger:tester.os/other/b", [], True),
        (f"{MINE}/a", f"{DRIVE}/b", [], False),
        (f"{MINE}/a", f"{DRIVE}/b", [capability("write")], False),
        (f"{DRIVE}/a", f"{MINE}/b", [capability("write")], False),
        (f"{DRIVE}/a", f"{MINE}/b", [capability("read")], False),
        (f"{DRIVE}/a", f"{DRIVE}/b", [capability("read")], False),
        (f"{DRIVE}/a", f"{DRIVE}/b", [capability("write")], True),
        (f"{DRIVE}/a", "app:tester.os/other/b", [capability("write")], False),
        (
            f"{MINE}/a",
            f"{DRIVE}/b",
            [capability("write"), capability("write", PackageId("stranger", "tester.os"))],
            True,
        ),
        (f"{MINE}/a", f"{DRIVE}/b", [vfs_root(NODE)], True),
    ],
)
def test_two_paths_need_both_drives(stranger, action, path, new_path, holding, allowed):
    (answer,) = stranger((path, {action: {"new_path": new_path}}), holding=holding)
    assert answer == (MISSING if allowed else NO_WRITE)


def test_who_creates_a_drive_holds_its_capabilities(node):
    async def program(our):
        await ask(our, DRIVE, "CreateDrive")
        return {str(each) for each in our.our_capabilities()}

    held = node.run(program)
    assert {str(capability("read")), str(capability("write"))} <= held


def test_root_can_create_drives_for_others_and_may_then_use_them(node):
    async def root(our):
        await ask(our, DRIVE, "CreateDrive")
        return our.get_capability(capability("read").issuer, {"kind": "read", "drive": f"/{DRIVE}"})

    node.held[STRANGER] = [vfs_root(NODE)]
    assert node.run(asking(), {STRANGER: root})[1] == capability("read")


def test_a_drive_that_could_not_be_made_grants_nothing(node):
    node.drive.rmdir()
    (node.root / DRIVE).write_bytes(b"")

    async def program(our):
        await ask(our, DRIVE, "CreateDrive")
        return [each for each in our.our_capabilities() if "drive" in each.params]

    assert node.run(program) == []


def test_capabilities_that_cannot_be_granted_are_told(node):
    class Ended(KernelRights):
        def grant(self, holder, capability):
            raise KinodeError(f"{holder} has ended")

    node.rights = Ended
    assert node.run(asking((DRIVE, "CreateDrive"))) == [{"Err": "AddCapFailed"}]


def test_root_lists_the_packages(stranger):
    answers = stranger(("/", "ReadDir"), ("/", "Read"), holding=[vfs_root(NODE)])
    packages = [{"path": "app:tester.os", "file_type": "Directory"}]
    assert answers == [{"ReadDir": packages}, {"Err": "MalformedRequest"}]


def test_the_kernel_may_do_everything():
    class Nobody:
        def holds(self, source, capability):
            return False

    body = json.dumps({"path": DRIVE, "action": "CreateDrive"}).encode()
    kernel, other = (ProcessId.parse(f"{name}:distro:sys") for name in ("kernel", "other"))
    gate = Gate(NODE, Nobody())
    gate.check(read(kernel, body, None))
    with pytest.raises(Refused, match="NoWriteCap"):
        gate.check(read(other, body, None))
