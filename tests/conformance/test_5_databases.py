"""kv:distro:sys and sqlite:distro:sys: databases, by messages."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conformance.rules import rule
from tests.conformance.steps import Step, ask, blob, capabilities, capability
from tests.conformance.world import HERE, THERE, Guest, World

BOTH = "5 kv and sqlite"
KV = "5 kv"
SQLITE = "5 sqlite"
OWNER = {"package_name": "a", "publisher_node": "test.os"}
MALFORMED = {"Err": "MalformedRequest"}
NO_DB = {"Err": {"NoDb": [OWNER, "db"]}}
KEY = [107, 101, 121]


def query(sql: str) -> dict[str, Any]:
    return {"Query": sql}


def write(sql: str, tx: int | None = None) -> dict[str, Any]:
    return {"Write": {"statement": sql, "tx_id": tx}}


def set_(tx: int | None = None) -> dict[str, Any]:
    return {"Set": {"key": KEY, "tx_id": tx}}


@dataclass(frozen=True)
class Module:
    """One of the two, with an action of each sort; what is written shows when it is read."""

    name: str
    read: Any
    before: Any
    after: Any

    @property
    def id(self) -> str:
        return f"{self.name}:distro:sys"

    def write(self, tx: int | None = None) -> tuple[Any, str | None]:
        if self.name == "kv":
            return set_(tx), "value"
        return write("CREATE TABLE t (a)", tx), None

    def asks(self, action: Any, data: str | None = None, db: str = "db", **more: Any) -> Step:
        body = {"package_id": OWNER, "db": db, "action": action}
        return ask(f"our@{self.id}", body, blob=None if data is None else blob(data), **more)

    def right(self, kind: str, db: str = "db") -> dict[str, str]:
        return capability(f"{HERE}@{self.id}", {"kind": kind, "db_key": [OWNER, db]})


MODULES = {
    "kv": Module("kv", {"Get": KEY}, {"Err": "KeyNotFound"}, ({"Get": KEY}, "value")),
    "sqlite": Module(
        "sqlite",
        query("SELECT name FROM sqlite_master"),
        ("Read", "[]"),
        ("Read", '[{"name":"t"}]'),
    ),
}


@pytest.fixture(params=list(MODULES))
def module(request: pytest.FixtureRequest) -> Module:
    return MODULES[request.param]


def shown(got: dict[str, Any]) -> Any:
    """Return an answer; where there was a blob, with its bytes as text."""
    answer = json.loads(got["body"])
    return answer if got["blob"] is None else (answer, got["blob"]["data"])


async def answers(guest: Guest, module: Module, *actions: Any) -> list[Any]:
    """Ask these, an action or an action with its data, and return the answers."""
    pairs = [each if isinstance(each, tuple) else (each, None) for each in actions]
    return [shown(each) for each in await guest.play(*(module.asks(*pair) for pair in pairs))]


async def owner(world: World, module: Module) -> Guest:
    """A guest that has opened ``db``."""
    may = [module.id, "vfs:distro:sys"]  # vfs: to spawn from a file
    guest = await world.guest("a", may=may, public=True)
    assert await answers(guest, module, "Open") == ["Ok"]
    return guest


async def stranger(world: World, module: Module, *kinds: str) -> Guest:
    """A guest of another package, which holds these capabilities of the owner's database."""
    held = [
        {
            "process": module.id,
            "params": json.loads(module.right(kind)["params"]),
        }
        for kind in kinds
    ]
    return await world.guest("b", may=[module.id, *held], public=True)


async def begin(guest: Guest, module: Module) -> int:
    (got,) = await answers(guest, module, "BeginTx")
    return int(got["BeginTx"]["tx_id"])


# ----------------------------------------------------------------- both


@rule(BOTH, "Open makes a database, and may be repeated")
async def test_open(world: World, module: Module) -> None:
    a = await owner(world, module)
    assert await answers(a, module, module.write(), "Open", module.read) == [
        "Ok",
        "Ok",
        module.after,
    ]
    assert (world.home() / module.name / "a:test.os" / "db").is_dir()


@rule(BOTH, "Open grants the calling process both capabilities of the database")
async def test_open_grants(world: World, module: Module) -> None:
    a = await owner(world, module)
    held = [
        (each["issuer"], json.loads(each["params"])) for each in (await a.play(capabilities()))[0]
    ]
    for kind in ("read", "write"):
        right = module.right(kind)
        assert (right["issuer"], json.loads(right["params"])) in held


@pytest.mark.parametrize("action", ["Open", "RemoveDb"])
@rule(BOTH, "only processes of the owning package open and remove a database")
async def test_owners(world: World, module: Module, action: str) -> None:
    await owner(world, module)
    b = await stranger(world, module, "read", "write")
    assert await answers(b, module, action) == [{"Err": "MismatchingPackageId"}]


@rule(BOTH, "even another process of the owning package needs the capabilities")
async def test_nobody_is_exempt(world: World, module: Module) -> None:
    a = await owner(world, module)
    child = await a.child(requests=[capability(f"{HERE}@{module.id}")], public=True)
    got = await answers(child, module, module.read, module.write(), "BeginTx")
    assert got == [{"Err": "NoReadCap"}, {"Err": "NoWriteCap"}, {"Err": "NoWriteCap"}]


@rule(BOTH, "reading needs the one, writing and transactions the other, in sqlite too", "fixed")
async def test_capabilities_are_checked(world: World, module: Module) -> None:
    a = await owner(world, module)
    tx = await begin(a, module)
    b = await stranger(world, module, "read")
    no = {"Err": "NoWriteCap"}
    commit = {"Commit": {"tx_id": tx}}
    assert await answers(b, module, module.read, module.write(), "BeginTx", commit) == [
        module.before,
        no,
        no,
        no,
    ]


@rule(BOTH, "who holds only the capability to write may not read")
async def test_write_is_not_read(world: World, module: Module) -> None:
    await owner(world, module)
    b = await stranger(world, module, "write")
    assert await answers(b, module, module.write(), module.read) == ["Ok", {"Err": "NoReadCap"}]


@rule(BOTH, "what a transaction gathers shows after its Commit, and not before")
async def test_transactions(world: World, module: Module) -> None:
    a = await owner(world, module)
    tx = await begin(a, module)
    commit = {"Commit": {"tx_id": tx}}
    got = await answers(a, module, module.write(tx), module.read, commit, module.read)
    assert got == ["Ok", module.before, "Ok", module.after]


@rule(BOTH, "a transaction belongs to no process: who may write may commit it")
async def test_transactions_belong_to_nobody(world: World, module: Module) -> None:
    a = await owner(world, module)
    tx = await begin(a, module)
    await answers(a, module, module.write(tx))
    b = await stranger(world, module, "write")
    assert await answers(b, module, {"Commit": {"tx_id": tx}}) == ["Ok"]
    assert await answers(a, module, module.read) == [module.after]


@rule(BOTH, "a transaction that nobody began is NoTx, on a Write too", "fixed")
async def test_unknown_transactions(world: World, module: Module) -> None:
    a = await owner(world, module)
    got = await answers(a, module, module.write(7), {"Commit": {"tx_id": 7}})
    assert got == [{"Err": {"NoTx": 7}}] * 2


@rule(BOTH, "a transaction is committed once")
async def test_a_commit_is_the_end(world: World, module: Module) -> None:
    a = await owner(world, module)
    tx = await begin(a, module)
    commit = {"Commit": {"tx_id": tx}}
    assert await answers(a, module, commit, commit) == ["Ok", {"Err": {"NoTx": tx}}]


@rule(BOTH, "RemoveDb removes the database", "fixed")
async def test_remove(world: World, module: Module) -> None:
    a = await owner(world, module)
    got = await answers(a, module, module.write(), "RemoveDb", module.read, "Open", module.read)
    assert got == ["Ok", "Ok", NO_DB, "Ok", module.before]


@rule(BOTH, "a database that was never opened is NoDb", "fixed")
async def test_no_db(world: World, module: Module) -> None:
    a = await world.guest("a", may=[module.id], public=True)
    assert await answers(a, module, "RemoveDb") == [NO_DB]
    assert not (world.home() / module.name / "a:test.os").exists()


@rule(BOTH, "what was written is there when the node is booted again")
async def test_databases_outlive_the_node(world: World, module: Module) -> None:
    await world.boot(home=world._folder / "home", persist=True)
    a = await owner(world, module)
    await answers(a, module, module.write())
    await world.net.stop(HERE)
    await world.boot(home=world._folder / "home", persist=True)
    a = await owner(world, module)
    assert await answers(a, module, module.read) == [module.after]


@rule(BOTH, "a process that a boot brings back uses its database without opening it again")
async def test_capabilities_outlive_the_node(world: World, module: Module) -> None:
    home = world._folder / "home"
    await world.boot(home=home, persist=True)
    a = await world.guest("a", may=[module.id], public=True, on_exit="Restart")
    assert await answers(a, module, "Open", module.write()) == ["Ok", "Ok"]
    await world.net.stop(HERE)
    await world.boot(home=home, persist=True)
    assert await answers(a, module, module.read) == [module.after]


@pytest.mark.parametrize("db", ["", "..", "../db", "a/b"])
@rule(BOTH, "no name leads out of the folder of the databases", "fixed")
async def test_names(world: World, module: Module, db: str) -> None:
    a = await world.guest("a", may=[module.id], public=True)
    assert shown(await a.do(module.asks("Open", db=db))) == MALFORMED


@pytest.mark.parametrize("action", ["Backup", "", {"Open": 1}, {"Commit": {}}, 7], ids=str)
@rule(BOTH, "an action that cannot be read is MalformedRequest")
async def test_malformed_actions(world: World, module: Module, action: Any) -> None:
    a = await owner(world, module)
    assert await answers(a, module, action) == [MALFORMED]


@pytest.mark.parametrize("body", ["", "x", "{}", '"Open"'])
@rule(BOTH, "a body that cannot be read is MalformedRequest")
async def test_malformed_bodies(world: World, module: Module, body: str) -> None:
    a = await world.guest("a", may=[module.id], public=True)
    assert shown(await a.do(ask(f"our@{module.id}", body))) == MALFORMED


@rule(BOTH, "a success repeats the Request's metadata, an error has none")
async def test_metadata_is_echoed(world: World, module: Module) -> None:
    a = await owner(world, module)
    commit = {"Commit": {"tx_id": 7}}
    got = await a.play(*(module.asks(each, metadata="mine") for each in ("Open", commit)))
    assert [each["metadata"] for each in got] == ["mine", None]


@rule(BOTH, "data comes as application/octet-stream; no answer carries capabilities or inherits")
async def test_the_type_of_data(world: World, module: Module) -> None:
    a = await owner(world, module)
    *_, got = await a.play(module.asks(*module.write()), module.asks(module.read))
    assert got["blob"]["mime"] == "application/octet-stream"
    assert (got["capabilities"], got["inherit"]) == ([], False)


@rule(BOTH, "a success goes to the first asker when the Request was handed on, an error too")
async def test_answers_follow_rsvp(world: World, module: Module) -> None:
    a = await owner(world, module)
    b = await world.guest("b", public=True)
    for action, answer in ((module.read, module.before), ("Nonsense", MALFORMED)):
        run = await b.begin(ask(a))
        step = {**module.asks(action), "do": "send", "inherit": True}
        await a.do(step)
        assert shown((await run.results())[0]) == answer


@rule(BOTH, "who is not public is answered only where it lets the module message it")
async def test_who_is_answered(world: World, module: Module) -> None:
    silent = await world.guest("a", may=[module.id])
    assert (await silent.do(module.asks("Open", expects=1)))["kind"] == "Timeout"
    await world.kill(silent)
    a = await world.guest("a", may=[module.id], grants=[module.id])
    assert await answers(a, module, "Open") == ["Ok"]


@rule(BOTH, "messaging one needs the capability")
async def test_messaging(world: World, module: Module) -> None:
    a = await world.guest("a", public=True)
    assert (await a.do(module.asks("Open")))["kind"] == "Timeout"


@rule(BOTH, "what comes from another node gets no answer, and a print at level 1")
async def test_remote_sources_are_ignored(world: World, module: Module) -> None:
    await world.node()
    b = await world.guest("b", node=THERE)
    body = {"package_id": OWNER, "db": "db", "action": "Open"}
    assert (await b.do(ask(f"{HERE}@{module.id}", body)))["kind"] == "Timeout"
    assert [each for each in world.prints(1) if each.startswith(module.name)]


@rule(BOTH, "Requests for one database are carried out in their order", "fixed")
async def test_requests_keep_their_order(world: World, module: Module) -> None:
    a = await world.guest("a", may=[module.id], public=True)
    first = [{**module.asks("Open"), "do": "send"}, {**module.asks(*module.write()), "do": "send"}]
    assert shown(await a.do(*first, module.asks(module.read))) == module.after


# ----------------------------------------------------------------- kv


@rule(KV, "Get gives the key, and the value as blob; an empty value is an empty blob")
async def test_get(world: World) -> None:
    kv = MODULES["kv"]
    a = await owner(world, kv)
    got = await answers(a, kv, (set_(), ""), {"Get": KEY})
    assert got == ["Ok", ({"Get": KEY}, "")]


@rule(KV, "a key that is not there is KeyNotFound; to delete it is Ok")
async def test_keys_that_are_not_there(world: World) -> None:
    kv = MODULES["kv"]
    a = await owner(world, kv)
    delete = {"Delete": {"key": KEY, "tx_id": None}}
    got = await answers(a, kv, delete, (set_(), "x"), delete, {"Get": KEY})
    assert got == ["Ok", "Ok", "Ok", {"Err": "KeyNotFound"}]


@rule(KV, "a Commit that fails half-way changes nothing, and the database works on")
async def test_a_kv_commit_that_fails(world: World) -> None:
    kv = MODULES["kv"]
    a = await owner(world, kv)
    (file,) = (world.home() / "kv" / "a:test.os" / "db").glob("*.db")
    refuse = "CREATE TRIGGER no BEFORE INSERT ON pairs WHEN NEW.value = x'6e6f' BEGIN {} END"
    with contextlib.closing(sqlite3.connect(file)) as person:  # whose rule the store has to obey
        person.execute(refuse.format("SELECT RAISE(FAIL, 'no room');"))
    tx = await begin(a, kv)
    other = {"Set": {"key": [1], "tx_id": tx}}
    commit = {"Commit": {"tx_id": tx}}
    *_, got = await answers(a, kv, (set_(tx), "first"), (other, "no"), commit)
    assert got == {"Err": {"RocksDBError": "no room"}}
    missing = {"Err": "KeyNotFound"}
    assert await answers(a, kv, {"Get": KEY}, {"Get": [1]}) == [missing, missing]
    got = await answers(a, kv, (set_(), "later"), {"Get": KEY})
    assert got == ["Ok", ({"Get": KEY}, "later")]


@rule(KV, "Set without a blob is MalformedRequest")
async def test_set_without_a_blob(world: World) -> None:
    kv = MODULES["kv"]
    assert await answers(await owner(world, kv), kv, set_()) == [MALFORMED]


# ----------------------------------------------------------------- sqlite


async def rows(guest: Guest, sql: str, params: str | None = None) -> Any:
    ((said, data),) = await answers(guest, MODULES["sqlite"], (query(sql), params))
    assert said == "Read"
    return json.loads(data)


@pytest.mark.parametrize("sql", ["INSERT INTO t VALUES (1)", "COMMIT", "SELECT(1)", "", "X"])
@rule(SQLITE, "a Query begins with one of the words that read, else it is NotAReadKeyword")
async def test_reading_words(world: World, sql: str) -> None:
    sqlite = MODULES["sqlite"]
    got = await answers(await owner(world, sqlite), sqlite, query(sql))
    assert got == [{"Err": "NotAReadKeyword"}]


@pytest.mark.parametrize("sql", ["SELECT 1", "BEGIN", "PRAGMA user_version", "", "X"])
@rule(SQLITE, "a Write begins with one of the words that write, else it is NotAWriteKeyword")
async def test_writing_words(world: World, sql: str) -> None:
    sqlite = MODULES["sqlite"]
    got = await answers(await owner(world, sqlite), sqlite, write(sql))
    assert got == [{"Err": "NotAWriteKeyword"}]


@rule(SQLITE, "rows are objects; numbers, text and null are themselves, bytes base64 text")
async def test_rows(world: World) -> None:
    a = await owner(world, MODULES["sqlite"])
    got = await rows(a, "SELECT 1 AS i, 1.5 AS f, 'x' AS t, NULL AS n, x'0001' AS b")
    assert got == [{"i": 1, "f": 1.5, "t": "x", "n": None, "b": "AAE="}]


@rule(SQLITE, "parameters are the JSON array in the blob; booleans are 0 and 1")
async def test_parameters(world: World) -> None:
    a = await owner(world, MODULES["sqlite"])
    got = await rows(a, "SELECT ? AS a, ? AS b, ? AS c, ? AS d", '[1, "x", null, true]')
    assert got == [{"a": 1, "b": "x", "c": None, "d": 1}]


@pytest.mark.parametrize("value", [1.5, -0.25, 2.0, 1e300])
@rule(SQLITE, "a parameter with a point is kept as a real, and read as the same number")
async def test_floats(world: World, value: float) -> None:
    sqlite = MODULES["sqlite"]
    a = await owner(world, sqlite)
    insert = (write("INSERT INTO t VALUES (?)"), json.dumps([value]))
    assert await answers(a, sqlite, write("CREATE TABLE t (a)"), insert) == ["Ok", "Ok"]
    (row,) = await rows(a, "SELECT a, typeof(a) AS k, typeof(?) AS p FROM t", json.dumps([value]))
    assert row == {"a": value, "k": "real", "p": "real"}
    assert isinstance(row["a"], float)


@rule(SQLITE, "a Commit that failed can be repeated: its transaction is not lost", "fixed")
async def test_a_commit_can_be_repeated(world: World) -> None:
    sqlite = MODULES["sqlite"]
    a = await owner(world, sqlite)
    tx = await begin(a, sqlite)
    commit = {"Commit": {"tx_id": tx}}
    insert = write("INSERT INTO t VALUES (1)", tx)
    *_, failed = await answers(a, sqlite, insert, commit)
    assert "RusqliteError" in failed["Err"]
    got = await answers(a, sqlite, write("CREATE TABLE t (a)"), commit, commit)
    assert got == ["Ok", "Ok", {"Err": {"NoTx": tx}}]
    assert await rows(a, "SELECT a FROM t") == [{"a": 1}]


@rule(SQLITE, "an open SQL transaction outlives the opening of other databases", "fixed")
async def test_open_sql_transactions_last(world: World) -> None:
    sqlite = MODULES["sqlite"]
    a = await owner(world, sqlite)
    insert = write("INSERT INTO t VALUES (1)")
    await answers(a, sqlite, write("CREATE TABLE t (a)"), write("SAVEPOINT s"), insert)
    for number in range(20):
        assert shown(await a.do(sqlite.asks("Open", db=f"other{number}"))) == "Ok"
    assert await rows(a, "SELECT a FROM t") == [{"a": 1}]
    assert await answers(a, sqlite, write("RELEASE s")) == ["Ok"]


@pytest.mark.parametrize("params", ["", "{}", "1", "[[1]]", '[{"a":1}]', "["])
@rule(SQLITE, "a blob that is no array of plain values is InvalidParameters")
async def test_invalid_parameters(world: World, params: str) -> None:
    sqlite = MODULES["sqlite"]
    got = await answers(await owner(world, sqlite), sqlite, (query("SELECT ?"), params))
    assert got == [{"Err": "InvalidParameters"}]


@pytest.mark.parametrize("value", ["test", "", "AAEC"])
@rule(SQLITE, "text stays text, also when it looks like base64", "fixed")
async def test_text_stays_text(world: World, value: str) -> None:
    a = await owner(world, MODULES["sqlite"])
    got = await rows(a, "SELECT ? AS a, typeof(?) AS k", json.dumps([value, value]))
    assert got == [{"a": value, "k": "text"}]


@rule(SQLITE, "what SQLite does not take is a RusqliteError with its text")
async def test_errors_of_sqlite(world: World) -> None:
    sqlite = MODULES["sqlite"]
    got = await answers(await owner(world, sqlite), sqlite, query("SELECT * FROM nowhere"))
    assert got == [{"Err": {"RusqliteError": "no such table: nowhere"}}]


@rule(SQLITE, "no statement reaches a file of the machine", "fixed")
async def test_no_other_file(world: World) -> None:
    sqlite = MODULES["sqlite"]
    a = await owner(world, sqlite)
    place = world.home() / "other.db"
    statements = [query(f"ATTACH '{place}' AS o"), write(f"VACUUM INTO '{place}'")]
    for got in await answers(a, sqlite, *statements):
        assert "RusqliteError" in got["Err"]
    assert not place.exists()


@rule(SQLITE, "a Commit that fails changes nothing")
async def test_a_commit_that_fails(world: World) -> None:
    sqlite = MODULES["sqlite"]
    a = await owner(world, sqlite)
    await answers(a, sqlite, write("CREATE TABLE t (a UNIQUE)"))
    tx = await begin(a, sqlite)
    insert = write("INSERT INTO t VALUES (1)", tx)
    *_, got = await answers(a, sqlite, insert, insert, {"Commit": {"tx_id": tx}})
    assert "RusqliteError" in got["Err"]
    assert await rows(a, "SELECT a FROM t") == []


@rule(SQLITE, "a database is the file <db>/<db>.db, in WAL mode")
async def test_the_file(world: World) -> None:
    a = await owner(world, MODULES["sqlite"])
    assert (world.home() / "sqlite" / "a:test.os" / "db" / "db.db").is_file()
    assert await rows(a, "PRAGMA journal_mode") == [{"journal_mode": "wal"}]
