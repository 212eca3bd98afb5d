"""The hub: who hears what from when on, when it is sent, and what a door at fault costs."""

from __future__ import annotations

import asyncio

import pytest
from typing_extensions import override

from tertulia.core.errors import InternalError
from tertulia.core.events import (
    AwayChanged,
    Entry,
    LeaveReason,
    MemberJoined,
    Person,
    Tagged,
    TopicChanged,
    Typing,
    UserGone,
    UserRenamed,
)
from tertulia.core.ids import RoomId, UserId
from tertulia.core.room import RoomState
from tertulia.server.hub import HubSettings, broadcast
from tertulia.server.session import ignoring
from tests.server.driving import FakeFormat, FakeOutbox
from tests.server.stage import LOBBY, TEA, Stage, heard_by, view_of, who, words_to
from tests.server.virtual import in_virtual_time, running_loop

# Formats


async def test_a_change_of_format_holds_for_what_is_published_after_it() -> None:
    stage = Stage()
    other = FakeFormat("* ")
    changes, speaks = stage.person(), stage.person()
    stage.say(speaks, "one")
    stage.hub.regroup(changes, LOBBY.id, other)
    stage.say(speaks, "two")
    stage.hub.flush()
    stage.hub.regroup(changes, LOBBY.id, other)
    assert view_of(changes).outbox.lines == [
        "lobby 1 MessagePosted p2 one",
        "* lobby 2 MessagePosted p2 two",
    ]
    assert other.encoded == 1


async def test_a_change_of_format_does_not_bring_anybody_in_or_back() -> None:
    stage = Stage()
    other = FakeFormat("* ")
    stranger, goes, stays = stage.person(room=None), stage.person(), stage.person()
    stage.leave(goes)
    for session in (stranger, goes):
        stage.hub.regroup(session, LOBBY.id, other)
        stage.hub.regroup(session, TEA.id, other)
    stage.say(stays, "one")
    stage.hub.flush()
    assert other.encoded == 0
    assert stage.hub.sessions(LOBBY.id) == [stays]


# When


@in_virtual_time
async def test_the_joins_of_a_crowd_are_told_together_after_a_while() -> None:
    stage = Stage(HubSettings(crowd=3, crowd_delay=0.5))
    first = stage.person()
    for _ in range(2):
        stage.person()
    news = [stage.person(room=None) for _ in range(4)]
    for session in news:
        stage.join(session)
        stage.hub.flush()
        await asyncio.sleep(0.1)
    assert heard_by(first) == []
    await asyncio.sleep(0.11)
    assert len(view_of(first).outbox.pushed) == 1
    assert len(heard_by(first)) == 4
    assert [len(heard_by(session)) for session in news] == [3, 2, 1, 0]


@in_virtual_time
async def test_words_do_not_wait_for_a_crowd_and_take_its_joins_along() -> None:
    stage = Stage(HubSettings(crowd=2, crowd_delay=0.5))
    first, second = stage.person(), stage.person()
    stage.join(stage.person(room=None))
    stage.hub.flush()
    stage.say(second, "hello")
    stage.hub.flush()
    assert [line.split()[1] for line in heard_by(first)] == ["MemberJoined", "MessagePosted"]
    await asyncio.sleep(2.0)
    assert len(heard_by(first)) == 2


@in_virtual_time
async def test_in_a_small_room_joins_are_told_at_once() -> None:
    stage = Stage(HubSettings(crowd=3, crowd_delay=0.5))
    first = stage.person()
    stage.join(stage.person(room=None))
    stage.hub.flush()
    assert len(heard_by(first)) == 1


@in_virtual_time
async def test_whoever_leaves_a_crowd_is_sent_their_part_when_it_is_told() -> None:
    stage = Stage(HubSettings(crowd=2, crowd_delay=0.5))
    first, second, goes = stage.person(), stage.person(), stage.person(echoes=True)
    stage.leave(second)
    stage.hub.flush()
    stage.leave(goes)
    stage.hub.flush()
    await asyncio.sleep(0.6)
    assert len(heard_by(first)) == 2
    assert [line.split()[-2] for line in view_of(goes).outbox.lines] == ["MemberLeft", "MemberLeft"]
    assert stage.hub.sessions(LOBBY.id) == [first]


@in_virtual_time
async def test_a_room_waits_in_proportion_to_what_its_last_flush_took() -> None:
    loop = running_loop()

    class Slow(FakeFormat):
        @override
        def encode(self, entry: Entry, room: RoomState) -> bytes:
            loop.pass_time(0.01)
            return super().encode(entry, room)

    stage = Stage(HubSettings(room_share=3.0, crowd_delay=0.0))
    reader, speaks = stage.person(Slow()), stage.person()
    quick = stage.person(room=TEA)
    stage.say(speaks, "one")
    stage.hub.flush()
    stage.say(speaks, "two")
    stage.say(speaks, "tea", TEA)
    stage.hub.flush()
    stage.say(speaks, "three")
    stage.hub.flush()
    assert (words_to(reader), words_to(quick)) == (["one"], ["tea"])
    await asyncio.sleep(0.029)
    assert words_to(reader) == ["one"]
    await asyncio.sleep(0.002)
    assert words_to(reader) == ["one", "two", "three"]
    assert len(view_of(reader).outbox.pushed) == 2


@in_virtual_time
async def test_what_waits_can_be_sent_at_once() -> None:
    stage = Stage(HubSettings(crowd=1, crowd_delay=0.5))
    here, there = stage.person(), stage.person(room=TEA)
    stage.join(stage.person(room=None))
    stage.join(stage.person(room=None), TEA)
    stage.hub.flush()
    stage.hub.hasten(LOBBY.id)
    assert (len(heard_by(here)), len(heard_by(there))) == (1, 0)
    stage.hub.flush_all()
    assert len(heard_by(there)) == 1
    await asyncio.sleep(1.0)
    assert (len(heard_by(here)), len(heard_by(there))) == (1, 1)


# Signals


async def test_a_signal_comes_after_what_was_published_before_it() -> None:
    stage = Stage()
    hears, acts = stage.person(), stage.person()
    stage.say(acts, "one")
    stage.hub.signal_room(LOBBY.id, Typing(LOBBY.id, who(acts)), acts)
    assert [line.split()[0] for line in view_of(hears).outbox.lines] == ["lobby", "Typing"]
    assert view_of(acts).outbox.lines == []


async def test_a_signal_is_told_once_to_those_who_share_many_rooms() -> None:
    stage = Stage()
    hears, acts = stage.person(), stage.person()
    for session in (hears, acts):
        stage.hub.subscribe(session, TEA, stage.wire)
    signal = UserRenamed(who(acts), "old")
    stage.hub.signal_acquaintances([LOBBY.id, TEA.id, RoomId(99)], signal)
    assert view_of(hears).outbox.lines == ["UserRenamed"]
    assert view_of(acts).outbox.lines == ["UserRenamed"]
    assert stage.wire.encoded == 1


async def test_many_signals_are_one_write_for_each_and_one_object_for_all() -> None:
    stage = Stage()
    people = [stage.person() for _ in range(20)]
    apart = stage.person(room=TEA)
    for session in people[:3]:
        stage.leave(session)
    signals = [([LOBBY.id], UserGone(who(session), LeaveReason.LOST)) for session in people[:3]] + [
        ([TEA.id, LOBBY.id], UserGone(who(apart), LeaveReason.LOST))
    ]
    stage.hub.signal_many(signals)
    pushed = [view_of(session).outbox.pushed for session in people[3:]]
    assert {len(one) for one in pushed} == {2}, "what was published before, and the signals"
    assert len({id(one[1]) for one in pushed}) == 1
    assert pushed[0][1] == b"UserGone\n" * 4
    assert view_of(apart).outbox.pushed == [b"UserGone\n"]


async def test_what_an_ignored_person_does_is_hidden_but_not_what_they_are_called() -> None:
    stage = Stage()
    ignores, troll = stage.person(), stage.person()
    ignores.ignored = ignoring({troll.user: "p2"})
    stage.hub.note_ignorer(ignores, [LOBBY.id])
    stage.hub.signal_room(LOBBY.id, Typing(LOBBY.id, who(troll)), troll)
    stage.hub.signal_room(LOBBY.id, Tagged(LOBBY.id, who(troll), (("+draft/x", "1"),)), troll)
    stage.hub.signal_acquaintances([LOBBY.id], AwayChanged(who(troll), "gone"))
    stage.hub.signal_acquaintances([LOBBY.id], UserRenamed(who(troll), "old"))
    assert view_of(ignores).outbox.lines == ["UserRenamed"]


@in_virtual_time
async def test_a_signal_that_is_not_shown_does_not_hasten_anything() -> None:
    class NoSignals(FakeFormat):
        @override
        def encode_signal(self, signal: object, room: RoomState | None) -> bytes:
            return b""

    stage = Stage(HubSettings(crowd=1, crowd_delay=0.5))
    hears = stage.person(NoSignals())
    stage.publish(MemberJoined(Person(UserId(77), "new", "x")))
    stage.hub.flush()
    stage.hub.signal_room(LOBBY.id, Typing(LOBBY.id, who(hears)), None)
    assert view_of(hears).outbox.lines == []


async def test_a_broadcast_is_encoded_once_for_each_format() -> None:
    stage = Stage()
    other = FakeFormat("* ")
    people = [stage.person(), stage.person(), stage.person(other), stage.person(other)]
    made: list[object] = []

    def encode(wire: object) -> bytes:
        made.append(wire)
        return b"hello\n" if wire is other else b""

    broadcast(people, encode)
    assert made == [stage.wire, other]
    assert [view_of(session).outbox.lines for session in people] == [[], [], ["hello"], ["hello"]]


# Doors at fault


async def test_an_entry_that_a_format_can_not_write_is_not_shown_there_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    broken = FakeFormat("* ")
    broken.failing = TopicChanged
    suffers, hears, speaks = stage.person(broken), stage.person(), stage.person()
    stage.say(speaks, "one")
    stage.publish(TopicChanged(who(speaks), "x"), speaks)
    stage.say(speaks, "two")
    stage.hub.flush()
    assert words_to(suffers) == ["one", "two"]
    assert len(heard_by(hears)) == 3
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_a_format_that_can_not_join_leaves_its_entries_apart(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Loose(FakeFormat):
        @override
        def join(self, entries: object, encoded: object, room: RoomState) -> bytes:
            raise ValueError("a fault of this format")

    stage = Stage()
    hears, speaks = stage.person(Loose()), stage.person()
    stage.say(speaks, "one")
    stage.say(speaks, "two")
    stage.hub.flush()
    assert words_to(hears) == ["one", "two"]
    assert len(caplog.records) == 1


async def test_a_view_that_fails_is_evicted_and_nobody_else_notices(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    faulty, hears = stage.person(), stage.person()
    view_of(faulty).fault = ValueError("a fault of this door")
    stage.say(faulty, "one")
    stage.hub.flush()
    await asyncio.sleep(0)
    assert words_to(hears) == ["one"]
    assert view_of(faulty).evictions == [InternalError()]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("speaks_first", [True, False])
async def test_an_outbox_that_fails_is_evicted_and_nobody_else_notices(
    speaks_first: bool, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(FakeOutbox):
        @override
        def push(self, data: bytes) -> None:
            raise ValueError("a fault of this outbox")

    stage = Stage()
    faulty = stage.person(room=None)
    view_of(faulty).outbox = Broken()
    stage.hub.subscribe(faulty, LOBBY, stage.wire)
    hears = stage.person()
    origin = hears if speaks_first else None
    stage.publish(TopicChanged(who(hears), "one"), origin)
    stage.publish(TopicChanged(who(hears), "two"))
    stage.hub.flush()
    await asyncio.sleep(0)
    assert len(heard_by(hears)) == (1 if speaks_first else 2)
    assert view_of(faulty).evictions == [InternalError()]
    assert len(caplog.records) == 1


async def test_a_signal_that_a_format_can_not_write_is_not_told_there(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Mute(FakeFormat):
        @override
        def encode_signal(self, signal: object, room: RoomState | None) -> bytes:
            raise ValueError("a fault of this format")

    stage = Stage()
    suffers, hears = stage.person(Mute()), stage.person()
    stage.hub.signal_room(LOBBY.id, Typing(LOBBY.id, Person(UserId(9), "x", "y")), None)
    assert (view_of(suffers).outbox.lines, view_of(hears).outbox.lines) == ([], ["Typing"])
    assert len(caplog.records) == 1


async def test_statistics_count_deliveries() -> None:
    stage = Stage()
    people = [stage.person() for _ in range(4)]
    stage.say(people[0], "one")
    stage.say(people[0], "two")
    stage.hub.flush()
    found = stage.hub.statistics()
    assert (found.channels, found.flushes, found.entries, found.deliveries) == (1, 1, 2, 8)
