"""Processes from text and from functions: ``node.process``, ``net.process``, ``@kn.process``."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import kinode_nb as kn
from kinode_nb import aio
from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import Our
from kinode_nb.types import (
    AddressError,
    CrashError,
    NodeError,
    OnExit,
    PackageError,
    SendError,
    UsageError,
)

ROOT = Path(__file__).resolve().parents[2]
ID = "counter:notebook:template.os"
KNOWN = [1, 2]
ANSWERS = "async def init(our):\n    async for message in our:\n        "


@pytest.fixture
def node(net: FakeNet) -> Node:
    return net.boot("fake.dev", port="none")


def doubled(number: int) -> int:
    return 2 * number


class Halver:
    def halved(self, number: int) -> int:
        return number // 2


def test_text_is_a_process_with_what_it_is_given(node: Node):
    given = {"items": [[1]], "doubled": doubled}
    text = ANSWERS + "items[0].append(doubled(message.json())); await our.send_response(items)\n"
    address = node.process("counter", text, given=given)
    given["items"].append(2)  # type: ignore[attr-defined]
    assert str(address) == f"fake.dev@{ID}"
    assert node.request(ID, 4).json() == [[1, 8]]


def test_every_run_gets_what_was_given_anew(node: Node):
    text = ANSWERS + "items.append(0); print(items); await our.send_response(1 // message.json())"
    node.process("counter", text, given={"items": []}, on_exit="restart")
    node.request(ID, 1)
    with pytest.raises(SendError, match="ZeroDivisionError"):
        node.request(ID, 0)
    node.request(ID, 1)
    assert node.log(kind="print", grep=r"^\[0")["body"].tolist() == ["[0]", "[0, 0]", "[0]"]


AWKWARD = {
    "no import of ours": "raise ImportError(\"cannot import name 'x' from 'y'\", name=5)",
    "cannot be worded": """
        class E(ImportError):
            def __str__(self): raise SystemExit
        raise E""",
    "a name that is none": "error = NameError('x'); error.name = 5; raise error",
    "a module without a name": "exec('1/0', {'__name__': None})",
    "takes no notes": """
        class E(NameError):
            def add_note(self, note): raise RuntimeError
        error = E('x'); error.name = 'KNOWN'; raise error""",
    "a line that is none": "error = SyntaxError('x', ('f', 1, 2, '')); error.text = 5; raise error",
    "a class without a home": """
        class M(type):
            @property
            def __module__(self): raise RuntimeError
        class E(Exception, metaclass=M): pass
        raise E""",
}


@pytest.mark.parametrize("raises", AWKWARD)
def test_an_error_that_cannot_be_told_has_ended_its_process(node: Node, raises: str):
    body = textwrap.indent(textwrap.dedent(AWKWARD[raises]), "    ")
    node.process("awkward", f"async def init(our):\n    await our.receive()\n{body}\n")
    with pytest.raises(SendError, match="ended with an error"):
        node.request("awkward:notebook:template.os", 0, timeout=5)
    shown = node.processes().set_index("process")["status"]
    assert shown["awkward:notebook:template.os"] == "ended"


def test_a_kept_home_has_its_state_after_the_next_boot(net: FakeNet, tmp_path: Path):
    text = (
        "async def init(our):\n"
        "    runs = int(our.get_state() or b'0') + 1\n"
        "    our.set_state(str(runs).encode())\n"
        "    async for _ in our: await our.send_response(runs)\n"
    )
    for runs in (1, 2):
        node = net.boot("kept.dev", port="none", home=tmp_path / "home")
        assert ID not in set(node.processes()["process"])
        node.process("counter", text)
        assert node.request(ID, 0).json() == runs
        node.stop()


def test_instances_of_its_classes_are_a_state_that_its_next_one_can_read(node: Node):
    text = (
        "import dataclasses, pickle\n@dataclasses.dataclass\nclass Saved:\n    number: int\n"
        "async def init(our):\n"
        "    state = our.get_state()\n"
        "    saved = pickle.loads(state) if state else Saved(0)\n"
        "    our.set_state(pickle.dumps(Saved(saved.number + 1)))\n"
        "    async for message in our:\n"
        "        await our.send_response(saved.number // message.json())\n"
    )
    for number in range(2):
        node.process("counter", text, on_exit="restart")
        assert node.request(ID, 1).json() == 2 * number
        with pytest.raises(SendError):
            node.request(ID, 0)
        assert node.request(ID, 1).json() == 2 * number + 1


@pytest.mark.parametrize("name", ["get_ipython", "display"])
def test_what_a_notebook_puts_among_the_builtins_is_in_no_process(
    node: Node, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setattr(f"builtins.{name}", print, raising=False)
    with pytest.raises(CrashError, match=f"{name} is the notebook's own") as raised:
        node.process("counter", f"async def init(our):\n    {name}()\n")
    assert f"NameError: name '{name}' is not defined" in str(raised.value)

    async def init(our: Our) -> None:
        message = await our.receive()
        await our.send_response(message.json() in __builtins__)  # type: ignore[operator]

    node.spawn(init, name="counter", public=True)
    assert node.request(ID, name).json() is False


def test_the_decorator_begins_it_on_several_nodes_of_one_net(net: FakeNet, node: Node):
    other = net.boot("fake2.dev", port="none")

    @kn.process("counter", node=[node, aio.Node(other)])
    async def init(our: Our) -> None:
        async for _ in our:
            await our.send_response(our.node)

    assert [str(each) for each in init.addresses] == [f"fake.dev@{ID}", f"fake2.dev@{ID}"]  # type: ignore[attr-defined]
    assert [each.request(ID, 0).json() for each in (node, other)] == ["fake.dev", "fake2.dev"]
    with FakeNet() as another:
        stranger = another.boot("fake.dev", port="none")
        for nodes, said in (
            ([], "names no node"),
            ([node, stranger], "of several nets"),
            ([node, 3], "not 3"),
        ):
            with pytest.raises(UsageError, match=said):
                kn.process("counter", node=nodes)(init)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"private": True}, "takes no private=. Write public=False"),
        ({"nodes": ["fake.dev"]}, 'Write node=["fake.dev", "fake2.dev"]'),
        ({"on_exitt": "none"}, "Did you mean 'on_exit'?"),
        (
            {"zzz": 1},
            "Its options: public, node, package, networking, ",
        ),
    ],
)
def test_the_decorator_tells_of_what_it_does_not_take(options: dict[str, object], said: str):
    with pytest.raises(UsageError) as raised:
        kn.process("counter", **options)  # type: ignore[arg-type]
    assert said in str(raised.value)


def test_a_wit_module_that_no_cell_has_made_is_told(node: Node):
    text = "from kinode_nb.wit import nope\nasync def init(our): ...\n"
    with pytest.raises(CrashError, match=r"kinode_nb\.wit has no 'nope'\. A cell makes it: %%kin"):
        node.process("counter", text)


def test_its_handle_is_shown_with_its_address(node: Node):
    node.process("counter", "async def init(our):\n    print(our)\n    await our.receive()\n")
    assert f"<our fake.dev@{ID}>" in node.terminal()


def test_the_net_begins_it_on_several_nodes_or_on_none(net: FakeNet, node: Node):
    other = net.boot("fake2.dev", port="none")
    text = ANSWERS + "await our.send_response(our.node)"
    outcomes = net.process("counter", text, "fake.dev", "fake2", "fake.dev")
    assert [str(each.address) for each in outcomes] == [f"fake.dev@{ID}", f"fake2.dev@{ID}"]
    assert [each.request(ID, 0).json() for each in (node, other)] == ["fake.dev", "fake2.dev"]
    net.start("echo", node="fake2.dev")
    with pytest.raises(PackageError, match=r"'echo' is not installed on fake\.dev"):
        net.process("fresh", text, "fake2.dev", "fake.dev", package="echo")
    assert not [name for name in net.process_names() if "fresh" in name]
    with pytest.raises(NodeError):
        net.process("fresh", text, "fake3.dev")


def test_of_a_package_it_imports_the_modules_beside_it(net: FakeNet, node: Node):
    net.start("chat")
    text = (
        "from . import chat_conversations\nfrom .api.chat import ChatMessage\n"
        + ANSWERS
        + "await our.send_response([str(our.package_id), ChatMessage.__name__])\n"
    )
    address = node.process("mine", text, package="chat")
    assert str(address) == "fake.dev@mine:chat:template.os"
    assert node.request(address, 0).json() == ["chat:template.os", "ChatMessage"]

    @kn.process("also-mine", node=node, package="chat")
    async def init(our: Our) -> None:
        from .api.chat import ChatMessage

        async for _ in our:
            await our.send_response(ChatMessage.__name__)

    assert node.request("also-mine:chat:template.os", 0).json() == "ChatMessage"
    text = "from .nowhere import x\nasync def init(our): ..."
    with pytest.raises(CrashError, match=r"/chat:template\.os/pkg has no module 'nowhere'"):
        node.process("other", text, package="chat")
    with pytest.raises(CrashError, match="--package PACKAGE"):
        node.process("other", text)


def test_it_takes_the_place_of_a_packages_own_process(net: FakeNet, node: Node):
    net.start("echo")
    node.process("echo", ANSWERS + "await our.send_response('new')", package="echo:template.os")
    assert node.request("echo:echo:template.os", 0).json() == "new"
    net.take_notes()
    net.start("echo")
    assert net.take_notes() == ["echo's own echo runs again on fake.dev, in place of a cell's"]
    assert node.request("echo:echo:template.os", {"Echo": "x"}).json() == "Ack"
    net.start("echo")
    assert net.take_notes() == ["echo is already started on fake.dev"]


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("Counter!", {}, AddressError),
        ("", {}, AddressError),
        (3, {}, UsageError),
        ("kernel", {}, UsageError),
        ("counter", {"on_exit": "again"}, UsageError),
        ("counter", {"package": "ech"}, PackageError),
        ("counter", {"given": {"x": iter(())}}, None),
        ("counter", {"given": {"x": (each for each in ())}}, UsageError),
    ],
)
def test_a_mistake_replaces_nothing(
    node: Node, name: str, options: dict[str, object], error: type[Exception] | None
):
    node.process("counter", ANSWERS + "await our.send_response(1)")
    if error is not None:
        with pytest.raises(error):
            node.process(name, ANSWERS + "pass", **options)  # type: ignore[arg-type]
        assert node.request(ID, 0).json() == 1
    else:
        node.process(name, ANSWERS + "await our.send_response(2)", **options)  # type: ignore[arg-type]
        assert node.request(ID, 0).json() == 2


def test_what_others_hold_of_it_stays(node: Node):
    text = (
        "from kinode_nb.process_lib import SendError\n"
        "async def keeper(our):\n"
        "    async for _ in our:\n"
        "        try:\n"
        f"            answer = await our.send_and_await_response('{ID}', b'')\n"
        "            await our.send_response(answer.body)\n"
        "        except SendError as error:\n"
        "            await our.send_response(str(error))\n"
        "async def init(our):\n"
        "    if our.get_state() is None:\n"
        "        our.set_state(b'1')\n"
        "        await our.spawn(keeper, name='keeper', public=True)\n"
        "    async for _ in our:\n"
        "        await our.send_response({})\n"
    )
    for number in (1, 2):
        node.process("counter", text.format(number), public=False)
        assert node.request("keeper:notebook:template.os", 0).json() == number


def test_what_was_queued_is_lost(node: Node):
    waits = "import asyncio\nasync def init(our):\n    {}\n    await asyncio.Event().wait()\n"
    node.process("counter", waits.format("await our.receive()"))
    asking = (
        "from kinode_nb.process_lib import ProcessId\n"
        "async def init(our):\n"
        "    for _ in range(3):\n"
        f"        await our.send_request('{ID}', b'', expects_response=1000)\n"
        "    await our.receive()\n"
    )
    node.process("asking", asking)
    node.process("counter", waits.format("await our.receive(); our.print_to_terminal(0, 'got')"))
    rows = node.log(kind="request", process="counter")
    assert sorted(rows["status"].astype(str)) == ["delivered", "dropped", "dropped"]
    assert set(rows["reason"].dropna()) >= {f"{ID} ended"}
    assert "got" not in node.terminal()


def test_a_function_is_a_process_with_what_it_names(node: Node):
    halver = Halver()

    @kn.process("counter", node=node, with_="KNOWN")
    async def init(our: Our) -> None:
        async for message in our:
            KNOWN.append(doubled(message.json()))
            await our.send_response([halver.halved(8), *KNOWN])

    assert str(init.address) == f"fake.dev@{ID}"  # type: ignore[attr-defined]
    assert [node.request(ID, n).json() for n in (1, 2)] == [[4, 1, 2, 2], [4, 1, 2, 2, 4]]
    assert KNOWN == [1, 2]


def test_a_functions_errors_have_its_own_lines(node: Node):
    @kn.process("counter", node=node)
    async def init(our: Our) -> None:
        async for _ in our:
            await our.send_response(KNOWN)  # this line

    with pytest.raises(SendError) as raised:
        node.request(ID, 0)
    line = init.__code__.co_firstlineno + 3
    assert f"(line {line} of <process counter>: await our.send_response(KNOWN)" in str(raised.value)
    assert "with_=('KNOWN',) copies it in" in str(raised.value)


def test_a_decorated_function_that_is_none_is_refused(node: Node):
    with pytest.raises(UsageError, match="init is no async function"):

        @kn.process("counter", node=node)
        def init(our: Our) -> None: ...

    with pytest.raises(UsageError, match=r'write @kn.process\("counter"\)'):

        @kn.process  # type: ignore[arg-type]
        async def other(our: Our) -> None: ...

    with pytest.raises(UsageError, match=r"no variable 'KNWN' to copy\. Did you mean 'KNOWN'"):

        @kn.process("counter", node=node, with_=["KNWN"])
        async def third(our: Our) -> None: ...


def test_a_function_spawns_functions_that_share_nothing(node: Node):
    @kn.process("counter", node=node, with_=("KNOWN",))
    async def init(our: Our) -> None:
        async def child(our: Our) -> None:
            KNOWN.append(9)
            async for _ in our:
                await our.send_response(KNOWN)

        KNOWN.append(3)
        await our.spawn(child, name="child", public=True)
        async for _ in our:
            await our.send_response(KNOWN)

    assert node.request("child:notebook:template.os", 0).json() == [1, 2, 9]
    assert node.request(ID, 0).json() == [1, 2, 3]


def test_spawn_takes_a_package_and_an_on_exit(net: FakeNet, node: Node):
    async def init(our: Our) -> None:
        await our.receive()

    net.start("echo")
    address = node.spawn(init, "mine", on_exit=OnExit.RESTART, package="echo")
    row = node.processes().set_index("process").loc[str(address.process)]
    assert (row["package"], row["on_exit"]) == ("echo:template.os", "Restart")
    with pytest.raises(AddressError):
        node.spawn(init, "Mi ne")
    with pytest.raises(UsageError, match="on_exit is 'none', 'restart'"):
        node.spawn(init, on_exit="always")


def test_as_coroutines():
    async def cell() -> None:
        async with aio.FakeNet() as net:
            node = await net.boot("fake.dev", port="none")
            await node.process("counter", ANSWERS + "await our.send_response(1)", on_exit="restart")
            assert (await node.request(ID, 0)).json() == 1
            (outcome,) = await net.process("counter", ANSWERS + "await our.send_response(2)")
            assert (outcome.replaced, outcome.ended) == (True, False)
            assert (await node.request(ID, 0)).json() == 2

    asyncio.run(cell())


def test_in_a_plain_script(tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text(
        "import json\n"
        "import kinode_nb as kn\n"
        "rate = 3\n"
        "def paid(hours): return json.dumps(hours * rate)\n"
        "kn.fakenet().boot('fake.dev', port='none')\n"
        "@kn.process('counter', with_='rate')\n"
        "async def init(our):\n"
        "    async for message in our:\n"
        "        await our.send_response(paid(message.json()))\n"
        "print(kn.fakenet().node().request(init.address, 4).json())\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("12\n", "")
