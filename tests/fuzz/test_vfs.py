"""Whatever vfs is asked, it answers, and touches nothing but the asker's own drives."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinode_nb.process_lib import LazyLoadBlob
from tests.fuzz.bodies import bodies, damaged, mostly
from tests.fuzz.surroundings import SECRET
from tests.fuzz.vfs_bodies import PLAUSIBLE, furnish, zips
from tests.fuzz.world import World

BLOBS = mostly(st.binary(max_size=60) | zips(), damaged(zips()), st.none())
REQUESTS = st.lists(st.tuples(bodies(PLAUSIBLE), BLOBS), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def world(worlds):
    world = worlds("home/vfs/notebook:template.os")
    drive = world.root / "home" / "vfs" / "other:template.os" / "files"
    drive.mkdir(parents=True)
    (drive / "secret.txt").write_bytes(SECRET)
    (world.root / "home" / "vfs" / "linked:template.os").symlink_to(world.root / "outside")
    world.look_around()
    return world


async def ask_all(world: World, requests: list[tuple[bytes, bytes | None]]) -> None:
    for body, data in requests:
        blob = None if data is None else LazyLoadBlob(data)
        answer = await world.app.send_and_await_response(world.vfs, body, blob=blob)
        assert is_an_answer(json.loads(answer.body)), answer.body
        got = world.app.get_blob()
        assert got is None or SECRET not in got.bytes


def is_an_answer(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and len(value) == 1)


@given(requests=REQUESTS)
def test_vfs_answers_and_stays_in_its_drives(world, requests):
    furnish(world.root / "home", world.root)
    world.run(ask_all(world, requests))
