"""Copies of dependencies' files in ``pkg/``: told from what an author wrote, and kept as a reserve.

``target/build.json`` knows them. Where it is gone, as after a checkout, a file that equals its
dependency's is a copy too.
"""

from collections.abc import Iterable

import msgspec

from kinode_nb.kit import generated
from kinode_nb.kit.apis import Api
from kinode_nb.kit.folders import Folder
from kinode_nb.kit.shown import content


def taken_out(
    folder: Folder, found: Iterable[Api], *, replace: bool = False
) -> tuple[Folder, tuple[str, ...]]:
    """Return a folder without the copies in it that no build remembers, and a note for each.

    With ``replace``, what has a dependency's file's name is one, whatever it holds.
    """
    copies: set[str] = set()
    notes: list[str] = []
    for api in found:
        for name, theirs in api.files.items():
            own = folder.files.get(name)
            if own is None or name in copies or (own != theirs and not replace):
                continue
            copies.add(name)
            how = "equals" if own == theirs else "is replaced by"
            notes.append(
                f"pkg/{name} {how} the one of {api.package} ({api.where}), and follows it from "
                "now on"
            )
    if not copies:
        return folder, ()
    files = {name: each for name, each in folder.files.items() if name not in copies}
    modules = {name: each for name, each in folder.modules.items() if f"{name}.py" not in copies}
    return msgspec.structs.replace(folder, files=files, modules=modules), tuple(notes)


def remembered(folder: Folder, found: Iterable[Api]) -> dict[str, bytes]:
    """Return, as files of an API, the copies that the last build left and none of ``found`` has."""
    known = {name for api in found for name in api.files} | folder.wit.keys()
    files: dict[str, bytes] = {}
    for path in folder.record.copied:
        inside = path.removeprefix("pkg/")
        name = inside.removeprefix(generated.API)
        is_made = inside == generated.FEATURES or (inside != name and not name.endswith(".wit"))
        if inside == path or is_made or "/" in name or name in {"api.zip", *known}:
            continue
        file = folder.path / path
        if file.is_file() and folder.record.wrote(path, held := content(file)):
            files[name] = held
    return files
