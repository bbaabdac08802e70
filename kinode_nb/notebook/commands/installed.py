"""What verbs have in common that change which packages are installed where."""

from collections.abc import Iterable

from kinode_nb.notebook.commands.context import Context


def say_where(context: Context, packages: Iterable[tuple[str, str, str]], what: str) -> None:
    """Say a line for each package, with the nodes in their order: ``chat runs on fake.dev``.

    ``packages`` are rows of `FakeNet.started_packages`.
    """
    places = {each[:2] for each in packages}
    nodes = context.net.node_names()
    for package in sorted({package for package, _ in places}):
        where = [node for node in nodes if (package, node) in places]
        context.say(f"{package} {what} {', '.join(where)}")
