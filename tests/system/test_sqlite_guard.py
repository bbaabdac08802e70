"""No statement leaves its database, and who may only read changes nothing."""

import sqlite3

import pytest

from kinode_nb.types.capabilities import SQLITE
from tests.system.database_nodes import NO_WRITE, OK, STRANGER, Asker, capability
from tests.system.test_sqlite import query, rows, write

SQL = Asker(SQLITE)


@pytest.fixture
def secret(tmp_path):
    """A database of somebody else, beside the node's home."""
    path = tmp_path / "secret.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE secrets (a)")
    connection.close()
    return path


@pytest.mark.parametrize(
    "spelling", ["'{}'", "'file:{}'", "'file:{}?mode=ro'", "'{}' || ''", "lower('{}')", "?"]
)
def test_no_file_can_be_attached(base, secret, spelling):
    statement = f"ATTACH {spelling.format(secret)} AS s"
    step = query(statement, str(secret)) if "?" in spelling[:1] else query(statement)
    answers = base.run(SQL.asking(step, query("SELECT * FROM s.secrets")))
    assert "files cannot be attached" in answers[0]["Err"]["RusqliteError"]
    assert answers[1] == {"Err": {"RusqliteError": "no such table: s.secrets"}}


def test_nor_the_own_file_by_a_second_name(base):
    """Its transactions could not be told apart."""
    base.run(SQL.asking())
    path = base.home / "sqlite" / "app:tester.os" / "db" / "db.db"
    (answer,) = base.run(SQL.asking(query(f"ATTACH '{path}' AS again")))
    assert "files cannot be attached" in answer["Err"]["RusqliteError"]


def test_memory_can_be_attached(base):
    steps = (
        query("ATTACH ':memory:' AS m"),
        write("CREATE TABLE m.t AS SELECT 1 AS a"),
        query("SELECT a FROM m.t"),
        write("DETACH m"),
    )
    answers = base.run(SQL.asking(*steps))
    assert [answers[0], answers[1], answers[3]] == [("Read", b"[]"), OK, OK]
    assert rows(answers[2]) == [{"a": 1}]


def test_vacuum_writes_no_other_file(base, tmp_path):
    steps = (write("CREATE TABLE t (a)"), write(f"VACUUM INTO '{tmp_path}/copy.db'"))
    answers = base.run(SQL.asking(*steps, write("VACUUM")))
    assert "written to" in answers[1]["Err"]["RusqliteError"]
    assert answers[2] == OK
    assert not (tmp_path / "copy.db").exists()


def test_the_same_in_a_transaction(base, tmp_path):
    async def program(our):
        await SQL.ask(our, "Open")
        await SQL.ask(our, *write("CREATE TABLE t (a)"))
        tx = (await SQL.ask(our, "BeginTx"))["BeginTx"]["tx_id"]
        await SQL.ask(our, *write(f"VACUUM INTO '{tmp_path}/copy.db'", tx_id=tx))
        return await SQL.ask(our, {"Commit": {"tx_id": tx}})

    assert "RusqliteError" in base.run(program)["Err"]
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize(
    "call",
    [
        "load_extension('x')",
        "fts3_tokenizer('simple')",
        "FTS3_Tokenizer('simple', x'00')",
        "readfile('/etc/passwd')",
        "writefile('/tmp/x', 'x')",
    ],
)
def test_functions_that_reach_the_machine_are_not_there(base, call):
    (answer,) = base.run(SQL.asking(query(f"SELECT {call}")))
    assert "RusqliteError" in answer["Err"]


@pytest.mark.parametrize(
    "pragma",
    [
        "temp_store_directory = '/tmp'",
        "writable_schema = 1",
        "hard_heap_limit = 1",
        "journal_mode = DELETE",
        "synchronous = OFF",
        "database_list",
        "query_only = 1",
        "mmap_size = 1",
        "nonsense",
    ],
)
def test_pragmas_that_reach_out_are_refused(base, pragma):
    (answer,) = base.run(SQL.asking(query(f"PRAGMA {pragma}")))
    assert f"PRAGMA {pragma.split()[0]} " in answer["Err"]["RusqliteError"]


@pytest.mark.parametrize("pragma", ["table_info(t)", "user_version = 3", "foreign_keys = 1"])
def test_others_work(base, pragma):
    answers = base.run(SQL.asking(write("CREATE TABLE t (a)"), query(f"PRAGMA {pragma}")))
    assert answers[1][0] == "Read"


@pytest.mark.parametrize(
    "statement",
    [
        "WITH x AS (SELECT 1) DELETE FROM t",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x RETURNING a",
        "PRAGMA user_version = 9",
        "BEGIN IMMEDIATE",
        "ATTACH ':memory:' AS m",
        "ANALYZE",
    ],
)
def test_who_may_only_read_changes_nothing(base, statement):
    """Kinode looks at the first word alone."""
    steps = (write("CREATE TABLE t (a)"), write("INSERT INTO t VALUES (1)"))
    base.run(SQL.asking(*steps))
    base.held[STRANGER] = [capability(SQLITE, "read")]
    reader = SQL.asking(
        query("SELECT a FROM t"), query(statement), query("PRAGMA user_version"), opened=False
    )
    _, (before, refused, version) = base.run(SQL.asking(), {STRANGER: reader})
    assert rows(before) == [{"a": 1}]
    assert refused == NO_WRITE
    assert rows(version) == [{"user_version": 0}]
    assert rows(base.run(SQL.asking(query("SELECT a FROM t")))[0]) == [{"a": 1}]


def test_what_a_writer_did_is_not_remembered_for_a_reader(base):
    """A statement that is prepared again is looked at again."""
    insert = "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x"
    base.run(SQL.asking(write("CREATE TABLE t (a)")))
    base.held[STRANGER] = [capability(SQLITE, "read")]

    async def reader(our):
        request = await our.receive()
        answer = await SQL.ask(our, *query(insert))
        await our.send_response({"answer": answer}, to=request)

    async def program(our):
        await SQL.ask(our, "Open")
        own = await SQL.ask(our, *query(insert))
        other = await our.send_and_await_response(STRANGER, b"go")
        return own, other.json()["answer"]

    assert base.run(program, {STRANGER: reader})[0] == (("Read", b"[]"), NO_WRITE)
