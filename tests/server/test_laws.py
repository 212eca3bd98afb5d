"""The laws, end to end: whatever people do and the store does, everyone hears exactly their part.

Engine, hub and gateway run on a store that fails and falls silent at random. What each session
heard of each room is compared with the log: it is the unbroken run from its coming to its going,
in order, nothing twice, and nothing that was not stored before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from typing_extensions import override

from tertulia.core import commands as c
from tertulia.core.events import (
    AMENDMENTS,
    Entry,
    LeaveReason,
    MemberJoined,
    MemberLeft,
    MessagePosted,
    RoomCreated,
    RoomKind,
    Signal,
    actor_of,
)
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.names import folded_nick
from tertulia.core.policy import Policy
from tertulia.core.room import RoomState
from tertulia.ports import StoreUnavailable
from tertulia.server import hub as hub_module
from tertulia.server.hub import HubSettings
from tertulia.server.session import IGNORES_NOBODY, Ignored
from tests.server.driving import Chat, FakeOutbox, FakeView, Guest
from tests.server.faulty import FaultyStore
from tests.server.virtual import in_virtual_time

Place = tuple[RoomId, int]
NICKS: Final = ("ana", "ben", "carl", "dora")
NAMES: Final = ("tea", "milk")


class PlaceFormat:
    """Writes where an entry is, and its id; of a signal, nothing that counts."""

    def encode(self, entry: Entry, room: RoomState) -> bytes:
        return f"{entry.room} {entry.seq} {entry.id}\n".encode()

    def encode_signal(self, signal: Signal, room: RoomState | None) -> bytes:
        return b"signal\n"

    def join(self, entries: Sequence[Entry], encoded: Sequence[bytes], room: RoomState) -> bytes:
        return b"".join(encoded)


class Witness(FakeOutbox):
    """Notes what is heard, and sees to it that everything was stored before."""

    def __init__(self, store: FaultyStore) -> None:
        super().__init__()
        self._store = store
        self.heard: list[Place] = []

    @override
    def push(self, data: bytes) -> None:
        for line in data.decode().splitlines():
            if line != "signal":
                room, seq, id = map(int, line.split())
                place = (RoomId(room), seq)
                assert self._store.kept.get(place) == id, f"{line} was shown and is not stored"
                self.heard.append(place)


class WitnessView(FakeView):
    """A view whose format depends on the current room, and that shows its own entries or not."""

    def __init__(self, store: FaultyStore, *, echoes: bool) -> None:
        super().__init__(PlaceFormat(), echoes=echoes)
        self.elsewhere = PlaceFormat()
        self.witness = self.outbox = Witness(store)
        self.own: set[Place] = set()

    @override
    def encode_own(self, entry: Entry, room: RoomState, request: object) -> bytes:
        self.own.add((entry.room, entry.seq))
        return self.wire.encode(entry, room) if self.echoes else b""


class Laws:
    """People who come, talk, move and go, on a store that does not always work.

    What they do is told by a number for who does it, and one for what with.
    """

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.store = chat.store
        self.guests: list[Guest] = []
        self.told: dict[UserId, list[EventId]] = {}
        """What each session was told that it had missed."""
        self.hidings: dict[UserId, list[tuple[int, Ignored]]] = {}
        """Whom each session ignores, and from how many stored entries on."""

    @property
    def log(self) -> list[Entry]:
        return [entry for kept in self.store.appends for entry in kept]

    # What there is to be done something with

    def guest(self, who: int) -> Guest:
        """Return somebody who has not hung up."""
        here = [guest for guest in self.guests if not guest.live.is_closed]
        if not here:
            here = [self.come(who)]
        return here[who % len(here)]

    def room(self, what: int) -> RoomId:
        rooms = list(self.chat.engine.world.rooms)
        return rooms[what % len(rooms)]

    def message(self, what: int) -> EventId:
        messages = [entry.id for entry in self.log if isinstance(entry.event, MessagePosted)]
        return messages[-1 - what % min(5, len(messages))] if messages else EventId(1)

    # What people do

    def come(self, who: int) -> Guest:
        nick = None if who % 5 == 4 else NICKS[who % 5]
        guest = self.chat.open(nick, view=WitnessView(self.store, echoes=who % 2 == 0))
        self.guests.append(guest)
        return guest

    def hang_up(self, who: int) -> None:
        self.chat.gateway.close(self.guest(who).session, LeaveReason.LOST)

    def ask(self, who: int, what: int, name: str) -> None:
        """Submit one of the commands."""
        room, message = self.room(what), self.message(what)
        commands: dict[str, list[c.Command]] = {
            "say": [c.PostMessage(room, "hello")],
            "say again": [c.PostMessage(room, "yes", reply_to=message)],
            "say directly": [c.PostDirect(NICKS[what % len(NICKS)], "psst")],
            "create": [c.CreateRoom(NAMES[what % 2])],
            "join": [c.JoinRoom(room)],
            "leave": [c.LeaveRoom(room)],
            "come back": [c.LeaveRoom(room), c.JoinRoom(room)],
            "delete room": [c.DeleteRoom(room)],
            "rename": [c.ChangeNick(NICKS[what % len(NICKS)])],
            "set topic": [c.SetTopic(room, "news" if what % 2 else "")],
            "go away": [c.SetAway("at lunch" if what % 2 else None)],
            "type": [c.ShowTyping(room)],
            "react": [c.AddReaction(message, "+1")],
            "edit": [c.EditMessage(message, "better")],
            "delete": [c.DeleteMessage(message)],
        }
        for command in commands[name]:
            self.guest(who).ask(command)

    def select_room(self, who: int, what: int) -> None:
        guest = self.guest(who)
        user = self.chat.gateway.me(guest.session)
        if user is not None and user.rooms:
            room = user.rooms[what % len(user.rooms)]
            self.chat.gateway.select_room(guest.session, room)

    async def ignore(self, who: int, what: int) -> None:
        """Ignore somebody or stop it, once everybody has heard everything."""
        if self.store.gate is not None:
            return
        await self.chat.settle()
        guest, user = self.guest(who), self.chat.gateway.me(self.guest(what).session)
        if user is not None:
            change = self.chat.gateway.ignore if what % 2 else self.chat.gateway.unignore
            change(guest.session, user.person.nick)
            hiding = (len(self.log), guest.live.ignored)
            self.hidings.setdefault(guest.session.user, []).append(hiding)

    async def ask_missed(self, guest: Guest) -> None:
        if self.store.gate is None:
            missed = await self.chat.gateway.missed(guest.session)
            self.told.setdefault(guest.session.user, []).extend(one.id for one in missed)

    # What the store does

    def fail(self, fails: bool) -> None:
        self.store.failure = StoreUnavailable("disk full") if fails else None

    def hang(self, hangs: bool) -> None:
        if self.store.gate is not None:
            self.store.gate.set()
        self.store.gate = asyncio.Event() if hangs else None

    async def do(self, action: str, who: int, what: int) -> None:
        """Do one thing."""
        match action:
            case "come":
                if len(self.guests) < 20:
                    self.come(who)
            case "hang up":
                self.hang_up(who)
            case "select room":
                self.select_room(who, what)
            case "ignore":
                await self.ignore(who, what)
            case "ask missed":
                await self.ask_missed(self.guest(who))
            case "fail":
                self.fail(what % 3 == 0)
            case "hang":
                self.hang(what % 3 == 0)
            case "wait":
                await asyncio.sleep((0.0, 0.2, 1.0)[what % 3])
            case "settle":
                if self.store.gate is None:
                    await self.check_all()
            case _:
                self.ask(who, what, action)

    async def end(self) -> None:
        """Let the store work again, and everybody hear the rest and go."""
        self.hang(False)
        self.fail(False)
        await asyncio.sleep(3.0)
        await self.check_all()
        for guest in self.guests:
            self.chat.gateway.close(guest.session, LeaveReason.QUIT)
        await asyncio.sleep(3.0)
        if not self.hidings:
            await self.check_nothing_direct_is_lost()
        await self.check_all()

    # The laws

    async def check_all(self) -> None:
        await self.chat.settle()
        for guest in self.guests:
            for room in {entry.room for entry in self.log}:
                self.check_part(guest, room)

    def check_part(self, guest: Guest, room: RoomId) -> None:
        """Whoever is here has heard all of their part, and whoever is gone the beginning of it."""
        heard = [seq for place, seq in _heard(guest) if place == room]
        entries = [entry for entry in self.log if entry.room == room]
        created = entries[0].event
        assert isinstance(created, RoomCreated)
        if created.kind is RoomKind.DIRECT:
            assert heard == sorted(set(heard))
            return
        stays = _stays(entries, guest.session.user)
        due = [seq for seq in stays if self.is_shown(guest, (room, seq))]
        assert heard == (due[: len(heard)] if guest.live.is_closed else due)

    def is_shown(self, guest: Guest, place: Place) -> bool:
        """Tell whether an entry is for somebody's eyes, once they are inside."""
        if place in _view(guest).own and not guest.view.echoes:
            return False
        number, entry = next(
            (number, entry)
            for number, entry in enumerate(self.log)
            if (entry.room, entry.seq) == place
        )
        if not isinstance(entry.event, (MessagePosted, *AMENDMENTS)):
            return True
        ignored = IGNORES_NOBODY
        for since, then in self.hidings.get(guest.session.user, []):
            if number >= since:
                ignored = then
        actor = actor_of(entry.event)
        return actor is None or actor.id == guest.session.user or not ignored.hides(actor)

    async def check_nothing_direct_is_lost(self) -> None:
        """Whatever was said to a name was heard, or is told when somebody has that name again."""
        known = {
            guest.session.user: {self.store.kept[place] for place in _heard(guest)}
            for guest in self.guests
        }
        authors = {one.id: actor_of(one.event) for one in self.log}
        for user, told in self.told.items():
            # Who takes the name that they have written to is told their own words.
            others = {id for id in told if (author := authors[id]) and author.id != user}
            assert len(told) == len(set(told)), "told twice"
            assert not known[user] & others, "heard and told"
            known[user].update(told)
        reached = set().union(*known.values())
        for number in range(len(NICKS)):
            guest = self.come(number)
            await self.chat.settle()
            await self.ask_missed(guest)
            reached.update(self.told[guest.session.user])
        for entry in self.log:
            event = entry.event
            if isinstance(event, MessagePosted) and folded_nick(event.to) in NICKS:
                assert entry.id in reached or await self.is_deleted(entry.id), "lost"

    async def is_deleted(self, message: EventId) -> bool:
        found = await self.store.find_messages([message])
        return found[message].is_deleted

    async def check_a_restart_finds_the_same(self) -> None:
        recovery = await self.store.open()
        world = self.chat.engine.world
        found = {stored.state.id: (stored.state, stored.head) for stored in recovery.rooms}
        assert found == {room: (state, world.heads[room]) for room, state in world.rooms.items()}


def _view(guest: Guest) -> WitnessView:
    assert isinstance(guest.view, WitnessView)
    return guest.view


def _heard(guest: Guest) -> list[Place]:
    return _view(guest).witness.heard


def _stays(entries: Sequence[Entry], user: UserId) -> list[int]:
    """Return the places of a room's log at which somebody was inside, or came or went."""
    inside, places = False, list[int]()
    for entry in entries:
        event = entry.event
        is_them = isinstance(event, (MemberJoined, MemberLeft)) and event.user.id == user
        if is_them and isinstance(event, MemberJoined):
            inside = True
        if inside:
            places.append(entry.seq)
        if is_them and isinstance(event, MemberLeft):
            inside = False
    return places


ACTIONS: Final = (
    *("say",) * 4,
    *("say directly",) * 3,
    *("come", "hang up", "join", "leave", "create", "rename", "come back", "delete room") * 2,
    *("say again", "set topic", "go away", "type", "react", "edit", "delete"),
    *("select room", "ignore", "ask missed", "ask missed"),
    *("fail", "hang", "settle", *("wait",) * 4),
)
STEPS: Final = st.tuples(st.sampled_from(ACTIONS), st.integers(0, 19), st.integers(0, 19))


@in_virtual_time
async def _live(steps: Sequence[tuple[str, int, int]]) -> None:
    bounds = HubSettings(crowd=4, crowd_delay=0.5)
    async with Chat(policy=Policy(rooms_per_user=4), hub=bounds) as chat:
        laws = Laws(chat)
        for number in range(4):
            laws.come(number)
        for step in steps:
            await laws.do(*step)
        await laws.end()
    await laws.check_a_restart_finds_the_same()


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=40, max_size=120))
def test_everyone_hears_exactly_their_part_whatever_happens(
    steps: list[tuple[str, int, int]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub_module, "COMINGS", 5)
        _live(steps)
