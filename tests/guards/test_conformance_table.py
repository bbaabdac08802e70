"""docs/conformance.md tells what the conformance tests hold: no more, no less."""

from __future__ import annotations

from collections import Counter

from tests.conformance.table import PAGE, render, ruled


def test_the_page_is_current():
    again = "write it anew: python -m tests.conformance.table"
    assert PAGE.read_text(encoding="utf-8") == render(), again


def test_every_conformance_test_names_its_rule_and_no_rule_has_two():
    texts = Counter((each.rule.section, each.rule.text) for each in ruled())
    assert texts
    assert not [text for text, times in texts.items() if times > 1]
