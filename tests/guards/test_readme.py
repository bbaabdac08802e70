"""The README's code runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import kinode_nb
from kinode_nb.notebook.commands import VERBS

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_its_python_runs_as_written():
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) >= 2
    names: dict[str, object] = {"__name__": "readme"}
    try:
        for block in blocks:
            exec(block, names)
        assert names["t"].path.read_bytes() == b"any bytes"  # type: ignore[attr-defined]
    finally:
        kinode_nb.fakenet().close()


def test_its_table_has_every_verb():
    _, _, section = README.partition("\n## `%kinode`\n")
    rows = re.findall(r"^\| (`.*?) \|", section.partition("\n## ")[0], flags=re.MULTILINE)
    named = {each.split()[0] for row in rows for each in re.findall(r"`([^`]+)`", row)}
    assert named == {verb.name for verb in VERBS if verb.is_there}


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)", README)
    root = Path(__file__).resolve().parents[2]
    missing = [link for link in links if "://" not in link and not (root / link).exists()]
    assert not missing
