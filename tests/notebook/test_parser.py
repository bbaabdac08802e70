from __future__ import annotations

import pytest

from kinode_nb.notebook.commands import find, kinds
from kinode_nb.notebook.commands.parser import parse
from kinode_nb.notebook.commands.verb import ACTING, Argument, Flag, Values, Verb
from kinode_nb.notebook.words import split
from kinode_nb.types import UsageError


def read(line: str) -> Values:
    verb, *words = split(line)
    return parse(find(verb.text), words)


def test_words_are_shared_among_the_arguments():
    values = read("download a.txt b.txt fake2.dev")
    assert values.many("file") == ["a.txt", "b.txt"]
    assert values.one("node") == "fake2.dev"
    assert read("boot").maybe("name") is None
    assert read("send b two words").many("message") == ["two", "words"]


@pytest.mark.parametrize(
    "line",
    [
        "put x -n fake2.dev -p 8081",
        "put -n fake2.dev x --port 8081",
        "put --node=fake2.dev --port=8081 x",
        "put -nfake2.dev -p8081 x",
        "put -n=fake2.dev -p=8081 -- x",
    ],
)
def test_flags_stand_anywhere_and_are_written_as_in_kit(line: str):
    values = read(line)
    assert values.many("file") == ["x"]
    assert values.maybe("--node") == "fake2.dev"
    assert values.number("--port") == 8081


def test_text_that_looks_like_a_flag():
    assert read("send b '-n' is quoted").many("message") == ["-n", "is", "quoted"]
    assert read("send b -- -n is not").many("message") == ["-n", "is", "not"]
    assert read("send b -5 degrees").many("message") == ["-5", "degrees"]
    assert read("send b yes - no").many("message") == ["yes", "-", "no"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("send", "send needs NODE and MESSAGE"),
        ("send b", "send needs MESSAGE"),
        ("download a.txt", "download needs NODE"),
        ("nodes x", "nodes takes no 'x' there"),
        ("log --lst 3", "log has no flag --lst. Did you mean '--last'?"),
        ("nodes --x", "nodes has no flag --x"),
        ("log --last", "--last needs N"),
        ("log --last --kind request", "--last needs N"),
        ("log --last many", "--last takes a whole number, not 'many'"),
        ("log --kind reqest", "--kind is one of request, response"),
        ("log --last 1 --last 2", "--last stands there twice"),
        ("boot -p 99999", "-p takes a port from 1 to 65535, or none, not '99999'"),
        ("boot --fresh=yes", "--fresh stands alone"),
        ("boot --count ²", "--count takes a whole number"),
    ],
)
def test_a_mistake_is_one_line(line: str, said: str):
    with pytest.raises(UsageError) as raised:
        read(line)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_unknown_verb_names_the_nearest():
    with pytest.raises(UsageError, match=r"there is no verb 'bot'\. Did you mean 'boot'\?"):
        find("bot")
    with pytest.raises(UsageError, match="%kinode help lists them"):
        find("xyzzy")


MANY = Verb(
    name="many",
    summary="takes a flag with several words",
    run=lambda _, __: None,
    arguments=(Argument("name"),),
    flags=(Flag(("-n", "--node"), "nodes", kinds.NODE, "NODE", is_many=True), ACTING[1]),
)


@pytest.mark.parametrize(
    ("line", "nodes"),
    [
        ("x -n a b", ["a", "b"]),
        ("x -n a -p 1 --node b 'c'", ["a", "b", "c"]),
        ("-n a b -- x", ["a", "b"]),
        ("-n=a b -p 1 x", ["a", "b"]),
        ("x", []),
    ],
)
def test_a_flag_of_several_words_goes_on_up_to_the_next(line: str, nodes: list[str]):
    values = parse(MANY, split(line))
    assert (values.one("name"), values.many("--node")) == ("x", nodes)
    assert MANY.usage == "many NAME [-n NODE…] [-p PORT]"


def test_a_flag_of_several_words_needs_one():
    with pytest.raises(UsageError, match="-n needs NODE"):
        parse(MANY, split("x -n -p 1"))
