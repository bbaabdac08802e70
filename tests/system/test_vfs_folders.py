"""The actions on folders and on names, one by one."""

import errno
import os
import stat

import pytest

from kinode_nb.system.vfs_transfers import LARGE
from tests.system.vfs_nodes import (
    DRIVE,
    EXISTS,
    IS_A_FOLDER,
    MISSING,
    NO_READ,
    NOT_A_FOLDER,
    NOT_EMPTY,
    ask,
    asking,
    os_error,
)

FILE, FOLDER = f"{DRIVE}/file", f"{DRIVE}/folder"


def rename(path):
    return {"Rename": {"new_path": path}}


def copy(path):
    return {"CopyFile": {"new_path": path}}


def by_path(answer):
    return sorted(answer["ReadDir"], key=lambda entry: entry["path"])


@pytest.fixture
def tree(node):
    """A file, and a folder that is not empty."""
    (node.drive / "file").write_bytes(b"content")
    (node.drive / "folder").mkdir()
    (node.drive / "folder" / "below").write_bytes(b"below")
    return node.drive


def names(folder):
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*"))


def test_create_drive_can_be_repeated(node):
    steps = [(DRIVE, "CreateDrive"), (FILE, "Write", b"kept"), (DRIVE, "CreateDrive")]
    assert node.run(asking(*steps)) == ["Ok"] * 3
    assert names(node.root) == ["app:tester.os", DRIVE, FILE]


def test_create_drive_ignores_what_follows_the_drive(node):
    assert node.run(asking((f"{DRIVE}/deeper/still", "CreateDrive"))) == ["Ok"]
    assert names(node.root) == ["app:tester.os", DRIVE]


def test_create_drive_is_no_drive_where_a_file_is(node):
    node.drive.rmdir()
    (node.root / DRIVE).write_bytes(b"")
    assert node.run(asking((DRIVE, "CreateDrive"))) == [NOT_A_FOLDER]


def test_create_dir_makes_one_folder(node):
    node.drive  # noqa: B018 - makes the folder
    steps = [(FOLDER, "CreateDir"), (FOLDER, "CreateDir"), (f"{DRIVE}/a/b", "CreateDir")]
    assert node.run(asking(*steps)) == ["Ok", EXISTS, MISSING]
    assert names(node.drive) == ["folder"]


def test_create_dir_can_make_a_drive_of_a_package_that_is_there(node):
    node.drive  # noqa: B018 - makes the folder
    steps = [("app:tester.os/more", "CreateDir"), (DRIVE, "CreateDir")]
    assert node.run(asking(*steps)) == ["Ok", EXISTS]


def test_create_dir_all_makes_what_is_missing(node):
    deep = f"{DRIVE}/a/b/c"
    assert node.run(asking((deep, "CreateDirAll"), (deep, "CreateDirAll"))) == ["Ok", "Ok"]
    assert names(node.drive) == ["a", "a/b", "a/b/c"]


def test_create_dir_all_needs_folders_on_the_way(node, tree):
    steps = [(FILE, "CreateDirAll"), (f"{FILE}/below", "CreateDirAll")]
    assert node.run(asking(*steps)) == [EXISTS, NOT_A_FOLDER]


def test_read_dir_lists_paths_from_the_root(node, tree):
    (tree / "link").symlink_to("file")
    (answer,) = node.run(asking((f"/{DRIVE}/./", "ReadDir")))
    assert by_path(answer) == [
        {"path": FILE, "file_type": "File"},
        {"path": FOLDER, "file_type": "Directory"},
        {"path": f"{DRIVE}/link", "file_type": "Symlink"},
    ]


def test_read_dir_of_folders_below_and_of_empty_ones(node, tree):
    (tree / "folder" / "empty").mkdir()
    (tree / "folder" / "below").unlink()
    answers = node.run(asking((FOLDER, "ReadDir"), (f"{FOLDER}/empty", "ReadDir")))
    entry = {"path": f"{FOLDER}/empty", "file_type": "Directory"}
    assert answers == [{"ReadDir": [entry]}, {"ReadDir": []}]


def test_read_dir_of_very_many(node):
    for number in range(4000):
        (node.drive / f"{number:04}-with-a-name-that-makes-the-folder-itself-grow").touch()
    assert node.drive.stat().st_size >= LARGE
    (answer,) = node.run(asking((DRIVE, "ReadDir")))
    assert [each["path"][len(DRIVE) + 1 :][:4] for each in by_path(answer)] == [
        f"{number:04}" for number in range(4000)
    ]


def test_names_that_are_no_text_are_shown_nearly(node):
    (node.drive / os.fsdecode(b"caf\xe9")).touch()
    (answer,) = node.run(asking((DRIVE, "ReadDir")))
    assert answer == {"ReadDir": [{"path": f"{DRIVE}/caf\ufffd", "file_type": "File"}]}


def test_read_dir_of_what_is_no_folder(node, tree):
    steps = [(FILE, "ReadDir"), (f"{DRIVE}/none", "ReadDir"), ("app:tester.os/none", "ReadDir")]
    assert node.run(asking(*steps)) == [NOT_A_FOLDER, MISSING, MISSING]


def test_the_packages_are_for_root_only(node, tree):
    assert node.run(asking(("/", "ReadDir"))) == [NO_READ]


def test_metadata(node, tree):
    steps = [(FILE, "Metadata"), (FOLDER, "Metadata"), (DRIVE, "Metadata")]
    file, *folders = node.run(asking(*steps))
    assert file == {"Metadata": {"file_type": "File", "len": 7}}
    assert [each["Metadata"]["file_type"] for each in folders] == ["Directory"] * 2


def test_metadata_of_nothing(node, tree):
    steps = [(f"{DRIVE}/none", "Metadata"), (f"{FILE}/below", "Metadata")]
    assert node.run(asking(*steps)) == [MISSING, NOT_A_FOLDER]


def test_remove_file(node, tree):
    steps = [(FILE, "RemoveFile"), (FILE, "RemoveFile"), (FOLDER, "RemoveFile")]
    assert node.run(asking(*steps)) == ["Ok", MISSING, IS_A_FOLDER]
    assert names(tree) == ["folder", "folder/below"]


def test_remove_file_takes_the_handle_along(node, tree):
    steps = [(FILE, {"ReadExact": {"length": 1}}), (FILE, "RemoveFile"), (FILE, "Len")]
    assert node.run(asking(*steps))[1:] == ["Ok", MISSING]


def test_remove_dir_wants_an_empty_folder(node, tree):
    below = f"{FOLDER}/below"
    steps = [(FOLDER, "RemoveDir"), (FILE, "RemoveDir"), (below, "RemoveFile")]
    expected = [NOT_EMPTY, NOT_A_FOLDER, "Ok", "Ok", MISSING]
    assert node.run(asking(*steps, (FOLDER, "RemoveDir"), (FOLDER, "RemoveDir"))) == expected
    assert names(tree) == ["file"]


def test_remove_dir_all(node, tree):
    none = f"{DRIVE}/none"
    steps = [(FOLDER, "RemoveDirAll"), (FILE, "RemoveDirAll"), (none, "RemoveDirAll")]
    assert node.run(asking(*steps)) == ["Ok", NOT_A_FOLDER, MISSING]
    assert names(tree) == ["file"]


def test_remove_dir_all_of_a_drive_and_a_new_one_in_its_place(node, tree):
    steps = [(DRIVE, "Metadata"), (DRIVE, "RemoveDirAll"), (DRIVE, "CreateDrive")]
    assert node.run(asking(*steps, (DRIVE, "ReadDir")))[1:] == ["Ok", "Ok", {"ReadDir": []}]


def test_rename_moves_files_and_folders_and_replaces_files(node, tree):
    other = f"{FOLDER}/below"
    steps = [(FILE, rename(other)), (FOLDER, rename(f"/{DRIVE}/moved"))]
    assert node.run(asking(*steps)) == ["Ok", "Ok"]
    assert names(tree) == ["moved", "moved/below"]
    assert (tree / "moved" / "below").read_bytes() == b"content"


def test_rename_of_nothing_and_to_nowhere(node, tree):
    steps = [
        (f"{DRIVE}/none", rename(FILE)),
        (FILE, rename(f"{DRIVE}/none/file")),
        (FILE, rename(FOLDER)),
        (FOLDER, rename(f"{FOLDER}/below/it")),
        (FOLDER, rename(f"{FOLDER}/itself")),
    ]
    invalid = os_error(errno.EINVAL)
    expected = [MISSING, MISSING, IS_A_FOLDER, NOT_A_FOLDER, invalid]
    assert node.run(asking(*steps)) == expected
    assert names(tree) == ["file", "folder", "folder/below"]


def test_rename_leads_to_other_drives_of_the_package(node, tree):
    other = "app:tester.os/other"
    steps = [(other, "CreateDrive"), (FILE, rename(f"{other}/file")), (FILE, "Metadata")]
    assert node.run(asking(*steps)) == ["Ok", "Ok", MISSING]
    assert (node.root / other / "file").read_bytes() == b"content"


def test_a_whole_drive_can_be_renamed(node, tree):
    steps = [(DRIVE, "ReadDir"), (DRIVE, rename("app:tester.os/other")), (DRIVE, "ReadDir")]
    assert node.run(asking(*steps))[1:] == ["Ok", MISSING]
    assert names(node.root / "app:tester.os/other") == ["file", "folder", "folder/below"]


@pytest.mark.parametrize("size", [0, 10, 3 * LARGE])
def test_copy_file_copies_content_and_permissions(node, size):
    content = os.urandom(size)
    (node.drive / "file").write_bytes(content)
    (node.drive / "file").chmod(0o640)
    (node.drive / "copy").write_bytes(b"much longer" * LARGE)
    assert node.run(asking((FILE, copy(f"{DRIVE}/copy")))) == ["Ok"]
    assert (node.drive / "copy").read_bytes() == content
    assert stat.S_IMODE((node.drive / "copy").stat().st_mode) == 0o640


def test_copy_file_to_itself_changes_nothing(node, tree):
    (tree / "link").symlink_to("file")
    assert node.run(asking((FILE, copy(FILE)), (FILE, copy(f"{DRIVE}/link")))) == ["Ok", "Ok"]
    assert (tree / "file").read_bytes() == b"content"


def test_copy_file_copies_files_only(node, tree):
    no_file = "the source path is neither a regular file nor a symlink to a regular file"
    steps = [
        (FOLDER, copy(f"{DRIVE}/copy")),
        (f"{DRIVE}/none", copy(f"{DRIVE}/copy")),
        (FILE, copy(FOLDER)),
        (FILE, copy(f"{DRIVE}/none/copy")),
    ]
    expected = [{"Err": {"IOError": no_file}}, MISSING, IS_A_FOLDER, MISSING]
    assert node.run(asking(*steps)) == expected
    assert names(tree) == ["file", "folder", "folder/below"]


def test_files_put_there_by_hand_are_found(node):
    async def program(our):
        await ask(our, DRIVE, "CreateDrive")
        (node.drive / "by-hand").write_bytes(b"hand")
        return await ask(our, f"{DRIVE}/by-hand", "Read")

    assert node.run(program) == ("Read", b"hand")


@pytest.mark.parametrize(
    "name",
    ["naïve ✓ file (1).bin", "back\\slash", "a" * 255, "😀", "-rf", "...", "a:b", "new\nline"],
)
def test_any_name_that_is_one_works(node, name):
    path = f"{DRIVE}/{name}"
    steps = [(DRIVE, "CreateDrive"), (path, "Write", b"x"), (path, "Read"), (DRIVE, "ReadDir")]
    entry = {"path": path, "file_type": "File"}
    assert node.run(asking(*steps))[2:] == [("Read", b"x"), {"ReadDir": [entry]}]
    assert (node.drive / name).read_bytes() == b"x"
