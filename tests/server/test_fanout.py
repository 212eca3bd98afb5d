"""Fan-out: encoded once for each format, and everybody gets exactly their part."""

from __future__ import annotations

from typing_extensions import override

from tertulia.core.events import (
    Entry,
    MessagePosted,
    Person,
    ReactionAdded,
    TopicChanged,
)
from tertulia.core.ids import EventId, UserId
from tertulia.core.room import RoomState
from tertulia.server.hub import COMINGS
from tertulia.server.session import ignoring
from tests.server.driving import FakeFormat
from tests.server.stage import LOBBY, TEA, Stage, heard_by, view_of, who, words_to

# The same bytes for all


async def test_everyone_gets_the_very_same_bytes() -> None:
    stage = Stage()
    people = [stage.person() for _ in range(20)]
    for number in range(3):
        stage.publish(TopicChanged(who(people[0]), str(number)))
    stage.hub.flush()
    pushed = [view_of(session).outbox.pushed for session in people]
    assert {len(one) for one in pushed} == {1}
    assert len({id(one[0]) for one in pushed}) == 1
    assert pushed[0][0].count(b"\n") == 3


async def test_an_entry_is_encoded_once_for_each_format_whoever_reads_it() -> None:
    stage = Stage()
    formats = [FakeFormat(), FakeFormat("* "), FakeFormat("- ")]
    people = [stage.person(formats[number % 3]) for number in range(30)]
    author, joiner = people[0], stage.person(room=None)
    stage.say(author, "one")
    stage.hub.subscribe(joiner, LOBBY, formats[0])
    stage.say(author, "two")
    stage.hub.unsubscribe(people[3], LOBBY.id)
    stage.say(people[1], "three")
    stage.hub.flush()
    assert [wire.encoded for wire in formats] == [3, 3, 3]
    assert words_to(people[2]) == ["one", "two", "three"]


async def test_nothing_is_pushed_when_a_format_shows_nothing() -> None:
    class Silent(FakeFormat):
        @override
        def encode(self, entry: Entry, room: RoomState) -> bytes:
            return b""

    stage = Stage()
    reader, speaker = stage.person(Silent()), stage.person(echoes=True)
    stage.say(speaker, "hello")
    stage.hub.flush()
    assert view_of(reader).outbox.pushed == []
    assert words_to(speaker) == ["hello"]


async def test_rooms_are_flushed_apart_from_each_other() -> None:
    stage = Stage()
    here, there = stage.person(), stage.person(room=TEA)
    stage.say(there, "one")
    stage.say(here, "two", TEA)
    stage.hub.flush()
    assert (words_to(here), words_to(there)) == (["one"], ["two"])


# Authors


async def test_an_author_gets_their_own_entries_from_their_door() -> None:
    stage = Stage()
    silent, echoing, other = stage.person(), stage.person(echoes=True), stage.person()
    stage.say(silent, "one")
    stage.say(echoing, "two")
    stage.say(silent, "three")
    stage.hub.flush()
    assert words_to(other) == ["one", "two", "three"]
    assert words_to(silent) == ["two"]
    assert view_of(echoing).outbox.lines[1] == "own lobby 2 MessagePosted p2 two"
    assert words_to(echoing) == ["one", "two", "three"]


async def test_an_author_who_hears_nothing_but_themselves_is_pushed_nothing() -> None:
    stage = Stage()
    author, other = stage.person(), stage.person()
    stage.say(author, "one")
    stage.say(author, "two")
    stage.hub.flush()
    assert view_of(author).outbox.pushed == []
    assert words_to(other) == ["one", "two"]


async def test_the_mark_of_a_submission_comes_with_what_it_led_to() -> None:
    stage = Stage()
    author = stage.person()
    stage.say(author, "one")
    stage.publish(TopicChanged(who(author), "x"))
    stage.say(author, "two")
    stage.hub.flush()
    assert view_of(author).requests == ["request 1", "request 3"]


async def test_a_crowd_in_which_all_speak_at_once_hears_all_but_themselves() -> None:
    stage = Stage()
    people = [stage.person() for _ in range(40)]
    for number, session in enumerate(people):
        stage.say(session, f"w{number}")
    stage.hub.flush()
    for number, session in enumerate(people):
        assert words_to(session) == [f"w{other}" for other in range(40) if other != number]


# Who comes and goes


async def test_who_comes_hears_what_is_published_from_then_on() -> None:
    stage = Stage()
    old, new = stage.person(), stage.person(room=None)
    stage.say(old, "before")
    stage.join(new)
    stage.say(old, "after")
    stage.hub.flush()
    assert words_to(new) == ["after"]
    assert words_to(old) == [f"p{new.user}"]


async def test_who_goes_hears_nothing_that_is_published_after() -> None:
    stage = Stage()
    stays, goes = stage.person(), stage.person(echoes=True)
    stage.say(stays, "before")
    stage.leave(goes)
    stage.say(stays, "after")
    stage.hub.flush()
    assert heard_by(goes) == ["1 MessagePosted p1 before", "lobby 2 MemberLeft p2"]
    stage.say(stays, "later")
    stage.hub.flush()
    assert len(heard_by(goes)) == 2
    assert stage.hub.sessions(LOBBY.id) == [stays]


async def test_who_goes_and_comes_back_at_once_misses_only_what_was_in_between() -> None:
    stage = Stage()
    stays, goes = stage.person(), stage.person(echoes=True)
    stage.say(stays, "one")
    stage.leave(goes)
    stage.say(stays, "two")
    stage.join(goes)
    stage.say(stays, "three")
    stage.hub.flush()
    assert [line.split()[-3:] for line in view_of(goes).outbox.lines] == [
        ["MessagePosted", "p1", "one"],
        ["2", "MemberLeft", "p2"],
        ["4", "MemberJoined", "p2"],
        ["MessagePosted", "p1", "three"],
    ]


async def test_the_last_one_to_leave_can_come_back_in_the_same_turn() -> None:
    stage = Stage()
    only = stage.person(echoes=True)
    stage.leave(only)
    stage.join(only)
    stage.hub.flush()
    stage.publish(TopicChanged(who(only), "news"))
    stage.hub.flush()
    assert [line.split()[-2] for line in view_of(only).outbox.lines] == [
        "MemberLeft",
        "MemberJoined",
        "TopicChanged",
    ]


async def test_a_room_that_was_hastened_when_empty_is_heard_by_those_who_come_then() -> None:
    stage = Stage()
    first = stage.person(room=None)
    stage.publish(TopicChanged(who(first), "old"))
    stage.hub.hasten(LOBBY.id)
    stage.join(first)
    stage.hub.flush()
    stage.publish(TopicChanged(who(first), "new"))
    stage.hub.flush()
    assert [line.split()[2] for line in view_of(first).outbox.lines] == ["TopicChanged"]
    assert stage.hub.sessions(LOBBY.id) == [first]


async def test_who_is_no_more_hears_not_even_what_is_pending() -> None:
    stage = Stage()
    stays, gone = stage.person(), stage.person()
    stage.say(stays, "one")
    stage.hub.drop(gone, [LOBBY.id, TEA.id])
    stage.hub.flush()
    assert view_of(gone).outbox.pushed == []
    assert stage.hub.sessions(LOBBY.id) == [stays]


async def test_leaving_twice_does_not_let_anybody_hear_more() -> None:
    stage = Stage()
    stays, goes = stage.person(), stage.person()
    stage.leave(goes)
    stage.say(stays, "secret")
    stage.hub.unsubscribe(goes, LOBBY.id)
    stage.hub.flush()
    assert heard_by(goes) == []


async def test_a_room_that_nobody_hears_takes_no_place() -> None:
    stage = Stage()
    person = stage.person()
    stage.say(person, "one")
    stage.leave(person)
    stage.publish(TopicChanged(who(person), "x"), room=TEA)
    stage.hub.flush()
    assert stage.hub.statistics().channels == 0
    assert stage.hub.last_known(LOBBY.id) is None
    assert stage.hub.sessions(LOBBY.id) == []


async def test_a_crowd_that_comes_at_once_is_not_work_for_each_of_each() -> None:
    stage = Stage()
    people = [stage.person(room=None) for _ in range(5 * COMINGS)]
    for session in people:
        stage.join(session)
    stage.hub.flush()
    assert stage.wire.encoded == len(people)
    assert stage.hub.statistics().flushes <= len(people) / COMINGS + 1
    for place, session in enumerate(people):
        assert len(heard_by(session)) == len(people) - 1 - place


async def test_a_crowd_that_goes_at_once_is_not_work_for_each_of_each() -> None:
    stage = Stage()
    people = [stage.person() for _ in range(5 * COMINGS)]
    for session in people:
        stage.leave(session)
    stage.hub.flush()
    assert stage.wire.encoded == len(people)
    for place, session in enumerate(people):
        assert len(heard_by(session)) == place


# Ignoring


async def test_what_an_ignored_person_says_is_hidden_and_their_coming_and_going_is_not() -> None:
    stage = Stage()
    ignores, troll, other = stage.person(), stage.person(), stage.person()
    ignores.ignored = ignoring({troll.user: "p2"})
    stage.hub.note_ignorer(ignores, [LOBBY.id, TEA.id])
    stage.say(troll, "one")
    stage.say(other, "two")
    stage.publish(ReactionAdded(who(troll), EventId(2), "+1"), troll)
    stage.leave(troll)
    stage.hub.flush()
    assert heard_by(ignores) == ["2 MessagePosted p3 two", "4 MemberLeft p2"]
    assert len(heard_by(other)) == 3


async def test_an_ignored_person_who_comes_back_under_the_same_nick_stays_hidden() -> None:
    stage = Stage()
    ignores, troll, back = stage.person(), stage.person(), stage.person()
    ignores.ignored = ignoring({troll.user: "Troll"})
    stage.hub.note_ignorer(ignores, [LOBBY.id])
    stage.publish(MessagePosted(Person(back.user, "tROLL", "x"), "hello"), back)
    stage.hub.flush()
    assert heard_by(ignores) == []


async def test_nobody_is_hidden_from_themselves() -> None:
    stage = Stage()
    ignores = stage.person(echoes=True)
    ignores.ignored = ignoring({UserId(99): "p1"})
    stage.hub.note_ignorer(ignores, [LOBBY.id])
    stage.say(ignores, "hello")
    stage.hub.flush()
    assert words_to(ignores) == ["hello"]


async def test_who_ignores_somebody_absent_gets_the_same_bytes_as_all() -> None:
    stage = Stage()
    ignores, other, speaks = stage.person(), stage.person(), stage.person()
    ignores.ignored = ignoring({UserId(99): "gone"})
    stage.hub.note_ignorer(ignores, [LOBBY.id])
    stage.say(speaks, "hello")
    stage.hub.flush()
    assert view_of(ignores).outbox.pushed[0] is view_of(other).outbox.pushed[0]


async def test_ignoring_comes_along_into_other_rooms_and_can_end() -> None:
    stage = Stage()
    ignores, troll = stage.person(room=None), stage.person(room=TEA)
    ignores.ignored = ignoring({troll.user: "p2"})
    stage.join(ignores, TEA)
    stage.say(troll, "one", TEA)
    stage.hub.flush()
    ignores.ignored = ignoring({})
    stage.hub.note_ignorer(ignores, [TEA.id])
    stage.say(troll, "two", TEA)
    stage.hub.flush()
    assert words_to(ignores) == ["two"]


async def test_coming_and_ignoring_and_speaking_at_once_go_together() -> None:
    stage = Stage()
    other, troll = stage.person(), stage.person()
    new = stage.person(room=None, echoes=True)
    new.ignored = ignoring({troll.user: "p2"})
    stage.say(other, "before")
    stage.say(troll, "hidden")
    stage.join(new)
    stage.say(troll, "hidden")
    stage.say(new, "hello")
    stage.say(other, "after")
    stage.leave(new)
    stage.say(other, "too late")
    stage.hub.flush()
    assert [line.removeprefix("own ").split()[1] for line in view_of(new).outbox.lines] == [
        *("3", "5", "6", "7"),
    ]
