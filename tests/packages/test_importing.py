"""A package that imports file-transfer's worker as Kinode's recipe does, and knows no more."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kinode_nb.portal import FakeNet, Node
from kinode_nb.types import TransferError

MAIN = """
from kinode_nb import wit
from kinode_nb.process_lib import Request, Response, SendError, vfs

from .api.file_transfer_worker import Request as WorkerRequest
from .api.file_transfer_worker import Response as WorkerResponse
from .api.file_transfer_worker import start_download


async def init(our):
    await vfs.create_drive(our, our.package_id, "files")
    async for message in our:
        if isinstance(message, Response):
            await our.send_response(message.body, metadata=message.metadata)
        if not isinstance(message, Request):
            continue
        match wit.decode(WorkerRequest, message.body):
            case WorkerRequest.Download(d):
                match await start_download(our, d.name, d.target, d.is_requestor):
                    case wit.Err() as refused:
                        await our.send_response(WorkerResponse.Download(refused))
            case WorkerRequest.Progress(progress):
                print(f"{progress.name} progress: {progress.progress}%")
                await our.send_response(WorkerResponse.Progress())
"""


@pytest.fixture
def importers(net: FakeNet, tmp_path: Path) -> tuple[Node, Node]:
    folder = tmp_path / "importer"
    (folder / "pkg").mkdir(parents=True)
    (folder / "api").mkdir()
    (folder / "api" / "importer.wit").write_text(
        "world importer-me-dot-os-v0 { import file-transfer-worker; include process-v1; }"
    )
    (folder / "pkg" / "importer.py").write_text(MAIN)
    properties = {
        "package_name": "importer",
        "publisher": "me.os",
        "current_version": "0.1.0",
        "mirrors": [],
        "code_hashes": {"0.1.0": ""},
        "wit_version": 1,
        "dependencies": ["file-transfer:template.os"],
    }
    (folder / "metadata.json").write_text(json.dumps({"properties": properties}))
    entry = {
        "process_name": "importer",
        "process_wasm_path": "/importer.wasm",
        "on_exit": "Restart",
        "request_networking": True,
        "request_capabilities": ["http-server:distro:sys", "vfs:distro:sys"],
        "grant_capabilities": [],
        "public": True,
    }
    (folder / "pkg" / "manifest.json").write_text(json.dumps([entry]))
    one, other = net.boot(count=2, port="none")
    net.start(str(folder))
    return one, other


@pytest.mark.parametrize("size", [0, 1, 3 * (1 << 20) + 5])
def test_the_worker_runs_in_the_importers_package(
    net: FakeNet, importers: tuple[Node, Node], size: int
) -> None:
    one, other = importers
    data = os.urandom(size)
    files = other.home / "vfs" / "importer:me.os" / "files"
    (files / "file.bin").write_bytes(data)
    transfer = one.download("file.bin", other.name).wait(60)
    assert transfer.path == one.home / "vfs" / "importer:me.os" / "files" / "file.bin"
    assert transfer.path.read_bytes() == data
    assert bool(net.transfers()["verified"].iloc[0])
    assert "importer:me.os: file.bin progress: 100%" in one.terminal()


def test_what_other_nodes_may_not_ask_is_refused_for_it(importers: tuple[Node, Node]) -> None:
    one, other = importers
    target = {
        "node": other.name,
        "process": {
            "process_name": "importer",
            "package_name": "importer",
            "publisher_node": "me.os",
        },
    }
    body = {"Download": {"name": "file.bin", "target": target, "is_requestor": True}}
    answer = other.request(f"{one.name}@importer:importer:me.os", body)
    assert answer.json() == {"Download": {"Err": f"{one.name} starts no downloads for other nodes"}}
    with pytest.raises(TransferError, match=r"has no file 'file\.bin'"):
        one.download("file.bin", other.name).wait(60)
