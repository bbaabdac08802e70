"""Requests to vfs: paths that lead, or seem to lead, everywhere, and all that can be done there."""

from __future__ import annotations

import io
import os
import shutil
import warnings
import zipfile
from pathlib import Path

from hypothesis import strategies as st

from kinode_nb.system.vfs import _ACTIONS
from tests.fuzz.bodies import JSON, NUMBERS, mostly

PACKAGE = "notebook:template.os"
DRIVE = f"{PACKAGE}/files"
_HERE = st.sampled_from(
    [
        *("file.txt", "empty", "folder", "folder/inner.txt", "new", "new/new", "folder/../new"),
        *("to_file", "to_folder", "to_outside", "to_secret", "to_nowhere", "to_itself", "up"),
        *("to_folder/inner.txt", "to_outside/secret.txt", "up/new", "to_folder/../new", "pipe"),
    ]
)
_HOSTILE = st.one_of(
    st.sampled_from(["..", "../..", "../../..", ".", "", "secret.txt", "..\\..", "%2e%2e", "\\"]),
    st.sampled_from(["\0", "a\0b", "\ud800", "~", "*", "\n", "-rf", "C:", "a" * 255, "a" * 256]),
    st.sampled_from(["é" * 128, "🦆", "\u202e", "e\u0301", "x" * 5000, "/".join(["d" * 200] * 30)]),
    st.text(max_size=6),
)
_NAMES = mostly(_HERE, _HOSTILE)
_DRIVES = mostly(
    st.just(DRIVE),
    st.sampled_from([f"/{DRIVE}", f"//{DRIVE}", f"./{DRIVE}", f"{DRIVE}/../../{DRIVE}"]),
    st.sampled_from(
        ["", "/", "..", "/..", "notebook:template.os", "a:b", ":/x", "a:b:c/d", "::/:"]
    ),
    st.sampled_from([f"{PACKAGE}{end}" for end in ("/", "/..", "/../..", "/\0", "/new")]),
    st.sampled_from(["other:template.os/files", "linked:template.os/files", f"{PACKAGE}/linked"]),
    st.sampled_from(["Ü:ß/é", "notebook:template.os/" + "d" * 256, "app-store:sys/downloads"]),
    st.text(max_size=8),
)


def _joined(drive: str, names: list[str]) -> str:
    return "/".join([drive, *names])


PATHS = mostly(
    st.builds(_joined, _DRIVES, st.lists(_NAMES, min_size=1, max_size=2)),
    st.builds(_joined, _DRIVES, st.lists(_HOSTILE, max_size=4)),
    st.sampled_from(["/etc/passwd", "/", "/proc/self/mem", "secret.txt", DRIVE]),
)

_CARRIED = {
    "OpenFile": st.fixed_dictionaries({"create": st.booleans()}),
    "ReadExact": st.fixed_dictionaries({"length": NUMBERS}),
    "SetLen": NUMBERS,
    "Seek": st.dictionaries(st.sampled_from(["Start", "End", "Current"]), NUMBERS, max_size=2),
    "Rename": st.fixed_dictionaries({"new_path": PATHS}),
    "CopyFile": st.fixed_dictionaries({"new_path": PATHS}),
}
_BARE = sorted(_ACTIONS.keys() - _CARRIED.keys())
ACTIONS = mostly(
    st.one_of(
        st.sampled_from(_BARE),
        st.sampled_from(sorted(_CARRIED)).flatmap(
            lambda name: _CARRIED[name].map(lambda value: {name: value})
        ),
    ),
    st.dictionaries(st.sampled_from([*_BARE, *_CARRIED]), JSON, max_size=2),
    JSON,
)
PLAUSIBLE = st.fixed_dictionaries({"path": mostly(PATHS, JSON), "action": ACTIONS})


@st.composite
def zips(draw: st.DrawFn) -> bytes:
    """Draw a zip whose entries may want to be anywhere, and be anything."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")  # of names that come twice
        for name in draw(st.lists(_NAMES | PATHS, max_size=3)):
            info = zipfile.ZipInfo("x")
            # as it stands: the constructor would make the name harmless
            info.filename = name.encode("utf-8", "replace").decode()
            info.external_attr = draw(st.sampled_from([0, 0o120777 << 16, 0o040755 << 16]))
            if len(info.filename.encode()) < 1 << 16:
                archive.writestr(info, draw(st.sampled_from([b"", b"content", b"../../outside"])))
    return buffer.getvalue()


def furnish(home: Path, root: Path) -> None:
    """Put into the drive what somebody could have put there, links and a pipe among it."""
    drive = home / "vfs" / DRIVE
    shutil.rmtree(drive.parent, ignore_errors=True)
    (drive / "folder").mkdir(parents=True)
    (drive / "file.txt").write_bytes(b"some text")
    (drive / "empty").write_bytes(b"")
    (drive / "folder" / "inner.txt").write_bytes(b"more text")
    for name, target in {
        "to_file": "folder/inner.txt",
        "to_folder": "folder",
        "to_outside": str(root / "outside"),
        "to_secret": "../../../../outside/secret.txt",
        "to_nowhere": "no/such/file",
        "to_itself": "to_itself",
        "up": "../..",
    }.items():
        (drive / name).symlink_to(target)
    (drive.parent / "linked").symlink_to(root / "outside")
    os.mkfifo(drive / "pipe")
