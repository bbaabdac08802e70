"""Loaded interfaces: which classes there are, and how their values behave."""

from __future__ import annotations

import copy
import enum
import gc
import pickle
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import msgspec
import pytest

from kinode_nb.types import Address, Capability, KinodeError, PackageId, ProcessId, UsageError
from kinode_nb.wit import (
    Interface,
    Variant,
    WitError,
    WitSyntaxError,
    decode,
    encode,
    load,
    model,
    parse,
)

CHAT = """
/// Says things to other nodes.
interface chat {
    /// What one may ask.
    variant request {
        /// Say it.
        send(send-request),
        list-files,
        none,
    }
    record send-request { target: string, message: string }
    record words { all: list<string> }
    enum mood { good, bad }
    flags rights { read, write }
    type again = request;
    say: func(a: string) -> result<_, string>;
}
"""
API = load(CHAT)


def test_types_have_python_names_and_their_own():
    assert API.name == "chat"
    assert API.doc == "Says things to other nodes."
    assert list(API.types) == [
        *("request", "send-request", "words", "mood", "rights", "again"),
    ]
    assert API.types["send-request"] is API.SendRequest
    assert API.Again is API.Request
    assert repr(API) == "<interface chat: Request, SendRequest, Words, Mood, Rights, Again>"
    assert isinstance(API, Interface)


def test_docs_become_docstrings():
    assert API.Request.__doc__ == "What one may ask."
    assert API.Request.Send.__doc__ == "Say it."
    assert API.SendRequest.__doc__ == "The record ``send-request``."


def test_a_case_is_a_class_below_its_variant():
    send = API.Request.Send(API.SendRequest("fake2.dev", "hello"))
    assert issubclass(API.Request.Send, API.Request)
    assert issubclass(API.Request, Variant)
    assert isinstance(send, API.Request)
    assert isinstance(API.Request.ListFiles(), API.Request)
    assert API.Request.Send.__match_args__ == ("value",)
    assert API.Request.ListFiles.__match_args__ == ()
    assert encode(API.Request.None_()) == b'"None"'


def test_values_read_as_they_are_written():
    send = API.Request.Send(API.SendRequest("fake2.dev", "hello"))
    assert repr(send) == "Request.Send(SendRequest(target='fake2.dev', message='hello'))"
    assert repr(API.Request.ListFiles()) == "Request.ListFiles()"


def test_values_are_frozen():
    send = API.Request.Send(API.SendRequest("fake2.dev", "hello"))
    for thing, name in [(send, "value"), (send.value, "target"), (API.Request.ListFiles(), "x")]:
        with pytest.raises(AttributeError):
            setattr(thing, name, 1)


def test_values_are_equal_to_their_like_and_hashable_where_their_content_is():
    def make():
        return API.Request.Send(API.SendRequest("fake2.dev", "hello"))

    assert make() == make()
    assert {make(), make(), API.Request.ListFiles(), API.Request.ListFiles()} == {
        make(),
        API.Request.ListFiles(),
    }
    assert make() != API.Request.Send(API.SendRequest("fake2.dev", "bye"))
    assert make() != API.Request.ListFiles()
    assert API.Request.ListFiles() != API.Request.None_()
    assert copy.deepcopy(make()) == make()
    assert copy.copy(API.Request.ListFiles()) == API.Request.ListFiles()
    with pytest.raises(TypeError):
        hash(API.Words(["a"]))


def test_a_variant_itself_has_no_values():
    names = "Request.Send, Request.ListFiles, Request.None_"
    with pytest.raises(TypeError, match=f"Request is a variant: make one of its cases, {names}"):
        API.Request()
    with pytest.raises(TypeError, match="ListFiles carries nothing: call it without a value"):
        API.Request.ListFiles(1)


def test_functions_are_kept_as_written():
    assert [p.name for p in API.functions["say"].parameters] == ["a"]


def test_unknown_names_come_with_the_nearest():
    with pytest.raises(
        AttributeError, match=r"'chat' has no type 'Requst'\. Did you mean 'Request'"
    ):
        _ = API.Requst
    with pytest.raises(WitError, match=r"no interface 'chta' in this text\. Did you mean 'chat'"):
        load(CHAT, name="chta")


def test_an_alias_without_a_class_may_stand_in_annotations():
    api = load("interface x { type names = list<string>; type maybe = option<u8>; }")
    assert api.Names | None == list[str] | None
    assert str | api.Names == str | list[str]
    assert api.Names | api.Maybe == list[str] | int | None


def test_an_interface_is_frozen_as_all_share_it():
    with pytest.raises(AttributeError, match="shared"):
        API.Request = None


def test_equal_texts_are_one_interface(tmp_path):
    file = tmp_path / "chat.wit"
    file.write_text(CHAT, encoding="utf-8")
    assert load(file) is load(CHAT) is API


def test_texts_that_nobody_uses_any_more_leave_nothing():
    used = load("interface used { record r { a: u8 } }")
    kept = weakref.ref(used.R)
    gone = weakref.ref(load("interface gone { variant v { a(r) } record r { b: u8 } }").V.A)
    for number in range(100):
        load(f"interface other-x{number} {{ record r {{ a: u8 }} }}")
    gc.collect()
    assert gone() is None
    assert kept() is used.R
    assert load("interface used { record r { a: u8 } }") is used
    assert len(model._recent) <= model._KEPT


def test_threads_that_load_one_text_get_one_interface():
    barrier = Barrier(8)

    def load_together(_):
        barrier.wait()
        return load("interface together { record r { a: u8 } }")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(load_together, range(8)))) == 1


def test_one_of_several_interfaces_is_named():
    text = "interface a { record r { x: u8 } } interface b { use a.{r as s}; record t { y: s } }"
    assert load(text, name="b").S is load(text, name="a").R
    with pytest.raises(WitError, match="several interfaces: give name= one of a, b"):
        load(text)
    with pytest.raises(WitError, match="no interface in this text"):
        load("world w { include process-v1; }")


@pytest.mark.parametrize("name", ["api/chat.wit", "chat.wit", "tally/api", "./api", "C:\\api"])
def test_a_file_name_is_no_text(name: str):
    with pytest.raises(WitError, match=r"for a file or a folder, pass a pathlib\.Path"):
        load(name)
    with pytest.raises(KinodeError):
        load(name)


def test_definitions_may_stand_in_any_order_but_not_in_a_circle():
    api = load("interface order { record a { b: list<b> } record b { c: c } type c = u8; }")
    assert encode(api.A([api.B(3)])) == b'{"b":[{"c":3}]}'
    with pytest.raises(WitSyntaxError, match="the type 'a' contains itself"):
        load("interface circle { record a { b: option<b> } variant b { c(list<a>) } }")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("interface a { record r { x: strng } record string-x { a: u8 } }", "no type 'strng'. Did"),
        ("interface a { use b.{c}; }", "interface 'b' is not in this text: put it there as well"),
        ("interface a { use standard.{adress}; }", "no type 'adress'. Did you mean 'address'?"),
        ("interface a { use b.{c}; } interface b { }", "interface 'b' has no type 'c'"),
        ("use c:d/b; interface a { use b.{c}; }", "interface 'b' is not in this text"),
        (
            "interface a { use c:d/b.{c}; } package e:f { interface b { type c = u8; } }",
            "line 1, column 26: interface 'b' is of the package e:f, not c:d",
        ),
        (
            "interface a {\n  flags f { x }\n  type t = list<f>;\n  record r { y: option<t> }\n}",
            "line 4, column 14: 'y' has flags, which have no JSON: make f a list of an enum",
        ),
        (
            "interface a { flags f { x } variant v { y(result<_, f>) } }",
            "line 1, column 41: 'y' has flags, which have no JSON",
        ),
        (
            "interface a { " + " ".join(f"type t{i} = t{i + 1};" for i in range(200)) + "}",
            "nested deeper than 64",
        ),
    ],
    ids=range(9),
)
def test_names_that_lead_nowhere(text, problem):
    with pytest.raises(WitSyntaxError) as caught:
        load(text)
    assert problem in str(caught.value)


STANDARD = load(
    """
    interface uses-standard {
        use kinode:process/standard@1.0.0.{address, process-id, package-id, node-id, capability};
        use standard.{request, message, on-exit, context, address as other};
        record many { a: address, p: process-id, k: package-id, n: node-id, c: capability }
    }
    """
)


def test_identifiers_are_objects_of_the_vocabulary():
    assert STANDARD.Address is STANDARD.Other is Address
    assert STANDARD.ProcessId is ProcessId
    process = ProcessId("chat", "chat", "template.os")
    package = PackageId("chat", "template.os")
    address = Address("fake.dev", process)
    many = STANDARD.Many(address, process, package, "fake.dev", Capability(address, '"messaging"'))
    as_record = b'{"process_name":"chat","package_name":"chat","publisher_node":"template.os"}'
    body = (
        b'{"a":{"node":"fake.dev","process":%b},"p":%b,'
        b'"k":{"package_name":"chat","publisher_node":"template.os"},"n":"fake.dev",'
        b'"c":{"issuer":{"node":"fake.dev","process":%b},"params":"\\"messaging\\""}}'
    ) % (as_record, as_record, as_record)
    assert encode(many) == body
    assert decode(STANDARD.Many, body) == many
    assert decode(Address, encode(address)) == address


def test_an_address_of_a_body_is_no_text():
    with pytest.raises(WitError, match=r"at \$: expected an object with the fields of address"):
        decode(Address, b'"fake.dev@chat:chat:template.os"')
    with pytest.raises(WitError, match=r"at \$\.a: expected Address, got 'fake.dev"):
        encode(STANDARD.Many("fake.dev@chat:chat:template.os", None, None, "", None))


def test_the_rest_of_standard_is_there():
    request = STANDARD.Request(
        inherit=False, expects_response=5, body=b"hi", metadata=None, capabilities=[]
    )
    body = (
        b'{"inherit":false,"expects_response":5,"body":[104,105],"metadata":null,"capabilities":[]}'
    )
    assert encode(request) == body
    assert decode(STANDARD.Message, b'{"Request":%b}' % body) == STANDARD.Message.Request(request)
    assert encode(STANDARD.OnExit.None_()) == b'"None"'
    assert decode(STANDARD.Context, b"[1]") == b"\1"


def test_a_text_may_bring_its_own_standard():
    own = load("interface standard { record address { street: string } }")
    assert encode(own.Address("High Street")) == b'{"street":"High Street"}'
    assert load("interface standard { record address { node: string, process: u8 } }").Address


@pytest.mark.parametrize("name", ["Request", "SendRequest", "Mood", "Rights"])
def test_what_all_share_is_frozen(name: str):
    cls = getattr(API, name)
    members = list(cls) if issubclass(cls, enum.Enum) else []
    classes = [
        each for name, each in vars(cls).items() if name[0] != "_" and isinstance(each, type)
    ]
    for shared in (cls, *classes, *members):
        with pytest.raises(AttributeError, match="is shared by all who load its WIT: frozen"):
            shared.hits = 1
    for shared in (cls, *classes):
        with pytest.raises(AttributeError, match="is shared by all who load its WIT: frozen"):
            del shared.__doc__
    assert not hasattr(cls, "hits")


def test_msgspec_reads_and_writes_the_classes():
    sent = API.SendRequest("a", "b")
    assert msgspec.convert({"target": "a", "message": "b"}, API.SendRequest) == sent
    assert msgspec.json.decode(msgspec.json.encode([API.Mood.Bad]), type=list[API.Mood]) == [
        API.Mood.Bad
    ]


@pytest.mark.parametrize("wrong", [(), (1,), (1, 2)])
def test_a_variant_names_its_cases_whatever_it_is_called_with(wrong: tuple[int, ...]):
    names = "Request.Send, Request.ListFiles, Request.None_"
    with pytest.raises(TypeError, match=f"make one of its cases, {names}"):
        API.Request(*wrong)


def test_values_are_copied_and_pickling_is_refused():
    values = [API.Request.Send(API.SendRequest("a", "b")), API.Request.ListFiles(), API.Mood.Good]
    assert copy.deepcopy(values) == values
    for value in values:
        with pytest.raises(pickle.PicklingError, match="is made of WIT text, and cannot be"):
            pickle.dumps(value)


def test_what_is_no_wit_is_one_line(tmp_path: Path):
    with pytest.raises(UsageError, match="load takes WIT text, a Path or texts by their files"):
        load(3)
    with pytest.raises(UsageError, match="parse takes WIT text, not b'x'"):
        parse(b"x")
    with pytest.raises(WitError, match=r"nope\.wit cannot be read: No such file"):
        load(tmp_path / "nope.wit")
    (tmp_path / "latin.wit").write_bytes(b"\xe4")
    with pytest.raises(WitError, match=r"latin\.wit holds what is no UTF-8"):
        load(tmp_path / "latin.wit")


def test_a_misspelt_keyword_is_told():
    with pytest.raises(WitSyntaxError, match=r"column 15: .*'recod'\. Did you mean 'record'\?"):
        load("interface p { recod x {} }")
