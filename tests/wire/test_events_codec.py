"""Tests of `tertulia.wire.events.codec`: arrays in, arrays out, and every fault by its place."""

from __future__ import annotations

import pickle
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from tertulia.wire.events import Fault, InvalidEvent, decode_event, decode_request, encode, name_of
from tertulia.wire.events.codec import ECHO
from tertulia.wire.events.events import EVENTS, Event
from tertulia.wire.events.objects import MAX_SAFE
from tertulia.wire.events.requests import REQUESTS, JoinRoom, Ping, Request, SendMessage

ID = "0aknwsz9m0000"


def strategy_of(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Return everything that a type of the wire can be."""
    match kind:
        case inspect.Metadata(type=inner):
            return strategy_of(inner)
        case inspect.UnionType(types=types):
            return st.one_of(*map(strategy_of, types))
        case inspect.VarTupleType(item_type=item):
            return st.lists(strategy_of(item), max_size=3).map(tuple)
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(strategy_of(key), strategy_of(value), max_size=3)
        case inspect.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: strategy_of(field.type) for field in fields})
        case inspect.StrType(pattern=str(pattern)):
            return st.from_regex(pattern.replace("$", r"\Z"), fullmatch=True)
        case inspect.StrType(min_length=least, max_length=most):
            text = st.text(st.characters(codec="utf-8"), min_size=least or 0, max_size=20)
            return text.filter(lambda value: most is None or len(value) <= most)
        case inspect.IntType(ge=least, le=most):
            return st.integers(-MAX_SAFE if least is None else least, most or MAX_SAFE)
        case inspect.FloatType():
            return st.floats(allow_nan=False, allow_infinity=False)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case _:
            raise AssertionError(f"no strategy for {kind}")


def anything(table: dict[str, type]) -> st.SearchStrategy[Any]:
    return st.one_of(*(strategy_of(inspect.type_info(kind)) for kind in table.values()))


REQUEST_IDS = st.none() | st.integers(-MAX_SAFE, MAX_SAFE) | st.text("ab1é", min_size=1, max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)


def fault_of(data: bytes) -> InvalidEvent:
    with pytest.raises(InvalidEvent) as caught:
        decode_request(data)
    return caught.value


@given(anything(dict(REQUESTS)), REQUEST_IDS)
def test_a_request_reads_as_it_was_written(request: Request, request_id: str | int | None) -> None:
    envelope = decode_request(encode(request, request_id))
    assert envelope.content == request
    assert envelope.name == name_of(type(request))
    assert envelope.request == request_id


@given(anything(dict(EVENTS)), REQUEST_IDS)
def test_an_event_reads_as_it_was_written(event: Event, request_id: str | int | None) -> None:
    envelope = decode_event(encode(event, request_id))
    assert (envelope.content, envelope.request) == (event, request_id)


@given(anything(dict(EVENTS)))
def test_an_event_never_holds_a_line_break(event: Event) -> None:
    assert b"\n" not in encode(event)


@given(st.binary(max_size=200))
def test_bytes_are_an_event_or_a_fault(data: bytes) -> None:
    for decode in (decode_request, decode_event):
        try:
            decode(data)
        except InvalidEvent as fault:
            assert len(fault.text) <= ECHO


@given(st.sampled_from(sorted(REQUESTS)), st.lists(JSON, max_size=3), JSON)
def test_any_json_is_an_event_or_a_fault(name: str, behind: list[object], whole: object) -> None:
    for value in (whole, [name, *behind], [name, {"room": whole, "text": whole}, whole]):
        try:
            decode_request(msgspec.json.encode(value))
        except InvalidEvent as fault:
            assert fault.fault is not Fault.INVALID_JSON


@given(anything(dict(REQUESTS)), st.integers(0, 400), st.integers(0, 255))
def test_one_wrong_byte_makes_an_event_or_a_fault(request: Request, at: int, byte: int) -> None:
    data = bytearray(encode(request, 1))
    data[at % len(data)] = byte
    try:
        decode_request(bytes(data))
    except InvalidEvent:
        pass


@pytest.mark.parametrize(
    ("data", "fault", "path"),
    [
        (b"hello", Fault.INVALID_JSON, None),
        (b'["ping",{}] ["ping",{}]', Fault.INVALID_JSON, None),
        (b'\xef\xbb\xbf["ping",{}]', Fault.INVALID_JSON, None),
        (b'["ping",{"data":"\xff"}]', Fault.INVALID_JSON, None),
        (b'["ping",{"data":"\\ud800"}]', Fault.INVALID_JSON, None),
        (b'["ping",{"data":"\x01"}]', Fault.INVALID_JSON, None),
        (b'["' + b"p" * 100 + b'",{}]', Fault.INVALID_EVENT, "$[0]"),
        (b"{}", Fault.INVALID_EVENT, "$"),
        (b'["ping"]', Fault.INVALID_EVENT, "$"),
        (b'["ping",{},1,2]', Fault.INVALID_EVENT, "$"),
        (b"[1,{}]", Fault.INVALID_EVENT, "$[0]"),
        (b'["ping",{},true]', Fault.INVALID_EVENT, "$[2]"),
        (b'["ping",{},""]', Fault.INVALID_EVENT, "$[2]"),
        (b'["ping",{},1e999]', Fault.INVALID_EVENT, "$[2]"),
        (b'["ping",{},99999999999999999999]', Fault.INVALID_EVENT, "$[2]"),
        (b'["dance",{}]', Fault.UNKNOWN_EVENT, "$[0]"),
        (b'["message",{}]', Fault.UNKNOWN_EVENT, "$[0]"),
        (b'["ping",[]]', Fault.INVALID_PARAMS, "$"),
        (b'["join_room",{}]', Fault.INVALID_PARAMS, "$.room"),
        (b'["join_room",{"room":7}]', Fault.INVALID_PARAMS, "$.room"),
        (b'["join_room",{"room":""}]', Fault.INVALID_PARAMS, "$.room"),
        (b'["join_room",{"room":"a","user":{"id":"0"}}]', Fault.INVALID_PARAMS, "$.user"),
        (b'["edit_message",{"message":"0aknwsz9m000l","text":"x"}]', Fault.INVALID_PARAMS,
         "$.message"),
        (b'["edit_message",{"message":"0aknwsz9m0000\\n","text":"x"}]', Fault.INVALID_PARAMS,
         "$.message"),
        (b'["login",{"cursors":{"lobby":1}}]', Fault.INVALID_PARAMS, "$.cursors"),
        (b'["login",{"cursors":{"0aknwsz9m0000":-1}}]', Fault.INVALID_PARAMS, "$.cursors[...]"),
        (b'["get_history",{"room":"a","limit":1000}]', Fault.INVALID_PARAMS, "$.limit"),
        (b'["get_history",{"room":"a","before":1' + b"0" * 5000 + b"}]", Fault.INVALID_PARAMS,
         "$.before"),
    ],
)  # fmt: skip
def test_a_fault_has_a_code_and_a_place(data: bytes, fault: Fault, path: str | None) -> None:
    found = fault_of(data)
    assert (found.fault, found.path) == (fault, path)
    assert found.text


def test_a_fault_in_the_params_keeps_the_request_id() -> None:
    found = fault_of(b'["join_room",{},"a"]')
    assert (found.name, found.request) == ("join_room", "a")
    assert fault_of(b'["dance",{},7]').request == 7


def test_what_a_fault_quotes_is_cut() -> None:
    found = fault_of(b'["ping",{"' + b"x" * 5000 + b'":1}]')
    assert len(found.text) <= ECHO
    assert found.path == "$"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_junk_like_any_other(protocol: int) -> None:
    data = pickle.dumps(["ping", {"data": print}], protocol=protocol)
    assert fault_of(data).fault is Fault.INVALID_JSON


@pytest.mark.parametrize("opened", [b"[", b'{"a":', b'["ping",[', b'["ping",{"data":['])
def test_deep_json_is_a_fault(opened: bytes) -> None:
    assert fault_of(opened * 30_000).fault is not Fault.UNKNOWN_EVENT


def test_a_client_passes_over_params_that_a_newer_server_sends() -> None:
    envelope = decode_event(b'["done",{"mood":"good"},1]')
    assert envelope.content == EVENTS["done"]()


def test_params_that_have_their_default_are_left_out() -> None:
    assert encode(SendMessage(room="lobby", text="hi")) == (
        b'["send_message",{"room":"lobby","text":"hi"}]'
    )
    assert encode(Ping(), "a") == b'["ping",{},"a"]'
    assert decode_request(b'["join_room",{"room":"dev"}]').content == JoinRoom(room="dev")


def test_no_name_is_both_a_request_and_an_event() -> None:
    assert not REQUESTS.keys() & EVENTS.keys()
