"""The terminal's own scripts: what each prints, to the letter (specification, section 5)."""

from __future__ import annotations

import pytest

from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import Our, Request, ScriptError
from kinode_nb.types import NodeError
from kinode_nb.types.capabilities import TERMINAL

BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


@pytest.fixture
def node(net: FakeNet) -> Node:
    return net.boot(port="none")


@pytest.fixture
def other(net: FakeNet, node: Node) -> Node:
    return net.boot(port="none")


def failed(node: Node, line: str) -> str:
    """Return what a failing line prints as its last text."""
    before = node.terminal()
    with pytest.raises(ScriptError) as raised:
        node.type_line(line)
    assert BOLD not in str(raised.value)
    return node.terminal().removeprefix(before).strip().partition(" terminal:sys: ")[2]


def answering(node: Node, body: bytes, public: bool = True) -> list[Request]:
    """Start a process that answers everything with this body; returns what it gets."""
    got: list[Request] = []

    async def init(our: Our) -> None:
        async for message in our:
            if isinstance(message, Request):
                got.append(message)
                await our.send_response(body)

    node.spawn(init, name="app", public=public)
    return got


def test_hi(node: Node, other: Node):
    assert node.type_line("hi fake2.dev hello  there!") == "response from fake2.dev: ack"
    assert other.terminal().endswith(" fake.dev: hello  there!")
    assert node.type_line("hi our me").splitlines() == [
        "fake.dev: me",
        "response from fake.dev: ack",
    ]
    for nobody in ("nobody.dev", "a_b", "Ü", ""):
        expected = f"{nobody} is offline or does not exist"
        assert node.type_line(f"hi {nobody} x") == expected
    assert node.type_line("hi") == (
        f"Send a text message to another node's terminal.\n{BOLD}Usage:{PLAIN} "
        "hi <node_id> <message>"
    )
    assert failed(node, "hi fake2.dev") == (
        f"Not enough arguments given.\n{BOLD}Usage:{PLAIN} hi <node_id> <message>"
    )


def test_echo(node: Node):
    assert node.type_line("echo a  'b' \"c\" {d}") == "a  'b' \"c\" {d}"
    assert node.type_line("echo") == ""


def test_cat(node: Node, tmp_path: object):
    drive = node.home / "vfs" / "app:me.os" / "files"
    drive.mkdir(parents=True)
    (drive / "a file.txt").write_text("first\nsecond ✓\n")
    assert node.type_line("cat /app:me.os/files/a file.txt") == "first\nsecond ✓\n"
    usage = f"{BOLD}Usage:{PLAIN} cat <file_path>"
    assert node.type_line("cat") == f"Print the contents of a file to the terminal.\n{usage}"
    for missing in ("/app:me.os/files/none", "nonsense", "/app:me.os/../../etc/passwd"):
        assert failed(node, f"cat {missing}") == f"failed to read file {missing} from VFS.\n{usage}"


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("m our@app:notebook:template.os '\"hi\"' -a 5", b'"hi"'),
        ('m our@app:notebook:template.os "hi" -a 5', b'"hi"'),
        ("m -a 5 our@app:notebook:template.os '{\"a b\": 1}'", b'{"a b": 1}'),
        ("m fake.dev@app:notebook:template.os hi --await 5", b"hi"),
        ("m fake.dev@app:notebook:template.os hi --await=5", b"hi"),
        ("m our@app:notebook:template.os '' -a5", b""),
    ],
)  # fmt: skip
def test_m_awaits(node: Node, line: str, body: bytes):
    got = answering(node, b'{"done": "\xff"}')
    assert node.type_line(line).splitlines() == ["Awaiting response for 5s", '{"done": "�"}']
    assert [each.body for each in got] == [body]


def test_m_says_nothing_when_it_does_not_await(node: Node):
    got = answering(node, b"ignored")
    assert node.type_line("m our@app:notebook:template.os hi") == ""
    assert (got[0].body, got[0].expects_response) == (b"hi", 5)


def test_m_reaches_other_nodes_and_underscores_are_hyphens(node: Node, other: Node):
    async def init(our: Our) -> None:
        async for _ in our:
            await our.send_response(b"from afar")

    other.spawn(init, name="my-app")
    line = "m fake2.dev@my_app:notebook:template.os x -a 2"
    assert node.type_line(line).endswith("\nfrom afar")


def test_m_attaches_what_the_target_issued(node: Node):
    got = answering(node, b"x", public=False)
    core = node._core
    from kinode_nb.types import Capability, ProcessId
    from kinode_nb.types.capabilities import TERMINAL, messaging

    app = core.kernel.processes[ProcessId.parse("app:notebook:template.os")].address
    given = {messaging(app), Capability.make(app, {"door": 1})}

    def grant() -> None:
        for each in given:
            core.kernel.processes[TERMINAL].grant(each)

    node._net.portal.do(grant)
    node.type_line("m our@app:notebook:template.os x")
    assert set(got[0].capabilities) == given


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("a b", 'Invalid address: "a"'),
        ("our@a:b x", 'Invalid address: "our@a:b"'),
        ("our@a:b:c", "Failed to parse args."),
        ("our@a:b:c x y", "Failed to parse args."),
        ("our@a:b:c x -a", "Failed to parse args."),
        ("our@a:b:c x -a soon", "Failed to parse args."),
        ("our@a:b:c x -a 0", "Failed to parse args."),
        ("our@a:b:c x -b", "Failed to parse args."),
        ("our@a:b:c x -a 1 -a 2", "Failed to parse args."),
    ],
)
def test_m_tells_what_it_cannot_read(node: Node, args: str, said: str):
    usage = f"{BOLD}Usage:{PLAIN} m <target> <body> [-a <await_time>]"
    assert failed(node, f"m {args}") == f"{said}\n{usage}"


def test_m_tells_why_there_is_no_answer(node: Node):
    line = "m our@nobody:a:b x -a 5"  # refused at once
    assert (
        failed(node, line)
        .splitlines()[-1]
        .endswith("Target did not send response in time, try increasing the await time")
    )
    assert (
        failed(node, "m gone.dev@nobody:a:b x -a 5")
        .splitlines()[-1]
        .endswith("Failed to send message because the target is offline")
    )
    assert node.type_line("m our@nobody:a:b x") == ""
    with pytest.raises(ScriptError, match=r"await time \(.*nobody:a:b"):
        node.type_line(line)


def test_alias_without_sense(node: Node):
    usage = f"{BOLD}Usage:{PLAIN} alias <alias_name> <process_id>"
    assert node.type_line("alias") == f"Change alias for a process.\n{usage}"
    assert failed(node, "alias  x:y:z") == f"No alias given.\n{usage}"
    assert failed(node, "alias a b") == f"Invalid process ID.\n{usage}"


def test_peers(node: Node, other: Node):
    shown = node.type_line("peer fake2.dev")
    head, key, routing = shown.splitlines()
    assert head == "peer identity for fake2.dev:"
    assert key.startswith("    networking key: 0x")
    assert routing == '    routing: Direct { ip: "127.0.0.1", ports: {} }'
    assert node.type_line("peers") == (
        f"identities of current connected peers:\nfake2.dev:\n{key}\n{routing}"
    )
    assert node.type_line("peer nobody.dev") == "no PKI entry found with name nobody.dev"
    other.stop()
    assert node.type_line("peers") == "identities of current connected peers:\n"


@pytest.mark.parametrize("name", ["net-diagnostics", "net_diagnostics"])
def test_net_diagnostics(node: Node, other: Node, name: str):
    said = node.type_line(name)
    assert said.startswith("\r\n")
    assert "we have connections with 1 peers (32 max):\r\n    fake2.dev\r\n" in said


def test_help(node: Node):
    whole = node.type_line("help")
    assert "Kinode Terminal Help" in whole
    for name in node._core.scripts.terminal.aliases:
        one = node.type_line(f"help {name}")
        assert one in whole
        assert f"{BOLD}{name}{PLAIN}" in one
    assert node.type_line("help xyzzy") == f"No help found for command {BOLD}xyzzy{PLAIN}"


def test_top(net: FakeNet, node: Node):
    net.start("echo")
    echo = "echo:echo:template.os"
    one = node.type_line(f"top {echo}")
    assert one.split("\r\n")[:-1] == [
        f"{echo}:",
        "    echo:template.os/pkg/echo.wasm",
        "    wit: 1",
        "    on-exit: Restart",
        "    public: true",
        "    capabilities:",
    ]
    assert one.endswith(", use -c to display")
    with_capabilities = node.type_line(f"top {echo} -c")
    assert '        fake.dev@kernel:distro:sys("network")\r\n' in with_capabilities
    assert node.type_line(f"top -c {echo}") == with_capabilities
    everything = node.type_line("top")
    assert everything.startswith("\r\n")
    assert one in everything
    running = len(net.processes()) + 1  # top itself
    assert everything.endswith(f"\r\n\r\ntop: {running} running processes")
    assert "net:distro:sys:\r\n    (runtime)\r\n" in everything


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("a:b:c", "process a:b:c not running"),
        ("a:b:c d:e:f", "Failed to parse args."),
        ("-x", "Failed to parse args."),
        ("a", "invalid process id: "),
    ],
)
def test_top_tells_what_it_cannot_show(node: Node, args: str, said: str):
    assert failed(node, f"top {args}").startswith(said)


def test_kill(net: FakeNet, node: Node):
    net.start("echo")
    echo = "echo:echo:template.os"
    assert node.type_line(f"kill {echo}").splitlines() == [
        f"kernel: killing process {echo}",
        f"killed process {echo}",
    ]
    assert echo not in net.processes()["process"].tolist()
    for unknown in (echo, "net:distro:sys"):
        assert failed(node, f"kill {unknown}") == (
            f"process {unknown} not running, or one of the node's own"
        )
    usage = f"Invalid process ID.\n{BOLD}Usage:{PLAIN} kill <process_id>"
    assert failed(node, "kill echo") == failed(node, "kill") == usage


@pytest.mark.parametrize(
    "own", ["terminal:terminal:sys", "main:app-store:sys", "tester:tester:sys"]
)
def test_kill_leaves_what_the_node_cannot_do_without(net: FakeNet, node: Node, own: str):
    for written in (own, own.replace("-", "_")):
        assert failed(node, f"kill {written}") == (
            f"{own} belongs to fake.dev itself, which cannot do without it: "
            "%kinode stop fake.dev stops the node"
        )
    assert own in net.processes()["process"].tolist()
    assert node.type_line("echo still here") == "still here"


def test_a_terminal_that_a_process_had_killed_says_how_to_have_it_again(node: Node):
    node._net.portal.do(lambda: node._core.kill(TERMINAL))
    with pytest.raises(NodeError, match=r"%kinode stop fake\.dev, then %kinode boot fake\.dev"):
        node.type_line("echo")


def test_kfetch(node: Node):
    said = node.type_line("kfetch")
    assert "fake.dev\n" in said
    assert "pubkey: 0x" in said
    assert "routing: direct at 127.0.0.1 with no port" in said
    assert said.endswith(" running processes")
