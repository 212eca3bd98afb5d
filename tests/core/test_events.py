from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.events import (
    AMENDMENTS,
    STATE_CHANGES,
    Entry,
    Event,
    LeaveReason,
    MemberInvited,
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
    RoomRenamed,
    Rule,
    RuleChange,
    RulesChanged,
    TopicChanged,
    actor_of,
)
from tertulia.core.ids import EventId, RoomId, UserId

EVENTS = get_args(Event)

ids = st.integers(0, 2**63 - 1)
texts = st.text(max_size=5)
people = st.builds(Person, ids.map(UserId), texts, texts)
values: dict[str, st.SearchStrategy[object]] = {
    **dict.fromkeys(("by", "user", "author"), people),
    **dict.fromkeys(("name", "topic", "text", "to", "old_nick", "reaction"), texts),
    **dict.fromkeys(("old_name", "realname"), texts),
    **dict.fromkeys(("permanent", "action", "notice"), st.booleans()),
    "tags": st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
    "changes": st.lists(
        st.builds(RuleChange, st.sampled_from(Rule), st.booleans(), texts, st.none() | people),
        max_size=3,
    ).map(tuple),
    "parties": st.sampled_from([(), ("n:ana", "u:7")]),
    "kind": st.sampled_from(RoomKind),
    "role": st.sampled_from(Role),
    "reason": st.sampled_from(LeaveReason),
    "target": ids,
    "reply_to": st.none() | ids,
    "away": st.none() | texts,
}
own_values = {MessageDeleted: {"reason": texts}}
"""Where a name means something else than elsewhere."""
events = st.one_of(
    *(
        st.builds(
            kind,
            **{name: (values | own_values.get(kind, {}))[name] for name in kind.__struct_fields__},
        )
        for kind in EVENTS
    )
)
entries = st.builds(Entry, ids.map(RoomId), ids, ids.map(EventId), ids, events)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Entry)


@given(entries)
def test_an_entry_survives_its_way_through_json(entry: Entry) -> None:
    assert _decoder.decode(_encoder.encode(entry)) == entry


def test_every_event_is_of_one_kind() -> None:
    kinds = (*STATE_CHANGES, *AMENDMENTS, MessagePosted)
    assert len(set(kinds)) == len(kinds)
    assert set(kinds) == set(EVENTS)


def test_every_event_has_a_name_of_its_own() -> None:
    names = [kind.__struct_config__.tag for kind in EVENTS]
    assert len(set(names)) == len(names)
    assert all(isinstance(name, str) and name.islower() for name in names)


def test_a_message_is_written_as_an_object_with_its_kind() -> None:
    ana = Person(UserId(7), "ana", "127.0.0.1:5")
    entry = Entry(RoomId(1), 2, EventId(3), 4, MessagePosted(ana, "olá"))
    assert msgspec.json.decode(_encoder.encode(entry)) == {
        "room": 1,
        "seq": 2,
        "id": 3,
        "time": 4,
        "event": {
            "type": "message_posted",
            "author": [7, "ana", "127.0.0.1:5"],
            "text": "olá",
        },
    }


@pytest.mark.parametrize(
    "raw",
    [
        b'{"room":1,"seq":1,"id":1,"time":1,"event":{"type":"message_burnt"}}',
        b'{"room":1,"seq":1,"id":1,"time":1,"event":{}}',
        b'{"room":"1","seq":1,"id":1,"time":1,"event":{"type":"room_deleted"}}',
        b'{"seq":1,"id":1,"time":1,"event":{"type":"room_deleted"}}',
        b"[]",
    ],
)
def test_what_is_no_entry_is_not_read_as_one(raw: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        _decoder.decode(raw)


def test_events_do_not_change() -> None:
    ana = Person(UserId(7), "ana", "")
    with pytest.raises(AttributeError):
        ana.nick = "bob"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        MessagePosted(ana, "hi").text = "bye"  # type: ignore[misc]
    assert hash(MessagePosted(ana, "hi")) == hash(MessagePosted(ana, "hi"))


def test_every_event_names_who_did_it() -> None:
    ana = Person(UserId(7), "ana", "")
    target = EventId(1)
    done: list[Event] = [
        RoomCreated("den", by=ana),
        RoomDeleted(ana),
        RoomRenamed(ana, "den2", "den"),
        RulesChanged(ana, (RuleChange(Rule.UNLISTED),)),
        TopicChanged(ana, "books"),
        MemberInvited(ana, Person(UserId(8), "bob", "")),
        MemberJoined(ana),
        MemberLeft(ana, LeaveReason.QUIT),
        MemberRenamed(ana, "anna"),
        MessagePosted(ana, "hi"),
        MessageEdited(ana, target, "hi!"),
        MessageDeleted(ana, target),
        ReactionAdded(ana, target, "+1"),
        ReactionRemoved(ana, target, "+1"),
    ]
    assert {type(event) for event in done} == set(EVENTS)
    assert [actor_of(event) for event in done] == [ana] * len(done)
    assert actor_of(RoomCreated("lobby")) is None
    assert actor_of(RoomDeleted()) is None
