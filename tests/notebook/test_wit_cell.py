"""``%%kinode wit NAME``, as a person meets it in IPython."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import kinode_nb
from kinode_nb import wit
from kinode_nb.notebook.completer import typed_words
from kinode_nb.notebook.completion import complete
from kinode_nb.wit import WitError, WitSyntaxError
from kinode_nb.wit.defined import defined_names

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

COUNTER = """\
interface counter {
    use standard.{address};
    variant request { add(u32), read }
    record total { of: u32, who: address }
}
"""


@pytest.fixture(autouse=True)
def _nothing_stays():
    yield
    for name in defined_names():
        delattr(wit, name)


def run(shell: InteractiveShell, header: str, body: str) -> None:
    shell.run_cell(f"%%kinode {header}\n{body}").raise_error()


def test_it_makes_the_types_of_the_text(shell, capsys):
    run(shell, "wit counter-1", COUNTER)
    assert capsys.readouterr().out == "kn.wit.counter_1: Request, Total\n"
    made = kinode_nb.wit.counter_1
    assert wit.encode(made.Request.Add(3)) == b'{"Add":3}'
    run_in_a_cell = "from kinode_nb.wit import counter_1\nfound = counter_1.Request.Read()"
    shell.run_cell(run_in_a_cell).raise_error()
    assert shell.user_ns["found"] == made.Request.Read()


def test_run_again_it_replaces_what_it_made(shell):
    run(shell, "wit counter", COUNTER)
    before = kinode_nb.wit.counter
    run(shell, "wit counter", COUNTER)
    assert kinode_nb.wit.counter is before
    run(shell, "wit counter", "interface counter { variant request { read } }")
    assert not hasattr(kinode_nb.wit.counter.Request, "Add")


def test_several_interfaces_are_a_namespace(shell, capsys):
    run(shell, "wit both", COUNTER + "interface other-one { use counter.{total}; enum e { a } }")
    assert capsys.readouterr().out == (
        "kn.wit.both.counter: Request, Total\nkn.wit.both.other_one: E\n"
    )
    assert kinode_nb.wit.both.other_one.Total is kinode_nb.wit.both.counter.Total
    assert repr(kinode_nb.wit.both) == "<interfaces counter, other_one>"
    with pytest.raises(AttributeError, match=r"both has no interface 'conter'\. Did you mean 'cou"):
        _ = kinode_nb.wit.both.conter


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("decode", "kinode_nb.wit has a decode of its own: take another name"),
        ("standard-types", "kinode_nb.wit has a standard_types of its own"),
        ("class", "'class' cannot be a name here: take letters, digits and _"),
        ("2x", "'2x' cannot be a name here"),
        ("__all__", "'__all__' cannot be a name here"),
        ("a.b", "'a.b' cannot be a name here"),
    ],
)
def test_the_name_must_be_free(shell, name, problem):
    before = dict(vars(wit))
    with pytest.raises(WitError) as raised:
        run(shell, f"wit {name}", COUNTER)
    assert problem in str(raised.value)
    assert vars(wit).get(name) is before.get(name)


def test_an_error_tells_the_line_of_the_cell(shell):
    run(shell, "wit counter", COUNTER)
    there = kinode_nb.wit.counter
    with pytest.raises(WitSyntaxError) as raised:
        run(shell, "wit counter", "interface counter {\n    record x { y z }\n}")
    assert str(raised.value) == "line 3, column 18: expected ':', found 'z'"
    assert kinode_nb.wit.counter is there


@pytest.mark.parametrize("text", ["", "world w { include process-v1; }"])
def test_a_text_without_an_interface_makes_nothing(shell, text):
    with pytest.raises(WitError, match="no interface in this text"):
        run(shell, "wit empty", text + "\n")


def test_a_name_that_no_cell_made_says_what_does(shell):
    run(shell, "wit counter", COUNTER)
    with pytest.raises(AttributeError, match=r"no 'conter'\. Did you mean 'counter'\?"):
        _ = kinode_nb.wit.conter
    with pytest.raises(AttributeError, match="A cell makes it: %%kinode wit totally_other"):
        _ = kinode_nb.wit.totally_other


def test_a_name_is_needed(shell):
    with pytest.raises(kinode_nb.KinodeError, match="needs NAME"):
        run(shell, "wit", COUNTER)


def test_tab_offers_the_names_that_were_defined(shell):
    run(shell, "wit counter", COUNTER)
    assert offered("%%kinode wit co") == ["counter"]
    assert offered("%%kinode wi") == ["wit"]
    assert typed_words("%%kinode wit x\nrecord", 1, "record") is None


def offered(line: str) -> list[str]:
    typed = typed_words(line, 0, line)
    assert typed is not None
    verb, before = typed
    return complete(before, "", kinode_nb.fakenet, verb)[1]


def test_it_has_help(shell, capsys):
    run(shell, "wit -h", "\n")
    assert "kn.wit.NAME" in capsys.readouterr().out
