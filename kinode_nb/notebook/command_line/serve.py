"""``boot``: fake nodes that are served until Ctrl-C."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, cast

from kinode_nb.notebook.commands.boot import BOOT
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Values, Verb

if TYPE_CHECKING:
    from kinode_nb.portal import Node


def _run(context: Context, values: Values) -> int:
    """Boot nodes and serve until Ctrl-C, or until the system asks for the end."""
    with _told_to_end() as ended:
        net = context.net
        net.follow(context.say)
        try:
            booted = BOOT.run(context, values)
            nodes = cast("list[Node]", booted if isinstance(booted, list) else [booted])
            for node in nodes:
                where = f"at {node.url()}" if node.port else "without HTTP"
                context.say(f"{node.name} runs {where}, home {node.home}")
            context.say("Ctrl-C stops it")
            net.portal.watch(ended)
        finally:
            net.close()
    return 0


@contextmanager
def _told_to_end() -> Iterator[threading.Event]:
    """Give an event that is set by Ctrl-C and by SIGTERM, in place of what they did before."""
    ended = threading.Event()

    def end(_: int, __: FrameType | None) -> None:
        ended.set()

    before = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


SERVE = Verb(
    name="boot",
    aliases=BOOT.aliases,
    summary="boots a fake node and serves until Ctrl-C, showing what its processes print",
    arguments=BOOT.arguments,
    flags=BOOT.flags,
    example=BOOT.example,
    details=BOOT.details,
    run=_run,
)
