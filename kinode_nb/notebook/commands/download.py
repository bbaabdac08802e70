"""``download``: fetches files from another node."""

from typing import TYPE_CHECKING

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context, Progress
from kinode_nb.notebook.commands.verb import ACTING, PACKAGE, Argument, Count, Flag, Values, Verb
from kinode_nb.types import TransferError

if TYPE_CHECKING:
    from kinode_nb.portal import Transfer


def run(context: Context, values: Values) -> object:
    """Start the downloads, wait for them unless told not to, and return them."""
    node, provider = context.acting(values), values.one("node")
    transfers = [
        node.download(
            file,
            provider,
            overwrite=values.has("--overwrite"),
            package=values.maybe("--package"),
        )
        for file in values.many("file")
    ]
    _follow(context, transfers, wait=not values.has("--no-wait"))
    return transfers[0] if len(transfers) == 1 else transfers


def _follow(context: Context, transfers: list["Transfer"], *, wait: bool) -> None:
    """Show each transfer, and wait for the end of all; raises TransferError, KeyboardInterrupt."""
    views: list[Progress] = []
    failures = []
    try:
        views.extend(map(context.show, transfers))
        if not wait:
            return
        for transfer in transfers:
            try:
                transfer.wait()
            except TransferError as error:
                failures.append(error)
    except KeyboardInterrupt:
        running = [each.id for each in transfers if each.status in {"waiting", "running"}]
        raise KeyboardInterrupt(_what_goes_on(running, context.prompt)) from None
    finally:
        for view in views if wait else ():
            view.finish()
    if len(transfers) == 1 and failures:
        raise failures[0]
    if failures:
        reasons = "; ".join(map(str, failures))
        raise TransferError(f"{len(failures)} of {len(transfers)} downloads failed: {reasons}")


def _what_goes_on(running: list[str], prompt: str) -> str:
    if not running:
        return "the waiting has ended, and so has the download"
    those = " and ".join(running)
    goes = "goes" if len(running) == 1 else "go"
    return f"only the waiting has ended: {those} {goes} on. See {prompt} transfers {running[0]}"


DOWNLOAD = Verb(
    name="download",
    summary="downloads files from a node, checked, and shows how far it is",
    arguments=(
        Argument("file", kinds.OFFERED_FILE, Count.SOME),
        Argument("node", kinds.OFFERED_FILE),
    ),
    flags=(
        Flag(("--wait",), "wait for the end; the default"),
        Flag(("--no-wait",), "return at once"),
        Flag(("--overwrite",), "replace another file of that name"),
        *ACTING,
        PACKAGE,
    ),
    example="download my_file.txt fake2.dev",
    details="Returns the Transfer, or a list. Interrupt ends the waiting, never the download.",
    run=run,
)
