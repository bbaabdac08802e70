"""Requests and Responses of about 100 bytes: two processes on two nodes, beside the peers.

::

    python benchmarks/messaging.py --rounds 5

``one at a time`` waits for every reply, and checks it; ``in flight`` keeps 1,000 Requests on their
way. Both are round trips a second. kinode_nb runs as it does for everybody: the log on,
capabilities checked. ``recording`` is what the log adds to one message on its path, in ns.

Every contestant runs once a round, each in a fresh interpreter; a ratio is taken within its
round, and the median over the rounds is shown, so that a machine's drift cancels.
"""

import argparse
import asyncio
import gc
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

BODY = json.dumps(
    {
        "action": "chat",
        "from": "alice.os",
        "to": "bob.os",
        "text": "hello there, how are you?",
        "n": 12345,
    }
).encode()
WINDOW = 1000
SECONDS = 0.5
REFERENCE = "asyncio.Queue"
MEASURES = {"rtt": "one at a time", "pipe": "in flight", "recording": "recording"}
Result = dict[str, float]


def main() -> None:
    """Run all rounds and print the table; or, with ``--child``, one contestant."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="one contestant, beside the reference")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(CONTESTANTS[options.child]()))
        return
    names = [n for n in CONTESTANTS if options.only in (None, n) or n == REFERENCE]
    show([play(number, names) for number in range(options.rounds)])


def play(number: int, names: list[str]) -> dict[str, Result]:
    """Run every contestant once, in an order of the round's own."""
    results = {}
    for name in random.Random(number).sample(names, len(names)):
        command = [sys.executable, __file__, "--child", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name}: {(done.stderr.splitlines() or ['?'])[-1]}", file=sys.stderr)
        else:
            results[name] = json.loads(done.stdout)
    return results


def show(rounds: list[dict[str, Result]]) -> None:
    """Print medians, and ratios to the reference of the same round."""
    print(f"{'':16}", *(f"{title:>24}" for title in MEASURES.values()))
    for name in CONTESTANTS:
        played = [(each[name], each[REFERENCE]) for each in rounds if name in each]
        if played:
            print(f"{name:16}", *(cell(measure, played) for measure in MEASURES))


def cell(measure: str, played: list[tuple[Result, Result]]) -> str:
    """Return one figure, with its ratio to the reference where that has it too."""
    if measure not in played[0][0]:
        return " " * 24
    figure = statistics.median(own[measure] for own, _ in played)
    if measure not in played[0][1]:
        return f"{figure:>21,.0f} ns"
    ratio = statistics.median(own[measure] / reference[measure] for own, reference in played)
    return f"{figure:>15,.0f} {ratio:>6.2f} x"


def check(body: object) -> None:
    """Look at every reply."""
    if body != BODY:
        raise AssertionError(f"a reply of {body!r}")


def windows(count: int) -> Iterator[int]:
    """Divide a count into windows."""
    while count > 0:
        yield min(count, WINDOW)
        count -= WINDOW


async def rate(run: Callable[[int], Awaitable[None]], count: int) -> float:
    """Return how often a second ``run(n)`` does one of its n, growing n until it takes a while."""
    await run(count)
    while True:
        gc.collect()
        start = time.perf_counter()
        await run(count)
        taken = time.perf_counter() - start
        if taken >= SECONDS:
            return count / taken
        count = max(2 * count, int(1.2 * count * SECONDS / taken))


# ------------------------------------------------------------------------------------ kinode_nb


def kinode_nb() -> Result:
    """Two processes on two nodes of one machine process."""
    return asyncio.run(two_nodes())


async def two_nodes() -> Result:  # noqa: C901 - two processes and what they do
    from kinode_nb.fake_net import Net
    from kinode_nb.process_lib import Address, Our, Request

    async def echo(our: Our) -> None:
        async for message in our:
            if isinstance(message, Request):
                await our.send_response(message.body)

    result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    async def ask(our: Our) -> None:
        async def one_at_a_time(count: int) -> None:
            net.log.clear()  # its memory is measured elsewhere
            for _ in range(count):
                answer = await our.send_and_await_response(target, BODY)
                check(answer.body)

        async def in_flight(count: int) -> None:
            net.log.clear()
            for size in windows(count):
                for _ in range(size):
                    await our.send_request(target, BODY, expects_response=60)
                for _ in range(size):
                    check((await our.receive()).body)

        try:
            rtt = await rate(one_at_a_time, 1000)
            result.set_result({"rtt": rtt, "pipe": await rate(in_flight, 2000)})
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            result.set_exception(error)

    net = Net()
    try:
        one = await net.boot("one.dev", port="none")
        two = await net.boot("two.dev", port="none")
        target: Address = two.spawn(echo, name="echo")
        one.spawn(ask, name="ask")
        return {**await result, "recording": recording()}
    finally:
        await net.close()


def recording(count: int = 200_000) -> float:
    """Return the nanoseconds that the log takes of one message: written down, then taken."""
    from kinode_nb.runtime.message_log import MessageLog

    log, message, now = MessageLog(), object(), time.monotonic_ns()

    class Place:  # what holds the log, as the runtime's objects do
        def __init__(self) -> None:
            self.log, self.entries = log, log.entries

    place = Place()

    def record() -> None:  # the lines of Kernel.route and Correspondence.receive
        for seq in range(1, count + 1):
            place.entries.append(message)  # type: ignore[arg-type]  # its kind costs nothing
            log = place.log
            if seq >= log.first:
                try:
                    log.delivered[seq - log.first] = now
                except IndexError:
                    log.take(seq, now)
        log.clear()
        log.first = 1

    def nothing() -> None:
        for _seq in range(1, count + 1):
            pass

    return (best(record) - best(nothing)) / count


def best(function: Callable[[], None]) -> float:
    """Return the shortest of five runs in nanoseconds."""
    times = []
    for _ in range(5):
        start = time.perf_counter_ns()
        function()
        times.append(time.perf_counter_ns() - start)
    return min(times)


# ---------------------------------------------------------------------------------------- peers


def asyncio_queue() -> Result:
    """Two asyncio tasks with a queue each way: what a person would write by hand."""
    return asyncio.run(two_queues())


async def two_queues() -> Result:
    requests: asyncio.Queue[bytes] = asyncio.Queue()
    replies: asyncio.Queue[bytes] = asyncio.Queue()

    async def server() -> None:
        while True:
            body = await requests.get()
            replies.put_nowait(body)

    async def one_at_a_time(count: int) -> None:
        for _ in range(count):
            requests.put_nowait(BODY)
            check(await replies.get())

    async def in_flight(count: int) -> None:
        for size in windows(count):
            for _ in range(size):
                requests.put_nowait(BODY)
            for _ in range(size):
                check(await replies.get())

    serving = asyncio.create_task(server())
    try:
        return {"rtt": await rate(one_at_a_time, 1000), "pipe": await rate(in_flight, 2000)}
    finally:
        serving.cancel()


def pykka() -> Result:
    """An actor in a thread, asked from the main thread."""
    from pykka import ThreadingActor

    class Echo(ThreadingActor):
        def on_receive(self, message: bytes) -> bytes:
            return message

    actor = Echo.start()

    async def one_at_a_time(count: int) -> None:
        for _ in range(count):
            check(actor.ask(BODY))

    async def in_flight(count: int) -> None:
        for size in windows(count):
            for reply in [actor.ask(BODY, block=False) for _ in range(size)]:
                check(reply.get())

    async def measure() -> Result:
        return {"rtt": await rate(one_at_a_time, 100), "pipe": await rate(in_flight, 1000)}

    try:
        return asyncio.run(measure())
    finally:
        actor.stop()


CONTESTANTS: dict[str, Callable[[], Result]] = {
    "kinode_nb": kinode_nb,
    REFERENCE: asyncio_queue,
    "Pykka": pykka,
}


if __name__ == "__main__":
    main()
