"""Kinode's mapping of WIT to JSON, row by row, both ways; and the example of docs/wit.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinode_nb import wit
from kinode_nb.process_lib import Address, Capability, ProcessId
from kinode_nb.wit import Err, Ok, WitBodyError, WitError, decode, encode, load
from kinode_nb.wit import standard_types as standard

API = load(
    """
    interface rows {
        use standard.{address};
        variant v { foo-bar(u8), bare }
        enum e { one-two, three }
        record r { a-field: u8, %type: option<string> }
        type o = option<option<u8>>;
        type both = result<u8, string>;
        type left = result<u8>;
        type right = result<_, string>;
        type neither = result;
        type many = list<v>;
        type pair = tuple<u8, string>;
        type single = tuple<u8>;
        type raw = list<u8>;
    }
    """
)
HERE = Address("fake.dev", ProcessId("a", "b", "c.os"))
HERE_JSON = (
    '{"node":"fake.dev","process":{"process_name":"a","package_name":"b","publisher_node":"c.os"}}'
)
ROWS: list[tuple[Any, Any, str]] = [
    (API.V, API.V.FooBar(1), '{"FooBar":1}'),
    (API.V, API.V.Bare(), '"Bare"'),
    (API.E, API.E.OneTwo, '"OneTwo"'),
    (API.R, API.R(1, "x"), '{"a_field":1,"type_":"x"}'),
    (API.R, API.R(1), '{"a_field":1,"type_":null}'),
    (API.O, None, "null"),
    (API.O, 3, "3"),
    (API.Both, Ok(3), '{"Ok":3}'),
    (API.Both, Err("no"), '{"Err":"no"}'),
    (API.Left, Err(), '{"Err":null}'),
    (API.Right, Ok(), '{"Ok":null}'),
    (API.Neither, Ok(), '{"Ok":null}'),
    (API.Many, [API.V.Bare(), API.V.FooBar(2)], '["Bare",{"FooBar":2}]'),
    (API.Pair, (1, "x"), '[1,"x"]'),
    (API.Single, (1,), "[1]"),
    (API.Raw, b"\0\xff", "[0,255]"),
    (API.Address, HERE, HERE_JSON),
]
ALSO_READ: list[tuple[Any, str, Any]] = [
    (API.V, '{"Bare":null}', API.V.Bare()),
    (API.R, '{"a_field":1}', API.R(1)),
    (API.R, '{"a_field":1,"unknown":[{}]}', API.R(1)),
    (API.R, '[1,"x"]', API.R(1, "x")),
]
REFUSED: list[tuple[Any, str, str]] = [
    (API.R, '{"type_":"x"}', "at $.a_field: missing field"),
    (API.Pair, "[1]", "at $: expected an array of 2 items"),
    (API.Many, '["Bare",{"FooBar":"x"}]', "at $[1].FooBar: expected a whole number"),
    (API.Address, '{"node":"a"}', "at $.process: missing field"),
    (API.Both, "3", 'at $: expected {"Ok": …} or {"Err": …}, got 3'),
]


@pytest.mark.parametrize(("type_", "value", "text"), ROWS, ids=[row[2] for row in ROWS])
def test_a_row_holds_both_ways(type_, value, text):
    assert encode(value, type_) == text.encode()
    assert decode(type_, text.encode()) == value


@pytest.mark.parametrize(("type_", "text", "value"), ALSO_READ, ids=[r[1] for r in ALSO_READ])
def test_what_serde_reads_beyond_that_is_read(type_, text, value):
    assert decode(type_, text.encode()) == value


@pytest.mark.parametrize(("type_", "text", "problem"), REFUSED, ids=[r[1] for r in REFUSED])
def test_what_does_not_fit_has_the_path_of_the_fault(type_, text, problem):
    with pytest.raises(WitBodyError) as caught:
        decode(type_, text.encode())
    assert str(caught.value).startswith(problem)


TEXT = st.text(max_size=5)
PROCESSES = st.builds(ProcessId, TEXT, TEXT, TEXT)
ADDRESSES = st.builds(Address, TEXT, PROCESSES)
BLOBS = st.builds(standard.LazyLoadBlob, st.none() | TEXT, st.binary(max_size=5))
CAPABILITIES = st.lists(st.builds(Capability, ADDRESSES, TEXT), max_size=2)
BODIES = {"body": st.binary(max_size=5), "metadata": st.none() | TEXT}
REQUESTS = st.builds(
    standard.Request,
    inherit=st.booleans(),
    expects_response=st.none() | st.integers(0, 2**64 - 1),
    capabilities=CAPABILITIES,
    **BODIES,
)
RESPONSES = st.builds(standard.Response, inherit=st.booleans(), capabilities=CAPABILITIES, **BODIES)
MESSAGES = st.builds(standard.Message.Request, REQUESTS) | st.builds(
    standard.Message.Response, st.tuples(RESPONSES, st.none() | st.binary(max_size=5))
)
ON_EXITS = (
    st.builds(standard.OnExit.None_)
    | st.builds(standard.OnExit.Restart)
    | st.builds(
        standard.OnExit.Requests,
        st.lists(st.tuples(ADDRESSES, REQUESTS, st.none() | BLOBS), max_size=2),
    )
)
ERRORS = st.builds(
    standard.SendError,
    st.sampled_from(list(standard.SendErrorKind)),
    ADDRESSES,
    MESSAGES,
    st.none() | BLOBS,
)


@given(
    st.sampled_from([standard.Message, standard.OnExit, standard.SendError]).flatmap(
        lambda type_: st.tuples(
            st.just(type_),
            {
                standard.Message: MESSAGES,
                standard.OnExit: ON_EXITS,
                standard.SendError: ERRORS,
            }[type_],
        )
    )
)
def test_any_value_of_standard_comes_back(drawn):
    type_, value = drawn
    assert decode(type_, encode(value)) == value


def test_a_wrong_value_of_standard_is_refused_where_it_is_wrong():
    request = standard.Request(
        inherit=True, expects_response=None, body=b"", metadata=None, capabilities=[]
    )
    wrong = standard.OnExit.Requests([(HERE, request, standard.LazyLoadBlob(None, "text"))])
    with pytest.raises(WitError, match=r"at \$\.Requests\[0\]\[2\]\.bytes: expected bytes, got 't"):
        encode(wrong)
    with pytest.raises(WitBodyError, match=r"at \$\.Requests\[0\]\[1\]\.inherit: missing field"):
        decode(standard.OnExit, b'{"Requests":[[%b,{},null]]}' % HERE_JSON.encode())


def test_the_pages_example_runs():
    page = Path(wit.__file__).parents[2] / "docs" / "wit.md"
    [block] = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    assert wit.encode(names["api"].Request.Add(3)) == b'{"Add":3}'
