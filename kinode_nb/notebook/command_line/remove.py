"""``remove`` from another terminal: uninstalls a package from a running node."""

from kinode_nb.notebook.command_line.running_node import PORT, RunningNode
from kinode_nb.notebook.commands import kinds, remove
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Argument, Count, Values, Verb
from kinode_nb.types import NodeError, PackageError, PackageId


def _run(context: Context, values: Values) -> int:
    node = RunningNode(values)
    for id_ in _named(values):
        wanted = {"package_name": id_.package_name, "publisher_node": id_.publisher_node}
        said = node.ask_app_store({"Uninstall": wanted})
        if said != {"UninstallResponse": "Success"}:
            raise NodeError(
                f"Failed to remove package. {id_} is not installed on the node at {node.url}"
            )
        context.say(f"Successfully removed package {id_} on node at {node.url}")
    return 0


def _named(values: Values) -> list[PackageId]:
    """Return the packages that a line names, in kit's way or in ours."""
    named = remove.named_as_by_kit(values)
    if named is not None:
        return [named]
    return list(dict.fromkeys(map(_found, values.many("package") or ["."])))


def _found(name: str) -> PackageId:
    """Return the id of a folder's package, a built-in one's, or the one written; PackageError."""
    from kinode_nb.kit import packages

    if ":" in name:
        return PackageId.parse(name.replace("_", "-"))
    built_in = packages.built_in().get(name.replace("_", "-"))
    found = packages.id_in(name) or (packages.id_in(str(built_in)) if built_in else None)
    if found is None:
        raise PackageError(
            f"there is no package {name!r}: write its id, as {name.strip('./') or 'chat'}:me.os, "
            "or its folder"
        )
    return found


REMOVE = Verb(
    name="remove",
    aliases=remove.REMOVE.aliases,
    summary="uninstalls a package from a running node",
    arguments=(Argument("package", kinds.FILE_OF_THE_MACHINE, Count.ANY),),
    flags=(PORT, *remove.NAMED),
    example="remove chat",
    details="A package is named by its id, its folder, or the name of a built-in one; default:\n"
    "this folder. Its processes end and its pkg drive goes; its files and saved states stay.",
    run=_run,
)
