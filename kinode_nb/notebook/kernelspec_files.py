"""Puts the Kinode Jupyter kernel where Jupyter looks: for a person, or in an environment."""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from kinode_nb.types import UsageError

NAME = "kinode"
FILES = Path(__file__).with_name("kernelspec")


def install(prefix: str | None = None) -> str:
    """Copy the kernelspec below a prefix, or for the person; returns the folder."""
    from jupyter_client.kernelspec import KernelSpecManager

    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / NAME
        shutil.copytree(FILES, files, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
        _use_this_python(files / "kernel.json")
        try:
            return str(
                KernelSpecManager().install_kernel_spec(
                    str(files), NAME, user=prefix is None, prefix=prefix
                )
            )
        except OSError as error:
            where = prefix or "the person's folder"
            raise UsageError(f"{where} cannot be written: {error.strerror or error}") from None


def _use_this_python(path: Path) -> None:
    """Name this very Python: a bare ``python`` would be that of the Jupyter server."""
    spec = json.loads(path.read_text(encoding="utf-8"))
    spec["argv"][0] = sys.executable
    path.write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")
