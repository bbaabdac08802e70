"""kv, sqlite and timer on booted nodes: what they keep outlives the node."""

from pathlib import Path

from kinode_nb.portal import FakeNet
from kinode_nb.process_lib import Our, Request, kv, sqlite, timer
from kinode_nb.types import Address
from kinode_nb.types.capabilities import KV, SQLITE, TIMER, messaging


async def counter(our: Our) -> None:
    """Count Requests in both kinds of database, which are there from the last run."""
    values = await kv.open(our, our.package_id, "counts")
    rows = await sqlite.open(our, our.package_id, "counts")
    await rows.write("CREATE TABLE IF NOT EXISTS counts (at INTEGER)")
    async for message in our:
        if isinstance(message, Request):
            await timer.set_and_await_timer(our, 1)
            before = await rows.read("SELECT count(*) AS n FROM counts")
            await rows.write("INSERT INTO counts VALUES (?)", [before[0]["n"]])
            await values.set("count", before[0]["n"] + 1)
            await our.send_response({"count": await values.get("count")})


def count(net: FakeNet, home: Path) -> int:
    node = net.boot("fake.dev", port="none", home=home)
    allowed = [messaging(Address(node.name, each)) for each in (KV, SQLITE, TIMER)]
    address = node.spawn(counter, name="counter", public=True, capabilities=allowed)
    answers = [node.request(address, "count").json()["count"] for _ in range(3)]
    node.stop()
    return answers[-1]


def test_what_was_written_is_there_after_the_node_was_stopped(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for expected in (3, 6):
        with FakeNet() as net:
            assert count(net, home) == expected
    assert (home / "kv" / "notebook:template.os" / "counts" / "kv.db").is_file()
    assert (home / "sqlite" / "notebook:template.os" / "counts" / "counts.db").is_file()
