from __future__ import annotations

import pytest

from tertulia.core.events import (
    Entry,
    Event,
    MemberJoined,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Person,
    ReactionAdded,
    ReactionRemoved,
    RoomCreated,
)
from tertulia.core.history import Message, Reaction, amend, fold, has_reacted
from tertulia.core.ids import EventId, RoomId, UserId

ROOM = RoomId(5)
ANA = Person(UserId(1), "ana", "a:1")
BOB = Person(UserId(2), "bob", "b:2")
HELLO = EventId(101)
SAID = MessagePosted(ANA, "hello")


def log(*events: Event) -> list[Entry]:
    return [
        Entry(ROOM, seq, EventId(100 + seq), 1000 + seq, event)
        for seq, event in enumerate(events, 1)
    ]


def hello(*events: Event) -> Message:
    """Return the message `hello` as it reads after `events`."""
    return fold(log(SAID, *events))[0]


def test_a_message_is_as_it_was_posted() -> None:
    posted = MessagePosted(ANA, "waves", action=True, reply_to=EventId(9), to="bob")
    assert fold(log(posted)) == [
        Message(ROOM, 1, HELLO, 1001, ANA, "waves", action=True, reply_to=EventId(9), to="bob")
    ]


def test_messages_keep_their_order_and_other_entries_are_left_out() -> None:
    other = MessagePosted(BOB, "bye")
    messages = fold(log(SAID, MemberJoined(BOB), other, MessageEdited(ANA, HELLO, "hi")))
    assert [(message.seq, message.text) for message in messages] == [(1, "hi"), (3, "bye")]


def test_what_names_an_unknown_message_is_left_out() -> None:
    assert fold(log(MessageEdited(ANA, EventId(9), "hi"), MessageDeleted(ANA, EventId(8)))) == []


def test_the_last_edit_counts() -> None:
    message = hello(MessageEdited(ANA, HELLO, "hey"), MessageEdited(ANA, HELLO, "hi"))
    assert (message.text, message.edited, message.time) == ("hi", 1003, 1001)


def test_nothing_is_left_of_a_deleted_message_and_nothing_brings_it_back() -> None:
    gone = hello(ReactionAdded(BOB, HELLO, "+1"), MessageDeleted(ANA, HELLO))
    assert (gone.text, gone.is_deleted, gone.reactions) == ("", True, ())
    late: list[Event] = [
        MessageEdited(ANA, HELLO, "hi"),
        ReactionAdded(BOB, HELLO, "+1"),
        ReactionRemoved(BOB, HELLO, "+1"),
        MessageDeleted(ANA, HELLO),
    ]
    assert hello(MessageDeleted(ANA, HELLO), *late) == hello(MessageDeleted(ANA, HELLO))


def test_reactions_stand_in_the_order_they_were_first_given() -> None:
    message = hello(
        ReactionAdded(BOB, HELLO, "+1"),
        ReactionAdded(ANA, HELLO, "❤"),
        ReactionAdded(ANA, HELLO, "+1"),
    )
    assert message.reactions == (Reaction("+1", (BOB, ANA)), Reaction("❤", (ANA,)))


def test_one_person_reacts_once_whatever_their_nick() -> None:
    rob = Person(BOB.id, "rob", BOB.label)
    message = hello(ReactionAdded(BOB, HELLO, "+1"), ReactionAdded(rob, HELLO, "+1"))
    assert message.reactions == (Reaction("+1", (rob,)),)


def test_a_reaction_taken_back_is_gone_with_its_last_giver() -> None:
    both = (ReactionAdded(BOB, HELLO, "+1"), ReactionAdded(ANA, HELLO, "+1"))
    one_left = hello(*both, ReactionRemoved(BOB, HELLO, "+1"))
    assert one_left.reactions == (Reaction("+1", (ANA,)),)
    none_left = hello(*both, ReactionRemoved(BOB, HELLO, "+1"), ReactionRemoved(ANA, HELLO, "+1"))
    assert none_left.reactions == ()


def test_taking_back_what_was_not_given_changes_nothing() -> None:
    given = ReactionAdded(BOB, HELLO, "+1")
    assert hello(given, ReactionRemoved(BOB, HELLO, "❤")) == hello(given)
    assert hello(given, ReactionRemoved(ANA, HELLO, "+1")) == hello(given)


def test_who_has_reacted_is_known() -> None:
    message = hello(ReactionAdded(BOB, HELLO, "+1"))
    assert has_reacted(message, Person(BOB.id, "rob", ""), "+1")
    assert not has_reacted(message, BOB, "❤")
    assert not has_reacted(message, ANA, "+1")


@pytest.mark.parametrize("event", [RoomCreated("den"), SAID, MemberJoined(BOB)])
def test_an_entry_that_amends_nothing_changes_nothing(event: Event) -> None:
    assert amend(hello(), log(event)[0]) == hello()
