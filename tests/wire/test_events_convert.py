"""Tests of `tertulia.wire.events.convert` and `snapshots`: nothing is lost on the way."""

from __future__ import annotations

from typing import TypeVar, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core import events as e
from tertulia.core.apply import replay
from tertulia.core.events import Entry, Event, LeaveReason, Person, Role, RoomKind, Signal
from tertulia.core.history import Message, Reaction
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.room import Mask, Member, RoomState, Rules
from tertulia.wire.events import decode_event, encode, snapshots
from tertulia.wire.events import events as w
from tertulia.wire.events.convert import entry_of, event_of, signal_event
from tertulia.wire.events.objects import RuleChange, User
from tertulia.wire.events.snapshots import (
    joined_of,
    listed,
    message_of,
    read_id,
    read_message,
    state_of,
)

T = TypeVar("T", bound=w.Event)

NUMBERS = st.integers(0, 2**53 - 1)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
PEOPLE = st.builds(Person, st.integers(0, 2**63 - 1).map(UserId), TEXTS, TEXTS)
EVENT_IDS = st.integers(0, 2**63 - 1).map(EventId)
ROOM_IDS = st.integers(0, 2**63 - 1).map(RoomId)
PARTIES = st.lists(TEXTS, max_size=2).map(tuple)

EVENTS: dict[type[Event], st.SearchStrategy[Event]] = {
    e.RoomCreated: st.builds(
        e.RoomCreated,
        TEXTS,
        st.sampled_from(RoomKind),
        st.none() | PEOPLE,
        st.booleans(),
        PARTIES,
        TEXTS,
    ),
    e.RoomDeleted: st.builds(e.RoomDeleted, st.none() | PEOPLE),
    e.TopicChanged: st.builds(e.TopicChanged, PEOPLE, TEXTS),
    e.MemberJoined: st.builds(
        e.MemberJoined, PEOPLE, st.sampled_from(Role), TEXTS, st.none() | TEXTS
    ),
    e.MemberLeft: st.builds(
        e.MemberLeft, PEOPLE, st.sampled_from(LeaveReason), TEXTS, st.none() | PEOPLE
    ),
    e.MemberRenamed: st.builds(e.MemberRenamed, PEOPLE, TEXTS),
    e.MemberInvited: st.builds(e.MemberInvited, PEOPLE, PEOPLE),
    e.RulesChanged: st.builds(
        e.RulesChanged,
        PEOPLE,
        st.lists(
            st.builds(
                e.RuleChange, st.sampled_from(e.Rule), st.booleans(), TEXTS, st.none() | PEOPLE
            ),
            max_size=3,
        ).map(tuple),
    ),
    e.RoomRenamed: st.builds(e.RoomRenamed, PEOPLE, TEXTS, TEXTS, TEXTS),
    e.MessagePosted: st.builds(
        e.MessagePosted,
        PEOPLE,
        TEXTS,
        st.booleans(),
        st.none() | EVENT_IDS,
        TEXTS,
        st.booleans(),
        st.dictionaries(TEXTS, TEXTS, max_size=2).map(lambda tags: tuple(tags.items())),
    ),
    e.MessageEdited: st.builds(e.MessageEdited, PEOPLE, EVENT_IDS, TEXTS),
    e.MessageDeleted: st.builds(e.MessageDeleted, PEOPLE, EVENT_IDS, TEXTS),
    e.ReactionAdded: st.builds(e.ReactionAdded, PEOPLE, EVENT_IDS, TEXTS),
    e.ReactionRemoved: st.builds(e.ReactionRemoved, PEOPLE, EVENT_IDS, TEXTS),
}
MEMBERS = st.lists(
    st.builds(Member, PEOPLE, st.sampled_from(Role), st.sampled_from([(), (Role.SPEAKER,)])),
    max_size=4,
).map(lambda members: {member.user.id: member for member in members})
MASKS = st.lists(st.builds(Mask, TEXTS, TEXTS, NUMBERS), max_size=2).map(tuple)
RULES = st.builds(
    Rules,
    key=TEXTS,
    limit=NUMBERS,
    invite_only=st.booleans(),
    moderated=st.booleans(),
    members_only=st.booleans(),
    unlisted=st.booleans(),
    topic_locked=st.booleans(),
    bans=MASKS,
    exceptions=MASKS,
    invitations=MASKS,
)
STATES = st.builds(
    RoomState,
    id=ROOM_IDS,
    name=TEXTS,
    kind=st.sampled_from(RoomKind),
    topic=TEXTS,
    permanent=st.booleans(),
    owner=st.none() | st.integers(0, 2**63 - 1).map(UserId),
    parties=PARTIES,
    has_history=st.booleans(),
    created=NUMBERS,
    changed=NUMBERS,
    members=MEMBERS,
    rules=RULES,
    invited=st.lists(st.integers(0, 2**63 - 1).map(UserId), max_size=2).map(tuple),
    topic_by=TEXTS,
    topic_time=NUMBERS,
)
MESSAGES = st.builds(
    Message,
    room=ROOM_IDS,
    seq=NUMBERS,
    id=EVENT_IDS,
    time=NUMBERS,
    author=PEOPLE,
    text=TEXTS,
    action=st.booleans(),
    reply_to=st.none() | EVENT_IDS,
    to=TEXTS,
    edited=st.none() | NUMBERS,
    is_deleted=st.booleans(),
    reactions=st.lists(
        st.builds(Reaction, TEXTS, st.lists(PEOPLE, max_size=2).map(tuple)), max_size=2
    ).map(tuple),
)

ANA = Person(UserId(7), "ana", "127.0.0.1:1")


def over_the_wire(event: T) -> T:
    """Return what a client reads of what a server writes."""
    content = decode_event(encode(event)).content
    assert isinstance(content, type(event))
    return content


@pytest.mark.parametrize("kind", EVENTS)
@given(st.data())
def test_an_entry_comes_back_from_the_wire_as_it_was(
    kind: type[Event], data: st.DataObject
) -> None:
    entries = st.builds(Entry, ROOM_IDS, NUMBERS, EVENT_IDS, NUMBERS, EVENTS[kind])
    entry = data.draw(entries)
    assert entry_of(over_the_wire(event_of(entry))) == entry


def test_every_event_of_the_core_is_tried() -> None:
    assert set(EVENTS) == set(get_args(Event))


@given(STATES, NUMBERS)
def test_a_room_comes_back_from_the_wire_as_it_was(state: RoomState, seq: int) -> None:
    joined = over_the_wire(joined_of(state, seq))
    assert state_of(joined) == state
    assert list(state_of(joined).members) == list(state.members)
    assert joined.seq == seq


@given(MESSAGES)
def test_a_message_comes_back_from_the_wire_as_it_was(message: Message) -> None:
    sent = w.History(room="0" * 13, messages=(message_of(message),))
    assert [read_message(one) for one in over_the_wire(sent).messages] == [message]


def test_a_room_read_from_the_wire_goes_on_by_the_same_entries() -> None:
    room, bob = RoomId(5), Person(UserId(8), "bob", "127.0.0.1:2")
    log = [
        Entry(room, 1, EventId(1), 10, e.RoomCreated("dev", by=ANA)),
        Entry(room, 2, EventId(2), 10, e.MemberJoined(ANA, Role.OWNER)),
        Entry(room, 3, EventId(3), 11, e.MemberJoined(bob)),
        Entry(room, 4, EventId(4), 12, e.MessagePosted(bob, "hi")),
        Entry(room, 5, EventId(5), 13, e.TopicChanged(ANA, "code")),
    ]
    at_two = replay(log[:2])
    assert at_two is not None
    mirrored = state_of(over_the_wire(joined_of(at_two, 2)))
    later = [entry_of(over_the_wire(event_of(entry))) for entry in log[2:]]
    assert replay([entry for entry in later if entry is not None], mirrored) == replay(log)


@pytest.mark.parametrize(
    ("signal", "event"),
    [
        (
            e.AwayChanged(ANA, ""),
            w.Presence(user=User(id="0000000000007", nick="ana", label="127.0.0.1:1"), away=""),
        ),
        (
            e.AwayChanged(ANA, None),
            w.Presence(user=User(id="0000000000007", nick="ana", label="127.0.0.1:1")),
        ),
        (
            e.UserRenamed(ANA, "anna"),
            w.NickChanged(
                user=User(id="0000000000007", nick="ana", label="127.0.0.1:1"), old_nick="anna"
            ),
        ),
        (
            e.Typing(RoomId(1), ANA),
            w.Typing(
                room="0000000000001",
                user=User(id="0000000000007", nick="ana", label="127.0.0.1:1"),
            ),
        ),
        (e.Announced("one\ntwo"), w.Notice(lines=("one", "two"), source="operator")),
        (
            e.RoomListed(RoomId(1), "dev", "code", 3, is_new=True),
            w.RoomCreated(room="0000000000001", name="dev", topic="code", members=3),
        ),
        (
            e.RoomListed(RoomId(1), "dev", "", 3),
            w.RoomUpdated(room="0000000000001", name="dev", members=3),
        ),
        (e.RoomUnlisted(RoomId(1)), w.RoomDeleted(room="0000000000001")),
    ],
)
def test_a_signal_is_an_event(signal: Signal, event: w.Event) -> None:
    told = signal_event(signal)
    assert told is not None and over_the_wire(told) == event


def test_a_member_is_shown_as_they_are_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MEMBERS_AT_HAND", 2)
    people = [Person(UserId(number), f"user{number}", "x") for number in range(5)]
    for role in (Role.MEMBER, Role.OWNER):
        for person in people:
            member = Member(person, role)
            shown = snapshots.member_of(member)
            assert snapshots.member_of(member) is shown
            assert (shown.nick, shown.role) == (person.nick, role.value)


def test_a_room_is_listed_with_the_number_of_its_members() -> None:
    state = RoomState(RoomId(1), "dev", topic="code", members={ANA.id: Member(ANA)})
    assert (listed(state).name, listed(state).topic, listed(state).members) == ("dev", "code", 1)


def test_what_a_newer_server_may_add_is_read_as_the_plainest_of_its_kind() -> None:
    place = {"room": "0" * 13, "seq": 1, "id": "0" * 13, "time": 1}
    user = User(id="0000000000007", nick="ana", label="127.0.0.1:1")
    left = entry_of(w.UserLeft(**place, user=user, reason="vanished"))  # type: ignore[arg-type]
    joined = entry_of(w.UserJoined(**place, user=user, role="king"))  # type: ignore[arg-type]
    assert left is not None and left.event == e.MemberLeft(ANA, LeaveReason.LEFT)
    assert joined is not None and joined.event == e.MemberJoined(ANA, Role.MEMBER)


def test_a_rule_that_is_not_known_is_left_out() -> None:
    place = {"room": "0" * 13, "seq": 1, "id": "0" * 13, "time": 1}
    user = User(id="0000000000007", nick="ana", label="127.0.0.1:1")
    changes = (RuleChange(rule="levity"), RuleChange(rule="moderated"))
    changed = entry_of(w.RulesChanged(**place, by=user, changes=changes))  # type: ignore[arg-type]
    assert changed is not None
    assert changed.event == e.RulesChanged(ANA, (e.RuleChange(e.Rule.MODERATED),))


def test_what_other_doors_show_is_no_event_here() -> None:
    assert signal_event(e.UserGone(ANA, LeaveReason.QUIT)) is None


def test_an_event_of_no_known_kind_is_no_entry() -> None:
    class Danced(w.RoomEvent, frozen=True, kw_only=True):
        """Something that this version does not know."""

    assert entry_of(Danced(room="0" * 13, seq=1, id="0" * 13, time=1)) is None


def test_a_text_that_is_no_id_is_refused() -> None:
    with pytest.raises(ValueError, match="not an id"):
        read_id("lobby")
