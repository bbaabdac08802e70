"""Capabilities as manifests and scripts write them: one reader for both."""

from __future__ import annotations

from typing import Any

import pytest

from kinode_nb.types import Address, ProcessId
from kinode_nb.types.capabilities import Capability, messaging
from kinode_nb.types.capability_entries import capability_entries

ISSUER = Address.parse("fake.dev@a:b:c")


def test_a_text_is_messaging_and_an_object_has_params_which_may_be_null() -> None:
    written = ["a:b:c", {"process": "a:b:c", "params": {"root": True}}]
    written.append({"process": "a:b:c", "params": None})
    entries = list(capability_entries(written))
    assert {entry.process for entry in entries} == {ProcessId.parse("a:b:c")}
    assert [entry.of(ISSUER) for entry in entries] == [
        messaging(ISSUER),
        Capability.make(ISSUER, {"root": True}),
        Capability.make(ISSUER, None),
    ]


@pytest.mark.parametrize(
    "written",
    ["a:b", "", 1, None, [], {}, {"process": "a:b:c"}, {"params": 1}, {"process": 1, "params": 1}],
)
def test_what_makes_no_sense_is_told_and_left_out(written: Any) -> None:
    told: list[Any] = []
    assert [e.process for e in capability_entries([written, "a:b:c"], told.append)] == [
        ProcessId.parse("a:b:c")
    ]
    assert told == [written]
    assert len(list(capability_entries([written, "a:b:c"]))) == 1


def test_none_are_none() -> None:
    assert list(capability_entries(None)) == []
