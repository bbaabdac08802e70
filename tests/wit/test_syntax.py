"""The parser: what is written is what is in the tree, and errors tell where they are."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinode_nb.wit import WitSyntaxError, parse, tree
from kinode_nb.wit.tokens import KEYWORDS

EVERYTHING = """
package kinode:process@1.0.0-rc.1;

/// One line,
/// and another.
interface all-of-it {
    use standard.{address, process-id as pid,};
    use kinode:process/standard@1.0.0.{context};

    /* a comment /* in a comment */ */
    type name = list<option<tuple<u8, string>>>;
    record point { x: f32, y: float64, %type: char } // at the end
    variant choice {
        /// first
        one,
        two(result<_, string>),
        three(result),
        four(result<u8>),
        five(result<u8, bool>),
    }
    enum e { a, b-c2 }
    flags f { }
    /// does it
    %record: func(a: s64, b: list<u8>,) -> result<point, e>;
    nothing: func();
}

world w {
    import all-of-it;
    import kinode:process/standard@1.0.0;
    export init: func(our: string);
    import say: func() -> u8;
    include process-v1 with { a as b };
    include lib;
}
"""


def test_everything_kinode_writes():
    text = EVERYTHING.replace("flags f { }", "flags f { x }")
    [interface] = parse(text).interfaces
    [world] = parse(text).worlds
    assert interface.name == "all-of-it"
    assert interface.doc == "One line,\nand another."
    address, pid, context, name, point, choice, e, f = interface.types
    assert (address.name, address.interface, address.original) == ("address", "standard", "address")
    assert (pid.name, pid.original) == ("pid", "process-id")
    assert (context.name, context.interface) == ("context", "standard")
    u8, string = tree.Primitive("u8"), tree.Primitive("string")
    assert name.target == tree.ListOf(tree.OptionOf(tree.TupleOf((u8, string))))
    assert [(x.name, x.type.name) for x in point.fields] == [
        *(("x", "f32"), ("y", "f64"), ("type", "char")),
    ]
    assert [c.type for c in choice.cases] == [
        None,
        tree.ResultOf(None, string),
        tree.ResultOf(None, None),
        tree.ResultOf(u8, None),
        tree.ResultOf(u8, tree.Primitive("bool")),
    ]
    assert choice.cases[0].doc == "first"
    assert [c.name for c in e.cases] == ["a", "b-c2"]
    assert isinstance(f, tree.Flags)
    record, nothing = interface.functions
    assert (record.name, record.doc) == ("record", "does it")
    assert [p.name for p in record.parameters] == ["a", "b"]
    assert isinstance(record.result, tree.ResultOf)
    assert nothing.result is None
    assert [(i.verb, i.name, i.function is not None) for i in world.items] == [
        ("import", "all-of-it", False),
        ("import", "standard", False),
        ("export", "init", True),
        ("import", "say", True),
        ("include", "process-v1", False),
        ("include", "lib", False),
    ]


def test_a_package_may_bring_others_and_name_their_interfaces():
    document = parse(
        """
        package chat:template-os@1.0.0;
        use other:lib/things@0.2.0 as parts;
        use kinode:process/standard@1.0.0;

        package other:lib@0.2.0 {
            interface things { record thing { x: u8 } }
            world w { import things; }
        }
        interface chat { use parts.{thing}; use standard.{address}; }
        """
    )
    assert document.package == "chat:template-os"
    things, chat = document.interfaces
    assert (things.name, things.package) == ("things", "other:lib")
    assert (chat.name, chat.package) == ("chat", "chat:template-os")
    thing, address = chat.types
    assert (thing.interface, thing.package) == ("things", "other:lib")
    assert (address.interface, address.package) == ("standard", "kinode:process")
    assert [world.name for world in document.worlds] == ["w"]


def test_gates_are_read_and_docs_before_them_kept():
    [interface] = parse(
        """
        /// Old.
        @since(version = 1.0.0)
        @deprecated(version = 1.2.0)
        interface gated {
            /// Kept.
            @unstable(feature = fancy-thing)
            record r { /** One. */ a: u8, /* no doc */ b: u8 }
            @since(version = 1.0.0)
            use standard.{address};
            /**
             * Two,
             * and more.
             */
            @since(version = 0.1.0)
            f: func();
        }
        """
    ).interfaces
    record, _ = interface.types
    assert (interface.doc, record.doc) == ("Old.", "Kept.")
    assert [field.doc for field in record.fields] == ["One.", ""]
    assert interface.functions[0].doc == "Two,\nand more."


def test_a_world_has_types_and_interfaces_of_its_own():
    [world] = parse(
        """
        world w {
            use standard.{address};
            record r { a: address }
            import inside: interface { f: func() -> u8; }
            export other:lib/things@0.1.0;
        }
        """
    ).worlds
    assert [definition.name for definition in world.types] == ["address", "r"]
    inside, things = world.items
    assert inside.interface.functions[0].name == "f"
    assert (things.name, things.package) == ("things", "other:lib")


WRONG = [
    (
        "interface a {",
        "line 1, column 14: expected a type, a function or '}', found the end of the text",
    ),
    (
        "interface a {\n  record b { c: u8 d: u8 }\n}",
        "line 2, column 20: expected ',' or '}', found 'd'",
    ),
    (
        "interface a { record type { } }",
        (
            "line 1, column 22: expected the record's name, "
            "found the keyword 'type': as a name, write %type"
        ),
    ),
    ("interface a { variant v { } }", "line 1, column 23: variant 'v' is empty: give it a case"),
    (
        "interface a_b { }",
        "line 1, column 11: 'a_b' is not kebab-case, whose words begin with a letter: write 'a-b'",
    ),
    (
        "interface aB { }",
        "line 1, column 11: 'aB' is not kebab-case, whose words begin with a letter: write 'ab'",
    ),
    (
        "interface a { resource r; }",
        (
            "line 1, column 15: 'resource' cannot be part of a message, which is plain data: "
            "let a process keep the thing, and name it by an id"
        ),
    ),
    (
        "interface a { f: func() -> own<x>; }",
        (
            "line 1, column 28: 'own' cannot be part of a message, which is plain data: "
            "name the thing by an id"
        ),
    ),
    ("interface a { f: func(x: u8) }", "line 1, column 30: expected ';', found '}'"),
    ("interface a { f: u8 }", "line 1, column 18: expected 'func', found 'u8'"),
    (
        "foo",
        "line 1, column 1: expected 'interface', 'world', 'use' or 'package', found 'foo'",
    ),
    (
        "interface a {\n\n /* ",
        "line 3, column 2: expected '*/' to close the comment that opens here",
    ),
    ("interface a { x = 3 }", "line 1, column 17: expected ':', found '='"),
    ("interface a { x: #3 }", "line 1, column 18: '#' has no meaning in WIT"),
    ("interface a {\n  /// a\0b\n}", r"line 2, column 8: '\x00' cannot be in WIT: take it out"),
    ("/* \x1b[0m */ interface a { }", r"line 1, column 4: '\x1b' cannot be in WIT: take it out"),
    ("// \u202e\ninterface a { }", r"line 1, column 4: '\u202e' cannot be in WIT: take it out"),
    ("interface a { }\n//\ud800", r"line 2, column 3: '\ud800' cannot be in WIT: take it out"),
    ("interface a { enum e {a,b,a} }", "line 1, column 27: the case 'a' is there twice"),
    ("interface a { record r {a: u8, A: u8} }", "line 1, column 32: the field 'A' is there twice"),
    ("interface a { type t = u8; type t = u8; }", "line 1, column 33: the name 't' is there twice"),
    ("interface a { } interface a { }", "line 1, column 27: the interface 'a' is there twice"),
    ("interface a { type t = list<list>; }", "line 1, column 33: expected '<', found '>'"),
    ("interface a { type t = tuple<>; }", "line 1, column 24: a tuple is empty: give it a type"),
    ("interface a { type t = ; }", "line 1, column 24: expected a type, found ';'"),
    (
        "world w { say: func(); }",
        (
            "line 1, column 11: expected 'import', 'export', 'include', 'use', a type or '}', "
            "found 'say'"
        ),
    ),
    (
        "interface a { f: func() -> stream<u8>; }",
        (
            "line 1, column 28: 'stream' cannot be part of a message, which is plain data: "
            "send several messages, or a blob"
        ),
    ),
    (
        "interface a { record r { x: future } }",
        (
            "line 1, column 29: 'future' cannot be part of a message, which is plain data: "
            "answer with a Response"
        ),
    ),
    (
        "interface a { type t = list<u8, 4>; }",
        "line 1, column 31: a list has no fixed length here: write list<…>",
    ),
    (
        "interface a { f: async func(); }",
        "line 1, column 18: 'async' is not for Kinode's functions: leave it out",
    ),
    (
        "interface a { f: func() -> (x: u8); }",
        "line 1, column 28: results have no names any more: return a record or a tuple<…>",
    ),
    (
        "@latest(version = 1.0.0) interface a { }",
        "line 1, column 2: there is no @latest, only @since, @unstable, @deprecated",
    ),
    (
        "@since(version = 1) interface a { }",
        "line 1, column 18: expected a version such as 1.0.0, found '1'",
    ),
    (
        "package a:b { world w { } package c:d { } }",
        "line 1, column 27: expected 'interface', 'world', 'use' or '}', found 'package'",
    ),
    ("package a:b@one;", "line 1, column 13: expected a version such as 1.0.0, found 'one'"),
    ("interface a { use b; }", "line 1, column 20: expected '.', found ';'"),
]


@pytest.mark.parametrize(("text", "error"), WRONG, ids=[w[0] for w in WRONG])
def test_errors_are_one_line_with_their_place(text, error):
    with pytest.raises(WitSyntaxError) as caught:
        parse(text)
    assert str(caught.value) == error
    assert f"line {caught.value.line}, column {caught.value.column}: " in error


def test_types_may_be_nested_only_so_deep():
    deep = "interface a { type t = " + "list<" * 10_000 + "u8" + ">" * 10_000 + "; }"
    with pytest.raises(WitSyntaxError, match="nested deeper than 64"):
        parse(deep)


PIECES = st.sampled_from(
    [*sorted(KEYWORDS), *"{}()<>:;,=./@_%", "->", "//x\n", "/*", "*/", "a", "b-c", "1.0.0", "\n"]
)


@settings(deadline=None, max_examples=200)
@given(st.lists(PIECES, max_size=30).map(" ".join) | st.text())
def test_whatever_the_text_it_is_read_or_refused(text):
    with suppress(WitSyntaxError):
        assert isinstance(parse(text), tree.Document)
