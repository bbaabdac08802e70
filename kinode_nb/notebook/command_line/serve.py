"""``boot``: fake nodes that are served until Ctrl-C."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, cast

from kinode_nb.notebook.commands.boot import BOOT
from kinode_nb.notebook.commands.context import Context
from kinode_nb.notebook.commands.verb import Values, Verb

if TYPE_CHECKING:
    from kinode_nb.portal import Node
    from kinode_nb.portal.serving import Orders


def _run(context: Context, values: Values) -> int:
    """Boot nodes and serve until Ctrl-C, the system's word, or the end of the last of them."""
    from kinode_nb.portal.serving import serve

    with _told() as orders:
        net = context.net
        net.follow(context.say)
        try:
            booted = BOOT.run(context, values)
            nodes = cast("list[Node]", booted if isinstance(booted, list) else [booted])
            for node in nodes:
                where = f"at {node.url()}" if node.port else "without HTTP"
                context.say(f"{node.name} runs {where}, home {node.home}")
            context.say("Ctrl-C stops it")
            serve(net, orders)
            if not net.core.running():
                context.say("no node runs any more")
        finally:
            net.close()
    return 0


@contextmanager
def _told() -> Iterator["Orders"]:
    """Give what is filled by Ctrl-C and by SIGTERM, in place of what they did before."""
    from kinode_nb.portal.serving import Order, Orders

    orders = Orders()
    meant = {signal.SIGINT: Order.INTERRUPT, signal.SIGTERM: Order.END}

    def tell(number: int, _: FrameType | None) -> None:
        orders.put(meant[signal.Signals(number)])

    before = {each: signal.signal(each, tell) for each in meant}
    try:
        yield orders
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
    details=(
        f"{BOOT.details} While a process never yields, the first Ctrl-C ends that process, as an\n"
        "error would, and the node goes on."
    ),
    run=_run,
)
