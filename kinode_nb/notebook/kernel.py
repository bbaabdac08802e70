"""The *Kinode* Jupyter kernel: IPython's, with the magics loaded, and nodes that end with it.

``python -m kinode_nb.notebook.kernel -f CONNECTION_FILE`` starts it.
"""

import inspect
import os
import signal
import sys
from types import FrameType
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from traitlets import Unicode

import kinode_nb


class KinodeKernel(IPythonKernel):
    """IPython's Jupyter kernel with ``%kinode`` in it."""

    implementation = "kinode"
    implementation_version = kinode_nb.__version__

    banner = Unicode(
        f"Kinode {kinode_nb.__version__} in Python {sys.version.split()[0]}. "
        "%kinode boot starts a node; %kinode help lists what else there is.\n"
    )

    def __init__(self, **options: Any) -> None:
        """Start as IPython's, then load the extension.

        Not by the extension manager: a notebook's own ``%load_ext kinode_nb`` would then only be
        told off.
        """
        super().__init__(**options)  # type: ignore[no-untyped-call]  # ipykernel's
        if self.shell is None:
            raise RuntimeError("a Jupyter kernel without a shell has no place for magics")
        kinode_nb.load_ipython_extension(self.shell)

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """Stop the nodes and remove their temporary homes, also before a restart."""
        stop_nodes()
        said = super().do_shutdown(restart)  # type: ignore[no-untyped-call]  # ipykernel's
        return dict(await said if inspect.isawaitable(said) else said)


def stop_nodes() -> None:
    """Stop all nodes of this machine process, if it has any."""
    portal = sys.modules.get("kinode_nb.portal")
    if portal is not None:
        portal.close_all()


def _end(number: int, _: FrameType | None) -> None:
    """Leave nothing behind, then end as the signal would have ended it."""
    signal.signal(number, signal.SIG_DFL)
    stop_nodes()
    os.kill(os.getpid(), number)


def main() -> None:
    """Start the Jupyter kernel as a connection file says."""
    signal.signal(signal.SIGTERM, _end)
    IPKernelApp.launch_instance(kernel_class=KinodeKernel)


if __name__ == "__main__":
    main()
