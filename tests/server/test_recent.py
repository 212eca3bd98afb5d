"""Recent messages: what newcomers are shown at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.events import (
    Entry,
    Event,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Person,
    ReactionAdded,
)
from tertulia.core.history import fold
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.server import recent as recent_module
from tertulia.server.recent import KEPT, UNFOLDED, RecentMessages

ANA = Person(UserId(1), "ana", "ana:1")


def _entries(*events: Event) -> list[Entry]:
    """Return the log of a room; an event's id is its seq."""
    return [
        Entry(RoomId(9), seq, EventId(seq), 1000 + seq, event)
        for seq, event in enumerate(events, start=1)
    ]


def _posts(count: int) -> list[Event]:
    return [MessagePosted(ANA, str(number)) for number in range(1, count + 1)]


def test_the_newest_come_last_and_no_more_than_asked_for() -> None:
    recent = RecentMessages(_entries(*_posts(5)))
    assert [message.text for message in recent.newest(3)] == ["3", "4", "5"]
    assert [message.text for message in recent.newest(10)] == ["1", "2", "3", "4", "5"]
    assert recent.newest(0) == []


def test_what_comes_after_a_place_can_be_left_out() -> None:
    recent = RecentMessages(_entries(*_posts(5)))
    assert [message.text for message in recent.newest(2, until=3)] == ["2", "3"]
    assert [message.text for message in recent.newest(2, until=5)] == ["4", "5"]
    assert recent.newest(2, until=0) == []


def test_messages_read_as_they_do_now() -> None:
    entries = _entries(
        MessagePosted(ANA, "one"),
        MessagePosted(ANA, "two"),
        MessageEdited(ANA, EventId(1), "first"),
        MessageDeleted(ANA, EventId(2)),
    )
    recent = RecentMessages(entries[:2])
    recent.newest(10)
    for entry in entries[2:]:
        recent.note(entry)
    assert [(one.text, one.is_deleted) for one in recent.newest(10)] == [
        ("first", False),
        ("", True),
    ]


def test_many_reactions_to_one_message_do_not_push_out_the_others() -> None:
    recent = RecentMessages(_entries(*_posts(10)))
    people = [Person(UserId(number), f"p{number}", "x") for number in range(3 * UNFOLDED)]
    for place, person in enumerate(people, start=11):
        event = ReactionAdded(person, EventId(3), "+1")
        recent.note(Entry(RoomId(9), place, EventId(place), 2000, event))
    shown = recent.newest(10)
    assert [message.text for message in shown] == [str(number) for number in range(1, 11)]
    assert len(shown[2].reactions[0].by) == len(people)


def test_a_busy_room_keeps_no_more_than_its_newest() -> None:
    recent = RecentMessages()
    for entry in _entries(*_posts(10 * UNFOLDED + 7)):
        recent.note(entry)
        assert recent.held <= UNFOLDED + KEPT
    newest = recent.newest(10**6)
    assert len(newest) == KEPT
    assert newest[-1].text == str(10 * UNFOLDED + 7)


def test_what_was_erased_is_forgotten() -> None:
    recent = RecentMessages(_entries(*_posts(5)))
    recent.forget_before(EventId(4))
    assert [message.text for message in recent.newest(10)] == ["4", "5"]


@given(
    st.lists(st.one_of(st.just(0), st.integers(1, 30)), max_size=80),
    st.lists(st.integers(0, 80)),
)
def test_it_shows_the_end_of_what_the_whole_log_would_show(
    targets: list[int], looks: list[int]
) -> None:
    entries = _entries(
        *(
            MessageEdited(ANA, EventId(target), f"edit {place}")
            if target
            else MessagePosted(ANA, f"post {place}")
            for place, target in enumerate(targets)
        )
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recent_module, "KEPT", 4)
        patch.setattr(recent_module, "UNFOLDED", 10)
        recent = RecentMessages()
        for place, entry in enumerate(entries):
            recent.note(entry)
            if place in looks:
                recent.newest(5)
        assert list(recent.newest(10**6)) == fold(entries)[-4:]
