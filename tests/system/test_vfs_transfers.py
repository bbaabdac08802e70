"""Moving bytes between memory and files."""

import os

import pytest

from kinode_nb.system import vfs_transfers
from kinode_nb.system.refusals import Refused
from kinode_nb.system.vfs_descriptors import Descriptor


@pytest.fixture
def content():
    return os.urandom(100_000)


@pytest.fixture
def file(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    return Descriptor(os.open(path, os.O_RDWR))


@pytest.fixture
def reluctant(monkeypatch):
    """A system that moves at most 999 bytes in one call."""
    pread, pwrite = os.pread, os.pwrite
    monkeypatch.setattr(os, "pread", lambda fd, length, place: pread(fd, min(length, 999), place))
    monkeypatch.setattr(os, "pwrite", lambda fd, data, place: pwrite(fd, data[:999], place))
    monkeypatch.setattr(vfs_transfers, "_MOST_AT_ONCE", 999)


def test_no_memory_is_taken_for_what_is_not_there(file, monkeypatch):
    monkeypatch.setattr(os, "pread", None)
    with pytest.raises(Refused, match="early eof"):
        vfs_transfers.read_exactly(file, 1 << 50, 0)


@pytest.mark.usefixtures("reluctant")
def test_what_the_system_does_in_pieces_is_done_to_the_end(file, content):
    assert vfs_transfers.read_exactly(file, 50_000, 7) == content[7:50_007]
    assert vfs_transfers.read_on(file, len(content), 7) == content[7:]
    vfs_transfers.write_all(file, content[::-1], 3)
    assert vfs_transfers.read_on(file, len(content) + 3, 0) == content[:3] + content[::-1]
    with pytest.raises(Refused, match="early eof"):
        vfs_transfers.read_exactly(file, len(content), 10)


def test_what_grows_while_it_is_read_is_read_to_its_end(file, content):
    assert vfs_transfers.read_on(file, 10, 0) == content
