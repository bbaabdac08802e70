"""``boot``: a fake node."""

from typing import Any

from kinode_nb.notebook.commands import kinds
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Argument, Count, Flag, Values, Verb
from kinode_nb.types import UsageError

_KIT_ONLY = (
    Flag(("-c", "--fakechain-port"), "for kit's sake; ignored", kinds.TEXT, "PORT"),
    Flag(("--rpc",), "for kit's sake; ignored", kinds.TEXT, "URL"),
    Flag(("-r", "--runtime-path"), "for kit's sake; ignored", kinds.TEXT, "PATH"),
    Flag(("-v", "--version"), "for kit's sake; ignored", kinds.TEXT, "VERSION"),
    Flag(("--release",), "for kit's sake; ignored"),
)
"""What kit gives to a runtime that it fetches or compiles, and to its chain."""


def run(context: Context, values: Values) -> object:
    """Boot a node, or several, and return it."""
    if ignored := [flag.key for flag in _KIT_ONLY if values.has(flag.key)]:
        context.say(
            f"ignored: {', '.join(ignored)} (a fake node here has no chain, and nothing to "
            "fetch or compile)"
        )
    name = values.maybe("name")
    named = values.maybe("--fake-node-name")
    if name is not None and named is not None and name != named:
        raise UsageError(f"two names for one node: {name!r} and {named!r}. Give one of them")
    options: dict[str, Any] = {  # only what was asked for: the net knows the defaults
        "home": values.maybe("--home"),
        "count": values.number("--count"),
        "placement": values.maybe("--placement"),
        "verbosity": values.number("--verbosity"),
        "persist": values.has("--persist") or None,
        "fresh": values.has("--fresh") or None,
        "port": values.number("--port") or values.maybe("--port"),
        "http_timeout": values.seconds("--http-timeout"),
        "password": values.maybe("--password"),
    }
    given = {option: value for option, value in options.items() if value is not None}
    return context.net.boot(named if name is None else name, **given)


BOOT = Verb(
    name="boot",
    aliases=("boot-fake-node", "f"),
    summary="boots a fake node and returns it",
    arguments=(Argument("name", count=Count.OPTIONAL),),
    flags=(
        Flag(("-f", "--fake-node-name"), "its name; default fake.dev", kinds.TEXT, "NAME"),
        Flag(("-p", "--port"), "its HTTP port, or none; default 8080", kinds.PORT, "PORT"),
        Flag(("-o", "--home"), "its home, which is kept", kinds.FILE_OF_THE_MACHINE, "HOME"),
        Flag(("--persist",), "keep a home that boot made"),
        Flag(("--count",), "how many nodes to boot", kinds.NUMBER, "N"),
        Flag(("--placement",), "where it runs", kinds.choice("thread", "subprocess"), "PLACE"),
        Flag(("--verbosity",), "how much its terminal shows, 0 to 3", kinds.NUMBER, "N"),
        Flag(("--password",), "what logs in to its pages; default: anything", kinds.TEXT, "TEXT"),
        Flag(("--http-timeout",), "for answers to HTTP; default 15", kinds.SECONDS, "SECONDS"),
        Flag(("--fresh",), "boot it anew where it is booted already"),
        *_KIT_ONLY,
    ),
    example="boot fake2.dev",
    details="A name without a dot gets .dev.",
    run=run,
)
