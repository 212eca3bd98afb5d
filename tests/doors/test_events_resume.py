"""Tests of coming back at the events door: exactly what was missed, or the room as it is."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

import pytest
from typing_extensions import override

from tertulia.core.apply import apply
from tertulia.core.events import Entry, LeaveReason
from tertulia.core.ids import RoomId
from tertulia.core.room import RoomState
from tertulia.doors.events import EventsDoor
from tertulia.server.hub import HubSettings
from tertulia.wire.events import decode_event
from tertulia.wire.events.convert import entry_of
from tertulia.wire.events.events import RoomEvent, RoomJoined
from tertulia.wire.events.snapshots import state_of
from tests.doors.events_peer import Event, Peer, WebSocketPeer, door_of
from tests.server.driving import Chat
from tests.server.faulty import FaultyStore
from tests.server.virtual import in_virtual_time

Welcome = Mapping[str, Any]
"""The params of a `welcome`, as JSON has them."""


async def enter(chat: Chat, door: EventsDoor, nick: str) -> tuple[Peer, Welcome]:
    peer = Peer(chat, door)
    welcome = await peer.log_in(nick)
    return peer, welcome


async def come_back(
    chat: Chat,
    door: EventsDoor,
    welcome: Welcome,
    cursors: Mapping[str, int],
    kind: type[Peer] = Peer,
) -> tuple[Peer, Welcome, list[Event]]:
    """Come back with a token; return what the `welcome` says, and everything behind it."""
    peer = kind(chat, door)
    peer.send("login", "back", token=welcome["token"], cursors=cursors)
    await chat.settle()
    first, *others = peer.events()
    assert first[0] == "welcome" and first[2] == "back", first
    assert first[1]["resumed"] is True
    return peer, first[1], others


def texts(events: list[Event]) -> list[str]:
    return [event[1]["text"] for event in events if event[0] == "message"]


async def say(peer: Peer, *words: str, room: str = "lobby") -> None:
    for word in words:
        peer.send("send_message", room=room, text=word)
    await peer.chat.settle()


@in_virtual_time
@pytest.mark.parametrize("kind", [Peer, WebSocketPeer])
async def test_who_comes_back_gets_what_they_missed_and_then_what_is_new(kind: type[Peer]) -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        lobby = welcome["main_room"]
        ana.link.break_off()
        await say(bob, "one", "two")
        back, again, missed = await come_back(chat, door, welcome, {lobby: 3}, kind)
        assert [(event[0], event[1]["seq"]) for event in missed] == [("message", 4), ("message", 5)]
        assert texts(missed) == ["one", "two"]
        assert again["user"] == welcome["user"]
        assert again["joined"] == [lobby]
        assert again["token"] != welcome["token"]
        await say(bob, "three")
        await say(back, "four")
        assert texts(back.events()) == ["three", "four"]


@in_virtual_time
async def test_nobody_else_notices_a_short_absence() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        bob.events()
        ana.link.break_off()
        for _ in range(30):
            await chat.settle()
        await come_back(chat, door, welcome, {})
        assert bob.events() == []


@in_virtual_time
@pytest.mark.parametrize("reason", [LeaveReason.LOST, LeaveReason.TIMEOUT, LeaveReason.TOO_SLOW])
async def test_who_stays_away_too_long_has_left(reason: LeaveReason) -> None:
    async with Chat() as chat:
        door = door_of(chat, resume_seconds=10.0)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        bob.events()
        ana.link.break_off(reason)
        for _ in range(12):
            await chat.settle()
        [left] = bob.events("user_left")
        assert left[1]["reason"] == reason.value
        late = Peer(chat, door)
        refused = await late.ask("login", 1, token=welcome["token"])
        assert (refused[0], refused[1]["code"], refused[1]["path"]) == (
            "server_error",
            "resume_failed",
            "$.token",
        )
        assert refused[1]["event"] == "login"
        await late.log_in("ana")


@in_virtual_time
@pytest.mark.parametrize("how", ["setting", "param"])
async def test_who_may_not_or_will_not_come_back_has_left_at_once(how: str) -> None:
    async with Chat() as chat:
        door = door_of(chat, resume_seconds=0.0 if how == "setting" else 60.0)
        bob, _ = await enter(chat, door, "bob")
        ana = Peer(chat, door)
        welcome = await ana.log_in("ana", resumable=how != "param")
        assert "token" not in welcome
        assert welcome.get("resume_seconds", 0) == 0
        ana.link.break_off()
        await chat.settle()
        assert [event[1]["reason"] for event in bob.events("user_left")] == ["lost"]


@in_virtual_time
async def test_a_made_up_token_is_refused() -> None:
    async with Chat() as chat:
        peer = Peer(chat, door_of(chat))
        for token in ("x", "é" * 200, "0" * 32):
            refused = await peer.ask("login", 1, token=token, nick="ana")
            assert refused[1]["code"] == "resume_failed"
        assert not chat.gateway.users()


@in_virtual_time
async def test_a_token_is_spent_once_its_successor_is_known_to_have_come() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        ana.link.break_off()
        back, again, _ = await come_back(chat, door, welcome, {})
        third, last, _ = await come_back(chat, door, welcome, {})
        assert back.events("goodbye")[-1][1]["reason"] == "replaced"
        third.send("ping", 1)
        await say(third, "here")
        fourth = Peer(chat, door)
        for token in (welcome["token"], again["token"]):
            refused = await fourth.ask("login", 1, token=token)
            assert refused[1]["code"] == "resume_failed"
        await come_back(chat, door, last, {})


@in_virtual_time
async def test_a_connection_that_still_stands_is_replaced() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        ana.events()
        back, _, missed = await come_back(chat, door, welcome, {welcome["main_room"]: 2})
        assert [event[0] for event in missed] == ["user_joined"]
        [goodbye] = ana.events()
        assert goodbye[1]["reason"] == "replaced"
        assert ana.link.closed is LeaveReason.LOST
        await say(bob, "hi")
        assert texts(back.events()) == ["hi"]
        assert chat.gateway.user_called("ana") is not None


@in_virtual_time
async def test_without_a_cursor_or_with_one_from_nowhere_the_room_is_told_as_it_is() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        lobby = welcome["main_room"]
        await say(ana, "one")
        cursors: Mapping[str, int]
        for cursors in ({}, {lobby: 99}):
            ana.link.break_off()
            await chat.settle()
            ana, welcome, behind = await come_back(chat, door, welcome, cursors)
            [joined] = behind
            assert joined[0] == "room_joined" and joined[1]["reset"] is True
            assert joined[1]["seq"] == 3
            assert [message["text"] for message in joined[1]["messages"]] == ["one"]


@in_virtual_time
@pytest.mark.parametrize(
    ("settings", "words"),
    [({"resume_entries": 3}, 4), ({"largest_push": 2000}, 30)],
    ids=["too many", "too long"],
)
async def test_where_too_much_was_missed_the_room_is_told_as_it_is(
    settings: dict[str, Any], words: int
) -> None:
    async with Chat() as chat:
        door = door_of(chat, **settings)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        lobby = welcome["main_room"]
        ana.link.break_off()
        await say(bob, *map(str, range(words)))
        _, _, [joined] = await come_back(chat, door, welcome, {lobby: 3})
        assert (joined[0], joined[1]["reset"]) == ("room_joined", True)
        assert joined[1]["seq"] == 3 + words


@in_virtual_time
async def test_just_as_much_as_may_be_missed_is_told() -> None:
    async with Chat() as chat:
        door = door_of(chat, resume_entries=3)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        ana.link.break_off()
        await say(bob, "1", "2", "3")
        _, _, missed = await come_back(chat, door, welcome, {welcome["main_room"]: 3})
        assert texts(missed) == ["1", "2", "3"]


@in_virtual_time
async def test_where_the_log_is_not_all_there_the_room_is_told_as_it_is() -> None:
    class PrunedStore(FaultyStore):
        @override
        async def read_log(self, room: RoomId, *, after: int = 0, limit: int = 1000) -> list[Entry]:
            return (await super().read_log(room, after=after, limit=limit))[1:]

    async with Chat(PrunedStore()) as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        lobby = welcome["main_room"]
        await say(ana, "old")
        ana.link.break_off()
        _, _, [joined] = await come_back(chat, door, welcome, {lobby: 1})
        assert (joined[0], joined[1]["reset"]) == ("room_joined", True)


@in_virtual_time
async def test_what_is_said_while_the_log_is_read_comes_after_it() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        ana.link.break_off()
        await say(bob, "one")
        chat.store.read_gate = asyncio.Event()
        back = Peer(chat, door)
        back.send("login", token=welcome["token"], cursors={welcome["main_room"]: 3})
        back.send("send_message", 1, room="lobby", text="mine")
        await say(bob, "two")
        bob.send("set_typing", room="lobby")
        await chat.settle()
        assert back.events() == []
        chat.store.read_gate.set()
        await chat.settle()
        events = back.events()
        assert [event[0] for event in events] == [
            "welcome",
            "message",
            "message",
            "typing",
            "message",
        ]
        assert texts(events) == ["one", "two", "mine"]
        assert events[-1][2] == 1


@in_virtual_time
async def test_whoever_cannot_be_held_back_for_is_closed_as_too_slow() -> None:
    async with Chat() as chat:
        door = door_of(chat, largest_push=2000)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        lobby = welcome["main_room"]
        ana.link.break_off()
        await say(bob, "one")
        chat.store.read_gate = asyncio.Event()
        back = Peer(chat, door)
        back.send("login", token=welcome["token"], cursors={lobby: 3})
        await say(bob, *map(str, range(40)))
        assert back.link.closed is LeaveReason.TOO_SLOW
        assert back.link.sent == b""
        chat.store.read_gate.set()
        _, _, behind = await come_back(chat, door, welcome, {lobby: 44})
        assert behind == []


@in_virtual_time
async def test_a_connection_lost_while_coming_back_costs_nothing() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        ana.link.break_off()
        await say(bob, "one")
        chat.store.read_gate = asyncio.Event()
        back = Peer(chat, door)
        back.send("login", token=welcome["token"], cursors={welcome["main_room"]: 3})
        await chat.settle()
        back.link.break_off()
        await chat.settle()
        chat.store.read_gate.set()
        await chat.settle()
        assert back.link.sent == b""
        _, _, missed = await come_back(chat, door, welcome, {welcome["main_room"]: 3})
        assert texts(missed) == ["one"]


@in_virtual_time
async def test_a_log_that_never_comes_closes_the_connection_and_one_may_try_again() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        await say(ana, "one")
        ana.link.break_off()
        chat.store.read_gate = asyncio.Event()
        back = Peer(chat, door)
        back.send("login", token=welcome["token"], cursors={welcome["main_room"]: 2})
        for _ in range(25):
            await chat.settle()
        assert back.events()[-1][0] == "goodbye"
        assert back.link.closed is LeaveReason.LOST
        chat.store.read_gate.set()
        _, _, missed = await come_back(chat, door, welcome, {welcome["main_room"]: 2})
        assert texts(missed) == ["one"]


@in_virtual_time
async def test_a_direct_conversation_begun_while_away_comes_whole() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        ana.link.break_off()
        await bob.ask("send_direct", 1, nick="ana", text="psst")
        back, again, missed = await come_back(chat, door, welcome, {welcome["main_room"]: 3})
        assert [event[0] for event in missed] == ["room_opened", "message"]
        [direct] = again["directs"]
        assert (direct["nick"], direct["room"]) == ("bob", missed[1][1]["room"])
        assert direct["room"] not in again["joined"]
        back.link.break_off()
        await bob.ask("send_direct", 2, nick="ana", text="again")
        cursors = {welcome["main_room"]: 3, direct["room"]: 2}
        _, _, missed = await come_back(chat, door, again, cursors)
        assert texts(missed) == ["again"]


@in_virtual_time
async def test_what_was_sent_and_never_acknowledged_is_kept_once() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        lobby = welcome["main_room"]
        bob.events()
        ana.send("send_message", 1, room="lobby", text="hi", key="k")
        ana.link.break_off()
        await chat.settle()
        back, _, missed = await come_back(chat, door, welcome, {lobby: 3})
        assert texts(missed) == ["hi"]
        again = await back.ask("send_message", 1, room="lobby", text="hi", key="k")
        assert again == [*missed[0], 1]
        assert len(bob.events("message")) == 1


@in_virtual_time
async def test_what_is_answered_after_coming_back_is_no_answer_there() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        await bob.ask("create_room", 1, name="dev")
        lobby = welcome["main_room"]
        head = 3
        chat.store.gate = asyncio.Event()
        ana.send("send_message", 1, room="lobby", text="late")
        ana.send("join_room", 2, room="dev")
        ana.send("join_room", 3, room="lobby")
        ana.link.break_off()
        await asyncio.sleep(0)
        back = Peer(chat, door)
        back.send("login", "back", token=welcome["token"], cursors={lobby: head})
        await asyncio.sleep(1)
        chat.store.gate.set()
        await chat.settle()
        events = back.events()
        assert [event[0] for event in events if event[0] != "room_updated"] == [
            "welcome",
            "room_joined",
            "message",
        ]
        assert [len(event) for event in events] == [3, *[2] * (len(events) - 1)]
        [joined] = [event for event in events if event[0] == "room_joined"]
        assert joined[1]["name"] == "dev"
        assert "reset" not in joined[1]


@in_virtual_time
async def test_a_room_that_was_deleted_meanwhile_is_not_among_those_one_is_in() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        made = await bob.ask("create_room", 1, name="dev")
        dev = made[1]["room"]
        await ana.ask("join_room", 2, room="dev")
        ana.link.break_off()
        await bob.ask("delete_room", 3, room="dev")
        cursors = {welcome["main_room"]: 3, dev: 3}
        _, again, missed = await come_back(chat, door, welcome, cursors)
        assert again["joined"] == [welcome["main_room"]]
        assert [room["name"] for room in again["rooms"]] == ["lobby"]
        assert missed == []


@in_virtual_time
async def test_the_list_of_rooms_goes_on_from_the_welcome() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, welcome = await enter(chat, door, "ana")
        bob, _ = await enter(chat, door, "bob")
        ana.link.break_off()
        await bob.ask("create_room", 1, name="dev")
        back, again, _ = await come_back(chat, door, welcome, {welcome["main_room"]: 3})
        assert [room["name"] for room in again["rooms"]] == ["lobby", "dev"]
        await bob.ask("create_room", 2, name="ops")
        assert [event[1]["name"] for event in back.events("room_created")] == ["ops"]


class Mirror:
    """A client that keeps a room by what it is sent, and notes every entry that it got."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.seqs: list[int] = []
        self.state: RoomState | None = None
        self.seq = 0
        self.resets = 0

    def take(self, events: list[bytes]) -> None:
        for line in events:
            event = decode_event(line).content
            if isinstance(event, RoomJoined) and event.room == self.room:
                self.resets += 1
                self.state, self.seq = state_of(event), event.seq
            elif isinstance(event, RoomEvent) and event.room == self.room:
                entry = entry_of(event)
                assert entry is not None
                assert entry.seq == self.seq + 1, "nothing missed, nothing doubled"
                self.state, self.seq = apply(self.state, entry), entry.seq
                self.seqs.append(entry.seq)


@pytest.mark.parametrize("seed", range(10))
def test_a_client_that_comes_and_goes_in_a_storm_keeps_the_rooms_as_they_are(seed: int) -> None:
    @in_virtual_time
    async def storm() -> None:
        dice = random.Random(seed)
        hub = HubSettings(crowd=3, crowd_delay=0.4, room_share=float(seed % 3))
        async with Chat(hub=hub) as chat:
            door = door_of(chat, resume_entries=dice.choice([5, 1000]))
            ana, welcome = await enter(chat, door, "ana")
            bob, _ = await enter(chat, door, "bob")
            made = await bob.ask("create_room", 1, name="dev")
            await ana.ask("join_room", 2, room="dev")
            rooms = {"lobby": welcome["main_room"], "dev": made[1]["room"]}
            mirrors = {name: Mirror(room) for name, room in rooms.items()}
            read = 0

            def read_all() -> None:
                nonlocal read
                lines = ana.link.sent.splitlines()
                new, read = lines[read:], len(lines)
                for mirror in mirrors.values():
                    mirror.take(new)

            read_all()
            guests = 0
            for step in range(80):
                for _ in range(dice.randrange(3)):
                    room = dice.choice(["lobby", "dev"])
                    bob.send("send_message", room=room, text=str(step))
                if dice.random() < 0.2:
                    guests += 1
                    Peer(chat, door).send("login", nick=f"extra{guests}")
                if dice.random() < 0.2:
                    ana.send("set_topic", room="dev", topic=str(step))
                if dice.random() < 0.3:
                    await asyncio.sleep(dice.random())
                if dice.random() < 0.2:
                    read_all()
                    ana.link.break_off()
                    if dice.random() < 0.5:
                        await asyncio.sleep(dice.random())
                    ana = Peer(chat, door)
                    cursors = {mirror.room: mirror.seq for mirror in mirrors.values()}
                    ana.send("login", token=welcome["token"], cursors=cursors)
                    await asyncio.sleep(dice.random() / 10)
                    if not ana.link.sent:
                        await chat.settle()
                    welcome = ana.sent[0][1]
                    read = 0
            await chat.settle()
            read_all()
            for name, mirror in mirrors.items():
                assert mirror.state == chat.gateway.room_named(name)

    storm()
