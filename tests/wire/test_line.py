"""The line format: what people read when something happens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, timedelta, timezone, tzinfo

import pytest
from typing_extensions import override

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
    ReactionRemoved,
    RoomCreated,
    RoomDeleted,
    RoomKind,
    Signal,
    TopicChanged,
    Typing,
    UserRenamed,
)
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.language import Catalog, English
from tertulia.core.room import RoomState
from tertulia.wire.line import LineFormat

LOBBY = RoomState(RoomId(1), "lobby")
TEA = RoomState(RoomId(2), "tea")
DIRECT = RoomState(RoomId(3), "", RoomKind.DIRECT)

ANA = Person(UserId(10), "ana", "127.0.0.1:50312")
AT_14_02 = 1_767_276_120_000


class Shouting(English):
    """A language in which some things are shouted."""

    @override
    def gettext(self, message: str, /) -> str:
        return message.replace("has left", "HAS LEFT")

    @override
    def ngettext(self, one: str, many: str, count: int, /) -> str:
        return super().ngettext(one, many, count).replace("joined", "JOINED")


def line_format(
    *, is_current: bool = True, zone: tzinfo = UTC, catalog: Catalog | None = None
) -> LineFormat:
    return LineFormat(catalog or English(), zone, is_current=is_current, main_room=LOBBY.id)


def entry(event: Event, room: RoomState = LOBBY, time: int = AT_14_02) -> Entry:
    return Entry(room.id, 7, EventId(70), time, event)


def written(event: Event, room: RoomState = LOBBY, *, is_current: bool = True) -> str:
    return line_format(is_current=is_current).encode(entry(event, room), room).decode()


def told(signal: Signal) -> str:
    return line_format().encode_signal(signal, None).decode()


def person(number: int) -> Person:
    return Person(UserId(number), f"p{number}", f"127.0.0.1:{number}")


def joined(
    events: Sequence[Event], room: RoomState = TEA, catalog: Catalog | None = None
) -> list[str]:
    wire = line_format(catalog=catalog)
    entries = [entry(event, room) for event in events]
    encoded = [wire.encode(one, room) for one in entries]
    return wire.join(entries, encoded, room).decode().splitlines()


def test_a_message_has_its_time_its_author_and_its_text() -> None:
    assert written(MessagePosted(ANA, "hello")) == "14:02 ana: hello\r\n"


def test_a_message_of_another_room_has_the_room() -> None:
    said = MessagePosted(ANA, "hello")
    assert written(said, TEA, is_current=False) == "14:02 [tea] ana: hello\r\n"


def test_an_action_is_told_in_the_third_person() -> None:
    assert written(MessagePosted(ANA, "waves", action=True)) == "14:02 * ana waves\r\n"


@pytest.mark.parametrize("is_current", [True, False])
def test_a_direct_message_tells_from_whom_and_to_whom(is_current: bool) -> None:
    said = MessagePosted(ANA, "hi", to="bob")
    assert written(said, DIRECT, is_current=is_current) == "14:02 ana -> bob: hi\r\n"


def test_a_direct_action_tells_from_whom_and_to_whom() -> None:
    said = MessagePosted(ANA, "waves", action=True, to="bob")
    assert written(said, DIRECT) == "14:02 * ana -> bob waves\r\n"


def test_further_lines_of_a_text_are_indented_so_that_they_pass_for_nobody() -> None:
    said = MessagePosted(ANA, "one\n14:03 bob: two")
    assert written(said) == "14:02 ana: one\r\n      14:03 bob: two\r\n"


def test_times_are_those_of_the_time_zone() -> None:
    zone = timezone(timedelta(hours=5, minutes=45))
    wire = line_format(zone=zone)
    said = MessagePosted(ANA, "hello")
    assert wire.encode(entry(said), LOBBY) == b"19:47 ana: hello\r\n"
    assert wire.encode(entry(said, time=AT_14_02 + 59_999), LOBBY) == b"19:47 ana: hello\r\n"
    assert wire.encode(entry(said, time=AT_14_02 + 60_000), LOBBY) == b"19:48 ana: hello\r\n"
    assert wire.encode(entry(said, time=AT_14_02), LOBBY) == b"19:47 ana: hello\r\n"


def test_who_enters_the_main_room_has_connected_to_the_chat() -> None:
    assert written(MemberJoined(ANA)) == (
        "A new client has connected to the chat: id = 127.0.0.1:50312 (ana)\r\n"
    )


@pytest.mark.parametrize(
    ("reason", "text", "told"),
    [
        (LeaveReason.QUIT, "", "127.0.0.1:50312 has left the chat (ana)"),
        (LeaveReason.QUIT, "bye", "127.0.0.1:50312 has left the chat (ana: bye)"),
        (LeaveReason.LOST, "", "127.0.0.1:50312 has left the chat (ana: connection lost)"),
        (LeaveReason.TIMEOUT, "", "127.0.0.1:50312 has left the chat (ana: timed out)"),
        (LeaveReason.TOO_SLOW, "", "127.0.0.1:50312 has left the chat (ana: too slow)"),
        (
            LeaveReason.SHUTDOWN,
            "",
            "127.0.0.1:50312 has left the chat (ana: the chat was shut down)",
        ),
        (
            LeaveReason.RESTART,
            "",
            "127.0.0.1:50312 has left the chat (ana: the chat was restarted)",
        ),
        (LeaveReason.LEFT, "", "ana has left [lobby]"),
    ],
)
def test_who_leaves_the_main_room_has_left_the_chat_but_for_a_walk(
    reason: LeaveReason, text: str, told: str
) -> None:
    assert written(MemberLeft(ANA, reason, text)) == told + "\r\n"


def test_joins_and_leaves_of_other_rooms_name_the_room() -> None:
    assert written(MemberJoined(ANA), TEA) == "ana has joined [tea]\r\n"
    assert written(MemberLeft(ANA, LeaveReason.LEFT), TEA) == "ana has left [tea]\r\n"
    assert written(MemberLeft(ANA, LeaveReason.LOST), TEA) == (
        "ana has left [tea] (connection lost)\r\n"
    )


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (MessageEdited(ANA, EventId(5), "one\ntwo"), "14:02 ana corrects: one\r\n      two\r\n"),
        (MessageDeleted(ANA, EventId(5)), "14:02 ana took a message back\r\n"),
        (ReactionAdded(ANA, EventId(5), "👍"), "14:02 ana reacted with 👍\r\n"),
        (ReactionRemoved(ANA, EventId(5), "👍"), "14:02 ana took the reaction 👍 back\r\n"),
        (TopicChanged(ANA, "green tea"), "14:02 ana has set the topic: green tea\r\n"),
        (TopicChanged(ANA, ""), "14:02 ana has cleared the topic\r\n"),
        (RoomDeleted(ANA), "ana has deleted [lobby]\r\n"),
        (RoomDeleted(), "[lobby] is no more\r\n"),
        (RoomCreated("lobby"), ""),
        (MemberRenamed(ANA, "bea"), ""),
    ],
)
def test_whatever_else_happens_is_a_short_line(event: Event, line: str) -> None:
    assert written(event) == line


def test_what_happens_in_another_room_names_the_room() -> None:
    assert written(TopicChanged(ANA, "mint"), TEA, is_current=False) == (
        "14:02 [tea] ana has set the topic: mint\r\n"
    )


def test_the_end_of_a_direct_conversation_is_not_told() -> None:
    assert written(RoomDeleted(), DIRECT) == ""


def test_braces_in_a_text_stay_as_they_are() -> None:
    assert written(TopicChanged(ANA, "{nick} {0}")) == "14:02 ana has set the topic: {nick} {0}\r\n"


@pytest.mark.parametrize(
    ("signal", "line"),
    [
        (UserRenamed(ANA, "bea"), "bea is ana now\r\n"),
        (AwayChanged(ANA, "lunch"), "ana is away: lunch\r\n"),
        (AwayChanged(ANA, ""), "ana is away\r\n"),
        (AwayChanged(ANA, None), "ana is back\r\n"),
        (Announced("a pause at six"), "The operator says: a pause at six\r\n"),
        (Typing(LOBBY.id, ANA), ""),
    ],
)
def test_signals_are_told_in_a_line(signal: Signal, line: str) -> None:
    assert told(signal) == line


def test_a_few_joins_are_told_one_by_one() -> None:
    assert joined([MemberJoined(person(n)) for n in range(3)]) == [
        "p0 has joined [tea]",
        "p1 has joined [tea]",
        "p2 has joined [tea]",
    ]


def test_a_crowd_that_joins_is_told_in_one_line() -> None:
    assert joined([MemberJoined(person(n)) for n in range(5)]) == [
        "5 people have joined [tea]: p0, p1, p2, p3, p4"
    ]


def test_a_large_crowd_is_named_in_part() -> None:
    assert joined([MemberJoined(person(n)) for n in range(8)], LOBBY) == [
        "8 people have joined [lobby]: p0, p1, p2, p3, p4 and 3 more"
    ]


def test_a_crowd_that_comes_and_goes_is_told_in_two_lines() -> None:
    events: list[Event] = [MemberJoined(person(n)) for n in range(3)]
    events.append(MemberLeft(person(9), LeaveReason.QUIT))
    assert joined(events) == [
        "3 people have joined [tea]: p0, p1, p2",
        "1 person has left [tea]: p9",
    ]


def test_a_crowd_that_leaves_is_told_in_one_line() -> None:
    assert joined([MemberLeft(person(n), LeaveReason.LOST) for n in range(4)]) == [
        "4 people have left [tea]: p0, p1, p2, p3"
    ]


def test_what_is_said_between_joins_keeps_its_place() -> None:
    crowd = [MemberJoined(person(n)) for n in range(4)]
    events: list[Event] = [
        MemberJoined(person(8)),
        MessagePosted(ANA, "first"),
        *crowd,
        MessagePosted(ANA, "second"),
    ]
    assert joined(events) == [
        "p8 has joined [tea]",
        "14:02 ana: first",
        "4 people have joined [tea]: p0, p1, p2, p3",
        "14:02 ana: second",
    ]


def test_messages_alone_are_joined_as_they_are() -> None:
    events = [MessagePosted(ANA, str(number)) for number in range(6)]
    assert joined(events) == [f"14:02 ana: {number}" for number in range(6)]


def test_texts_are_in_the_language_of_the_catalogue() -> None:
    wire = line_format(catalog=Shouting())
    left = entry(MemberLeft(ANA, LeaveReason.LEFT), TEA)
    assert wire.encode(left, TEA) == b"ana HAS LEFT [tea]\r\n"
    assert joined([MemberJoined(person(n)) for n in range(4)], catalog=Shouting()) == [
        "4 people have JOINED [tea]: p0, p1, p2, p3"
    ]
