"""Tests of `tertulia.wire.events.lines` and `format`: events in a stream."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.events import Announced, Entry, MessagePosted, Person, RoomDeleted
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.room import RoomState
from tertulia.wire.events import decode_event, encode
from tertulia.wire.events import events as w
from tertulia.wire.events.convert import event_of
from tertulia.wire.events.format import AT_HAND, FRAMES, LINES, EventFormat
from tertulia.wire.events.lines import TOO_LONG, EventLines, Piece, add_line_end
from tertulia.wire.websocket import text_frame

BOUND = 20


def cut(*chunks: bytes) -> list[Piece]:
    lines = EventLines(BOUND)
    pieces = [piece for chunk in chunks for piece in lines.receive_data(chunk)]
    return pieces + lines.receive_eof()


def test_each_line_is_an_event() -> None:
    assert cut(b'["a",{}]\n["b",{}]\r\n') == [b'["a",{}]', b'["b",{}]']


def test_empty_lines_are_passed_over() -> None:
    assert cut(b"\n\r\n \t\na\n") == [b"a"]


def test_the_last_line_needs_no_end() -> None:
    assert cut(b"a\nb") == [b"a", b"b"]


@given(st.lists(st.binary(max_size=30), max_size=8), st.lists(st.integers(0, 200)))
def test_the_same_bytes_give_the_same_events_wherever_they_are_cut(
    parts: list[bytes], cuts: list[int]
) -> None:
    data = b"\n".join(parts)
    places = sorted({0, len(data), *(place for place in cuts if place < len(data))})
    chunks = [data[start:end] for start, end in zip(places, places[1:], strict=False)]
    assert cut(*chunks) == cut(data)


def test_a_line_that_is_too_long_is_told_once_and_passed_over() -> None:
    lines = EventLines(BOUND)
    assert lines.receive_data(b"x" * 15) == []
    assert lines.receive_data(b"x" * 15) == [TOO_LONG]
    assert lines.receive_data(b"x" * 1_000_000) == []
    assert lines.receive_data(b"x\nok\n") == [b"ok"]
    assert lines.receive_data(b"y" * 21 + b"\n" + b"z" * 20 + b"\n") == [TOO_LONG, b"z" * 20]


def test_a_line_that_is_too_long_holds_nothing() -> None:
    lines = EventLines(BOUND)
    lines.receive_data(b"x" * 1_000_000)
    assert lines._rest is None


def test_both_formats_write_the_same_event() -> None:
    room = RoomState(RoomId(1), "lobby")
    said = MessagePosted(Person(UserId(2), "ana", "127.0.0.1:1"), "olá")
    entry = Entry(room.id, 3, EventId(4), 5, said)
    line = LINES.encode(entry, room)
    assert line.endswith(b"\n")
    assert FRAMES.encode(entry, room) == text_frame(line[:-1])
    content = decode_event(line).content
    assert isinstance(content, w.MessageSent)
    assert content.text == "olá"


def test_ones_own_copy_is_the_same_with_the_request_id_behind() -> None:
    room = RoomState(RoomId(1), "lobby")
    said = MessagePosted(Person(UserId(2), "ana", "127.0.0.1:1"), "olá")
    entry = Entry(room.id, 3, EventId(4), 5, said)
    shared = LINES.encode(entry, room)
    assert LINES.encode_own(entry, None) == shared
    assert LINES.encode_own(entry, "é") == shared[:-2] + ',"é"]\n'.encode()
    assert FRAMES.encode_own(entry, 7) == text_frame(shared[:-2] + b",7]")


def test_what_is_at_hand_is_bounded_and_never_another_entry() -> None:
    room = RoomState(RoomId(1), "lobby")
    entries = [
        Entry(room.id, 1, EventId(number % 2000), 5, RoomDeleted()) for number in range(4000)
    ]
    wire = EventFormat(add_line_end)
    for entry in entries:
        assert wire.encode(entry, room) == add_line_end(encode(event_of(entry)))
        assert len(wire._at_hand) <= AT_HAND


def test_joined_events_stand_for_themselves() -> None:
    room = RoomState(RoomId(1), "lobby")
    signal = LINES.encode_signal(Announced("a pause"), room)
    assert LINES.join([], [signal, signal], room) == signal + signal


def test_an_answer_has_its_request_id_behind() -> None:
    assert LINES.write(w.Done(), "a") == add_line_end(b'["done",{},"a"]')
    assert FRAMES.write(w.Done()) == text_frame(b'["done",{}]')
