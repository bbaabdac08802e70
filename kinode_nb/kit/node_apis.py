"""The APIs of packages that come with every node: no folder of theirs has to be named."""

from pathlib import Path

from kinode_nb.kit import zips
from kinode_nb.types import PackageId

_FOLDER = Path(__file__).parent.parent / "system" / "apis"


def node_api(id_: PackageId) -> bytes | None:
    """Return the ``api.zip`` of a package that every node has, such as ``tester:sys``, or None."""
    folder = _FOLDER / id_.package_name
    if id_.publisher_node != "sys" or not folder.is_dir():
        return None
    return zips.pack({path.name: path.read_bytes() for path in sorted(folder.glob("*.wit"))})
