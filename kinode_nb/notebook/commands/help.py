"""``help``: the table of verbs, or one verb's own text. Both come from the verbs themselves."""

import textwrap

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import HELP, Argument, Count, Flag, Values, Verb

_WIDTH = 88


def table(verbs: tuple[Verb, ...], prompt: str) -> str:
    """Return one line a verb."""
    there = [verb for verb in verbs if verb.is_there]
    width = max(len(verb.head) for verb in there) + 2
    lines = [f"{prompt} VERB …", ""]
    lines += [f"  {verb.head:<{width}}{verb.summary}" for verb in there]
    lines += ["", f"{prompt} help VERB tells more about one: its flags, its other names."]
    return "\n".join(lines)


def text(verb: Verb, prompt: str) -> str:
    """Return all about one verb."""
    usage = textwrap.fill(
        f"{prompt} {verb.usage}", _WIDTH, subsequent_indent="    ", break_on_hyphens=False
    )
    parts = [usage, verb.summary[0].upper() + verb.summary[1:] + "."]
    if verb.details:
        parts.append(verb.details)
    if verb.aliases:
        parts.append(f"Also written: {', '.join(verb.aliases)}.")
    if verb.flags:
        parts.append("\n".join(_flag_lines((*verb.flags, HELP))))
    if verb.example:
        parts.append(f"For example: {prompt} {verb.example}")
    return "\n\n".join(parts)


def _flag_lines(flags: tuple[Flag, ...]) -> list[str]:
    heads = [f"{', '.join(flag.names)} {flag.metavar}".rstrip() for flag in flags]
    width = max(map(len, heads)) + 2
    return [f"  {head:<{width}}{flag.help}" for head, flag in zip(heads, flags, strict=True)]


def run(context: Context, values: Values) -> None:
    """Show the table, or the text of one verb."""
    from kinode_nb.notebook.commands import VERBS, find

    name = values.maybe("verb")
    if name is None:
        context.say(table(VERBS, context.prompt))
    elif (verb := find(name, context.prompt)).is_there:
        context.say(text(verb, context.prompt))
    else:
        context.say(f"{verb.name} is not there yet in this version")


HELP_VERB = Verb(
    name="help",
    summary="this table, or all about one verb",
    arguments=(Argument("verb", kinds.VERB, Count.OPTIONAL),),
    example="help send",
    run=run,
)
