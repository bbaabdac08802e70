"""The mapping in its corners. What is accepted and refused was compared with serde_json's."""

from __future__ import annotations

import dataclasses
import enum
import json
import math

import pytest

from kinode_nb.types import Address, BodyError, KinodeError
from kinode_nb.wit import Err, Ok, WitBodyError, WitError, decode, decode_any, encode, load, to_json

API = load(
    """
    interface corners {
        variant v {
            a, b(r), c(option<string>), d(result<_, string>), e(tuple<u32>), f(f32),
            h(char), i(list<u8>), j(option<option<u8>>), k(result), l(result<u8>), m(f64),
        }
        record r { a: string, b: option<u8> }
        record words { %type: u8, %from: u8, %record: u8, class: u8, move: u8, is-it: option<bool> }
        record gap { a: option<u8>, b: u8 }
        enum e { none, foo-bar, x86 }
        flags f { read, write }
        record all {
            a: u8, b: u16, c: u32, d: u64, e: s8, f: s16, g: s32, h: s64, i: f32, j: f64,
            k: char, l: string, m: bool,
        }
        type names = list<string>;
        type byte = u8;
        type buffer = list<byte>;
        type maybe = option<u8>;
        record holder { it: maybe }
    }
    """
)
V, R = API.V, API.R


ACCEPTED = [
    ('"A"', V.A()),
    ('{"A":null}', V.A()),
    ('{"B":["x",null]}', V.B(R("x", None))),
    ('{"B":{"a":"x"}}', V.B(R("x"))),
    ('{"B":{"a":"x","b":null,"z":1}}', V.B(R("x"))),
    ('{"C":null}', V.C(None)),
    ('{"D":{"Ok":null}}', V.D(Ok())),
    ('{"E":[1]}', V.E((1,))),
    ('{"F":1}', V.F(1.0)),
    ('{"F":1e39}', V.F(math.inf)),
    ('{"F":0.1}', V.F(0.1)),
    ('{"F":18446744073709551616}', V.F(1.8446744e19)),
    ('{"H":"é"}', V.H("é")),
    ('{"I":[]}', V.I(b"")),
    ('{"J":null}', V.J(None)),
    ('{"J":7}', V.J(7)),
    ('{"K":{"Err":null}}', V.K(Err())),
    ('{"L":{"Ok":3}}', V.L(Ok(3))),
]

REFUSED = [
    ('{"A":[]}', "at $.A: expected null, as this case carries nothing, got an array of 0"),
    ('{"A":{}}', "at $.A: expected null, as this case carries nothing, got an object"),
    ('"B"', 'at $: the case "B" carries a value: write {"B": …}'),
    ('{"B":["x"]}', "at $.B: expected an object with the fields of r, got an array of 1"),
    ('{"B":["x",1,2]}', "at $.B: expected an object with the fields of r, got an array of 3"),
    ('{"B":["x",300]}', "at $.B[1]: expected a whole number from 0 to 255 (u8), got 300"),
    ('{"B":{"b":1}}', 'at $.B.a: missing field, found "b"'),
    ('{"B":{}}', "at $.B.a: missing field, found none"),
    ('{"B":{"a":3}}', "at $.B.a: expected a string, got 3"),
    ('"C"', 'at $: the case "C" carries a value: write {"C": …}'),
    ('{"D":"Ok"}', 'at $.D: expected {"Ok": …} or {"Err": …}, got "Ok"'),
    ('{"D":{"Ok":[]}}', "at $.D.Ok: expected null, got an array of 0"),
    ('{"D":{"Err":7}}', "at $.D.Err: expected a string, got 7"),
    (
        '{"D":{"Ok":null,"Err":"x"}}',
        'at $.D: expected {"Ok": …} or {"Err": …}, got an object',
    ),
    ('{"E":[1.0]}', "at $.E[0]: expected a whole number from 0 to 4294967295 (u32), got 1.0"),
    ('{"E":[1e2]}', "at $.E[0]: expected a whole number from 0 to 4294967295 (u32), got 100.0"),
    ('{"E":[true]}', "at $.E[0]: expected a whole number from 0 to 4294967295 (u32), got true"),
    ('{"E":[1,2]}', "at $.E: expected an array of 1 item, got an array of 2"),
    ('{"E":[]}', "at $.E: expected an array of 1 item, got an array of 0"),
    ('{"F":null}', "at $.F: expected a number (f32), got null"),
    ('{"F":true}', "at $.F: expected a number (f32), got true"),
    ('{"H":"ab"}', 'at $.H: expected one character, got "ab"'),
    ('{"H":""}', 'at $.H: expected one character, got ""'),
    ("{}", 'at $: expected "Case" or {"Case": …} of v, got an object'),
    ('{"A":null,"B":1}', 'at $: expected "Case" or {"Case": …} of v, got an object'),
    ('{"I":"x"}', 'at $.I: expected an array of bytes, got "x"'),
    ('{"I":[1,256]}', "at $.I[1]: expected a whole number from 0 to 255 (u8), got 256"),
    ('{"I":[1,true]}', "at $.I[1]: expected a whole number from 0 to 255 (u8), got true"),
    ("1", 'at $: expected "Case" or {"Case": …} of v, got 1'),
    ('["A"]', 'at $: expected "Case" or {"Case": …} of v, got an array of 1'),
    (
        '{"Ab":1}',
        "at $: v has no case \"Ab\", only A, B, C, D, E, F, H, I, J, K, L, M. Did you mean 'A'?",
    ),
]


@pytest.mark.parametrize(("body", "value"), ACCEPTED, ids=[a[0] for a in ACCEPTED])
def test_accepted_as_serde_does(body, value):
    assert decode(V, body.encode()) == value
    assert decode_any((API.E, V), body.encode()) == value


@pytest.mark.parametrize(("body", "text"), REFUSED, ids=[r[0] for r in REFUSED])
def test_refused_as_serde_does(body, text):
    with pytest.raises(WitBodyError) as caught:
        decode(V, body.encode())
    assert str(caught.value) == text
    with pytest.raises(WitBodyError, match="untagged enum Msg"):
        decode_any((API.E, V), body.encode())


def test_a_bad_body_is_caught_by_each_of_its_names():
    for kind in (WitError, BodyError, KinodeError, ValueError):
        with pytest.raises(kind):
            decode(V, b"1")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "the body is empty, not JSON"),
        (b"{", "the body is not JSON: "),
        (b"hello", "the body is not JSON: "),
        (b'"\xff"', "the body is not JSON: "),
        (b'"\\ud800"', "the body is not JSON: "),
        (b"[" * 100_000, "the body is not JSON: "),
        (b'"A" "A"', "the body is not JSON: "),
        (b"NaN", "the body is not JSON: "),
    ],
    ids=range(8),
)
def test_what_is_no_json_is_one_kind_of_error(body, text):
    with pytest.raises(WitBodyError) as caught:
        decode(V, body)
    assert str(caught.value).startswith(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [{"E": ["x\n" * 9_999]}, {"B": {"x\n" * 9_999: 1}}, {"x\n" * 9_999: 1}, "x\n" * 9_999]
)
def test_errors_are_one_line_however_long_the_body(body):
    with pytest.raises(WitBodyError) as caught:
        decode(V, json.dumps(body).encode())
    assert len(str(caught.value)) < 150
    assert "\n" not in str(caught.value)


def test_words_of_rust_and_python_can_be_fields():
    value = API.Words(type_=1, from_=2, record=3, class_=4, move_=5)
    body = b'{"type_":1,"from":2,"record":3,"class":4,"move_":5,"is_it":null}'
    assert encode(value) == body
    assert decode(API.Words, body) == value


def test_options_at_the_end_may_be_left_out_of_a_call():
    assert R("x") == R(a="x", b=None)
    with pytest.raises(TypeError):
        API.Gap(b=1)


def test_enums_are_their_names():
    assert [encode(member) for member in API.E] == [b'"None"', b'"FooBar"', b'"X86"']
    assert decode(API.E, b'"None"') is API.E.None_
    assert decode(API.E, b'{"FooBar":null}') is API.E.FooBar
    assert isinstance(API.E.FooBar, enum.Enum)
    with pytest.raises(WitBodyError, match='e has no case "foo-bar", only None, FooBar, X86'):
        decode(API.E, b'"foo-bar"')


def test_flags_are_refused_both_ways():
    text = "at $: flags have no JSON in Kinode: make f a list of an enum"
    with pytest.raises(WitError) as written:
        encode(API.F.Read | API.F.Write)
    with pytest.raises(WitError) as read:
        decode(API.F, b"3")
    assert str(written.value) == str(read.value) == text


def test_the_edges_of_numbers_are_exact():
    low = API.All(0, 0, 0, 0, -128, -(2**15), -(2**31), -(2**63), -0.5, -1e300, "\0", "", m=False)
    high = API.All(
        *(255, 2**16 - 1, 2**32 - 1, 2**64 - 1, 127, 2**15 - 1, 2**31 - 1, 2**63 - 1),
        *(0.5, 5e-324, "\U0010ffff", '\u2028"\\', True),
    )
    for value in (low, high):
        assert decode(API.All, encode(value)) == value
    assert b'"d":18446744073709551615' in encode(high)


@pytest.mark.parametrize("field", "abcdefgh")
def test_numbers_over_the_edge_are_refused(field):
    good = dict.fromkeys("abcdefgh", 0) | {"i": 0.0, "j": 0.0, "k": "k", "l": "", "m": True}
    for wrong in (2**64, -(2**64), 0.0, "0", None, True):
        with pytest.raises(WitError, match=rf"at \$\.{field}: expected a whole number"):
            encode(API.All(**{**good, field: wrong}))
        with pytest.raises(WitBodyError, match=rf"at \$\.{field}: expected a whole number"):
            decode(API.All, json.dumps({**good, field: wrong}).encode())


def test_floats_that_json_lacks_are_null():
    for number in (math.nan, math.inf, -math.inf):
        assert encode(V.M(number)) == b'{"M":null}'
        assert encode(V.F(number)) == b'{"F":null}'
    assert encode(V.F(1e39)) == b'{"F":null}'


def test_f32_is_written_with_its_own_digits():
    assert encode(V.F(0.1)) == b'{"F":0.1}'
    assert encode(V.F(0.10000000149011612)) == b'{"F":0.1}'
    assert encode(V.F(123456.7891)) == b'{"F":123456.79}'
    assert encode(V.M(0.10000000149011612)) == b'{"M":0.10000000149011612}'
    assert encode(V.F(3)) == b'{"F":3.0}'


def test_bytes_are_numbers_and_so_are_lists_of_them():
    for value in (b"hi", bytearray(b"hi"), memoryview(b"hi"), [104, 105]):
        assert encode(V.I(value)) == b'{"I":[104,105]}'
    with pytest.raises(WitError, match=r"at \$\.I\[1\]: expected a whole number from 0 to 255"):
        encode(V.I([1, 256]))


def test_types_without_a_class_are_named_to_encode():
    assert encode(["a", "b"], API.Names) == b'["a","b"]'
    assert decode(API.types["names"], b'["a","b"]') == ["a", "b"]
    assert decode(API.Buffer, b"[1,2]") == b"\1\2"
    assert decode(API.Holder, b"{}") == API.Holder(None)
    with pytest.raises(WitError, match=r"at \$\[1\]: expected a string, got 3"):
        encode(["a", 3], API.Names)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (V.B(3), "at $.B: expected R, got 3"),
        (V.B(R), "at $.B: expected R, got the class R: call it"),
        (V.B(R(None)), "at $.B.a: expected a string, got None"),
        (V.C(3), "at $.C: expected a string, got 3"),
        (V.D("fine"), "at $.D: expected Ok(…) or Err(…), got 'fine'"),
        (V.D(Ok(3)), "at $.D.Ok: expected nothing, as this side carries none, got 3"),
        (V.E((1, 2)), "at $.E: expected a tuple of 1 item, got (1, 2)"),
        (V.F("1"), "at $.F: expected a number (f32), got '1'"),
        (V.H("ab"), "at $.H: expected one character, got 'ab'"),
        (V.I("ab"), "at $.I: expected bytes, got 'ab'"),
        (V.A, "expected a value of a WIT type (to_json takes any), got the class V.A: call it"),
        ({"a": 1}, "expected a value of a WIT type (to_json takes any), got {'a': 1}"),
    ],
    ids=range(12),
)
def test_a_value_that_does_not_fit_is_refused_where_it_is_written(value, text):
    with pytest.raises(WitError) as caught:
        encode(value)
    assert str(caught.value) == text


def test_what_is_no_type_is_refused():
    with pytest.raises(WitError, match=r"int.* is no WIT type: take one from an interface"):
        decode(int, b"1")
    with pytest.raises(WitError, match=r"V\.A is one case of a variant: name the variant, V"):
        decode(V.A, b'"A"')


class Colour(enum.Enum):
    RED = "red"


class Text(str):
    __slots__ = ()


class Array:
    """What numpy's arrays and numbers have in common."""

    def tolist(self):
        return [1, 2]


@dataclasses.dataclass
class Carrier:
    it: object


def test_plain_data_is_ordinary_json():
    assert to_json(None) == b"null"
    assert to_json("é") == '"é"'.encode()
    assert to_json({"a": [1, 2.5, True, None, {"b": ()}]}) == b'{"a":[1,2.5,true,null,{"b":[]}]}'
    assert to_json({1: Colour.RED}) == b'{"1":"red"}'
    assert to_json([Text("t"), Array()]) == b'["t",[1,2]]'
    assert to_json(Carrier(1)) == b'{"it":1}'


def test_values_of_wit_types_keep_their_form_inside_plain_data():
    address = Address.parse("fake.dev@chat:chat:template.os")
    inside = {"v": [V.A(), V.I(b"\1")], "e": API.E.FooBar, "to": address, "r": (Ok(V.A()), Err())}
    assert json.loads(to_json(inside)) == {
        "v": ["A", {"I": [1]}],
        "e": "FooBar",
        "to": {
            "node": "fake.dev",
            "process": {
                "process_name": "chat",
                "package_name": "chat",
                "publisher_node": "template.os",
            },
        },
        "r": [{"Ok": "A"}, {"Err": None}],
    }
    assert (
        to_json(Carrier([V.A(), V.C("x"), R("y")])) == b'{"it":["A",{"C":"x"},{"a":"y","b":null}]}'
    )


def test_errors_inside_plain_data_have_the_whole_path():
    with pytest.raises(WitError) as caught:
        to_json({"all": [1, {"x": V.E(("no",))}]})
    number = "a whole number from 0 to 4294967295 (u32)"
    assert str(caught.value) == f"at $.all[1].x.E[0]: expected {number}, got 'no'"


def test_what_cannot_be_json_is_refused():
    endless: list[object] = []
    endless.append(endless)
    for value, text in [
        (object(), "the value cannot be JSON: object has no JSON form"),
        ({"x": 1j}, "the value cannot be JSON: complex has no JSON form"),
        ("\ud800", "the value cannot be JSON: "),
        ({(1,): 2}, "the value cannot be JSON: "),
        (endless, "the value contains itself, or is nested too deeply for JSON"),
    ]:
        with pytest.raises(WitError) as caught:
            to_json(value)
        assert str(caught.value).startswith(text)
