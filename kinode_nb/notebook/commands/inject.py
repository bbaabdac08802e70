"""``inject``: sends a process a message from outside, as kit does."""

from pathlib import Path

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Argument, Flag, Values, Verb
from kinode_nb.types import UsageError, nearest


def run(context: Context, values: Values) -> object:
    """Return the Response, whose repr is what kit prints."""
    blob = blob_of(values)
    node = context.net.node(None, values.number("--port"))
    wait = not values.has("--non-block")
    answer = node.inject(
        values.one("process"),
        values.one("body_json"),
        node=values.maybe("--node"),
        blob=blob,
        wait=wait,
    )
    if not wait:
        context.say("200 OK")
    return answer


def blob_of(values: Values) -> bytes | None:
    """Return the bytes of the file that --blob names; raises UsageError."""
    name = values.maybe("--blob")
    if name is None:
        return None
    path = Path(name).expanduser()
    try:
        return path.read_bytes()
    except FileNotFoundError:
        near = nearest(path.name, [each.name for each in path.absolute().parent.glob("*")])
        raise UsageError(f"there is no file {name!r} for --blob.{near}") from None
    except OSError as error:
        raise UsageError(f"{name!r} cannot be read for --blob: {error.strerror}") from None


INJECT = Verb(
    name="inject",
    aliases=("inject-message", "i"),
    summary="sends a process a message, and returns its Response",
    arguments=(Argument("process", kinds.PROCESS_ID), Argument("body_json")),
    flags=(
        Flag(("-p", "--port"), "where it enters; default: the current node", kinds.NUMBER, "PORT"),
        Flag(("-n", "--node"), "the target's node; default: where it enters", kinds.NODE, "NODE"),
        Flag(("-b", "--blob"), "a file to send along", kinds.FILE_OF_THE_MACHINE, "FILE"),
        Flag(("-l", "--non-block"), "wait for no Response"),
    ),
    example="""inject chat:chat:template.os '{"History":"fake2.dev"}'""",
    details="It comes from http-server, as with kit: that reaches what is public or lets "
    "http-server in.",
    run=run,
)
