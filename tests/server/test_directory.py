"""Tests of `tertulia.server.directory`: the list of rooms, told to those who watch it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from typing_extensions import override

from tertulia.core.events import (
    Entry,
    MemberJoined,
    MessagePosted,
    Person,
    RoomKind,
    RoomListed,
    RoomUnlisted,
    Signal,
)
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.room import Member, RoomState
from tertulia.ports import Client
from tertulia.server import directory as directory_module
from tertulia.server.directory import TELL_EVERY, Directory
from tertulia.server.limits import UNLIMITED
from tertulia.server.session import LiveSession
from tests.server.driving import FakeFormat, FakeView


class ListFormat(FakeFormat):
    """Writes signals about the list as lines of text, and counts them."""

    @override
    def encode_signal(self, signal: Signal, room: RoomState | None) -> bytes:
        self.encoded += 1
        match signal:
            case RoomListed(room=listed, name=name, topic=topic, members=members, is_new=is_new):
                kind = "created" if is_new else "updated"
                return f"{kind} {listed} {name} {topic or '-'} {members}\n".encode()
            case RoomUnlisted(room=listed):
                return f"deleted {listed}\n".encode()
            case _:
                raise AssertionError(signal)


class Town:
    """Rooms, a clock, and a directory of the rooms."""

    def __init__(self) -> None:
        self.rooms: dict[RoomId, RoomState] = {}
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.given_up: list[LiveSession] = []
        self.wire = ListFormat()
        self.directory = Directory(
            self.rooms, lambda: self.now, self._later, give_up_on=self.given_up.append
        )
        self._people = 0

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self.timers.append((self.now + seconds, call))

    def set(self, number: int, *, members: int = 0, topic: str = "", name: str = "") -> None:
        """Make a room be so, and let it be told."""
        room = RoomId(number)
        inside = {UserId(user): Member(person(user)) for user in range(members)}
        state = RoomState(room, name or f"room{number}", topic=topic, members=inside)
        self.rooms[room] = state
        self.note(room)

    def end(self, number: int) -> None:
        """End a room, and let it be told."""
        self.rooms.pop(RoomId(number), None)
        self.note(RoomId(number))

    def note(self, *rooms: RoomId) -> None:
        joined = MemberJoined(person(1))
        self.directory.note([Entry(room, 1, EventId(1), 0, joined) for room in rooms])
        self.directory.tell()

    def pass_time(self, seconds: float = TELL_EVERY) -> None:
        """Let time pass, and what was to happen in it."""
        self.now += seconds
        due = [timer for timer in self.timers if timer[0] <= self.now]
        self.timers = [timer for timer in self.timers if timer[0] > self.now]
        for _, call in due:
            call()

    def watcher(self, wire: FakeFormat | None = None) -> Watcher:
        """Return somebody who watches from here on."""
        self._people += 1
        return Watcher(self, FakeView(wire or self.wire), UserId(self._people))

    def listed(self) -> dict[str, str]:
        return {
            str(state.id): f"{state.name} {state.topic or '-'} {len(state.members)}"
            for state in self.rooms.values()
            if state.kind is RoomKind.PUBLIC
        }


class Watcher:
    """Somebody who watches, and keeps a list of their own by what they are told."""

    def __init__(self, town: Town, view: FakeView, user: UserId) -> None:
        self.town = town
        self.view = view
        self.session = LiveSession(
            user,
            Client("events", "127.0.0.1:1", "127.0.0.1"),
            view,
            messages=UNLIMITED,
            actions=UNLIMITED,
        )
        self.list = town.listed()
        town.directory.watch(self.session)

    @property
    def told(self) -> list[str]:
        return self.view.outbox.lines

    def follow(self) -> dict[str, str]:
        """Return the list as what was told has made it; each thing told is news."""
        for line in self.told:
            kind, room, *rest = line.split(" ", 2)
            if kind == "deleted":
                del self.list[room]
                continue
            assert (room in self.list) is (kind == "updated")
            assert self.list.get(room) != rest[0]
            self.list[room] = rest[0]
        self.view.outbox.pushed.clear()
        return self.list


def person(number: int) -> Person:
    return Person(UserId(number), f"user{number}", "127.0.0.1:1")


def test_a_change_after_a_quiet_time_is_told_at_once() -> None:
    town = Town()
    ana = town.watcher()
    town.set(1, members=1)
    assert ana.told == ["created 1 room1 - 1"]


def test_changes_in_a_row_are_told_together_and_only_as_they_ended() -> None:
    town = Town()
    ana = town.watcher()
    for members in range(1, 50):
        town.set(1, members=members)
    town.set(2, topic="code")
    town.set(3)
    town.end(3)
    town.pass_time()
    assert ana.told == ["created 1 room1 - 1", "updated 1 room1 - 49", "created 2 room2 code 0"]
    assert len(ana.view.outbox.pushed) == 2


def test_what_is_as_it_was_is_not_told() -> None:
    town = Town()
    ana = town.watcher()
    town.set(1, members=1)
    town.set(1, members=2)
    town.set(1, members=1)
    town.pass_time()
    assert ana.told == ["created 1 room1 - 1"]


def test_a_crowd_is_told_by_bytes_that_were_written_once() -> None:
    town = Town()
    crowd = [town.watcher() for _ in range(20)]
    town.set(1)
    assert town.wire.encoded == 1
    assert len({id(watcher.view.outbox.pushed[0]) for watcher in crowd}) == 1


def test_who_begins_to_watch_between_two_tellings_is_told_what_is_new_to_them() -> None:
    town = Town()
    town.set(1, members=1)
    ana = town.watcher()
    town.set(1, members=2)
    town.set(2, members=1)
    town.set(3, members=1)
    bob = town.watcher()
    town.set(2, members=5)
    town.end(3)
    town.pass_time()
    assert ana.told == ["updated 1 room1 - 2", "created 2 room2 - 5"]
    assert bob.told == ["updated 2 room2 - 5", "deleted 3"]


def test_direct_conversations_and_messages_are_nobodys_news() -> None:
    town = Town()
    ana = town.watcher()
    town.rooms[RoomId(1)] = RoomState(RoomId(1), "", RoomKind.DIRECT)
    town.note(RoomId(1))
    town.rooms[RoomId(2)] = RoomState(RoomId(2), "dev")
    said = MessagePosted(person(1), "hi")
    town.directory.note([Entry(RoomId(2), 1, EventId(1), 0, said)])
    town.directory.tell()
    town.pass_time()
    assert ana.told == []


def test_who_stopped_watching_is_told_nothing() -> None:
    town = Town()
    ana = town.watcher()
    town.directory.unwatch(ana.session)
    town.directory.unwatch(ana.session)
    assert not town.directory.is_watched
    town.set(1)
    assert ana.told == []


def test_many_rooms_are_told_bit_by_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_module, "AT_ONCE", 2)
    town = Town()
    ana = town.watcher()
    for number in range(5):
        town.rooms[RoomId(number)] = RoomState(RoomId(number), "x")
    town.note(*map(RoomId, range(5)))
    bob = town.watcher()
    assert len(ana.told) == 2
    for told in (4, 5, 5):
        town.pass_time()
        assert len(ana.told) == told
    assert bob.told == []


def test_a_door_that_fails_costs_its_own_session_only() -> None:
    class FailingFormat(ListFormat):
        @override
        def encode_signal(self, signal: Signal, room: RoomState | None) -> bytes:
            raise ValueError("a fault of this format")

    town = Town()
    bad = town.watcher(FailingFormat())
    ana = town.watcher()
    town.set(1)
    assert town.given_up == [bad.session]
    assert ana.told == ["created 1 room1 - 0"]


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(1, 4), st.integers(0, 3), st.sampled_from(["", "a"])),
        st.tuples(st.just("end"), st.integers(1, 4)),
        st.tuples(st.just("direct"), st.integers(1, 4)),
        st.tuples(st.sampled_from(["watch", "leave"])),
        st.tuples(st.just("time"), st.sampled_from([0.03, TELL_EVERY, 1.0])),
    ),
    max_size=40,
)


@given(CHANGES)
def test_every_watcher_ends_with_the_list_as_it_is(
    changes: Sequence[tuple[object, ...]],
) -> None:
    town = Town()
    watchers: list[Watcher] = []
    for change in changes:
        match change:
            case ("set", int(number), int(members), str(topic)):
                town.set(number, members=members, topic=topic)
            case ("end", int(number)):
                town.end(number)
            case ("direct", int(number)) if RoomId(number) not in town.rooms:
                state = RoomState(RoomId(number), "", RoomKind.DIRECT)
                town.rooms[state.id] = replace(state, members={})
                town.note(state.id)
            case ("watch",):
                watchers.append(town.watcher())
            case ("leave",) if watchers:
                town.directory.unwatch(watchers.pop().session)
            case ("time", float(seconds)):
                town.pass_time(seconds)
    town.pass_time(1.0)
    for watcher in watchers:
        assert watcher.follow() == town.listed()
