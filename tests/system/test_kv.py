"""kv's own actions, and what is left of a database when its node is killed."""

import os
import signal
import subprocess
import sys

import pytest

from kinode_nb.system.kv_requests import Step
from kinode_nb.system.kv_store import Store
from kinode_nb.types.capabilities import KV
from tests.system.database_nodes import MALFORMED, OK, Asker

KV_ASKER = Asker(KV)
NOT_FOUND = {"Err": "KeyNotFound"}


def set_(key, tx_id=None):
    return {"Set": {"key": list(key), "tx_id": tx_id}}


def delete(key, tx_id=None):
    return {"Delete": {"key": list(key), "tx_id": tx_id}}


def get(key):
    return {"Get": list(key)}


@pytest.mark.parametrize("value", [b"", b"\0\xff", b"x" * 3_000_000])
@pytest.mark.parametrize("key", [b"", b"key", bytes(range(256))])
def test_what_was_set_can_be_got(base, key, value):
    steps = ((set_(key), value), get(key))
    assert base.run(KV_ASKER.asking(*steps)) == [OK, ({"Get": list(key)}, value)]


def test_a_value_is_replaced(base):
    steps = ((set_(b"k"), b"one"), (set_(b"k"), b"two"), get(b"k"))
    assert base.run(KV_ASKER.asking(*steps))[-1] == ({"Get": [107]}, b"two")


def test_a_deleted_key_is_not_found_and_need_not_have_been_there(base):
    steps = ((set_(b"k"), b"one"), delete(b"k"), get(b"k"), delete(b"k"))
    assert base.run(KV_ASKER.asking(*steps)) == [OK, OK, NOT_FOUND, OK]


def test_set_needs_a_blob_in_a_transaction_too(base):
    async def program(our):
        await KV_ASKER.ask(our, "Open")
        tx = (await KV_ASKER.ask(our, "BeginTx"))["BeginTx"]["tx_id"]
        return [await KV_ASKER.ask(our, set_(b"k", each)) for each in (None, tx)]

    assert base.run(program) == [MALFORMED, MALFORMED]


def test_tx_id_may_be_left_out(base):
    steps = (({"Set": {"key": [1]}}, b"one"), {"Delete": {"key": [1]}}, get(b"\1"))
    assert base.run(KV_ASKER.asking(*steps)) == [OK, OK, NOT_FOUND]


@pytest.mark.parametrize(
    "action",
    [
        {"Get": [256]},
        {"Get": [-1]},
        {"Get": "key"},
        {"Get": {"key": [1]}},
        {"Set": {"key": [1.5], "tx_id": None}},
        {"Delete": {"tx_id": None}},
        {"Commit": {"tx_id": None}},
        "Get",
        {"Get": None},
    ],
)
def test_what_an_action_carries_has_to_fit(base, action):
    assert base.run(KV_ASKER.asking((action, b"blob"))) == [MALFORMED]


def test_a_transaction_does_all_it_was_told_in_order(base):
    async def program(our):
        await KV_ASKER.ask(our, "Open")
        await KV_ASKER.ask(our, set_(b"old"), b"old")
        tx = (await KV_ASKER.ask(our, "BeginTx"))["BeginTx"]["tx_id"]
        await KV_ASKER.ask(our, set_(b"a", tx), b"one")
        await KV_ASKER.ask(our, set_(b"a", tx), b"two")
        await KV_ASKER.ask(our, set_(b"b", tx), b"b")
        await KV_ASKER.ask(our, delete(b"b", tx))
        await KV_ASKER.ask(our, delete(b"old", tx))
        before = [await KV_ASKER.ask(our, get(key)) for key in (b"a", b"b", b"old")]
        await KV_ASKER.ask(our, {"Commit": {"tx_id": tx}})
        return before, [await KV_ASKER.ask(our, get(key)) for key in (b"a", b"b", b"old")]

    before, after = base.run(program)
    assert before == [NOT_FOUND, NOT_FOUND, ({"Get": list(b"old")}, b"old")]
    assert after == [({"Get": [97]}, b"two"), NOT_FOUND, NOT_FOUND]


def test_a_commit_that_fails_changes_nothing(tmp_path):
    store = Store(tmp_path / "kv.db")
    with pytest.raises(Exception, match="NOT NULL"):
        store.commit([Step("Set", b"a", b"a"), Step("Set", b"b", None)])
    with pytest.raises(Exception, match="KeyNotFound"):
        store.run(Step("Get", b"a"))
    store.commit([Step("Set", b"a", b"a")])
    assert store.run(Step("Get", b"a"))[1] == b"a"
    store.close()


def test_every_commit_reaches_the_disk(tmp_path):
    store = Store(tmp_path / "kv.db")
    asked = store._connection.execute
    assert asked("PRAGMA journal_mode").fetchone() == ("wal",)
    assert asked("PRAGMA synchronous").fetchone() == (2,)  # FULL
    store.close()


_WRITER = """
import os, sys
from pathlib import Path
from kinode_nb.system.kv_requests import Step
from kinode_nb.system.kv_store import Store

store = Store(Path(sys.argv[1]))
number = 0
while True:
    pair = [Step("Set", b"first", b"%d" % number), Step("Set", b"second", b"%d" % number)]
    store.commit(pair)
    os.write(1, b"%d\\n" % number)  # told: from now on it has to be there
    number += 1
"""


def test_a_kill_loses_nothing_that_was_told_and_halves_no_transaction(tmp_path):
    path = tmp_path / "kv.db"
    command = [sys.executable, "-c", _WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        told = [int(writer.stdout.readline()) for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
        told += [int(line) for line in writer.stdout.read().splitlines(keepends=True) if line[-1:]]
    store = Store(path)
    first, second = (int(store.run(Step("Get", key))[1]) for key in (b"first", b"second"))
    store.close()
    assert first == second
    assert first in {told[-1], told[-1] + 1}
