"""A 1 GiB file, and many small ones, from one node to another: beside ``cp`` on the same folder.

Run it on a memory file system to see the transfer rather than the disk::

    python benchmarks/transfer.py --dir /dev/shm --mib 1024 --files 2000 --rounds 3

Every contestant runs once a round, each in a fresh interpreter; a ratio is taken within its
round, and the median over the rounds is shown. Every copy is compared with its source, untimed.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CHUNK = 1 << 20
Result = dict[str, float]


def main() -> None:
    """Run all rounds and print the table; or, with ``--child``, one contestant."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", default=None, help="where sources and copies lie")
    parser.add_argument("--mib", type=int, default=256)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(CONTESTANTS[options.child](Path(options.dir))))
        return
    with tempfile.TemporaryDirectory(dir=options.dir) as work:
        prepare(Path(work), options.mib, options.files)
        rounds = [play(Path(work), number) for number in range(options.rounds)]
    show(rounds, options)


def prepare(work: Path, mib: int, files: int) -> None:
    """Make the sources: one large file and a folder of 4 KiB files."""
    with (work / "big.bin").open("wb") as big:
        for _ in range(mib):
            big.write(os.urandom(CHUNK))
    (work / "small").mkdir()
    for number in range(files):
        (work / "small" / f"f{number:05d}.bin").write_bytes(os.urandom(4096))


def play(work: Path, number: int) -> dict[str, Result]:
    """Run every contestant once, in an order of the round's own."""
    order = random.Random(number).sample(sorted(CONTESTANTS), len(CONTESTANTS))
    results = {}
    for name in order:
        warm(work)
        command = [sys.executable, __file__, "--child", name, "--dir", str(work)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{name} failed:\n{done.stderr}")
        results[name] = json.loads(done.stdout)
        print(f"round {number + 1}, {name}: {results[name]}", file=sys.stderr)
    return results


def warm(work: Path) -> None:
    """Touch as much page cache as a copy needs: a virtual machine hands it out slowly at first."""
    os.sync()
    with (work / "warm").open("wb", buffering=0) as file:
        for _ in range((work / "big.bin").stat().st_size // CHUNK):
            file.write(bytes(CHUNK))
    (work / "warm").unlink()


def copy(work: Path) -> Result:
    """Copy with ``cp``, which makes no copy-on-write clone."""
    out = work / "out"
    out.mkdir()
    big = timed(lambda: run("cp", "--reflink=never", work / "big.bin", out / "big.bin"))
    small = timed(lambda: run("cp", "-r", "--reflink=never", work / "small", out / "small"))
    return finish(work, out / "big.bin", out / "small", big, small)


def ours(work: Path) -> Result:
    """Download with chat-with-file-transfer between two nodes, verified, with the log on."""
    import tempfile as module

    module.tempdir = str(work)
    from kinode_nb import FakeNet

    with FakeNet() as net:
        one, other = net.boot(port="none"), net.boot(port="none")
        net.start("chat-with-file-transfer")
        there = other.home / "vfs" / "chat-with-file-transfer:template.os" / "files"
        here = one.home / "vfs" / "chat-with-file-transfer:template.os" / "files"
        os.link(work / "big.bin", there / "big.bin")
        names = sorted(path.name for path in (work / "small").iterdir())
        for name in names:
            os.link(work / "small" / name, there / name)
        before = forget_peak()
        big = timed(lambda: one.download("big.bin", other.name).wait())
        memory = status("VmHWM") - before

        def many() -> None:
            for transfer in [one.download(name, other.name) for name in names]:
                transfer.wait()

        small = timed(many)
        result = finish(work, here / "big.bin", here, big, small)
    return {**result, "memory MiB": memory / 1024}


def forget_peak() -> int:
    """Let the peak of this process's memory begin anew, at what it is now; returns that, in KiB.

    ``getrusage`` does not do: its peak is at least that of the process which started this one.
    """
    Path("/proc/self/clear_refs").write_text("5")
    return status("VmRSS")


def status(name: str) -> int:
    """Return a line of this process's status (``proc(5)``)."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[name].split()[0])


def run(*command: object) -> None:
    """Run a command that must succeed."""
    subprocess.run([str(word) for word in command], check=True)


def timed(action: Callable[[], object]) -> float:
    """Return how many seconds an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def finish(work: Path, big: Path, small: Path, seconds: float, many: float) -> Result:
    """Compare the copies with their sources, remove them, and return the rates."""
    run("cmp", work / "big.bin", big)
    sources = sorted((work / "small").iterdir())
    if any((small / path.name).read_bytes() != path.read_bytes() for path in sources):
        raise AssertionError("a small file differs")
    size = big.stat().st_size
    shutil.rmtree(work / "out", ignore_errors=True)
    return {"MiB/s": size / CHUNK / seconds, "files/s": len(sources) / many}


CONTESTANTS: dict[str, Callable[[Path], Result]] = {"cp": copy, "kinode_nb": ours}


def show(rounds: list[dict[str, Result]], options: argparse.Namespace) -> None:
    """Print medians, and the ratios to cp of the same round."""
    print(f"{options.mib} MiB file, {options.files} files of 4 KiB, {options.rounds} rounds")
    for name in CONTESTANTS:
        line = [f"{name:10}"]
        for unit in ("MiB/s", "files/s"):
            rate = statistics.median(each[name][unit] for each in rounds)
            ratio = statistics.median(each[name][unit] / each["cp"][unit] for each in rounds)
            line.append(f"{rate:10.0f} {unit} {ratio:6.3f}x")
        if "memory MiB" in rounds[0][name]:
            line.append(f"{max(each[name]['memory MiB'] for each in rounds):6.0f} MiB more memory")
        print("  ".join(line))


if __name__ == "__main__":
    main()
