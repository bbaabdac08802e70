"""What nodes print is kept in their homes (specification, section 2, Printing)."""

import re
from email.utils import parsedate_to_datetime
from pathlib import Path

from kinode_nb.portal import FakeNet

LINE = re.compile(r"\[([^\]]+)\] (.*)")


def logged(home: Path) -> list[str]:
    (file,) = (home / ".terminal_logs").iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d\.log", file.name)
    return file.read_text().splitlines()


def test_every_print_is_a_line_of_the_days_log(net: FakeNet, tmp_path: Path) -> None:
    node = net.boot(home=tmp_path / "home", port="none")
    assert not (node.home / ".terminal_logs").exists()
    node.type_line("echo hello ✓")
    times, texts = zip(*(LINE.fullmatch(line).groups() for line in logged(node.home)), strict=True)
    assert "terminal:sys: hello ✓" in texts
    assert any(text.endswith("returned without error") for text in texts), "level 1 is not muted"
    assert all(parsedate_to_datetime(time).tzinfo for time in times)
    node.type_line("echo again")
    assert logged(node.home)[-1] != texts[-1]


def test_a_log_goes_on_where_it_was_left(net: FakeNet, tmp_path: Path) -> None:
    for text in ("first", "second"):
        node = net.boot("fake.dev", home=tmp_path / "home", port="none")
        node.type_line(f"echo {text}")
        node.stop()
    said = "\n".join(logged(tmp_path / "home"))
    assert said.index("terminal:sys: first") < said.index("terminal:sys: second")


def test_each_node_has_its_own(net: FakeNet) -> None:
    one, other = net.boot(port="none"), net.boot(port="none")
    one.hi("fake2.dev", "hello")
    assert [line.rpartition("] ")[2] for line in logged(other.home)] == ["fake.dev: hello"]
    assert not (one.home / ".terminal_logs").exists()


def test_a_home_that_cannot_be_written_to_mutes_the_log_alone(net: FakeNet) -> None:
    node = net.boot(port="none")
    (node.home / ".terminal_logs").write_text("in the way")
    assert node.type_line("echo hello") == "hello"
    assert node.type_line("echo again") == "again"
