"""Links in drives: those that lead out are refused, everywhere and for every action."""

import errno
import os
import shutil

import pytest

from kinode_nb.system.vfs_transfers import LARGE
from kinode_nb.types.capabilities import vfs_root
from tests.system.test_vfs_paths import ACTIONS
from tests.system.vfs_nodes import (
    DRIVE,
    EXISTS,
    MISSING,
    NODE,
    NOT_A_FOLDER,
    ask,
    asking,
    os_error,
)

OF_THE_LINK = ["RemoveFile", "RemoveDir", "RemoveDirAll", "CreateDir"]
"""Actions on a name itself, whatever it leads to; Rename and CopyFile apart."""


def leads_out(answer):
    return "leads out of its drive" in str(answer)


@pytest.fixture
def outside(node):
    """A folder and a file beside the drive, and what they hold."""
    folder = node.home / "outside"
    folder.mkdir(parents=True)
    (folder / "secret").write_text("secret")
    (folder / "empty").mkdir()
    return folder


def holds(folder):
    return {
        str(each.relative_to(folder)): each.is_file() and each.read_text()
        for each in folder.rglob("*")
    }


def targets(outside, node):
    """Ways to spell where a link leads."""
    up = os.path.relpath(outside, node.drive)
    other = node.root / "victim:tester.os" / "files"
    other.mkdir(parents=True)
    (other / "secret").write_text("secret")
    return {
        "absolute": str(outside),
        "relative": up,
        "absolute through the drive": f"{node.drive}/../../../outside",
        "another package": str(other),
        "another package, relative": os.path.relpath(other, node.drive),
        "up and back": f"{up}/../outside",
        "through a folder": f"folder/../{up}",
    }


@pytest.mark.parametrize("spelling", range(7))
@pytest.mark.parametrize("name", ["link", "link/secret", "link/new", "link/empty/new", "second"])
def test_links_that_lead_out_are_refused(node, outside, spelling, name):
    (node.drive / "folder").mkdir()
    target = list(targets(outside, node).values())[spelling]
    (node.drive / "link").symlink_to(target)
    (node.drive / "second").symlink_to(f"{target}/secret")
    (node.drive / "own").write_text("own")
    before = holds(node.home)
    path = f"{DRIVE}/{name}"
    final = name in ("link", "second")
    actions = [
        action
        for action in ACTIONS
        if action != "CreateDrive" and not (final and (action in OF_THE_LINK or "Rename" in action))
    ]
    answers = node.run(asking(*((path, action, b"data") for action in actions)))
    assert [(a, b) for a, b in zip(actions, answers, strict=True) if not leads_out(b)] == (
        [("AddZip", answers[0])]  # the bytes are looked at first
    )
    assert holds(node.home) == before


@pytest.mark.parametrize("name", ["link/new", "link/secret"])
@pytest.mark.parametrize("action", ["Rename", "CopyFile"])
def test_nothing_is_put_behind_a_link_that_leads_out(node, outside, action, name):
    (node.drive / "link").symlink_to(outside)
    (node.drive / "own").write_text("own")
    before = holds(node.home)
    step = (f"{DRIVE}/own", {action: {"new_path": f"{DRIVE}/{name}"}})
    (answer,) = node.run(asking(step))
    assert leads_out(answer)
    assert holds(node.home) == before


def test_a_copy_is_not_written_through_a_link_that_leads_out(node, outside):
    (node.drive / "link").symlink_to(outside / "secret")
    (node.drive / "own").write_text("own")
    copy, move = ({each: {"new_path": f"{DRIVE}/link"}} for each in ("CopyFile", "Rename"))
    answers = node.run(asking((f"{DRIVE}/own", copy), (f"{DRIVE}/own", move)))
    assert leads_out(answers[0])
    assert answers[1] == "Ok"  # which replaces the link itself
    assert (node.drive / "link").read_text() == "own"
    assert not (node.drive / "link").is_symlink()
    assert holds(outside)["secret"] == "secret"


def test_a_dangling_link_that_leads_out_creates_nothing(node, outside):
    (node.drive / "link").symlink_to(outside / "new")
    path = f"{DRIVE}/link"
    steps = [(path, "Write", b"x"), (path, "CreateFile"), (path, {"OpenFile": {"create": True}})]
    assert all(map(leads_out, node.run(asking(*steps))))
    assert not (outside / "new").exists()


@pytest.mark.parametrize("action", ["RemoveFile", "RemoveDirAll"])
def test_removing_a_link_removes_the_link(node, outside, action):
    (node.drive / "link").symlink_to(outside)
    before = holds(outside)
    assert node.run(asking((f"{DRIVE}/link", action))) == ["Ok"]
    assert not (node.drive / "link").is_symlink()
    assert holds(outside) == before


def test_remove_dir_all_does_not_follow_links_below(node, outside):
    (node.drive / "folder").mkdir()
    (node.drive / "folder" / "link").symlink_to(outside)
    assert node.run(asking((f"{DRIVE}/folder", "RemoveDirAll"))) == ["Ok"]
    assert holds(outside) == {"secret": "secret", "empty": False}


def test_other_actions_on_the_link_itself(node, outside):
    (node.drive / "link").symlink_to(outside)
    path = f"{DRIVE}/link"
    answers = node.run(asking((path, "RemoveDir"), (path, "CreateDir"), (path, "CreateDirAll")))
    assert answers[:2] == [NOT_A_FOLDER, EXISTS]
    assert leads_out(answers[2])


def test_links_that_stay_in_the_drive_are_followed(node):
    drive = node.drive
    (drive / "a" / "b").mkdir(parents=True)
    (drive / "a" / "file").write_bytes(b"content")
    (drive / "relative").symlink_to("a")
    (drive / "absolute").symlink_to(drive / "a")
    (drive / "a" / "b" / "up").symlink_to("../../a/file")
    (drive / "twice").symlink_to("relative/b")
    (drive / "winding").symlink_to("./a//b/../file")
    (drive / "a" / "whole").symlink_to(drive)
    (drive / "dangling").symlink_to("a/new")
    steps = [
        (f"{DRIVE}/{name}", "Read")
        for name in ("relative/file", "absolute/file", "a/b/up", "twice/up", "winding")
    ]
    steps.append((f"{DRIVE}/a/whole/a/whole/relative/file", "Read"))
    assert node.run(asking(*steps)) == [("Read", b"content")] * 6
    steps = [
        (f"{DRIVE}/dangling", "Read"),
        (f"{DRIVE}/dangling", "Write", b"new"),
        (f"{DRIVE}/twice/made", "CreateDirAll"),
        (f"{DRIVE}/absolute", "Metadata"),
    ]
    missing, *rest, folder = node.run(asking(*steps))
    assert (missing, rest) == (MISSING, ["Ok", "Ok"])
    assert folder["Metadata"]["file_type"] == "Directory"
    assert (drive / "a" / "new").read_bytes() == b"new"
    assert (drive / "a" / "b" / "made").is_dir()


def test_links_in_a_circle(node):
    (node.drive / "one").symlink_to("two")
    (node.drive / "two").symlink_to("one")
    too_many = os_error(errno.ELOOP)
    steps = [(f"{DRIVE}/one", "Read"), (f"{DRIVE}/one/file", "Read"), (f"{DRIVE}/one", "Metadata")]
    assert node.run(asking(*steps)) == [too_many] * 3


@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_a_folder_that_is_swapped_for_a_link_is_noticed(node, outside, action):
    """Everything has been used, and is kept open, before the folder is swapped."""
    path = f"{DRIVE}/folder/secret"
    (node.drive / "folder").mkdir()
    (node.drive / "folder" / "secret").write_text("own")

    async def program(our):
        for each in ("Read", "Metadata"):
            await ask(our, path, each)
        (node.drive / "folder").rename(node.drive / "moved")
        (node.drive / "folder").symlink_to(outside)
        before = holds(outside)
        answer = await ask(our, path, action, b"data")
        return answer, holds(outside) == before

    answer, untouched = node.run(program)
    assert untouched
    assert action in ("CreateDrive", "AddZip") or leads_out(answer)


@pytest.mark.parametrize("swapped", ["drive", "package"])
@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_a_drive_that_is_swapped_for_a_link_is_noticed(node, outside, swapped, action):
    (node.drive / "secret").write_text("own")
    (outside / "files").mkdir()
    (outside / "files" / "secret").write_text("secret")

    async def program(our):
        await ask(our, f"{DRIVE}/secret", "Read")
        folder = node.drive if swapped == "drive" else node.drive.parent
        folder.rename(node.home / "moved")
        folder.symlink_to(outside)
        before = holds(outside)
        answer = await ask(our, f"{DRIVE}/secret", action, b"data")
        return answer, holds(outside) == before

    answer, untouched = node.run(program)
    assert untouched
    assert leads_out(answer) or action == "AddZip"


def test_a_drive_that_is_replaced_by_hand_is_the_one_that_is_used(node):
    (node.drive / "file").write_text("old")

    async def program(our):
        old = await ask(our, f"{DRIVE}/file", "Read")
        node.drive.rename(node.root / "app:tester.os" / "moved")
        (node.drive / "file").write_text("new")
        new = await ask(our, f"{DRIVE}/file", "Read")
        shutil.rmtree(node.root / "app:tester.os")
        return old, new, await ask(our, f"{DRIVE}/file", "Read")

    assert node.run(program) == (("Read", b"old"), ("Read", b"new"), MISSING)


def test_a_package_can_have_a_second_name(node):
    """A link beside the packages: Kinode's older documentation writes underscores."""
    (node.drive / "file").write_bytes(b"content")
    (node.root / "a_pp:tester.os").symlink_to("app:tester.os")

    async def second(our):
        return await ask(our, "a_pp:tester.os/files/file", "Read")

    node.held["second:other:tester.os"] = [vfs_root(NODE)]
    answers = node.run(asking(), {"second:other:tester.os": second})
    assert answers == [[], ("Read", b"content")]


def test_large_files_are_reached_through_links_too(node):
    content = os.urandom(2 * LARGE)
    (node.drive / "file").write_bytes(content)
    (node.drive / "link").symlink_to("file")
    assert node.run(asking((f"{DRIVE}/link", "Read"))) == [("Read", content)]
