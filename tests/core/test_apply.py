from __future__ import annotations

from itertools import count

import pytest

from tertulia.core.apply import BrokenLog, apply, replay
from tertulia.core.events import (
    AMENDMENTS,
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
    Role,
    RoomCreated,
    RoomDeleted,
    RoomKind,
    TopicChanged,
)
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.room import Member, RoomState

ROOM = RoomId(5)
ANA = Person(UserId(1), "ana", "a:1")
BOB = Person(UserId(2), "bob", "b:2")


def log(*events: Event, room: RoomId = ROOM) -> list[Entry]:
    places = count(1)
    return [
        Entry(room, seq, EventId(100 + seq), 1000 + seq, event)
        for seq, event in zip(places, events, strict=False)
    ]


def test_a_room_begins_with_its_creation() -> None:
    assert replay(log(RoomCreated("den", by=ANA))) == RoomState(
        ROOM, "den", owner=ANA.id, created=1001, changed=1
    )


def test_a_direct_conversation_belongs_to_its_parties() -> None:
    created = RoomCreated("", RoomKind.DIRECT, ANA, parties=("n:ana", "n:bob"))
    state = replay(log(created))
    assert state is not None
    assert (state.kind, state.parties) == (RoomKind.DIRECT, ("n:ana", "n:bob"))


def test_a_room_made_by_the_server_has_no_owner_and_stays() -> None:
    state = replay(log(RoomCreated("lobby", permanent=True)))
    assert state == RoomState(ROOM, "lobby", permanent=True, created=1001, changed=1)


def test_members_come_and_go() -> None:
    events: list[Event] = [
        RoomCreated("den", by=ANA),
        MemberJoined(ANA, Role.OWNER),
        MemberJoined(BOB),
        MemberLeft(ANA, LeaveReason.QUIT),
    ]
    state = replay(log(*events[:3]))
    assert state is not None
    assert state.members == {ANA.id: Member(ANA, Role.OWNER), BOB.id: Member(BOB)}
    state = replay(log(*events))
    assert state is not None
    assert (state.members, state.changed) == ({BOB.id: Member(BOB)}, 4)


def test_a_member_who_never_came_may_leave() -> None:
    state = replay(log(RoomCreated("den"), MemberLeft(BOB, LeaveReason.LOST)))
    assert state is not None
    assert state.members == {}


def test_a_member_keeps_role_and_place_under_another_nick() -> None:
    anna = Person(ANA.id, "anna", ANA.label)
    events = (MemberJoined(ANA, Role.OWNER), MemberJoined(BOB), MemberRenamed(anna, "ana"))
    state = replay(log(RoomCreated("den"), *events))
    assert state is not None
    assert list(state.members.items()) == [
        (ANA.id, Member(anna, Role.OWNER)),
        (BOB.id, Member(BOB)),
    ]


def test_nobody_becomes_a_member_by_another_nick() -> None:
    before = log(RoomCreated("den"))
    assert replay([*before, *log(RoomCreated("den"), MemberRenamed(BOB, "rob"))[1:]]) == replay(
        before
    )


def test_the_topic_is_the_last_one_set() -> None:
    state = replay(log(RoomCreated("den"), TopicChanged(ANA, "books"), TopicChanged(BOB, "")))
    assert state is not None
    assert (state.topic, state.changed) == ("", 3)


def test_the_first_message_makes_history_and_no_other_changes_anything() -> None:
    first, *others = log(
        RoomCreated("den"),
        MessagePosted(ANA, "hi"),
        MessagePosted(BOB, "hi"),
        MessageEdited(ANA, EventId(102), "hey"),
        ReactionAdded(BOB, EventId(102), "+1"),
        ReactionRemoved(BOB, EventId(102), "+1"),
        MessageDeleted(ANA, EventId(102)),
    )
    created = apply(None, first)
    spoken = apply(created, others[0])
    assert created is not None
    assert spoken is not None
    assert (created.has_history, spoken.has_history, spoken.changed) == (False, True, 1)
    assert {type(entry.event) for entry in others[2:]} == set(AMENDMENTS)
    assert all(apply(spoken, entry) is spoken for entry in others[1:])


def test_nothing_is_left_of_a_deleted_room() -> None:
    assert replay(log(RoomCreated("den"), MemberJoined(ANA), RoomDeleted(ANA))) is None


def test_a_log_goes_on_from_any_state_of_its_past() -> None:
    entries = log(
        RoomCreated("den"), MemberJoined(ANA), MessagePosted(ANA, "hi"), TopicChanged(ANA, "x")
    )
    for place in range(len(entries)):
        assert replay(entries[place:], replay(entries[:place])) == replay(entries)


def test_a_log_without_its_beginning_is_broken() -> None:
    with pytest.raises(BrokenLog, match="room 5 has no state for entry 2"):
        replay(log(RoomCreated("den"), MemberJoined(ANA))[1:])


def test_an_entry_of_another_room_is_refused() -> None:
    state = replay(log(RoomCreated("den")))
    with pytest.raises(BrokenLog, match="room 6"):
        apply(state, log(MessagePosted(ANA, "hi"), room=RoomId(6))[0])


def test_a_state_does_not_change() -> None:
    before, joined = log(RoomCreated("den"), MemberJoined(ANA))
    state = apply(None, before)
    apply(state, joined)
    assert state is not None
    assert state.members == {}
