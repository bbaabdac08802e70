"""``inject`` from another terminal: over a running node's HTTP port, as kit does."""

from kinode_nb.notebook.command_line.running_node import PORT, RunningNode
from kinode_nb.notebook.commands import inject
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Values, Verb
from kinode_nb.types.injections import injected_text


def _run(context: Context, values: Values) -> int:
    from kinode_nb.portal import words

    returned = RunningNode(values).inject(
        str(words.process_id(values.one("process"))),
        words.json_body(values.one("body_json")).decode(),
        node=values.maybe("--node"),
        blob=inject.blob_of(values),
        wait=not values.has("--non-block"),
    )
    context.say("200 OK" if returned is None else injected_text(*returned))
    return 0


INJECT = Verb(
    name="inject",
    aliases=inject.INJECT.aliases,
    summary="sends a process of a running node a message, and prints the Response",
    arguments=inject.INJECT.arguments,
    flags=(PORT, *(flag for flag in inject.INJECT.flags if flag.key != PORT.key)),
    example=inject.INJECT.example,
    details=inject.INJECT.details,
    run=_run,
)
