"""Programs of a notebook, and what of a process may begin as another one."""

from __future__ import annotations

import linecache

import pytest

from kinode_nb.hosts import written
from kinode_nb.hosts.written import WrittenProgram, handed_over


def test_the_lines_of_only_so_many_programs_are_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(written, "_REMEMBERED", 3)
    monkeypatch.setattr(written, "_shown", {})
    monkeypatch.setattr(linecache, "cache", {})
    programs = [WrittenProgram(f"<process test-{n}>", ["pass\n"]) for n in range(5)]
    for each in (*programs, programs[2]):
        each.show()
    programs[0].show()
    assert set(linecache.cache) == {"<process test-4>", "<process test-2>", "<process test-0>"}
    assert linecache.getline("<process test-2>", 1) == "pass\n"


def test_what_no_process_wrote_is_handed_on_as_it_is():
    for each in (handed_over, print, pytest.raises, 5):
        assert handed_over(each) is each
