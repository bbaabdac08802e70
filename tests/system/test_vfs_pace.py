"""When bytes are moved at once, and when in a thread."""

import pytest

from kinode_nb.system.vfs_pace import Pace
from kinode_nb.system.vfs_paths import ROOT, parse
from kinode_nb.system.vfs_requests import Job
from kinode_nb.types import ProcessId

MEBIBYTE = 1 << 20
CLIENT = ProcessId("client", "app", "template.os")


class Watch:
    """A clock that a test turns."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def pace(watch):
    return Pace(watch)


def job(action, value=None, data=None):
    return Job(CLIENT, action, parse("app:template.os/drive/file"), value, ROOT, data)


READ = job("ReadExact", value=MEBIBYTE)


def move(pace, watch, seconds):
    def work():
        watch.seconds += seconds
        return b"bytes"

    def steps():
        return (yield work)

    action = steps()
    return pace.run(action, next(action))


def test_what_memory_can_serve_is_done_at_once(pace, watch):
    assert pace.at_once(READ)
    assert move(pace, watch, 0.0004) == b"bytes"
    assert pace.at_once(job("WriteAll", data=bytes(MEBIBYTE)))


def test_a_slow_file_sends_the_next_ones_to_threads_for_a_while(pace, watch):
    move(pace, watch, 0.02)
    answers = [pace.at_once(READ) for _ in range(100)]
    assert answers[0] is False
    assert answers[-1] is True
    assert answers == sorted(answers)


@pytest.mark.parametrize(
    "large",
    [
        job("ReadExact", value=MEBIBYTE + 1),
        job("WriteAll", data=bytes(MEBIBYTE + 1)),
        job("SyncAll", data=b"beside the point"),
        job("Read"),
    ],
)
def test_what_takes_longer_or_who_knows_how_long_is_for_threads(pace, large):
    assert not pace.at_once(large)


def test_others_get_a_turn_each_millisecond(pace, watch):
    move(pace, watch, 0.0004)
    assert not pace.breathless()
    move(pace, watch, 0.0007)
    assert pace.breathless()
    assert not pace.breathless()


def test_an_error_is_the_actions_own_affair(pace):
    def work():
        raise OSError(28, "no space")

    def steps():
        try:
            yield work
        except OSError:
            return "the action knows"

    action = steps()
    assert pace.run(action, next(action)) == "the action knows"
