"""A node's rows of the tables of nodes, processes and packages."""

from collections.abc import Iterable

from kinode_nb.fake_net.node import Node
from kinode_nb.fake_net.process_row import process_row
from kinode_nb.runtime.process import Running
from kinode_nb.types.rows import NodeRow, PackageRow, ProcessRow


def node_row(node: Node) -> NodeRow:
    """Return the node's row of the table of nodes."""
    live = node.kernel.processes.values()
    counted = [*live, *node.kernel.restarting.values()]
    sent, received = node.gone
    return NodeRow(
        node=node.name,
        port=node.port,
        home=str(node.home),
        placement=node.placement,
        status=node.status,
        processes=len(live),
        sent=sent + sum(each.sent for each in counted),
        received=received + sum(each.received for each in counted),
        uptime_ns=node.uptime_ns,
    )


def process_rows(node: Node, blocking: Running | None = None) -> list[ProcessRow]:
    """Return a row for every process of the node, then those that have ended.

    One that waits for its restart has ended, and runs again in a while.
    ``blocking`` is what runs the process that keeps the thread to itself, if one does.
    """
    kernel = node.kernel
    rows = [
        process_row(
            each,
            "blocking" if blocking is not None and each.running is blocking else "running",
        )
        for each in list(kernel.processes.values())
    ]
    rows += [process_row(each, "ended") for each in list(kernel.restarting.values())]
    known = {row.process for row in rows}
    return [*rows, *(row for row in list(node.ended) if row.process not in known)]


def package_rows(node: Node) -> list[PackageRow]:
    """Return a row for every package that is started."""
    return [
        PackageRow(
            node=node.name,
            package=str(package.id),
            version=package.metadata.properties.current_version,
            processes=sum(each.package_id == package.id for each in node.kernel.processes),
            dependencies=tuple(package.metadata.properties.dependencies),
            source=package.source,
        )
        for package in node.packages.values()
    ]


def digests(nodes: Iterable[Node]) -> set[tuple[str, str, str]]:
    """Return what is started where: package, node, digest of the package's files."""
    return {
        (id_.package_name, node.name, package.digest)
        for node in nodes
        for id_, package in node.packages.items()
    }


def addresses(nodes: Iterable[Node]) -> list[str]:
    """Return the addresses of all processes of these nodes."""
    return [
        str(process.address) for node in nodes for process in list(node.kernel.processes.values())
    ]
