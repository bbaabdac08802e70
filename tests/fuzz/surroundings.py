"""What lies around a node: listed before and after, so that a stray file is found."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

SECRET = b"what no process of the node may read or change"


def build(root: Path) -> None:
    """Make what a path could lead out to: files beside the home, a working folder, a TMPDIR."""
    for name in ("outside/folder", "work", "temp"):
        (root / name).mkdir(parents=True)
    (root / "outside" / "secret.txt").write_bytes(SECRET)
    (root / "outside" / "folder" / "secret.txt").write_bytes(SECRET)
    (root / "work" / "secret.txt").write_bytes(SECRET)


def listing(root: Path, *own: Path) -> dict[str, tuple[int, bytes | None]]:
    """Return all below a folder with its contents, and without what lies below ``own``."""
    found: dict[str, tuple[int, bytes | None]] = {}
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [name for name in folders if here / name not in own]
        for name in folders:
            found[str(here / name)] = ((here / name).lstat().st_mode, None)
        for name in files:
            path = here / name
            mode = path.lstat().st_mode
            found[str(path)] = (mode, path.read_bytes() if stat.S_ISREG(mode) else None)
    return found


def restore(root: Path, before: dict[str, tuple[int, bytes | None]], *own: Path) -> list[str]:
    """Make it as it was, so that one example's harm is not another's; return what differed."""
    after = listing(root, *own)
    differ = sorted(path for path in before.keys() | after if before.get(path) != after.get(path))
    for path in differ:
        if Path(path).is_dir() and not Path(path).is_symlink():
            shutil.rmtree(path)
        else:
            Path(path).unlink(missing_ok=True)
    for path in differ:
        if path in before:
            mode, content = before[path]
            if content is None:
                Path(path).mkdir()
            else:
                Path(path).write_bytes(content)
            Path(path).chmod(stat.S_IMODE(mode))
    return differ
