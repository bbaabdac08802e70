"""A gigabyte passes through two nodes of one machine process, and little of it is ever held."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GIB = 1 << 30
SCRIPT = """
import json, resource, tempfile, sys
from pathlib import Path
tempfile.tempdir = sys.argv[1]
from kinode_nb import FakeNet

def most():  # KiB
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])

with FakeNet() as net:
    one, other = net.boot(port="none"), net.boot(port="none")
    net.start("chat-with-file-transfer")
    drive = other.home / "vfs" / "chat-with-file-transfer:template.os" / "files"
    other.put("small.bin", data=b"x")
    one.download("small.bin", other.name).wait(60)
    with (drive / "big.bin").open("wb") as file:
        for at in range(0, 1 << 30, 1 << 20):  # no two chunks are alike, and most is a hole
            file.seek(at)
            file.write(at.to_bytes(8, "big"))
        file.truncate(1 << 30)
    before = most()
    transfer = one.download("big.bin", other.name).wait(500)
    row = transfer.row()
    print(json.dumps({
        "grown": most() - before,
        "bytes": transfer.path.stat().st_size,
        "same": row.verified,
        "chunks": row.chunks,
    }))
"""


@pytest.mark.timeout(600)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_a_gigabyte_is_never_held(tmp_path: Path) -> None:
    if shutil.disk_usage(tmp_path).free < 3 * GIB:
        pytest.skip("there is no room for a copy of a gigabyte")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["bytes"] == GIB
    assert result["same"]
    assert result["chunks"] == 1024
    assert result["grown"] * 1024 < 200_000_000
