"""A log of messages, as a DataFrame: beside a list of tuples and ``DataFrame.from_records``.

::

    python benchmarks/dataframe.py --messages 1000000 --rounds 3

Every contestant runs once a round, each in a fresh interpreter that has imported pandas and has
touched its memory before; a ratio is taken within its round, and the median over the rounds is
shown. ``first`` is the first look at the log, ``again`` one with nothing new, ``+1%`` one after a
hundredth more messages, ``last 20`` what a live view asks for; ``MiB`` is the frame's memory.

The reference keeps eight columns, without statuses, types and round-trip times; ``all columns``
is handed ready-made what kinode_nb works out.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
Result = dict[str, float]
REFERENCE = "from_records, 8 columns"
SEED = 1


def main() -> None:
    """Run all rounds and print the table; or, with ``--child``, one contestant."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(run(options.child, options.messages)))
        return
    show([play(number, options.messages) for number in range(options.rounds)])


def play(number: int, messages: int) -> dict[str, Result]:
    """Run every contestant once, in an order of the round's own."""
    results = {}
    for name in random.Random(number).sample(sorted(CONTESTANTS), len(CONTESTANTS)):
        command = [sys.executable, __file__, "--child", name, "--messages", str(messages)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        results[name] = json.loads(done.stdout)
    return results


def show(rounds: list[dict[str, Result]]) -> None:
    """Print medians, and ratios to the reference's first look (MiB: to its MiB)."""
    measures = list(rounds[0][REFERENCE])
    print(f"{'':28}", *(f"{measure:>17}" for measure in measures))
    for name in CONTESTANTS:
        cells = []
        for measure in measures:
            value = statistics.median(each[name][measure] for each in rounds)
            base = "MiB" if measure == "MiB" else "first"
            ratio = statistics.median(
                each[name][measure] / each[REFERENCE][base] for each in rounds
            )
            cells.append(f"{value:9.3f} {ratio:6.3f}x")
        print(f"{name:28}", *cells)


def run(name: str, messages: int) -> Result:
    """Measure one contestant."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    pa.array(["paid before the clock starts"])
    pd.DataFrame({"a": ["paid"]})
    np.ones(messages * 130)  # a virtual machine hands memory out slowly, once
    add, look = CONTESTANTS[name]()
    add(0, messages)
    moments = [time.perf_counter()]
    frame = None
    for step in (look, look, look):
        frame = step()
        moments.append(time.perf_counter())
    first, _, again = (after - before for before, after in pairwise(moments))
    size = frame.memory_usage(deep=True).sum() / 2**20
    if len(frame) != messages:
        raise SystemExit(f"{name}: {len(frame)} rows of {messages}")
    add(messages, messages // 100)
    middle = time.perf_counter()
    frame = look()
    more = time.perf_counter()
    look(last=20)
    end = time.perf_counter()
    return {
        "first": first,
        "again": again,
        "+1%": more - middle,
        "last 20": end - more,
        "MiB": float(size),
    }


def body(number: int) -> bytes:
    """Return about 100 bytes of JSON."""
    return b'{"Send":{"target":"fake2.dev","message":"%s","number":%d}}' % (b"x" * 42, number)


def pairs(rng: random.Random, count: int) -> Iterator[tuple[str, str]]:
    """Yield who writes to whom, among fifty processes."""
    names = [f"fake{number % 7}.dev@p{number}:app:template.os" for number in range(50)]
    for _ in range(count):
        yield rng.choice(names), rng.choice(names)


def eight_columns() -> tuple[Callable[[int, int], None], Callable[..., Any]]:
    """Keep tuples of what a plain log would note down."""
    columns = ["seq", "time", "kind", "source", "target", "body", "blob_size", "latency"]
    return _records(columns, lambda seq, text, source, target: (
        *(seq, 1.7e9 + seq * 1e-4, "response" if seq & 1 else "request", source, target),
        *(text, 0, 0.5),
    ))  # fmt: skip


def all_columns() -> tuple[Callable[[int, int], None], Callable[..., Any]]:
    """Keep tuples of all that kinode_nb's log shows."""
    from kinode_nb import frames
    from kinode_nb.runtime.message_log import MessageLog

    columns = list(frames.log(MessageLog(), 0).columns)
    return _records(columns, lambda seq, text, source, target: (
        *(seq, 1.7e9 + seq * 1e-4, source[:9], "response" if seq & 1 else "request", "Send"),
        *(seq << 40, source[:9], source[10:], target[:9], target[10:], text, len(text), None),
        *(None, 5, False, "answered", None, 1.7e9 + seq * 1e-4, 0.5, seq - 1),
    ))  # fmt: skip


def _records(
    columns: list[str], record: Callable[..., tuple[Any, ...]]
) -> tuple[Callable[[int, int], None], Callable[..., Any]]:
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    rng = random.Random(SEED)

    def add(start: int, count: int) -> None:
        for number, (source, target) in enumerate(pairs(rng, count), start):
            rows.append(record(number, body(number).decode(), source, target))

    def look(last: int = 0) -> Any:
        return pd.DataFrame.from_records(rows[-last:], columns=columns)

    return add, look


def kinode_nb_log() -> tuple[Callable[[int, int], None], Callable[..., Any]]:
    """Keep messages, as the runtime does: every second one answers the one before it."""
    from kinode_nb import frames
    from kinode_nb.runtime.message_log import MessageLog
    from kinode_nb.types import Address, Request, Response

    log = MessageLog()
    rng = random.Random(SEED)

    def add(start: int, count: int) -> None:
        for number, (source, target) in enumerate(pairs(rng, count), start):
            seq, now = number + 1, (number + 1) * 100_000
            sides = Address.parse(source), Address.parse(target)
            about = (rng.getrandbits(64), body(number), False, None, (), -1, None, seq, now)
            if number & 1:
                log.record(Response(*sides, *about, number))
            else:
                log.record(Request(*sides, *about, 0, 5, sides[0]))
            log.take(seq, now + 50_000)

    def look(**filters: Any) -> Any:
        return frames.log(log, 1_700_000_000_000_000_000, **filters)

    return add, look


CONTESTANTS = {
    REFERENCE: eight_columns,
    "from_records, all columns": all_columns,
    "kinode_nb, all columns": kinode_nb_log,
}


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
