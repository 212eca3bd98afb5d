from __future__ import annotations

from datetime import UTC, date, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tertulia.core.events import Person
from tertulia.core.history import Message, Reaction
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.plain import INDENT, clock, day_line, listing, message_lines, moment, spoken

NOON = 1_795_176_000_000
DAY = 24 * 3600_000
ANA = Person(UserId(1), "ana", "127.0.0.1:50001")
BOB = Person(UserId(2), "bob", "127.0.0.1:50002")
HELLO = Message(RoomId(1), 41, EventId(41), NOON, ANA, "hello")


def same(message: str) -> str:
    return message


def lines(message: Message, *, numbered: bool = True) -> list[str]:
    return message_lines(message, UTC, same, numbered=numbered)


def test_times_are_shown_in_the_zone_given() -> None:
    zone = timezone(timedelta(hours=-3, minutes=-30))
    assert moment(NOON, zone).isoformat() == "2026-11-20T08:30:00-03:30"
    assert (clock(NOON, UTC), clock(NOON + 59_999, UTC), clock(NOON, zone)) == (
        "12:00",
        "12:00",
        "08:30",
    )


def test_a_message_is_a_line_with_its_time_number_and_author() -> None:
    assert lines(HELLO) == ["12:00 #41 ana: hello"]
    assert lines(HELLO, numbered=False) == ["12:00 ana: hello"]


def test_an_action_is_told_in_the_third_person() -> None:
    assert lines(replace(HELLO, text="waves", action=True)) == ["12:00 #41 * ana waves"]


def test_what_became_of_a_message_stands_after_it() -> None:
    reactions = (Reaction("👍", (ANA, BOB)), Reaction("wow", (BOB,)))
    changed = replace(HELLO, text="one\ntwo", edited=NOON + 1, reactions=reactions)
    assert lines(changed) == ["12:00 #41 ana: one", "      two (edited) [👍 2, wow]"]


def test_a_deleted_message_shows_that_and_no_more() -> None:
    deleted = replace(HELLO, text="", is_deleted=True, edited=NOON)
    assert lines(deleted) == ["12:00 #41 ana: (deleted)"]


def test_marks_are_in_the_language_of_the_reader() -> None:
    shown = message_lines(replace(HELLO, edited=NOON), UTC, str.upper)
    assert shown == ["12:00 #41 ana: hello (EDITED)"]


def test_a_day_line_stands_where_the_day_changes() -> None:
    late = replace(HELLO, time=NOON + DAY // 2 - 1)
    early = replace(HELLO, time=NOON + DAY // 2, seq=42)
    assert listing([HELLO, late, early], UTC, same, now=NOON) == [
        "12:00 #41 ana: hello",
        "23:59 #41 ana: hello",
        "--- 2026-11-21 ---",
        "00:00 #42 ana: hello",
    ]
    assert listing([HELLO], UTC, same, now=NOON + DAY) == [
        "--- 2026-11-20 ---",
        "12:00 #41 ana: hello",
    ]
    assert listing([], UTC, same, now=NOON) == []


def test_a_day_line_has_the_date_as_everyone_reads_it() -> None:
    assert day_line(date(2026, 11, 20)) == "--- 2026-11-20 ---"


@given(st.text(), st.booleans())
def test_only_the_first_line_of_a_text_can_pass_for_a_message(text: str, action: bool) -> None:
    first, *others = spoken("12:00 ", "ana", text, action=action)
    assert first.startswith("12:00 * ana " if action else "12:00 ana: ")
    assert all(line.startswith(INDENT) for line in others)
    assert not any(len(line.splitlines()) > 1 for line in (first, *others))
