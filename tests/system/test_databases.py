"""What kv and sqlite have in common: who may do what, what is answered, and in what order."""

import pytest

from kinode_nb.process_lib import LazyLoadBlob, SendError
from kinode_nb.system import database_lanes
from kinode_nb.types import Address, KinodeError
from kinode_nb.types.capabilities import KV, SQLITE
from tests.system.database_nodes import (
    APP,
    MALFORMED,
    MISMATCH,
    NO_READ,
    NO_WRITE,
    NODE,
    OK,
    PACKAGE,
    SIBLING,
    STRANGER,
    Asker,
    KernelRights,
    body,
    capability,
    no_db,
)


class Kind:
    """One module, with an action of each sort."""

    def __init__(self, module, read, write, in_tx):
        self.module = module
        self.name = module.process_name
        self.asker = Asker(module)
        self.read, self.write, self.in_tx = read, write, in_tx
        self.address = Address(NODE, module)


KINDS = {
    "kv": Kind(
        KV,
        ({"Get": [1]},),
        ({"Set": {"key": [1], "tx_id": None}}, b"one"),
        lambda tx: ({"Set": {"key": [1], "tx_id": tx}}, b"one"),
    ),
    "sqlite": Kind(
        SQLITE,
        ({"Query": "SELECT 1 AS one"},),
        ({"Write": {"statement": "CREATE TABLE IF NOT EXISTS t (a)", "tx_id": None}},),
        lambda tx: ({"Write": {"statement": "CREATE TABLE t (a)", "tx_id": tx}},),
    ),
}


@pytest.fixture(params=list(KINDS))
def kind(request):
    return KINDS[request.param]


def path(base, kind, db="db"):
    file = "kv.db" if kind.name == "kv" else f"{db}.db"
    return base.home / kind.name / "app:tester.os" / db / file


def test_open_makes_the_database_and_can_be_repeated(base, kind):
    assert base.run(kind.asker.asking("Open", "Open")) == [OK, OK]
    assert path(base, kind).is_file()


def test_open_grants_both_capabilities_to_the_calling_process(base, kind):
    async def program(our):
        before = set(our.our_capabilities())
        await kind.asker.ask(our, "Open")
        return set(our.our_capabilities()) - before

    granted = base.run(program)
    assert granted == {capability(kind.module, each) for each in ("read", "write")}
    assert sorted(each.params for each in granted) == [
        '{"db_key":[{"package_name":"app","publisher_node":"tester.os"},"db"],"kind":"read"}',
        '{"db_key":[{"package_name":"app","publisher_node":"tester.os"},"db"],"kind":"write"}',
    ]


@pytest.mark.parametrize("action", ["Open", "RemoveDb"])
def test_only_the_owning_package_opens_and_removes(base, kind, action):
    base.held[STRANGER] = [capability(kind.module, each) for each in ("read", "write")]
    steps = kind.asker.asking(action, opened=False)
    assert base.run(kind.asker.asking(), {STRANGER: steps})[1] == [MISMATCH]
    assert path(base, kind).is_file()


def test_nobody_is_exempt_from_the_capabilities(base, kind):
    """Not even another process of the owning package."""
    base.run(kind.asker.asking(kind.write))
    steps = kind.asker.asking(
        kind.read, kind.write, "BeginTx", {"Commit": {"tx_id": 1}}, opened=False
    )
    assert base.run(kind.asker.asking(), {SIBLING: steps})[1] == [NO_READ] + [NO_WRITE] * 3


def test_read_is_for_reading_and_write_for_writing(base, kind):
    base.run(kind.asker.asking(kind.write))
    base.held[STRANGER] = [capability(kind.module, "read")]
    base.held[SIBLING] = [capability(kind.module, "write")]
    steps = kind.asker.asking(kind.read, kind.write, "BeginTx", opened=False)
    _, reader, writer = base.run(kind.asker.asking(), {STRANGER: steps, SIBLING: steps})
    assert reader[0][0] in ({"Get": [1]}, "Read")
    assert reader[1:] == [NO_WRITE, NO_WRITE]
    assert writer[0] == NO_READ
    assert writer[1] == OK
    assert "BeginTx" in writer[2]


def test_the_capability_is_for_one_database_of_one_package(base, kind):
    base.run(kind.asker.asking(kind.write, db="other"))
    base.held[STRANGER] = [capability(kind.module, "read")]

    async def stranger(our):
        return await kind.asker.ask(our, *kind.read, db="other")

    assert base.run(kind.asker.asking(), {STRANGER: stranger})[1] == NO_READ


def test_capabilities_that_cannot_be_granted_are_told(base, kind):
    class Ended(KernelRights):
        def grant(self, holder, capability):
            raise KinodeError(f"{holder} has ended")

    base.rights = Ended
    assert base.run(kind.asker.asking("Open", opened=False)) == [{"Err": "AddCapFailed"}]


def test_what_was_never_opened_is_no_database(base, kind):
    base.held[APP] = [capability(kind.module, each) for each in ("read", "write")]
    steps = (kind.read, kind.write, "BeginTx", {"Commit": {"tx_id": 1}}, "RemoveDb")
    assert base.run(kind.asker.asking(*steps, opened=False)) == [no_db()] * 5
    assert not path(base, kind).parent.exists()


def test_a_removed_database_is_gone_and_a_new_one_is_empty(base, kind):
    steps = (kind.write, "RemoveDb", kind.read, "RemoveDb", "Open")
    answers = base.run(kind.asker.asking(*steps))
    assert answers == [OK, OK, no_db(), no_db(), OK]
    if kind.name == "kv":
        assert base.run(kind.asker.asking(kind.read)) == [{"Err": "KeyNotFound"}]
    else:
        query = {"Query": "SELECT name FROM sqlite_master"}
        assert base.run(kind.asker.asking(query)) == [("Read", b"[]")]


def test_removing_takes_the_whole_folder(base, kind):
    base.run(kind.asker.asking(kind.write, "RemoveDb"))
    assert list((base.home / kind.name).rglob("*")) == [base.home / kind.name / "app:tester.os"]


def test_what_a_kill_left_of_a_removal_is_removed_at_the_start(base, kind):
    left = base.home / kind.name / ".removed-1"
    left.mkdir(parents=True)
    (left / "kv.db").write_bytes(b"x")
    assert base.run(kind.asker.asking(kind.write, "RemoveDb")) == [OK, OK]
    assert not left.exists()


def test_databases_are_there_again_on_a_next_run(base, kind):
    base.run(kind.asker.asking(kind.write))
    base.held[APP] = [capability(kind.module, "read")]
    (answer,) = base.run(kind.asker.asking(kind.read, opened=False))
    assert answer[0] in ({"Get": [1]}, "Read")


def test_many_databases_are_not_all_open_at_once(base, kind, monkeypatch):
    monkeypatch.setattr(database_lanes, "MOST_OPEN", 3)
    open_now, most = set(), []

    class Counted(database_lanes.Lane):
        def _open(self):
            database = super()._open()
            open_now.add(self.key)
            most.append(len(open_now))
            return database

        def shut(self):
            super().shut()
            open_now.discard(self.key)

    monkeypatch.setattr(database_lanes, "Lane", Counted)

    async def program(our):
        names = [f"db{number}" for number in range(12)]
        for name in names:
            await kind.asker.ask(our, "Open", db=name)
            assert await kind.asker.ask(our, *kind.write, db=name) == OK
        return [(await kind.asker.ask(our, *kind.read, db=name))[0] for name in names]

    answers = base.run(program)
    assert len(answers) == 12
    assert "Err" not in answers
    assert max(most) == 3
    assert not open_now


def test_who_is_not_public_is_answered_only_where_it_lets_the_module_message_it(base, kind):
    """As manifests of Kinode's packages do: ``"grant_capabilities": ["kv:distro:sys"]``."""

    async def program(our):
        with pytest.raises(SendError, match="Timeout"):
            await kind.asker.ask(our, "Open")
        base.kernel.processes[kind.module].grant(our.messaging())
        return await kind.asker.ask(our, "Open")

    base.private = True
    assert base.run(program) == OK


# --------------------------------------------------------------------- transactions


def test_a_transaction_waits_for_its_commit(base, kind):
    seen = {"kv": {"Err": "KeyNotFound"}, "sqlite": ("Read", b"[]")}[kind.name]
    query = {"Query": "SELECT name FROM sqlite_master"}
    look = kind.read if kind.name == "kv" else (query,)

    async def program(our):
        await kind.asker.ask(our, "Open")
        tx = (await kind.asker.ask(our, "BeginTx"))["BeginTx"]["tx_id"]
        written = await kind.asker.ask(our, *kind.in_tx(tx))
        before = await kind.asker.ask(our, *look)
        committed = await kind.asker.ask(our, {"Commit": {"tx_id": tx}})
        again = await kind.asker.ask(our, {"Commit": {"tx_id": tx}})
        return (
            written,
            before,
            committed,
            again == {"Err": {"NoTx": tx}},
            look,
            before != (await kind.asker.ask(our, *look)),
        )

    written, before, committed, again, _, changed = base.run(program)
    assert (written, before, committed, again, changed) == (OK, seen, OK, True, True)


def test_an_unknown_transaction_is_told_and_begins_none(base, kind):
    steps = (kind.in_tx(7), {"Commit": {"tx_id": 7}})
    assert base.run(kind.asker.asking(*steps)) == [{"Err": {"NoTx": 7}}] * 2


def test_transactions_belong_to_neither_a_database_nor_a_process(base, kind):
    numbers = []

    async def sibling(our):
        await kind.asker.ask(our, "Open", db="second")
        request = await our.receive()
        answer = await kind.asker.ask(our, {"Commit": {"tx_id": numbers[0]}}, db="second")
        await our.send_response({"answer": answer}, to=request)
        return await kind.asker.ask(our, *kind.in_tx(numbers[0]), db="second")

    async def program(our):
        await kind.asker.ask(our, "Open")
        numbers.append((await kind.asker.ask(our, "BeginTx"))["BeginTx"]["tx_id"])
        await kind.asker.ask(our, *kind.in_tx(numbers[0]))
        return (await our.send_and_await_response(SIBLING, b"commit it")).json()["answer"]

    answers = base.run(program, {SIBLING: sibling})
    assert answers == [OK, {"Err": {"NoTx": numbers[0]}}]


def test_numbers_of_transactions_are_random_and_repeat_with_the_seed(base, kind):
    def numbers():
        return [each["BeginTx"]["tx_id"] for each in base.run(kind.asker.asking(*["BeginTx"] * 5))]

    first = numbers()
    assert len(set(first)) == 5
    assert max(first) >= 1 << 32
    assert numbers() == first


# --------------------------------------------------------------------- answers


def test_success_echoes_the_metadata_and_errors_do_not(base, kind):
    async def program(our):
        got = []
        for action in ("Open", "Nonsense", {"Commit": {"tx_id": 1}}):
            response = await our.send_and_await_response(
                kind.address, body(action), metadata="mine"
            )
            got.append((response.metadata, response.inherit, response.capabilities))
        return got

    assert base.run(program) == [("mine", False, ()), (None, False, ()), (None, False, ())]


def test_bytes_come_as_octet_stream_and_only_where_something_was_read(base, kind):
    async def program(our):
        await kind.asker.ask(our, "Open")
        await kind.asker.ask(our, *kind.write)
        wrote = our.has_blob()
        await kind.asker.ask(our, *kind.read)
        return wrote, our.get_blob().mime

    assert base.run(program) == (False, "application/octet-stream")


def test_success_is_told_to_those_who_wait_for_it_errors_in_any_case(base, kind):
    async def program(our):
        await our.send_request(kind.address, body("Open"))
        await our.send_request(kind.address, body("Nonsense"))
        await kind.asker.ask(our, *kind.write)

    base.run(program)
    entries = base.kernel.log.entries
    bodies = [e.body for e in entries if getattr(e, "source", None) == kind.address]
    bodies = [each for each in bodies if isinstance(each, bytes)]
    assert bodies == [b'{"Err":"MalformedRequest"}', b'"Ok"']


def test_the_answer_goes_to_whom_it_was_asked_for(base, kind):
    async def middle(our):
        await our.receive()
        await kind.asker.ask(our, "Open")
        await our.send_request(kind.address, body("Open"), inherit=True, metadata="passed on")

    async def program(our):
        response = await our.send_and_await_response(SIBLING, b"go")
        return response.source, response.metadata

    assert base.run(program, {SIBLING: middle})[0] == (kind.address, "passed on")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"package_id":"app:tester.os","db":"db","action":"Open"}',
        b'{"package_id":{"package_name":"app"},"db":"db","action":"Open"}',
        b'{"package_id":["app","tester.os"],"action":"Open"}',
        b'{"package_id":["app","tester.os"],"db":"db","action":"Backup"}',
        b'{"package_id":["app","tester.os"],"db":"db","action":{"Open":1}}',
        b'{"package_id":["app","tester.os"],"db":"db","action":{"Open":null,"RemoveDb":null}}',
        b'{"package_id":["app","tester.os"],"db":"db","action":{"Commit":{"tx_id":-1}}}',
        b'{"package_id":["a","b"],"db":"db","action":{"Commit":{"tx_id":18446744073709551616}}}',
        b'{"package_id":["app","tester.os"],"db":"\\ud800","action":"Open"}',
    ],
)
def test_a_body_that_makes_no_sense_is_malformed(base, kind, text):
    async def program(our):
        return (await our.send_and_await_response(kind.address, text)).json()

    assert base.run(program) == MALFORMED


@pytest.mark.parametrize("db", ["", ".", "..", "a/b", "../db", "/etc", "a\0b", "x" * 201])
def test_a_name_that_is_no_folders_is_malformed(base, kind, db):
    assert base.run(kind.asker.asking("Open", db=db, opened=False)) == [MALFORMED]
    assert list((base.home / kind.name).iterdir()) == []


@pytest.mark.parametrize("package", [["..", "x"], ["app", ".."], ["a/b", "x"], ["", "x"]])
def test_so_is_a_package_that_is_no_folder(base, kind, package):
    async def program(our):
        return await kind.asker.ask(our, "Open", package=package)

    assert base.run(program) == MALFORMED


def test_serde_reads_records_from_arrays_and_bare_actions_with_null(base, kind):
    async def program(our):
        return await kind.asker.ask(our, {"Open": None}, package=["app", "tester.os"])

    assert base.run(program) == OK
    assert path(base, kind).is_file()


def test_other_nodes_are_ignored(base, kind):
    async def remote(our):
        with pytest.raises(SendError, match="Timeout"):
            await our.send_and_await_response(kind.address, body("Open"))
        await our.send_request(kind.address, b"nonsense")
        await our.send_and_await_response(f"{NODE}@{our.process}", b"sent")

    async def program(our):
        message = await our.receive()
        await kind.asker.ask(our, "Open", db="other")
        await our.send_response(b"done", to=message)

    base.run(program, remote=remote)
    told = f"{kind.name}: got request from other.dev, but they must come from fake.dev"
    assert base.prints.count((1, told)) == 2
    assert not path(base, kind).exists()


def test_what_is_sent_without_waiting_is_done_in_order(base, kind):
    """The Open has to be done, and granted, before the others are looked at."""

    async def program(our):
        for number, (action, *data) in enumerate([("Open",), kind.write, kind.read, ("RemoveDb",)]):
            blob = LazyLoadBlob(data[0]) if data else None
            await our.send_request(kind.address, body(action), 5, blob=blob, context=number)
        answers = [await our.receive() for _ in range(4)]
        return [(each.context, "Err" in each.text()) for each in answers]

    assert base.run(program) == [(0, False), (1, False), (2, False), (3, False)]


def test_a_broken_file_is_told_and_the_node_lives(base, kind):
    file = path(base, kind)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"this is no database at all" * 100)
    (answer, again) = base.run(kind.asker.asking("Open", "Open", opened=False))
    name = {"kv": "RocksDBError", "sqlite": "RusqliteError"}[kind.name]
    assert answer == {"Err": {name: "file is not a database"}} == again


def test_a_folder_that_cannot_be_made_is_told(base, kind):
    place = base.home / kind.name / PACKAGE.package_name
    place.parent.mkdir(parents=True)
    (place.parent / str(PACKAGE)).write_bytes(b"")
    (answer,) = base.run(kind.asker.asking("Open", opened=False))
    assert answer == {"Err": {"IOError": "Not a directory (os error 20)"}}
