from __future__ import annotations

import contextlib
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinode_nb.notebook.values import expander
from kinode_nb.notebook.words import UnclosedQuoteError, quote, split
from kinode_nb.types import UsageError

NAMES = {"i": 2, "node": "fake2.dev", "body": {"a": 1, "b": "é"}, "empty": "", "d": {"x": "y z"}}


def texts(line: str, names: dict[str, object] | None = NAMES) -> list[str]:
    return [word.text for word in split(line, None if names is None else expander(names))]


@pytest.mark.parametrize(
    "line",
    [
        "send fake2.dev hello",
        'send fake2.dev "hello from the notebook"',
        """send b 'single "quoted" words' "and 'others'" """,
        r"a\ b c\'d \\",
        r'"a \"b\" \\ \n"',
        "a''b '' \"\"",
        "tabs\tand  spaces ",
        "it\\'s",
        "naïve ✓ 'file (1).bin'",
        "",
    ],
)
def test_words_are_those_of_a_shell(line: str):
    assert texts(line, None) == shlex.split(line)
    assert texts(line) == shlex.split(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("boot fake{i}.dev", ["boot", "fake2.dev"]),
        ("boot fake{i + 1}.dev", ["boot", "fake3.dev"]),
        ("boot fake$i.dev", ["boot", "fake2.dev"]),
        ("send $node hi", ["send", "fake2.dev", "hi"]),
        ("send ${node} hi", ["send", "fake2.dev", "hi"]),
        ('send "$node" "{i}{i}"', ["send", "fake2.dev", "22"]),
        ("'$node' '{i}'", ["$node", "{i}"]),
        ("x'{i}'{i}", ["x{i}2"]),
        ("$body", ['{"a":1,"b":"é"}']),
        ("{[1, i]}", ["[1,2]"]),
        ("{d['x']}", ["y z"]),
        ('{d["x"]}', ["y z"]),
        ("{', '.join(['a', 'b'])}", ["a, b"]),
        ("$empty x", ["", "x"]),
        ("{[n for n in range(i)]}", ["[0,1]"]),
    ],
)
def test_values_are_put_in(line: str, words: list[str]):
    assert texts(line) == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("$unknown costs $5 $", ["$unknown", "costs", "$5", "$"]),
        ("{} { } {not an expression} {", ["{}", "{", "}", "{not", "an", "expression}", "{"]),
        (r"\$i \{i} $$i", ["$i", "{i}", "$i"]),
        ("{{i}}", ["{i}"]),
        ('\'{"a": {"b": 1}}\'', ['{"a": {"b": 1}}']),
        ("{'a': 1}x", ["{a:", "1}x"]),
    ],
)
def test_what_is_no_value_stays(line: str, words: list[str]):
    assert texts(line) == words


def test_a_nodes_name_stands_for_the_node():
    class Node:
        name = "fake2.dev"

    Node.__module__ = "kinode_nb.portal"
    assert texts("send $b hi {b.name} $b.name", {"b": Node()}) == [
        "send", "fake2.dev", "hi", "fake2.dev", "fake2.dev",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{1/0}", "{1/0}: ZeroDivisionError: division by zero"),
        ("{nobody}", "{nobody}: NameError: name 'nobody' is not defined"),
        ("{[i, {1}]}", "cannot be written as JSON"),
        ("it's", "a quote is not closed: '"),
        ('"it', 'a quote is not closed: "'),
    ],
)
def test_a_mistake_is_one_line(line: str, said: str):
    with pytest.raises(UsageError) as raised:
        texts(line)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_interrupt_inside_an_expression_gets_through():
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        texts("{interrupt()}", {"interrupt": interrupt})


def test_a_semicolon_at_the_end_asks_for_silence_and_is_no_word():
    assert texts("nodes;") == ["nodes"]
    assert texts("nodes ; ") == ["nodes"]
    assert texts("send b 'bye;'") == ["send", "b", "bye;"]
    assert texts("a;b c") == ["a;b", "c"]


def test_words_that_were_quoted_or_put_in_are_no_flags():
    quoted = {word.text: word.quoted for word in split("-a '-b' \\-c $i x'y'", expander(NAMES))}
    assert quoted == {"-a": False, "-b": True, "-c": True, "2": True, "xy": False}


def test_an_open_quote_keeps_the_word_so_far():
    with pytest.raises(UnclosedQuoteError) as raised:
        split("download 'naïve ✓ fi")
    assert raised.value.word.text == "naïve ✓ fi"
    assert raised.value.word.start == len("download ")


@given(
    st.text(alphabet=st.characters(blacklist_characters="\n\r")), st.sampled_from(["", "'", '"'])
)
def test_what_quote_writes_split_reads(text: str, opened: str):
    assert texts(quote(text, opened)) == [text]


@given(st.text(alphabet="ab '\"\\${}();\n"))
def test_no_line_makes_it_fail_with_anything_but_a_usage_error(line: str):
    with contextlib.suppress(UsageError):
        split(line, expander(NAMES))
