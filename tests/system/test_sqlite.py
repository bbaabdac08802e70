"""sqlite's own actions: which statements are taken, and how values go in and come out."""

import asyncio
import gc
import json
import threading

import pytest

from kinode_nb.system import database_lanes, sqlite_connection
from kinode_nb.system.database_lanes import Lane
from kinode_nb.system.refusals import Refused
from kinode_nb.system.sqlite_requests import Statement
from kinode_nb.types.capabilities import SQLITE
from tests.system.database_nodes import OK, PACKAGE, Asker, body

SQL = Asker(SQLITE)
NOT_TO_READ = {"Err": "NotAReadKeyword"}
NOT_TO_WRITE = {"Err": "NotAWriteKeyword"}
INVALID = {"Err": "InvalidParameters"}


class Opener:
    """What `sqlite` makes databases with."""

    def file_name(self, db):
        return f"{db}.db"

    def open(self, path):
        return sqlite_connection.Connection(path)


def write(statement, *params, tx_id=None):
    action = {"Write": {"statement": statement, "tx_id": tx_id}}
    return (action, json.dumps(params).encode()) if params else (action,)


def query(statement, *params):
    action = {"Query": statement}
    return (action, json.dumps(params).encode()) if params else (action,)


def rows(answer):
    assert answer[0] == "Read", answer
    return json.loads(answer[1])


TABLE = write("CREATE TABLE t (a, b)")


def test_what_was_written_can_be_read(base):
    steps = (TABLE, write("INSERT INTO t VALUES (?, ?)", 1, "one"), query("SELECT * FROM t"))
    answers = base.run(SQL.asking(*steps))
    assert answers[:2] == [OK, OK]
    assert rows(answers[2]) == [{"a": 1, "b": "one"}]


@pytest.mark.parametrize(
    ("value", "kept", "kind"),
    [
        (7, 7, "integer"),
        (-(1 << 63), -(1 << 63), "integer"),
        (1 << 63, float(1 << 63), "real"),
        (1 << 70, float(1 << 70), "real"),
        (1.5, 1.5, "real"),
        ("text", "text", "text"),
        ("naïve ✓\0end", "naïve ✓\0end", "text"),
        ("test", "test", "text"),  # valid base64, which Kinode keeps as bytes
        ("", "", "text"),
        ("AAEC", "AAEC", "text"),
        (None, None, "null"),
        (True, 1, "integer"),
        (False, 0, "integer"),
    ],
)
def test_parameters_are_kept_as_what_they_are(base, value, kept, kind):
    steps = (
        TABLE,
        write("INSERT INTO t VALUES (?, 0)", value),
        query("SELECT a, typeof(a) AS k FROM t"),
    )
    assert rows(base.run(SQL.asking(*steps))[2]) == [{"a": kept, "k": kind}]


def test_bytes_are_read_as_base64_text(base):
    steps = (query("SELECT x'000102' AS a, CAST('hi' AS BLOB) AS b, x'' AS c"),)
    assert rows(base.run(SQL.asking(*steps))[0]) == [{"a": "AAEC", "b": "aGk=", "c": ""}]


def test_numbers_that_json_lacks_are_null(base):
    assert rows(base.run(SQL.asking(query("SELECT 9e999 AS a")))[0]) == [{"a": None}]


@pytest.mark.parametrize(
    "blob", [b"", b"{}", b"null", b"1", b"[1", b"\xff", b"[[1]]", b'[{"a":1}]', b"[" * 100_000]
)
def test_what_is_no_array_of_values_is_invalid(base, blob):
    steps = (
        TABLE,
        ({"Query": "SELECT ?"}, blob),
        ({"Write": {"statement": "INSERT INTO t VALUES (?, ?)"}}, blob),
    )
    assert base.run(SQL.asking(*steps)) == [OK, INVALID, INVALID]


def test_a_number_that_no_float_can_be_is_invalid(base):
    assert base.run(SQL.asking(({"Query": "SELECT ?"}, b"[" + b"9" * 400 + b"]"))) in (
        [INVALID],
        [("Read", b'[{"?":null}]')],
    )


@pytest.mark.parametrize("word", ["INSERT", "CREATE", "DELETE", "UPDATE", "COMMIT", "VACUUM", "X"])
def test_a_query_begins_with_a_word_for_reading(base, word):
    assert base.run(SQL.asking(query(f"{word} t"))) == [NOT_TO_READ]


@pytest.mark.parametrize("word", ["SELECT", "PRAGMA", "ATTACH", "BEGIN", "WITH", "VALUES", "X"])
def test_a_write_begins_with_a_word_for_writing(base, word):
    assert base.run(SQL.asking(write(f"{word} t"))) == [NOT_TO_WRITE]


@pytest.mark.parametrize("text", ["", "  ", "SELECT(1)", "-- SELECT\nSELECT 1", ";SELECT 1"])
def test_the_first_word_stands_alone(base, text):
    assert base.run(SQL.asking(query(text), write(text))) == [NOT_TO_READ, NOT_TO_WRITE]


@pytest.mark.parametrize(
    "text", [" \n select 1 AS a", "Values (1)", "WITH x AS (SELECT 1) SELECT * FROM x"]
)
def test_words_are_found_in_any_case_and_after_blanks(base, text):
    assert len(rows(base.run(SQL.asking(query(text)))[0])) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("SELECT ?", "Incorrect number of bindings"),
        ("SELECT 1; SELECT 2", "one statement at a time"),
        ("SELECT", "incomplete input"),
        ("SELECT '\0'", ""),
    ],
)
def test_what_sqlite_does_not_take_is_told(base, text, says):
    ((error,),) = [base.run(SQL.asking(query(text)))]
    assert says in next(iter(error["Err"].values()))


def test_a_transaction_is_done_as_a_whole_or_not_at_all(base):
    async def program(our):
        await SQL.ask(our, "Open")
        await SQL.ask(our, *write("CREATE TABLE t (a UNIQUE)"))
        outcomes = []
        for values in ((1, 2), (3, 1)):
            tx = (await SQL.ask(our, "BeginTx"))["BeginTx"]["tx_id"]
            for value in values:
                insert = write("INSERT INTO t VALUES (?)", value, tx_id=tx)
                assert await SQL.ask(our, *insert) == OK
            outcomes.append(await SQL.ask(our, {"Commit": {"tx_id": tx}}))
        return outcomes, rows(await SQL.ask(our, *query("SELECT a FROM t ORDER BY a")))

    (good, bad), found = base.run(program)
    assert good == OK
    assert bad == {"Err": {"RusqliteError": "UNIQUE constraint failed: t.a"}}
    assert found == [{"a": 1}, {"a": 2}]


def test_words_and_parameters_are_looked_at_before_the_commit(base):
    async def program(our):
        await SQL.ask(our, "Open")
        tx = (await SQL.ask(our, "BeginTx"))["BeginTx"]["tx_id"]
        return [
            await SQL.ask(our, *write("SELECT 1", tx_id=tx)),
            await SQL.ask(our, {"Write": {"statement": "DELETE FROM t", "tx_id": tx}}, b"{}"),
        ]

    assert base.run(program) == [NOT_TO_WRITE, INVALID]


def test_begin_and_commit_as_statements_work_too(base):
    steps = (TABLE, query("BEGIN"), write("DELETE FROM t"), write("COMMIT"), write("VACUUM"))
    assert base.run(SQL.asking(*steps)) == [OK, ("Read", b"[]"), OK, OK, OK]


def test_the_file_is_in_wal_mode(base):
    answers = base.run(SQL.asking(query("PRAGMA journal_mode"), query("PRAGMA synchronous")))
    assert [rows(each) for each in answers] == [[{"journal_mode": "wal"}], [{"synchronous": 2}]]
    assert (base.home / "sqlite" / "app:tester.os" / "db" / "db.db").is_file()


def test_full_text_search_is_there(base):
    steps = (
        write("CREATE VIRTUAL TABLE f USING fts5(a)"),
        write("INSERT INTO f VALUES ('a long story')"),
        query("SELECT a FROM f WHERE f MATCH 'story'"),
    )
    assert rows(base.run(SQL.asking(*steps))[2]) == [{"a": "a long story"}]


def test_a_value_of_more_bytes_than_fit_is_refused(base):
    answers = base.run(SQL.asking(query("SELECT length(zeroblob(300000000)) AS a")))
    assert answers == [{"Err": {"RusqliteError": "string or blob too big"}}]


@pytest.mark.parametrize(
    ("prepare", "look", "seen"),
    [
        ([write("SAVEPOINT s"), write("INSERT INTO t VALUES (1, 2)")], "SELECT a FROM t", 1),
        ([query("BEGIN"), write("INSERT INTO t VALUES (1, 2)")], "SELECT a FROM t", 1),
        ([write("CREATE TEMP TABLE u AS SELECT 1 AS a")], "SELECT a FROM u", 1),
        ([write("CREATE TABLE temp.u AS SELECT 1 AS a")], "SELECT a FROM u", 1),
        ([write("CREATE TEMP VIEW u AS SELECT 1 AS a")], "SELECT a FROM u", 1),
        (
            [query("ATTACH ':memory:' AS m"), write("CREATE TABLE m.u AS SELECT 1 AS a")],
            "SELECT a FROM m.u",
            1,
        ),
        ([query("PRAGMA recursive_triggers=1")], "PRAGMA recursive_triggers", 1),
    ],
)
def test_what_no_file_has_outlives_the_opening_of_other_databases(
    base, monkeypatch, prepare, look, seen
):
    monkeypatch.setattr(database_lanes, "MOST_OPEN", 2)

    async def program(our):
        await SQL.ask(our, "Open")
        for step in (TABLE, *prepare):
            assert "Err" not in await SQL.ask(our, *step)
        for number in range(6):
            assert await SQL.ask(our, "Open", db=f"other{number}") == OK
        return await SQL.ask(our, *query(look))

    ((row,),) = [rows(base.run(program))]
    assert list(row.values()) == [seen]


@pytest.mark.parametrize(
    "steps",
    [
        [write("VACUUM")],
        [write("SAVEPOINT s"), write("RELEASE s")],
        [query("SELECT a FROM t ORDER BY b")],
        [query("PRAGMA foreign_keys")],
        [write("CREATE VIRTUAL TABLE f USING fts5(a)")],
    ],
)
def test_what_the_files_have_can_be_shut(tmp_path, steps):
    connection = sqlite_connection.Connection(tmp_path / "db")
    for action, *_ in (TABLE, *steps):
        ((kind, value),) = action.items()
        sql = value if kind == "Query" else value["statement"]
        connection.run(Statement(sql, [], reads=kind == "Query"), may_write=True)
    assert connection.is_in_files
    connection.close()


def test_databases_whose_transactions_have_ended_are_shut_together(base, monkeypatch):
    monkeypatch.setattr(database_lanes, "MOST_OPEN", 2)
    shut = []
    close = sqlite_connection.Connection.close
    monkeypatch.setattr(
        sqlite_connection.Connection, "close", lambda self: (shut.append(self), close(self))
    )

    async def program(our):
        for number in range(5):
            await SQL.ask(our, "Open", db=f"db{number}")
            await SQL.ask(our, *write("SAVEPOINT s"), db=f"db{number}")
        before = len(shut)
        for number in range(5):
            await SQL.ask(our, *write("RELEASE s"), db=f"db{number}")
        await SQL.ask(our, "Open", db="another")
        return before, len(shut)

    assert base.run(program) == (0, 4)


def test_a_commit_that_fails_can_be_repeated(base):
    """Here another process's `BEGIN` was in the way."""

    async def program(our):
        await SQL.ask(our, "Open")
        await SQL.ask(our, *TABLE)
        tx = (await SQL.ask(our, "BeginTx"))["BeginTx"]["tx_id"]
        await SQL.ask(our, *write("INSERT INTO t VALUES (1, 2)", tx_id=tx))
        await SQL.ask(our, *query("BEGIN"))
        failed = await SQL.ask(our, {"Commit": {"tx_id": tx}})
        await SQL.ask(our, *write("ROLLBACK"))
        done = await SQL.ask(our, {"Commit": {"tx_id": tx}})
        again = await SQL.ask(our, {"Commit": {"tx_id": tx}})
        return (
            failed,
            done,
            again == {"Err": {"NoTx": tx}},
            await SQL.ask(our, *query("SELECT * FROM t")),
        )

    failed, done, gone, there = base.run(program)
    assert "within a transaction" in failed["Err"]["RusqliteError"]
    assert (done, gone, rows(there)) == (OK, True, [{"a": 1, "b": 2}])


ENDLESS = "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n) SELECT count(*) FROM n"


def test_an_endless_query_is_interrupted_when_the_node_stops(base, monkeypatch):
    """The run ends, though `database_nodes` ends sqlite while the query is under way."""
    begun, ended = threading.Event(), []
    run = sqlite_connection.Connection.run

    def watched(connection, step, may_write):
        begun.set()
        try:
            return run(connection, step, may_write)
        except Refused as error:
            ended.append(error.error)
            raise

    async def program(our):
        await SQL.ask(our, "Open")
        monkeypatch.setattr(sqlite_connection.Connection, "run", watched)
        await our.send_request(SQL.address, body({"Query": ENDLESS}))
        await our.send_request(SQL.address, body({"Query": "SELECT 1"}))
        await asyncio.to_thread(begun.wait)

    base.run(program)
    gc.collect()  # an error that nobody looked at is told when it is gone
    assert ended == [{"RusqliteError": "interrupted"}]
    assert base.trouble == []


def test_a_query_that_opens_its_database_late_is_interrupted_too(tmp_path):
    lane = Lane((PACKAGE, "db"), tmp_path, Opener())
    lane.ending = True
    with pytest.raises(Refused) as caught:
        lane.run(Statement(ENDLESS, [], reads=True), may_write=True)
    assert caught.value.error == {"RusqliteError": "interrupted"}
    lane.shut()


def test_an_endless_query_keeps_nobody_from_other_databases(base):
    async def program(our):
        await SQL.ask(our, "Open")
        await SQL.ask(our, "Open", db="other")
        await our.send_request(SQL.address, body({"Query": ENDLESS}))
        async with asyncio.timeout(60):
            return await SQL.ask(our, *query("SELECT 1 AS a"), db="other")

    assert rows(base.run(program)) == [{"a": 1}]


def test_a_result_that_does_not_end_is_refused(base, monkeypatch):
    monkeypatch.setattr(sqlite_connection, "_MOST", 1 << 20)
    endless = ENDLESS.replace("count(*)", "a")
    ((error,),) = [base.run(SQL.asking(query(endless)))]
    assert "ask for less with LIMIT" in error["Err"]["RusqliteError"]
