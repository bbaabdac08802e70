"""The laboratory of message-passing systems, in a notebook.

Importing this costs next to nothing: every name below is fetched when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from kinode_nb import aio, wit
    from kinode_nb.portal import FakeNet, Node, Transfer
    from kinode_nb.portal.decorating import process
    from kinode_nb.portal.net import fakenet
    from kinode_nb.types import KinodeError, SendError

__version__ = "0.1.0"

__all__ = [
    "FakeNet",
    "KinodeError",
    "Node",
    "SendError",
    "Transfer",
    "__version__",
    "aio",
    "fakenet",
    "load_ipython_extension",
    "process",
    "unload_ipython_extension",
    "wit",
]

_HOMES = {
    "FakeNet": "kinode_nb.portal",
    "KinodeError": "kinode_nb.types",
    "Node": "kinode_nb.portal",
    "SendError": "kinode_nb.types",
    "Transfer": "kinode_nb.portal",
    "fakenet": "kinode_nb.portal",
    "process": "kinode_nb.portal.decorating",
}


def __getattr__(name: str) -> Any:  # of whatever type the name has
    """Fetch a public name at its first use."""
    if name in {"aio", "wit"}:
        return import_module(f"kinode_nb.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals().setdefault(name, getattr(import_module(_HOMES[name]), name))


def __dir__() -> list[str]:
    """Return the names that are there and those that will be at first use."""
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """Give a shell the magics: ``%load_ext kinode_nb``."""
    from kinode_nb.notebook import extension

    extension.load(shell)


def unload_ipython_extension(shell: "InteractiveShell") -> None:
    """Take the magics away again; nodes go on."""
    from kinode_nb.notebook import extension

    extension.unload(shell)
