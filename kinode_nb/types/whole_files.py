"""Files that are written whole or not at all, so that who is stopped in the middle lost nothing."""

import contextlib
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file, or leave it as it was and raise OSError. Its folder is made if need be."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.write_bytes(content)
    try:
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
