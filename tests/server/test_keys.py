"""Tests of `tertulia.server.keys`: the same key twice is done once."""

from __future__ import annotations

from tertulia.core.errors import EmptyText
from tertulia.core.events import Entry, MessagePosted, Person
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.ports import Answer, Done
from tertulia.server.keys import Keys
from tertulia.wire.events.objects import KEYS

ENTRY = Entry(
    RoomId(1), 2, EventId(3), 4, MessagePosted(Person(UserId(5), "ana", "127.0.0.1:1"), "hi")
)
DONE = Done((ENTRY,))
AGAIN = Done((ENTRY,), is_repeat=True)


def test_a_key_that_is_new_is_answered_as_it_comes() -> None:
    keys, answers = Keys(), list[Answer]()
    assert not keys.recall("a", answers.append)
    keys.remember("a", answers.append)(DONE)
    assert answers == [DONE]


def test_a_key_that_is_known_is_given_the_first_answer_again() -> None:
    keys, answers = Keys(), list[Answer]()
    keys.remember("a", None)(DONE)
    assert keys.recall("a", answers.append)
    assert keys.recall("a", None)
    assert answers == [AGAIN]


def test_who_asks_again_before_there_is_an_answer_gets_it_when_there_is() -> None:
    keys, first, again = Keys(), list[Answer](), list[Answer]()
    answered = keys.remember("a", first.append)
    assert keys.recall("a", again.append)
    assert keys.recall("a", None)
    assert again == []
    answered(DONE)
    assert (first, again) == ([DONE], [AGAIN])


def test_what_was_refused_may_be_tried_again() -> None:
    keys, first, again = Keys(), list[Answer](), list[Answer]()
    answered = keys.remember("a", first.append)
    assert keys.recall("a", again.append)
    answered(EmptyText())
    assert first == again == [EmptyText()]
    assert not keys.recall("a", again.append)


def test_of_long_messages_fewer_are_remembered() -> None:
    keys, author = Keys(), Person(UserId(5), "ana", "127.0.0.1:1")
    for number in range(20):
        said = Entry(RoomId(1), number, EventId(number), 4, MessagePosted(author, "x" * 4000))
        keys.remember(str(number), None)(Done((said,)))
    known = [number for number in range(20) if keys.recall(str(number), None)]
    assert known == list(range(4, 20))


def test_an_answer_is_not_taken_for_that_of_a_later_command() -> None:
    keys, answers = Keys(), list[Answer]()
    first = keys.remember("a", None)
    for number in range(KEYS):
        keys.remember(str(number), None)
    second = keys.remember("a", None)
    first(EmptyText())
    assert keys.recall("a", answers.append)
    second(DONE)
    assert answers == [AGAIN]


def test_only_the_newest_keys_are_remembered() -> None:
    keys = Keys()
    oldest = keys.remember("0", None)
    for number in range(1, KEYS + 1):
        keys.remember(str(number), None)(DONE)
    oldest(DONE)
    assert not keys.recall("0", None)
    assert keys.recall("1", None)
    assert keys.recall(str(KEYS), None)
