from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import kinode_nb
from kinode_nb.__main__ import main

ROOT = Path(__file__).resolve().parent.parent


def test_the_demo_shows_the_scenario_and_checks_the_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["demo"]) == 0
    said = capsys.readouterr().out
    for shown in (
        "%kinode boot fake2.dev",
        "hello from the notebook",
        "t1 my_file.txt",
        "Download",
    ):
        assert shown in said
    assert said.rstrip().endswith("byte for byte the same, 12 bytes")
    assert max(len(line) for line in said.splitlines() if not line.startswith("<Node")) <= 100
    assert list(tmp_path.iterdir()) == []


def test_the_demo_fails_when_the_file_differs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("kinode_nb.notebook.demo.LINES", (("boot fake.dev -p none", ()),))
    assert main(["demo"]) == 1
    assert "it is NOT there" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dmo"], "there is no command 'dmo'. Did you mean 'demo'?"),
        (["xyzzy"], "kinode-nb help lists them"),
        (["build", "--no-ui", "--ui-only"], "--no-ui and --ui-only leave nothing to build"),
        (["i", "x"], "inject needs BODY_JSON"),
        (["i", "a:b:c", "{"], "the body is not JSON"),
        (["i", "a:b:c", "1", "-b", "nothing"], "there is no file 'nothing' for --blob"),
        (["i", "a:b:c", "1", "-p", "99999"], "takes a port from 1 to 65535"),
        (["remove", "-a", "chat"], "named by -a and -u together"),
        (["send", "b", "hi"], "send is for a notebook, where the nodes are: %kinode send"),
        (["boot", "--prot", "1"], "Did you mean '--port'?"),
        (["kernel"], "kernel needs ACTION"),
        (["kernel", "remove"], "kernel does one thing"),
        (["kernel", "install", "--user", "--sys-prefix"], "one place is enough"),
    ],
)
def test_a_mistake_is_one_line_on_stderr(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
):
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize("words", [[], ["help"], ["-h"], ["--help"]])
def test_help_lists_the_commands(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(words) == 0
    said = capsys.readouterr().out
    assert all(f"\n  {command}" in said for command in ("demo", "boot", "kernel"))


@pytest.mark.parametrize("words", [["boot", "-h"], ["help", "boot"]])
def test_help_for_one_command(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(words) == 0
    assert "serves until Ctrl-C" in capsys.readouterr().out.replace("\n", " ")


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"kinode_nb {project['version']}\n"
    assert kinode_nb.__version__ == project["version"]


def test_kernel_install_names_this_python(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["kernel", "install", "--prefix", str(tmp_path)]) == 0
    folder = tmp_path / "share" / "jupyter" / "kernels" / "kinode"
    assert str(folder) in capsys.readouterr().out
    spec = json.loads((folder / "kernel.json").read_text(encoding="utf-8"))
    assert spec["argv"][0] == sys.executable
    assert spec["argv"][1:3] == ["-m", "kinode_nb.notebook.kernel"]
    assert spec["display_name"] == "Kinode"
    assert (folder / "logo-svg.svg").is_file()


def test_kernel_install_where_nobody_may_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "share").write_text("no folder")
    assert main(["kernel", "install", "--prefix", str(tmp_path)]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_boot_serves_until_it_is_told_to_end(number: signal.Signals, tmp_path: Path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-m", "kinode_nb", "boot", "x.dev"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        first = server.stdout.readline()
        assert first.startswith("x.dev runs at http://127.0.0.1:")
        assert server.stdout.readline() == "Ctrl-C stops it\n"
        server.send_signal(number)
        _, errors = server.communicate(timeout=60)
    assert (server.returncode, errors) == (0, "")
    assert [path for path in tmp_path.glob("*/*") if path.is_dir()] == []


def test_a_served_node_outlives_a_process_that_blocks_it_and_boot_ends_with_its_node(
    tmp_path: Path,
):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-m", "kinode_nb", "boot", "x.dev"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        try:
            outlive(server, spinning(tmp_path / "spin"))
            assert server.communicate(timeout=60)[0].endswith("no node runs any more\n")
        finally:
            server.kill()
    assert server.returncode == 0
    assert not list(tmp_path.glob("kinode-nb-*/*/*"))


def outlive(server: subprocess.Popen[str], package: Path) -> None:
    """Have a process block the node, press Ctrl-C, and ask the node to end."""
    assert server.stdout is not None
    assert server.stderr is not None
    port = server.stdout.readline().split(",")[0].rpartition(":")[2].strip("/")
    assert main(["start", str(package), "-p", port]) == 0
    asked = [sys.executable, "-m", "kinode_nb", "inject", "-l", "-p", port]
    with subprocess.Popen([*asked, "spin:spin:template.os", "1"]):  # answered when it has ended
        assert "on x.dev has not yielded for " in server.stderr.readline()
        server.send_signal(signal.SIGINT)
        assert server.stderr.readline().endswith("(while True: pass). The node goes on\n")
    assert main(["inject", "kernel:distro:sys", '"Shutdown"', "-l", "-p", port]) == 0


def spinning(folder: Path) -> Path:
    """Write a package whose process never yields after its first message."""
    (folder / "pkg").mkdir(parents=True)
    entry = {
        "process_name": "spin", "process_wasm_path": "/spin.wasm", "on_exit": "None",
        "request_networking": False, "request_capabilities": [], "grant_capabilities": [],
        "public": True,
    }  # fmt: skip
    source = "async def init(our):\n    await our.receive()\n    while True: pass\n"
    (folder / "pkg" / "manifest.json").write_text(json.dumps([entry]))
    (folder / "pkg" / "spin.py").write_text(source)
    properties = {
        "package_name": "spin", "publisher": "template.os", "current_version": "0.1.0",
        "mirrors": [], "code_hashes": {"0.1.0": ""}, "wit_version": 1, "dependencies": [],
    }  # fmt: skip
    metadata = {
        "name": "spin", "description": "", "image": "", "properties": properties,
        "external_url": "", "animation_url": "",
    }  # fmt: skip
    (folder / "metadata.json").write_text(json.dumps(metadata))
    return folder


def test_boot_refuses_what_it_cannot_do(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "kinode_nb", "boot", "Bad_Name"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "can only contain a-z" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_served_node_is_used_from_another_terminal_and_keeps_its_packages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    home = tmp_path / "home"
    flags = ["-f", "x", "-o", str(home), "--persist", "--password", "p", "-c", "8545"]
    command = [sys.executable, "-m", "kinode_nb", "boot-fake-node", *flags]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}

    def serve(*, last: bool) -> None:
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as server:
            try:
                use(server, last=last)
                server.send_signal(signal.SIGTERM)
                _, errors = server.communicate(timeout=60)
            finally:
                server.kill()
        assert (server.returncode, errors) == (0, "")

    def use(server: subprocess.Popen[str], *, last: bool) -> None:
        lines = iter(server.stdout or ())

        def until(text: str) -> str:
            return next(line for line in lines if text in line)

        until("ignored: --fakechain-port (")
        port = until("x.dev runs at http://127").split(",")[0].rpartition(":")[2].strip("/")
        until("Ctrl-C stops it\n")
        if not last:
            assert main(["start", "chat", "-p", port]) == 0
            until("app-store:sys: successfully installed chat:template.os\n")
        body = '{"Send":{"target":"x.dev","message":"hello"}}'
        assert main(["inject", "chat:chat:template.os", body, "-p", port]) == 0
        until("chat:template.os: x.dev: hello\n")
        if last:
            assert main(["r", "chat", "-p", port]) == 0
            assert main(["r", "chat", "-p", port]) == 1

    serve(last=False)
    serve(last=True)
    said = capsys.readouterr()
    assert said.out.count('Response:\nbody: "Send"\nblob: None\n') == 2
    assert said.err.count("\n") == 1
    assert (home / "vfs").is_dir()
