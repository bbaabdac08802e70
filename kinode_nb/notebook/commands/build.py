"""``build``: checks a package's folder, and writes what a node installs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import ACTING, Argument, Count, Flag, Values, Verb
from kinode_nb.types import UsageError

if TYPE_CHECKING:
    from kinode_nb.kit.building import BuildOptions, Built

DIR = Argument("dir", kinds.FOLDER_OF_THE_MACHINE, Count.OPTIONAL)
DOWNLOAD_FROM = Flag(
    ("-d", "--download-from"), "asked for an API that is nowhere else", kinds.NODE, "NODE"
)
_WITHOUT_MEANING = {
    "--no-ui": "no user interface is built here",
    "--ui-only": "no user interface is built here: pkg/ is packed with the pages that lie in it",
    "--include": "Python needs no compiling, so all processes are checked and packed",
    "--exclude": "Python needs no compiling, so all processes are checked and packed",
    "--skip-deps-check": "there are no compilers to check for",
    "--world": "worlds matter to Wasm alone",
    "--rewrite": "our.spawn takes a Python function as it is",
    "--no-rewrite": "our.spawn takes a Python function as it is",
    "--hyperapp": "there is no such framework for Python",
    "--reproducible": "every build is: equal files give equal zips",
}
FLAGS = (
    Flag(
        ("-l", "--local-dependency"),
        "the folder of a dependency; may stand there again",
        kinds.FOLDER_OF_THE_MACHINE,
        "FOLDER",
        is_repeated=True,
    ),
    Flag(
        ("-a", "--add-to-api"),
        "a file for the API, as api_includes; may stand there again",
        kinds.FILE_OF_THE_MACHINE,
        "FILE",
        is_repeated=True,
    ),
    Flag(
        ("--features",), "with commas between them; `features.FEATURES` has them", kinds.TEXT, "F"
    ),
    Flag(("-f", "--force"), "forgets what earlier builds added to the API"),
    Flag(("-v", "--verbose"), "shows every file"),
    Flag(("--no-ui",), "kit's; without meaning for Python"),
    Flag(("--ui-only",), "likewise"),
    Flag(("-i", "--include"), "likewise", kinds.TEXT, "PROCESS", is_repeated=True),
    Flag(("-e", "--exclude"), "likewise", kinds.TEXT, "PROCESS", is_repeated=True),
    Flag(("-s", "--skip-deps-check"), "likewise"),
    Flag(("-w", "--world"), "likewise", kinds.TEXT, "WORLD"),
    Flag(("--rewrite",), "likewise"),
    Flag(("--no-rewrite",), "likewise; what kit's build-start-package calls it"),
    Flag(("--hyperapp",), "likewise"),
    Flag(("-r", "--reproducible"), "likewise"),
)


def options(values: Values) -> "BuildOptions":
    """Return what a line asks of a build; raises UsageError."""
    if values.has("--no-ui") and values.has("--ui-only"):
        raise UsageError("--no-ui and --ui-only leave nothing to build: give one of them")
    features = (values.maybe("--features") or "").split(",")
    return {
        "add_to_api": values.many("--add-to-api"),
        "local_dependencies": values.many("--local-dependency"),
        "features": [each.strip() for each in features if each.strip()],
        "force": values.has("--force"),
    }


def tell(context: Context, values: Values, built: "Built") -> None:
    """Say what was built, and what the person should know."""
    from kinode_nb.kit.shown import shown

    for note in (*_passed_over(values), *built.notes):
        context.say(note)
    files = [path.relative_to(built.folder).as_posix() for path in built.written]
    context.say(f"built {built.package.id}: {', '.join(files)}")
    if values.has("--verbose"):
        for path in built.written:
            context.say(f"  {shown(path)}")
    context.say(f"package zip: {shown(built.zip)}")
    context.say(f"package zip hash: {built.hash}")


def _passed_over(values: Values) -> Iterator[str]:
    for flag, reason in _WITHOUT_MEANING.items():
        if values.has(flag):
            yield f"{flag} changes nothing: {reason}"


def run(context: Context, values: Values) -> "Built":
    """Build the package in a folder, asking the acting node for APIs that lie in none."""
    node = context.named(values)
    folder, wanted = values.maybe("dir") or ".", options(values)
    download_from = values.maybe("--download-from")
    if node is None:
        built = context.net.build(folder, download_from=download_from, **wanted)
    else:
        built = node.build(folder, download_from=download_from, **wanted)
    tell(context, values, built)
    return built


BUILD = Verb(
    name="build",
    aliases=("b",),
    summary="checks a package's folder, and writes what a node installs",
    arguments=(DIR,),
    flags=(*ACTING, DOWNLOAD_FROM, *FLAGS),
    example="build chat-with-file-transfer -l file-transfer",
    details=(
        "Writes pkg/api/, pkg/features.py, pkg/api.zip and the zip in target/; the files of\n"
        "dependencies' APIs are copied into pkg/. DIR is this folder where none is given."
    ),
    run=run,
)
