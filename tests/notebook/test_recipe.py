"""Kinode's recipe *Exporting Workers in Package APIs*, from an empty folder to the last byte.

`new` writes both packages. A mark in the exporter's worker tells it from the built-in one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import kinode_nb

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
IMPORTER = "chat-with-file-transfer:template.os"
MARK = "\n# not the built-in one\n"
CONTENT = b"hello world\n" * 200_000  # three chunks

spellings = pytest.mark.parametrize("hyphen", ["-", "_"], ids=["hyphens", "underscores"])


@pytest.fixture
def hyphen() -> str:
    return "-"


@pytest.fixture
def importer(folder: Path, hyphen: str) -> Path:
    """Return where the recipe's second package is to be, beside the file that is sent."""
    (folder / "my_file.txt").write_bytes(CONTENT)
    return folder / "chat-with-file-transfer".replace("-", hyphen)


def mark_the_worker(exporter: Path) -> bytes:
    """Change the worker of the package that `new` has written; return what it is now."""
    worker = exporter / "pkg" / "file_transfer_worker.py"
    with worker.open("a") as file:
        file.write(MARK)
    return worker.read_bytes()


def the_worker_was_the_importers(home: Path, worker: bytes) -> None:
    """Look at a node's drives: the worker has come with the importer, alone."""
    assert (home / "vfs" / IMPORTER / "pkg" / "file_transfer_worker.py").read_bytes() == worker
    assert not (home / "vfs" / "file-transfer:template.os").exists()


def arrived(home: Path) -> Path:
    return home / "vfs" / IMPORTER / "files" / "my_file.txt"


class TestInIPython:
    @spellings
    def test_from_an_empty_folder_to_the_last_byte(
        self,
        shell: InteractiveShell,
        folder: Path,
        importer: Path,
        hyphen: str,
        capsys: pytest.CaptureFixture[str],
    ):
        def kinode(line: str) -> str:
            # underscores: kit's own lines, as the book has them
            cell = f"%kinode {line}" if hyphen == "-" else f"%%kinode\nkit {line}"
            capsys.readouterr()
            assert shell.run_cell(cell).success, cell
            return capsys.readouterr().out

        exporter = "file-transfer".replace("-", hyphen)
        worker = f"{exporter}/pkg/file-transfer-worker.wasm".replace("-", hyphen)

        kinode(f"new {exporter} -t {exporter}")
        marked = mark_the_worker(folder / exporter)
        assert "file_transfer_worker.py" in kinode(f"build {exporter} -a {worker}")
        kinode(f"new {importer.name} -t {importer.name}")
        kinode(f"build {importer.name} -l {exporter}")
        for node in ("fake.dev", "fake2.dev"):
            shell.run_cell(f"%kinode boot {node}")
        kinode(f"start {importer.name}")
        shell.run_cell("%kinode put my_file.txt -n fake2.dev")
        capsys.readouterr()
        line = f"download:{importer.name}:template.os my_file.txt fake2.dev"
        assert shell.run_cell(f"%%kinode\n{line}").success

        net = kinode_nb.fakenet()
        for name in ("fake.dev", "fake2.dev"):
            the_worker_was_the_importers(net.node(name).home, marked)
        assert arrived(net.node("fake.dev").home).read_bytes() == CONTENT
        assert set(net.packages()["package"]) == {IMPORTER}
        self.the_log_says_whose_workers_they_were(net)

    @spellings
    def test_the_importer_passes_the_test_that_it_brings(
        self, shell: InteractiveShell, importer: Path, hyphen: str
    ):
        exporter = "file-transfer".replace("-", hyphen)
        lines = [f"kit n {name} -t {name}" for name in (exporter, importer.name)]
        lines += [f"kit t {importer.name}"]
        assert shell.run_cell("\n".join(("%%kinode", *lines))).success

    def test_the_lines_of_the_readme(self, shell: InteractiveShell, folder: Path):
        _, _, section = README.partition("\n## From an empty folder\n")
        lines = section.split("```")[1].strip().splitlines()
        verbs = {"new", "run-tests", "build", "boot", "start", "put", "download"}
        assert {line.split()[1] for line in lines} == verbs
        (folder / "my_file.txt").write_bytes(CONTENT)
        for line in lines:
            assert shell.run_cell(line).success, line
        net = kinode_nb.fakenet()
        installed = net.packages()
        assert set(installed["node"]) == {"fake.dev", "fake2.dev"}
        assert set(installed["source"]) == {str(folder / "chat-with-file-transfer")}
        assert arrived(net.node("fake.dev").home).read_bytes() == CONTENT

    def the_log_says_whose_workers_they_were(self, net: Any) -> None:
        log = net.log()
        chunks = log[(log["kind"] == "request") & (log["type"] == "Chunk")]
        assert set(chunks["source_node"]) == {"fake2.dev"}
        assert set(chunks["target_node"]) == {"fake.dev"}
        workers = {*chunks["source_process"], *chunks["target_process"]}
        assert len(workers) == 2
        for worker in workers:
            assert re.fullmatch(rf"\d+:{IMPORTER}", worker)
        progress = log[(log["kind"] == "request") & (log["type"] == "Progress")]
        assert set(progress["target_process"]) == {f"chat-with-file-transfer:{IMPORTER}"}


@dataclass(frozen=True)
class Served:
    """A node that `kinode-nb boot` serves."""

    port: str
    home: Path

    def ask(self, process: str, body: Any, blob: bytes | None = None) -> Any:
        """Send what kit or curl would, and return the Response's body."""
        call = {
            "node": None, "process": process, "inherit": False, "expects_response": 15,
            "body": json.dumps(body), "metadata": None, "context": None,
            "mime": "application/octet-stream",
            "data": None if blob is None else base64.b64encode(blob).decode(),
        }  # fmt: skip
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/rpc:distro:sys/message", json.dumps(call).encode()
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(bytes(json.load(answer)["body"]))


def kinode_nb_does(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "kinode_nb", *words],
        capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def served(folder: Path) -> Iterator[list[Served]]:
    """Serve two nodes."""
    with subprocess.Popen(
        [sys.executable, "-m", "kinode_nb", "boot", "--count", "2"],
        stdout=subprocess.PIPE, text=True, env=dict(os.environ),
    ) as server:  # fmt: skip
        try:
            lines = iter(server.stdout or ())
            said = [next(lines), next(lines)]
            found = [re.search(r"http://127\.0\.0\.1:(\d+).*, home (.*)\n", line) for line in said]
            yield [Served(match[1], Path(match[2])) for match in found if match]
        finally:
            server.send_signal(signal.SIGTERM)


class TestOnTheCommandLine:
    def test_from_an_empty_folder_to_the_last_byte(
        self, folder: Path, importer: Path, served: list[Served]
    ):
        a, b = served
        kinode_nb_does("new", "file-transfer", "-t", "file-transfer")
        marked = mark_the_worker(folder / "file-transfer")
        worker = "file-transfer/pkg/file-transfer-worker.wasm"
        said = kinode_nb_does("build", "file-transfer", "-a", worker)
        assert "file_transfer_worker.py" in said
        kinode_nb_does("new", importer.name, "-t", importer.name)
        kinode_nb_does("build", importer.name, "-l", "file-transfer")
        kinode_nb_does("start", importer.name, "-p", a.port)
        install_as_kit_does(b, importer / "target" / "chat-with-file-transfer:template.zip")
        for node in served:
            the_worker_was_the_importers(node.home, marked)

        process = f"chat-with-file-transfer:{IMPORTER}"
        assert b.ask(process, "ListFiles") == {"ListFiles": []}  # it has made its drive
        (b.home / "vfs" / IMPORTER / "files" / "my_file.txt").write_bytes(CONTENT)
        answer = a.ask(process, {"Download": wanted("my_file.txt", "fake2.dev")})
        assert answer == {"Download": {"Ok": None}}
        while not a.ask(process, "ListFiles")["ListFiles"]:
            pass  # it gets its name when it is whole
        assert arrived(a.home).read_bytes() == CONTENT


def install_as_kit_does(node: Served, path: Path) -> None:
    """Send what kit's start-package sends."""
    archive = path.read_bytes()
    id_ = {"package_name": "chat-with-file-transfer", "publisher_node": "template.os"}
    new = {"NewPackage": {"package_id": id_, "mirror": True}}
    said = node.ask("main:app-store:sys", new, archive)
    assert said == {"NewPackageResponse": "Success"}
    hash_ = hashlib.sha256(archive).hexdigest()
    install = {"Install": {"package_id": id_, "version_hash": hash_, "metadata": None}}
    assert node.ask("main:app-store:sys", install) == {"InstallResponse": "Success"}


def wanted(name: str, node: str) -> dict[str, Any]:
    main = {
        "process_name": "chat-with-file-transfer",
        "package_name": "chat-with-file-transfer",
        "publisher_node": "template.os",
    }
    return {"name": name, "target": {"node": node, "process": main}, "is_requestor": True}
