"""The frames grammar: what is cut out of bytes, and what is written for what happens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.events import (
    Announced,
    AwayChanged,
    Entry,
    Event,
    LeaveReason,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Person,
    ReactionAdded,
    RoomCreated,
    RoomKind,
    Signal,
    TopicChanged,
    Typing,
    UserRenamed,
)
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.language import English
from tertulia.core.room import RoomState
from tertulia.wire.frames import (
    CUT,
    SERVER,
    Frame,
    FrameBuffer,
    FramesFormat,
    NoLength,
    NotUtf8,
    Oversized,
    Result,
    TooLong,
    encode_frame,
    encode_notice,
    encode_pair,
)

LOBBY = RoomState(RoomId(1), "lobby")
TEA = RoomState(RoomId(2), "tea")
DIRECT = RoomState(RoomId(3), "", RoomKind.DIRECT)
ANA = Person(UserId(10), "ana", "127.0.0.1:50312")
MEGABYTE = 1_000_000
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "frames.md"


def read(pieces: Iterable[bytes], max_frame: int = 2 * MEGABYTE, kept: int = 0) -> list[Result]:
    """Return what a buffer makes of bytes that come in pieces."""
    buffer = FrameBuffer(max_frame, kept or max_frame)
    found: list[Result] = []
    for piece in pieces:
        buffer.receive_data(piece)
        while (result := buffer.next_frame()) is not None:
            found.append(result)
            if isinstance(result, (NoLength, TooLong)):
                return found
    return found


def frame(text: str) -> bytes:
    """Write a frame as a client does that knows nothing of this code."""
    data = text.encode("utf-8")
    return f"{len(data):<10}".encode() + data


# Reading


@pytest.mark.parametrize(
    "header",
    [b"5         ", b"         5", b"0000000005", b"05        ", b"        05"],
    ids=repr,
)
def test_a_length_may_stand_left_or_right_or_after_zeros(header: bytes) -> None:
    assert read([header + b"hello"]) == [Frame("hello")]


@pytest.mark.parametrize(
    "header",
    [
        b"hello     ",
        b"GET / HTTP",
        b"-5        ",
        b"+5        ",
        b"          ",
        b"5\0\0\0\0\0\0\0\0\0",
        b"\0\0\0\0\0\0\0\0\0\0",
        b"5\n        ",
        b"5\t        ",
        b"    5     ",
        b"5 5       ",
        b"1_000     ",
        b"5.0       ",
        b"0x5       ",
        b"1e3       ",
        "٥".encode() + b"        ",
        b"\xff\xfe5       ",
    ],
    ids=repr,
)
def test_anything_else_is_no_length(header: bytes) -> None:
    assert read([header + b"hello"]) == [NoLength()]


@pytest.mark.parametrize("beginning", [b"x", b"12x", b"12 3", b"  x", b"  1 ", b"\n"], ids=repr)
def test_what_can_not_become_a_length_is_told_before_all_of_it_is_there(beginning: bytes) -> None:
    assert read([beginning]) == [NoLength()]


@pytest.mark.parametrize("beginning", [b"1", b"12  ", b"   ", b"   1", b"000"], ids=repr)
def test_what_can_become_one_is_waited_for(beginning: bytes) -> None:
    assert read([beginning]) == []


@pytest.mark.parametrize("length", [11, 9_999_999_999])
def test_a_length_past_the_bound_is_not_read(length: int) -> None:
    assert read([f"{length:<10}".encode()], max_frame=10) == [TooLong(10)]


def test_a_frame_as_long_as_the_bound_is_read() -> None:
    assert read([frame("x" * 10)], max_frame=10) == [Frame("x" * 10)]


def test_an_empty_frame_is_a_frame() -> None:
    assert read([frame("") + frame("after")]) == [Frame(""), Frame("after")]


def test_a_frame_that_is_no_utf8_leaves_the_next_ones_in_step() -> None:
    assert read([b"4         caf\xe9", frame("café")]) == [NotUtf8(), Frame("café")]


def test_a_frame_longer_than_what_is_kept_is_passed_over_and_counted() -> None:
    text = "ação 🎉" * 10
    assert read([frame(text), frame("after")], kept=10) == [Oversized(len(text)), Frame("after")]


def test_what_is_passed_over_has_as_many_characters_as_it_must_have_at_the_least() -> None:
    assert read([b"40        " + b"\x80" * 40], kept=10) == [Oversized(10)]


def test_what_is_passed_over_is_not_held() -> None:
    buffer = FrameBuffer(MEGABYTE, 100)
    buffer.receive_data(b"1000000   ")
    for _ in range(10):
        buffer.receive_data(b"x" * (MEGABYTE // 10 - 1))
        assert buffer.next_frame() is None
        assert buffer.held == 0
    buffer.receive_data(b"x" * 10)
    assert buffer.next_frame() == Oversized(MEGABYTE)


def test_a_megabyte_comes_whole() -> None:
    text = "x" * MEGABYTE
    data = frame(text)
    pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]
    assert read(pieces) == [Frame(text)]


def test_a_bound_can_be_changed_between_two_frames() -> None:
    buffer = FrameBuffer(3, 3)
    buffer.receive_data(frame("ana") + frame("hello"))
    assert buffer.next_frame() == Frame("ana")
    buffer.allow(5, 5)
    assert buffer.next_frame() == Frame("hello")
    assert buffer.held == 0


@given(
    texts=st.lists(st.text(max_size=40), max_size=8),
    cuts=st.lists(st.integers(min_value=0, max_value=2000), max_size=20),
)
def test_frames_are_the_same_however_they_are_cut(texts: list[str], cuts: list[int]) -> None:
    data = b"".join(map(frame, texts))
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[start:end] for start, end in zip(places, places[1:], strict=False)]
    expected: list[Result] = [Frame(text) for text in texts]
    assert read(pieces) == expected
    assert read(data[at : at + 1] for at in range(len(data))) == expected


@given(st.lists(st.binary(max_size=30), max_size=8))
def test_whatever_comes_is_understood_in_the_same_way_however_it_is_cut(
    pieces: list[bytes],
) -> None:
    data = b"".join(pieces)
    assert read(pieces, 100, 20) == read([data], 100, 20)
    assert read([data[at : at + 1] for at in range(len(data))], 100, 20) == read([data], 100, 20)


# Writing


@given(st.text(max_size=50))
def test_what_is_written_is_read_back(text: str) -> None:
    assert read([encode_frame(text, 1000)]) == [Frame(text)]


def test_a_pair_is_a_name_and_a_text_byte_for_byte() -> None:
    assert encode_pair("ana", "olá", 100) == b"3         ana4         ol\xc3\xa1"


def test_a_text_that_is_too_long_is_cut_visibly_between_two_characters() -> None:
    written = encode_frame("á" * 100, 21)
    assert written == b"20        " + ("á" * 7 + CUT).encode()
    assert read([written + frame("after")]) == [Frame("á" * 7 + CUT), Frame("after")]


def test_what_the_server_says_is_one_pair() -> None:
    assert encode_notice(["one", "two"], 100) == encode_pair(SERVER, "one\ntwo", 100)
    assert encode_notice([], 100) == b""


def test_what_is_too_much_for_one_frame_is_told_in_several() -> None:
    notice = encode_notice(["a" * 4, "b" * 5, "c" * 12, "d"], 10)
    assert notice == b"".join(
        encode_pair(SERVER, text, 10) for text in ("aaaa\nbbbbb", "cccc" + CUT, "d")
    )


# What happens


def frames_format(*, is_current: bool = True, max_frame: int = 1000) -> FramesFormat:
    return FramesFormat(English(), is_current=is_current, main_room=LOBBY.id, max_frame=max_frame)


def entry(event: Event, room: RoomState = LOBBY) -> Entry:
    return Entry(room.id, 7, EventId(70), 1_767_276_120_000, event)


def written(event: Event, room: RoomState = LOBBY, *, is_current: bool = True) -> list[str]:
    """Return the texts of the frames that tell an event."""
    return texts(frames_format(is_current=is_current).encode(entry(event, room), room))


def texts(data: bytes) -> list[str]:
    found = read([data])
    assert all(isinstance(one, Frame) for one in found)
    return [one.text for one in found if isinstance(one, Frame)]


def joined(events: Sequence[Event], room: RoomState = TEA) -> list[str]:
    wire = frames_format()
    entries = [entry(event, room) for event in events]
    return texts(wire.join(entries, [wire.encode(one, room) for one in entries], room))


def test_a_message_is_its_author_and_its_text_byte_for_byte() -> None:
    said = entry(MessagePosted(ANA, "olá\n  you"))
    assert frames_format().encode(said, LOBBY) == b"3         ana10        ol\xc3\xa1\n  you"


def test_a_message_of_another_room_has_the_room_beside_the_name() -> None:
    said = MessagePosted(ANA, "hello")
    assert written(said, TEA, is_current=False) == ["ana [tea]", "hello"]


def test_an_action_is_told_in_the_third_person() -> None:
    waves = MessagePosted(ANA, "waves", action=True)
    assert written(waves) == ["ana", "* ana waves"]
    assert written(waves, TEA, is_current=False) == ["ana [tea]", "* ana waves"]


@pytest.mark.parametrize("is_current", [True, False])
def test_a_direct_message_is_told_by_the_server(is_current: bool) -> None:
    said = MessagePosted(ANA, "hi\n*server*: bye", to="bob")
    assert written(said, DIRECT, is_current=is_current) == [
        SERVER,
        "ana -> bob: hi\n      *server*: bye",
    ]
    waves = MessagePosted(ANA, "waves", to="bob", action=True)
    assert written(waves, DIRECT, is_current=is_current) == [SERVER, "* ana -> bob waves"]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (MemberJoined(ANA), "A new client has connected to the chat: id = 127.0.0.1:50312 (ana)"),
        (MemberLeft(ANA, LeaveReason.QUIT), "127.0.0.1:50312 has left the chat (ana)"),
        (MessageEdited(ANA, EventId(5), "one\ntwo"), "ana corrects: one\n      two"),
        (MessageDeleted(ANA, EventId(5)), "ana took a message back"),
        (ReactionAdded(ANA, EventId(5), "👍"), "ana reacted with 👍"),
        (TopicChanged(ANA, "green tea"), "ana has set the topic: green tea"),
    ],
)
def test_whatever_else_happens_is_told_by_the_server(event: Event, text: str) -> None:
    assert written(event) == [SERVER, text]


@pytest.mark.parametrize("event", [RoomCreated("lobby"), MemberRenamed(ANA, "bea")])
def test_what_is_told_otherwise_is_not_told_here(event: Event) -> None:
    assert written(event) == []


def test_what_happens_in_another_room_names_the_room() -> None:
    edited = MessageEdited(ANA, EventId(5), "mint")
    assert written(edited, TEA, is_current=False) == [SERVER, "[tea] ana corrects: mint"]
    assert written(edited, DIRECT, is_current=False) == [SERVER, "ana corrects: mint"]
    topic = TopicChanged(ANA, "mint")
    assert written(topic, TEA, is_current=False) == [SERVER, "[tea] ana has set the topic: mint"]


@pytest.mark.parametrize(
    ("signal", "told"),
    [
        (UserRenamed(ANA, "bea"), [SERVER, "bea is ana now"]),
        (AwayChanged(ANA, "lunch"), [SERVER, "ana is away: lunch"]),
        (Announced("a pause at six"), [SERVER, "The operator says: a pause at six"]),
        (Typing(LOBBY.id, ANA), []),
    ],
)
def test_signals_are_told_by_the_server(signal: Signal, told: list[str]) -> None:
    assert texts(frames_format().encode_signal(signal, None)) == told


def test_messages_are_joined_as_they_are() -> None:
    events = [MessagePosted(ANA, str(number)) for number in range(5)]
    assert joined(events) == ["ana", "0", "ana", "1", "ana", "2", "ana", "3", "ana", "4"]


def test_a_crowd_is_told_in_one_pair() -> None:
    crowd: list[Event] = [MemberJoined(Person(UserId(n), f"p{n}", "")) for n in range(4)]
    crowd.append(MemberLeft(ANA, LeaveReason.LEFT))
    assert joined(crowd) == [
        SERVER,
        "4 people have joined [tea]: p0, p1, p2, p3\n1 person has left [tea]: ana",
    ]


def test_a_message_longer_than_a_frame_is_cut_and_what_follows_is_in_step() -> None:
    wire = frames_format(max_frame=20)
    long, short = entry(MessagePosted(ANA, "x" * 100)), entry(MessagePosted(ANA, "short"))
    data = wire.encode(long, LOBBY) + wire.encode(short, LOBBY)
    assert texts(data) == ["ana", "x" * 14 + CUT, "ana", "short"]


@pytest.mark.parametrize("line", re.findall(r"^[<>] .*", PAGE.read_text(), re.MULTILINE))
def test_the_frames_on_the_page_are_frames(line: str) -> None:
    buffer = FrameBuffer(100, 100)
    buffer.receive_data(line[2:].encode())
    for _ in range(1 if line.startswith(">") else 2):
        assert isinstance(buffer.next_frame(), Frame)
    comment = line.encode()[len(line.encode()) - buffer.held :]
    assert not comment or comment.startswith(b"   ")
