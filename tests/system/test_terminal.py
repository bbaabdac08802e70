"""terminal:terminal:sys: lines, aliases, and what a script may do (specification, section 5)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import Our, ScriptError
from kinode_nb.types import ProcessId, UsageError

TERMINAL = "terminal:terminal:sys"
CALLING = "error calling script: "
HELD = """
from kinode_nb.process_lib import script

@script
async def init(our, args):
    return f"{args}|" + " ".join(map(str, our.our_capabilities()))
"""
Install = Callable[..., Node]


@pytest.fixture
def node(net: FakeNet) -> Node:
    return net.boot(port="none")


@pytest.fixture
def script(node: Node) -> Install:
    """Puts a script into the drive of tools:me.os."""

    def install(name: str, code: str | None = HELD, text: str | None = None, **entry: object):
        drive = node.home / "vfs" / "tools:me.os" / "pkg"
        drive.mkdir(parents=True, exist_ok=True)
        if code is not None:
            (drive / f"{name.replace('-', '_')}.py").write_text(code)
        whole = {"root": False, "public": False, "request_networking": False, **entry}
        (drive / "scripts.json").write_text(text or json.dumps({f"{name}.wasm": whole}))
        return node

    return install


def refused(node: Node, line: str) -> str:
    """Return what the terminal prints when it calls no script."""
    with pytest.raises(UsageError) as raised:
        node.type_line(line)
    printed = node.terminal().splitlines()[-1].partition(" terminal:sys: ")[2]
    assert str(raised.value).startswith(printed)
    return printed


def held(node: Node, line: str) -> set[str]:
    """Return the capabilities that a script holds, its own left out."""
    listed = node.type_line(line).partition("|")[2].split(" ")
    return {each for each in listed if each and "tools:me.os" not in each}


@pytest.mark.parametrize(
    "line", ["hii fake.dev x", "hi:terminal", "@", "a@b:c:d:e", "\t", " hi fake.dev x", "A:b:c"]
)
def test_a_first_word_that_names_nothing_is_refused(node: Node, line: str):
    head = line.partition(" ")[0]
    said = f"{CALLING}'{head}' not found, either as an alias or process ID"
    assert said in refused(node, line) or not head.strip()


def test_the_texts_of_what_is_missing(node: Node, script: Install):
    assert refused(node, "x:nothing:me.os") == f"{CALLING}no scripts manifest in package"
    script("here", text="{")
    assert refused(node, "here:tools:me.os") == f"{CALLING}could not parse scripts.json file"
    script("here", text='{"here.wasm": {"root": false}}')
    assert refused(node, "here:tools:me.os") == f"{CALLING}could not parse scripts.json file"
    script("gone", code=None)
    assert refused(node, "there:tools:me.os") == f"{CALLING}script not in scripts.json file"
    no_wasm = f"{CALLING}failed to read script Wasm from VFS"
    assert refused(node, "gone:tools:me.os") == no_wasm


def test_an_empty_line_does_nothing(node: Node):
    assert node.type_line("") == ""
    assert node.terminal() == ""


def test_the_rest_of_a_line_arrives_as_it_stands(node: Node, script: Install):
    script("take-it", code=HELD)
    for args in ("", " two  spaces ", "'q' \"d\" {x} $y \\ ✓"):
        line = f"take_it:tools:me.os {args}" if args else "take-it:tools:me.os"
        assert node.type_line(line).partition("|")[0] == args


def test_a_script_gets_what_it_asks_for_as_far_as_the_terminal_holds_it(
    node: Node, script: Install
):
    ask = ["net:distro:sys", "nobody:a:b", {"process": "vfs:distro:sys", "params": {"root": True}}]
    script("ask", request_capabilities=ask)
    missing = (
        f"kernel: InitializeProcess caller {TERMINAL} doesn't have capability "
        'fake.dev@nobody:a:b("messaging")'
    )
    assert node.type_line("ask:tools:me.os").startswith(f"{missing}\n|")
    own = f'fake.dev@{TERMINAL}("messaging")'
    assert held(node, "ask:tools:me.os") == {
        own, 'fake.dev@net:distro:sys("messaging")', 'fake.dev@vfs:distro:sys({"root":true})',
    }  # fmt: skip
    script("ask")
    assert held(node, "ask:tools:me.os") == {own}
    script("ask", request_networking=True)
    assert held(node, "ask:tools:me.os") == {own, 'fake.dev@kernel:distro:sys("network")'}


def test_root_is_all_that_the_terminal_holds(node: Node, script: Install):
    script("all", root=True)
    terminal = set(map(str, node._core.kernel.processes[ProcessId.parse(TERMINAL)].capabilities))
    assert held(node, "all:tools:me.os") == terminal
    assert 'fake.dev@kernel:distro:sys("network")' in terminal
    assert 'fake.dev@kernel:distro:sys("messaging")' in terminal


def test_grants_are_made_before_the_script_runs(node: Node, script: Install):
    async def app(our: Our) -> None:
        async for _ in our:
            await our.send_response(b"answered")

    app_address = node.spawn(app, name="app", public=True, capabilities=[])
    asking = f"""
from kinode_nb.process_lib import SendError, script

@script
async def init(our, args):
    try:
        return (await our.send_and_await_response("{app_address}", b"x", timeout=1)).text()
    except SendError as error:
        return error.kind
"""
    script("ask", code=asking, grant_capabilities=["app:notebook:template.os"])
    assert node.type_line("ask:tools:me.os") == "answered"


def test_a_script_is_a_process_of_its_package_under_a_random_name(
    net: FakeNet, node: Node, script: Install
):
    script("who", code=HELD.replace('f"{args}|"', "str(our.process) or "))
    first, second = (node.type_line("who:tools:me.os") for _ in "12")
    assert first != second
    name, _, package = first.partition(":")
    assert (int(name) >= 0, package) == (True, "tools:me.os")
    assert not any("tools:me.os" in each for each in net.processes()["process"])


def test_a_script_with_a_bug_fails_the_line_and_tells_its_story(node: Node, script: Install):
    script("bug", code=HELD.replace('return f"{args}|"', "1 / 0 #"))
    with pytest.raises(ScriptError, match="ended with an error: ZeroDivisionError: division"):
        node.type_line("bug:tools:me.os")
    assert "ZeroDivisionError" in node.terminal()


def test_only_the_terminal_itself_gives_commands(node: Node):
    async def push(our: Our) -> None:
        request = await our.receive()
        await our.send_request(TERMINAL, b"echo pushed")
        await our.send_request(TERMINAL, b'{"EditAlias":{"alias":"e","process":null}}')
        await our.send_response(b"done", to=request)

    node.request(node.spawn(push, public=True), b"go")
    node.type_line("echo later")
    assert "pushed" not in node.terminal(3).replace("ignoring", "")


def test_a_response_that_reaches_the_terminal_is_printed(node: Node, script: Install):
    """A Request that inherits is answered to whoever asked first, here the terminal."""

    async def app(our: Our) -> None:
        async for _ in our:
            await our.send_response(b"said by the app")

    address = node.spawn(app, name="app", public=True)
    core = node._core

    async def ask() -> None:
        from kinode_nb.runtime.system_calls import ProcessCalls
        from kinode_nb.types.capabilities import TERMINAL as ID
        from kinode_nb.types.capabilities import messaging

        terminal = core.kernel.processes[ID]
        core.kernel.processes[address.process].grant(messaging(terminal.address))
        calls = ProcessCalls(core.kernel, terminal, core.lifecycle)
        calls.send_request(address, b"x", 5, False, None, (), None, None)

    node._net.portal.call(ask())
    node.type_line("echo later")
    assert " terminal:sys: said by the app" in node.terminal()


def test_aliases_are_set_used_removed_and_kept(node: Node, script: Install):
    script("long-name")
    assert node.type_line("alias l long_name:tools:me.os").splitlines() == [
        "alias set",
        "alias l set for long-name:tools:me.os",
    ]
    assert node.type_line("l args").startswith("args|")
    assert node.type_line("alias l").splitlines() == ["alias set", "alias l removed"]
    assert node.type_line("alias l").splitlines() == ["alias set", "alias l not found"]
    assert "'l' not found" in refused(node, "l args")


@pytest.mark.parametrize("key", ["my_under.wasm", "my-under.wasm", "my_under.py"])
def test_a_script_is_named_with_underscores_or_hyphens_everywhere(
    node: Node, script: Install, key: str
):
    entry = {"root": False, "public": False, "request_networking": False}
    script("my-under", text=json.dumps({key: entry}))
    for typed in ("my_under:tools:me.os", "my-under:tools:me.os"):
        assert node.type_line(f"{typed} 1").startswith("1|")


def hinted(node: Node, line: str) -> str:
    """Return what an error adds to what the terminal prints."""
    with pytest.raises(UsageError) as raised:
        node.type_line(line)
    printed = node.terminal().splitlines()[-1].partition(" terminal:sys: ")[2]
    return str(raised.value).removeprefix(printed)


def test_a_script_without_its_file_names_the_file(node: Node, script: Install):
    script("my-own", code=None)
    for typed in ("my-own:tools:me.os x", "my_own:tools:me.os x"):
        assert hinted(node, typed) == ". There is no my-own.py in /tools:me.os/pkg"
    node.type_line("alias q my-own:tools:me.os")
    assert hinted(node, "q x") == (
        ". q stands for my-own:tools:me.os. There is no my-own.py in /tools:me.os/pkg"
    )
    (node.home / "vfs/tools:me.os/pkg/my-own.wasm").write_bytes(b"\0asm")
    assert hinted(node, "my-own:tools:me.os x") == (
        ". my-own.wasm in /tools:me.os/pkg is Wasm: only Python (.py) runs here"
    )


def test_what_an_alias_stands_for_is_told_and_never_what_was_typed(node: Node, script: Install):
    script("my-own")
    node.type_line("alias q nope:nope:nope.os")
    assert hinted(node, "q a") == ". q stands for nope:nope:nope.os"
    node.type_line("alias tool my-owm:tools:me.os")
    assert hinted(node, "tool a") == (
        ". tool stands for my-owm:tools:me.os. Did you mean 'my-own:tools:me.os'?"
    )
    assert hinted(node, "echoo a") == ". Did you mean 'echo'?"
    assert hinted(node, "my-owm:tools:me.os") == ". Did you mean 'my-own:tools:me.os'?"


def test_aliases_outlive_the_terminal(node: Node):
    node.type_line("alias say echo:terminal:sys")
    core = node._core

    def restart() -> None:
        from kinode_nb.types.capabilities import TERMINAL as ID

        terminal = core.kernel.processes[ID]
        core.scripts.terminal.aliases = {}
        core.lifecycle.kill(terminal)
        new = core.lifecycle.initialize(
            ID, core.scripts.terminal, capabilities=terminal.capabilities
        )
        core.lifecycle.run(new)

    node._net.portal.do(restart)
    assert node.type_line("say hello") == "hello"
    assert node.type_line("echo hello") == "hello"


def test_the_drive_holds_what_the_terminal_runs(node: Node):
    shown = json.loads(node.type_line("cat /terminal:sys/pkg/scripts.json"))
    drive = node.home / "vfs" / "terminal:sys" / "pkg"
    for name in shown:
        stem = Path(name).stem.replace("-", "_")
        assert (drive / f"{stem}.py").is_file(), name
