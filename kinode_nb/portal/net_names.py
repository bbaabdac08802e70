"""The names that a net knows: for completion, and for what is near a name that it does not."""

from kinode_nb.fake_net import Net
from kinode_nb.fake_net.node_rows import addresses, digests
from kinode_nb.portal.bridge import Portal


class NetNames:
    """The part of a net that tells what there is. Safe from any thread."""

    portal: Portal
    """The way to the net's thread."""
    core: Net
    """The async net, which belongs to that thread."""

    def started_packages(self) -> set[tuple[str, str, str]]:
        """Return what is started where: package, node, digest of the package's files."""
        return self.portal.read(lambda _: digests(self.core.running()))

    def node_names(self) -> list[str]:
        """Return the names of all nodes."""
        return list(self.core.nodes)

    def package_names(self) -> list[str]:
        """Return the names of the built-in packages."""
        from kinode_nb.kit.packages import built_in

        return list(built_in())

    def installed_packages(self) -> list[str]:
        """Return the names of the packages that are installed on running nodes."""
        return sorted({id_.package_name for node in self.core.running() for id_ in node.packages})

    def process_names(self) -> list[str]:
        """Return the addresses of all processes of running nodes."""
        return addresses(self.core.running())

    def script_names(self) -> list[str]:
        """Return what a line at the terminal of a running node may begin with."""
        names = [name for node in self.core.running() for name in node.script_names()]
        return list(dict.fromkeys(names))

    def transfer_ids(self) -> list[str]:
        """Return the ids of all transfers."""
        return list(self.core.transfers.records)

    def offered_files(self, node: str | None = None) -> list[str]:
        """Return the names of the files in ``files`` drives (default: of all running nodes)."""
        nodes = [each for each in self.core.running() if node in (None, each.name)]
        places = (place for each in nodes for place in each.home.glob("vfs/*:*/files/*"))
        return sorted({place.name for place in places if place.is_file()})
