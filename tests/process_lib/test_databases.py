"""process_lib.timer, .kv and .sqlite against the real system processes."""

import msgspec
import pytest

from kinode_nb.process_lib import KvError, Response, SqliteError, kv, sqlite, timer
from kinode_nb.types import BodyError, UsageError
from tests.system.database_nodes import PACKAGE, STRANGER, Asker, Node


@pytest.fixture
def base(tmp_path):
    return Node(tmp_path / "home")


class Pet(msgspec.Struct):
    name: str
    legs: int


def test_a_timer_is_set_and_awaited(base):
    async def program(our):
        response = await timer.set_and_await_timer(our, 5000)
        return response.body, base.clock.seconds

    body, now = base.run(program)
    assert body == b""
    assert now == pytest.approx(5)


def test_a_timer_rings_in_the_mailbox_with_its_context(base):
    async def program(our):
        await timer.set_timer(our, 900, context={"for": "tea"})
        message = await our.receive()
        return type(message), message.context, base.clock.seconds

    kind, context, now = base.run(program)
    assert (kind, context) == (Response, {"for": "tea"})
    assert now == pytest.approx(0.9)


@pytest.mark.parametrize("duration", [-1, 1.5, "1", None, True, 1 << 64])
def test_a_timer_wants_whole_milliseconds(base, duration):
    with pytest.raises(UsageError, match="whole milliseconds"):
        base.run(lambda our: timer.set_timer(our, duration))


def test_keys_and_values_are_json(base):
    async def program(our):
        db = await kv.open(our, PACKAGE, "db")
        await db.set("pet", Pet("Rex", 4))
        await db.set({"id": 1}, [1, None, "x"])
        await db.set(b"\0\1", b"\xff\xfe")
        raw = await Asker(kv.KV).ask(our, {"Get": list(b'"pet"')})
        return (
            raw[1],
            await db.get("pet"),
            await db.get_as("pet", Pet),
            await db.get({"id": 1}),
            await db.get_as(b"\0\1", bytes),
            await db.get(b"\0\1"),
        )

    assert base.run(program) == (
        b'{"name":"Rex","legs":4}',
        {"name": "Rex", "legs": 4},
        Pet("Rex", 4),
        [1, None, "x"],
        b"\xff\xfe",
        [255, 254],
    )


def test_a_value_of_another_kind_is_told(base):
    async def program(our):
        db = await kv.open(our, PACKAGE, "db")
        await db.set("pet", "Rex")
        for kind in (Pet, bytes, int):
            with pytest.raises(BodyError, match="the value of 'pet' is no"):
                await db.get_as("pet", kind)

    base.run(program)


def test_kv_transactions(base):
    async def program(our):
        db = await kv.open(our, PACKAGE, "db")
        await db.set("old", 1)
        tx = await db.begin_tx()
        await db.set("new", 2, tx)
        await db.delete("old", tx)
        with pytest.raises(KvError, match="there is no such key"):
            await db.get("new")
        await db.commit_tx(tx)
        with pytest.raises(KvError, match="no such transaction") as caught:
            await db.commit_tx(tx)
        assert caught.value.kind == "NoTx"
        with pytest.raises(KvError) as caught:
            await db.get("old")
        assert caught.value.kind == "KeyNotFound"
        return await db.get("new")

    assert base.run(program) == 2


@pytest.mark.parametrize(("lib", "error"), [(kv, KvError), (sqlite, SqliteError)])
def test_a_database_is_removed_and_strangers_are_told(base, lib, error):
    async def program(our):
        db = await lib.open(our, PACKAGE, "db")
        await lib.remove_db(our, PACKAGE, "db")
        with pytest.raises(error, match="its owner has to open it first") as caught:
            await db.begin_tx()
        return caught.value.kind

    async def stranger(our):
        with pytest.raises(error, match="only processes of the package that owns it") as caught:
            await lib.open(our, PACKAGE, "db")
        return caught.value.kind

    assert base.run(program, {STRANGER: stranger}) == ["NoDb", "MismatchingPackageId"]


def test_sql(base):
    async def program(our):
        db = await sqlite.open(our, PACKAGE, "db")
        await db.write("CREATE TABLE pets (name TEXT, legs INTEGER, photo BLOB)")
        await db.write("INSERT INTO pets VALUES (?, ?, NULL)", ["Rex", 4])
        tx = await db.begin_tx()
        photo = sqlite.literal(b"\0\xff")
        await db.write(f"INSERT INTO pets VALUES (?, ?, {photo})", ("Tweety", 2), tx)
        assert len(await db.read("SELECT * FROM pets")) == 1
        await db.commit_tx(tx)
        return await db.read("SELECT * FROM pets WHERE legs < ?", [3])

    assert base.run(program) == [{"name": "Tweety", "legs": 2, "photo": "AP8="}]


def test_bytes_are_no_parameters_and_how_to_write_them_is_told(base):
    async def program(our):
        db = await sqlite.open(our, PACKAGE, "db")
        with pytest.raises(UsageError, match=r"sqlite\.literal"):
            await db.write("INSERT INTO t VALUES (?)", [b"x"])

    base.run(program)


def test_what_sqlite_refuses_is_told(base):
    async def program(our):
        db = await sqlite.open(our, PACKAGE, "db")
        with pytest.raises(SqliteError, match="a query begins with a word such as SELECT"):
            await db.read("DELETE FROM t")
        with pytest.raises(SqliteError, match="no such table: t") as caught:
            await db.read("SELECT * FROM t")
        return caught.value.kind

    assert base.run(program) == "RusqliteError"
