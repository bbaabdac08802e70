"""What a test pays for its net: two nodes with chat-with-file-transfer, as `kinode_net` makes it.

::

    python benchmarks/pytest_net.py --nets 30

Milliseconds, medians of the nets of one interpreter, and the first one apart, since that imports
what a net is made of. Beside it stand two things that a test would otherwise wait for: a machine
process of Python that does nothing (a node that is no fake one needs at least that), and an event
loop in a thread over as many temporary folders, with nothing in it.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

PACKAGE = "chat-with-file-transfer"
NODES = 2
GOAL = 50  # ms, for a net that is ready
Steps = dict[str, float]


def main() -> None:
    """Make nets, one after the other, and print what their steps took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nets", type=int, default=30)
    options = parser.parse_args()
    first = timed(a_net)
    nets = [timed(a_net) for _ in range(options.nets)]
    middle = {step: statistics.median(each[step] for each in nets) for step in nets[0]}
    ready = [each["net"] + each["two nodes"] + each["package"] for each in nets]
    print(f"{'ms':32s}" + "".join(f"{step:>12s}" for step in [*middle, "ready"]))
    row("kinode_nb, the first", first)
    row("kinode_nb, each after it", middle)
    print(f"ready: median {statistics.median(ready):.1f}, worst {max(ready):.1f}; goal {GOAL}")
    for name, peer in (("python -c pass", a_subprocess), ("a thread and its loop", a_thread)):
        took = statistics.median(timed(peer)["done"] for _ in range(options.nets))
        print(f"{name:32s}{took:12.1f}")


def row(name: str, steps: Steps) -> None:
    ready = steps["net"] + steps["two nodes"] + steps["package"]
    print(f"{name:32s}" + "".join(f"{each:12.1f}" for each in [*steps.values(), ready]))


def timed(work: Callable[[], Iterator[str]]) -> Steps:
    """Return the milliseconds that each step took; a step is named when it is done."""
    steps, since = {}, time.perf_counter()
    for step in work():
        now = time.perf_counter()
        steps[step] = 1000 * (now - since)
        since = now
    return steps


def a_net() -> Iterator[str]:
    from kinode_nb.portal import FakeNet

    net = FakeNet()
    yield "net"
    for _ in range(NODES):
        net.boot(port="none")
    yield "two nodes"
    net.start(PACKAGE)
    yield "package"
    net.close()
    yield "closed"


def a_subprocess() -> Iterator[str]:
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    yield "done"


def a_thread() -> Iterator[str]:
    begun = threading.Event()

    async def loop() -> None:
        begun.set()

    with tempfile.TemporaryDirectory(), tempfile.TemporaryDirectory():
        thread = threading.Thread(target=lambda: asyncio.run(loop()))
        thread.start()
        begun.wait()
        thread.join()
    yield "done"


if __name__ == "__main__":
    main()
