"""``start`` from another terminal: a package is built, sent to a running node and installed."""

import hashlib
from typing import TYPE_CHECKING, Any

from kinode_nb.notebook.command_line.running_node import PORT, RunningNode
from kinode_nb.notebook.commands import start
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Values, Verb
from kinode_nb.types import NodeError

if TYPE_CHECKING:
    from kinode_nb.kit.packages import Package


def _run(context: Context, values: Values) -> int:
    """Find all packages before anything is sent, then install one after the other."""
    from kinode_nb.kit import packages

    node = RunningNode(values)
    fetch = node.apis().get
    named = values.many("package") or (".",)
    say = context.say
    for package in [packages.find(name, fetch_api=fetch, tell=say) for name in named]:
        send(context, node, package)
    return 0


def send(context: Context, node: RunningNode, package: "Package") -> None:
    """Install a package on a running node, and say so; raises KinodeError."""
    context.say(str(package.id))
    _install(node, package)
    context.say(f"Successfully installed package {package.id} on node at {node.url}")


def _install(node: RunningNode, package: "Package") -> None:
    """Send what kit's start-package sends; raises NodeError when the node refuses."""
    id_ = {"package_name": package.id.package_name, "publisher_node": package.id.publisher_node}
    new = {"NewPackage": {"package_id": id_, "mirror": True}}
    said = node.ask_app_store(new, package.archive)
    if said != {"NewPackageResponse": "Success"}:
        raise NodeError(f"Failed to add package. Got response from node: {said}")
    install = {
        "package_id": id_,
        "version_hash": hashlib.sha256(package.archive).hexdigest(),
        "metadata": _metadata(package),
    }
    said = node.ask_app_store({"Install": install})
    if said != {"InstallResponse": "Success"}:
        raise NodeError(
            f"Failed to start package. Got response from node: {said}. Its terminal says why"
        )


def _metadata(package: "Package") -> dict[str, Any]:
    """Return a package's metadata in the shape of Install, where code hashes are pairs."""
    given = package.metadata
    return {
        "name": given.name,
        "description": given.description,
        "image": None,
        "external_url": None,
        "animation_url": None,
        "properties": {
            "package_name": given.properties.package_name,
            "publisher": given.properties.publisher,
            "current_version": given.properties.current_version,
            "mirrors": given.properties.mirrors,
            "code_hashes": list(given.properties.code_hashes.items()),
            "license": None,
            "screenshots": None,
            "wit_version": given.properties.wit_version,
            "dependencies": given.properties.dependencies,
            "api_includes": given.properties.api_includes,
        },
    }


START = Verb(
    name="start",
    aliases=start.START.aliases,
    summary="installs and starts a package on a running node",
    arguments=start.START.arguments,
    flags=(PORT,),
    example=start.START.example,
    details=start.START.details,
    run=_run,
)
