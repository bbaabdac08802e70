from __future__ import annotations

import pytest

from kinode_nb.notebook.widgets.progress_text import (
    cut,
    describe,
    duration,
    percent,
    size,
    visible,
    width,
)
from tests.notebook.widgets.fake_transfer import MIB, SECOND, done, failed, row, running

ROUTE = "my_file.txt  fake2.dev → fake.dev"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (9.96 * 1024, "10 KiB"),
        (1023.4 * 1024, "1023 KiB"),
        (1023.6 * 1024, "1.0 MiB"),
        (512 * MIB, "512 MiB"),
        (1024 * MIB, "1.0 GiB"),
        (5 * 1024**6, "5.0 EiB"),
        (5000 * 1024**6, "5000 EiB"),
    ],
)
def test_a_size_has_the_unit_that_needs_the_fewest_digits(count: float, text: str):
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 s"),
        (0.2, "1 s"),
        (59.1, "1 min 00 s"),
        (61, "1 min 01 s"),
        (3600, "1 h 00 min"),
        (7384, "2 h 03 min"),
    ],
)
def test_what_goes_on_never_has_no_time_left(seconds: float, text: str):
    assert duration(int(seconds * SECOND)) == text


@pytest.mark.parametrize(
    ("transfer", "line"),
    [
        (row(), f"{ROUTE}  0 B  waiting"),
        (
            running(300 * MIB, seconds=3),
            f"{ROUTE}  300 MiB of 1.0 GiB  29 %  100 MiB/s  8 s left",
        ),
        (
            running(5 * MIB, None),
            f"{ROUTE}  5.0 MiB  5.0 MiB/s  running",
        ),
        (
            running(0),
            f"{ROUTE}  0 B of 1.0 GiB  0 %  running",
        ),
        (
            running(1024 * MIB, seconds=2),
            f"{ROUTE}  1.0 GiB of 1.0 GiB  100 %  512 MiB/s  checking",
        ),
        (
            row(status="paused", bytes=4, received=1),
            f"{ROUTE}  1 B of 4 B  25 %  paused",
        ),
        (
            done(),
            f"{ROUTE}  1.0 GiB of 1.0 GiB  100 %  512 MiB/s  done, verified blake3:d74981ef…",
        ),
        (
            done(0),
            f"{ROUTE}  0 B of 0 B  100 %  done, verified blake3:d74981ef…",
        ),
        (
            done(12, verified=False, digest=""),
            f"{ROUTE}  12 B of 12 B  100 %  6 B/s  done, not verified",
        ),
        (
            failed("fake2.dev is offline"),
            f"{ROUTE}  0 B  failed: fake2.dev is offline",
        ),
        (
            failed("fake2.dev went offline", 3 * MIB, 4 * MIB),
            f"{ROUTE}  3.0 MiB of 4.0 MiB  75 %  3.0 MiB/s  failed: fake2.dev went offline",
        ),
        (failed(""), f"{ROUTE}  0 B  failed"),
        (
            row(
                status="cancelled",
                bytes=10,
                received=5,
                chunks=1,
                now_ns=SECOND,
                finished_ns=SECOND,
            ),
            f"{ROUTE}  5 B of 10 B  50 %  5 B/s  cancelled",
        ),
    ],
    ids=lambda value: value.status if not isinstance(value, str) else "",
)
def test_one_line_says_it_all(transfer, line: str):
    assert describe(transfer).line == line


def test_a_hundred_percent_means_every_byte():
    assert percent(running(10**12 - 1, 10**12)) == 99


def test_percent_is_unknown_only_while_it_runs_without_a_total():
    assert percent(running(5, None)) is None
    assert percent(row()) == 0
    assert percent(failed("no such file")) == 0


def test_a_zero_byte_file_is_not_there_before_it_is_done():
    assert percent(running(0, 0)) == 0
    assert percent(done(0)) == 100


def test_a_screen_reader_is_spared_the_digest():
    assert describe(done()).spoken == "100 %, 1.0 GiB of 1.0 GiB, done, verified"
    assert describe(row()).spoken == "0 B, waiting"


def test_a_reason_of_several_lines_is_one_line():
    assert describe(failed("two\nlines\tand\x1b[31m red")).state == (
        "failed: two lines and\\x1b[31m red"
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("naïve ✓ file (1).bin", "naïve ✓ file (1).bin"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\nb", "a\\nb"),
        ("gpj\u202eexe.bin", "gpj\\u202eexe.bin"),
        ("\udcff.bin", "\\udcff.bin"),
    ],
)
def test_nothing_in_a_name_hides_or_acts(name: str, shown: str):
    assert visible(name) == shown
    shown.encode()


def test_a_terminal_line_gives_up_the_name_before_the_numbers():
    long_name = row(file="x" * 100, status="running", bytes=4, received=2)
    line = describe(long_name).line_within(70)
    assert width(line) <= 70
    assert line.endswith("  fake2.dev → fake.dev  2 B of 4 B  50 %  running")
    assert "x…" in line


@pytest.mark.parametrize("columns", [1, 5, 30, 79, 200])
def test_a_terminal_line_is_never_too_wide(columns: int):
    assert width(describe(done()).line_within(columns)) <= columns


def test_a_line_that_fits_is_left_alone():
    assert describe(row()).line_within(200) == describe(row()).line


def test_wide_characters_take_two_columns_and_accents_none():
    assert width("日本") == 4
    assert width("e\u0301") == 1
    assert cut("日本語", 5) == "日本…"
