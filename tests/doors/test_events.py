"""Tests of the events door: what each request leads to, and what is refused, without sockets."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.events import LeaveReason, Rule
from tertulia.core.ids import RoomId, UserId
from tertulia.core.policy import Policy
from tertulia.doors.events import handler as handler_module
from tertulia.doors.events.arrival import ATTEMPTS
from tertulia.doors.events.requests import HANDLERS
from tertulia.doors.events.view import View
from tertulia.ports import StoreDamaged, StoreUnavailable
from tertulia.server.gateway import GatewaySettings
from tertulia.server.limits import Rate
from tertulia.wire.events.requests import REQUESTS, Login, Logout, Ping
from tertulia.wire.events.snapshots import read_id
from tests.doors.events_peer import Event, Peer, WebSocketPeer, door_of
from tests.server.driving import Chat
from tests.server.virtual import in_virtual_time


def error(event: Event) -> tuple[str, str | None, str | None]:
    """Return code, request and path of a `server_error`."""
    assert event[0] == "server_error", event
    assert event[1]["text"]
    return event[1]["code"], event[1].get("event"), event[1].get("path")


async def enter(chat: Chat, nick: str, **settings: Any) -> Peer:
    """Return a peer that is logged in, and has read what came of that."""
    peer = Peer(chat, door_of(chat, **settings))
    await peer.log_in(nick)
    return peer


async def room_of(peer: Peer, name: str) -> str:
    """Make a room, and return its id."""
    joined = await peer.ask("create_room", "new", name=name)
    assert joined[0] == "room_joined"
    room: str = joined[1]["room"]
    return room


async def say(peer: Peer, text: str, room: str = "lobby") -> str:
    """Say something, and return the id of the message."""
    sent = await peer.ask("send_message", "say", room=room, text=text)
    assert sent[0] == "message", sent
    message: str = sent[1]["id"]
    return message


def test_every_request_has_a_handler() -> None:
    assert HANDLERS.keys() == set(REQUESTS.values()) - {Login, Logout, Ping}


# The login


@in_virtual_time
async def test_the_login_is_answered_with_all_there_is_to_know() -> None:
    async with Chat() as chat:
        bob = await enter(chat, "bob")
        await room_of(bob, "dev")
        ana = Peer(chat, door_of(chat))
        ana.send("login", 1, nick="Ana")
        await chat.settle()
        welcome, joined = ana.events()
        assert welcome[0] == "welcome" and welcome[2] == 1
        about = welcome[1]
        assert about["user"]["nick"] == "Ana"
        assert about["user"]["identity"] == "n:ana"
        assert [(room["name"], room["members"]) for room in about["rooms"]] == [
            ("lobby", 2),
            ("dev", 1),
        ]
        assert about["joined"] == [about["main_room"]] == [about["rooms"][0]["id"]]
        assert (about["protocol"], about["resume_seconds"], about["max_event"]) == (1, 60, 65536)
        assert len(about["token"]) >= 32
        assert joined[0] == "room_joined" and len(joined) == 2
        assert [member["nick"] for member in joined[1]["members"]] == ["bob", "Ana"]
        assert (joined[1]["seq"], joined[1]["name"]) == (3, "lobby")
        assert [event[0] for event in bob.events()] == ["user_joined", "room_updated"]


@in_virtual_time
async def test_a_login_without_a_nick_draws_a_guests() -> None:
    async with Chat() as chat:
        peer = Peer(chat, door_of(chat))
        assert (await peer.log_in())["user"]["nick"].startswith("guest")


@in_virtual_time
async def test_before_the_login_only_a_ping_is_answered() -> None:
    async with Chat() as chat:
        peer = Peer(chat, door_of(chat))
        names = sorted(REQUESTS.keys() - {"login", "ping"})
        for name in names:
            peer.send(name, name)
        await chat.settle()
        told = peer.events()
        assert [event[2] for event in told] == names
        assert {error(event)[0] for event in told} == {"login_required", "invalid_params"}
        refused = await peer.ask("send_message", 7, room="lobby", text="hi")
        assert error(refused) == ("login_required", "send_message", None)
        assert refused[2] == 7
        pong = await peer.ask("ping", 8, data="x")
        assert pong == ["pong", {"time": chat.now, "data": "x"}, 8]
        await peer.log_in("ana")


@in_virtual_time
async def test_a_refused_login_may_be_tried_again() -> None:
    async with Chat() as chat:
        await enter(chat, "ana")
        peer = Peer(chat, door_of(chat))
        refused = await peer.ask("login", 1, nick="Ana")
        assert error(refused) == ("nick_in_use", "login", "$.nick")
        suggestion = refused[1]["data"]["suggestion"]
        assert error(await peer.ask("login", 2, nick="a b"))[0] == "invalid_nick"
        assert (await peer.log_in(suggestion))["user"]["nick"] == suggestion


@in_virtual_time
async def test_not_for_ever_though() -> None:
    async with Chat() as chat:
        peer = Peer(chat, door_of(chat))
        for _ in range(ATTEMPTS):
            peer.send("login", nick="a b")
            await chat.settle()
        assert peer.events()[-1][0] == "goodbye"
        assert peer.link.closed is LeaveReason.LOST


@in_virtual_time
async def test_one_connection_is_one_person() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        assert error(await ana.ask("login", 1, nick="bob")) == ("already_logged_in", "login", None)
        assert [user.person.nick for user in chat.gateway.users()] == ["ana"]


@in_virtual_time
async def test_a_newer_protocol_is_refused() -> None:
    async with Chat() as chat:
        peer = Peer(chat, door_of(chat))
        refused = await peer.ask("login", 1, nick="ana", protocol=2)
        assert error(refused) == ("unsupported_protocol", "login", "$.protocol")
        await peer.log_in("ana", protocol=1)


@in_virtual_time
async def test_refusals_are_in_the_language_asked_for() -> None:
    async with Chat() as chat:
        ana = Peer(chat, door_of(chat))
        await ana.log_in("ana", language="pt-BR")
        refused = await ana.ask("join_room", 1, room="nada")
        assert refused[1]["text"].startswith("Não há nenhuma sala chamada nada.")
        bob = Peer(chat, door_of(chat))
        await bob.log_in("bob", language="tlh")
        assert (await bob.ask("join_room", 1, room="nada"))[1]["text"].startswith("There is no")


@in_virtual_time
async def test_who_does_not_log_in_in_time_is_told_and_closed() -> None:
    async with Chat() as chat:
        silent, busy = Peer(chat, door_of(chat)), Peer(chat, door_of(chat))
        ana = await enter(chat, "ana")
        for _ in range(12):
            busy.send("ping")
            await chat.settle()
        for peer in (silent, busy):
            assert peer.events()[-1][1]["reason"] == "login_timeout"
            assert peer.link.closed is LeaveReason.TIMEOUT
        assert ana.link.closed is None


@in_virtual_time
async def test_a_refused_login_gives_new_time() -> None:
    async with Chat() as chat:
        peer = Peer(chat, door_of(chat))
        for _ in range(3):
            for _ in range(7):
                await chat.settle()
            peer.send("login", nick="a b")
            await chat.settle()
        await peer.log_in("ana")


@in_virtual_time
async def test_who_is_online_but_not_in_the_main_room_is_welcome() -> None:
    async with Chat(policy=Policy(rooms_per_user=0)) as chat:
        peer = Peer(chat, door_of(chat))
        assert (await peer.log_in("ana"))["joined"] == []


@in_virtual_time
async def test_what_is_glued_to_the_login_is_dealt_with_after_it() -> None:
    async with Chat() as chat:
        bob = await enter(chat, "bob")
        ana = Peer(chat, door_of(chat))
        ana.link.receive(
            b'["login",{"nick":"ana"},1]\n'
            b'["send_message",{"room":"lobby","text":"hi"},2]\n'
            b'["create_room",{"name":"dev"},3]\n'
            b'["send_message",{"room":"dev","text":"first"},4]\n'
            b'["nothing",{},5]\n'
        )
        await chat.settle()
        answers = {event[2]: event[0] for event in ana.events() if len(event) > 2}
        assert answers == {
            1: "welcome", 2: "message", 3: "room_joined", 4: "message", 5: "server_error",
        }  # fmt: skip
        assert [event[0] for event in bob.events("message")] == ["message"]


@in_virtual_time
async def test_direct_messages_that_were_missed_are_told_after_the_login() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        sent = await ana.ask("send_direct", 1, nick="bob", text="psst")
        bob = Peer(chat, door_of(chat))
        bob.send("login", nick="bob")
        await chat.settle()
        [welcome] = bob.sent[:1]
        [missed] = bob.events("missed_messages")
        assert [message["text"] for message in missed[1]["messages"]] == ["psst"]
        assert welcome[1]["directs"] == [
            {"room": sent[1]["room"], "nick": "ana", "parties": ["n:ana", "n:bob"]}
        ]
        again = await bob.ask("send_direct", 2, nick="ana", text="yes?")
        assert again[1]["room"] == sent[1]["room"]


@in_virtual_time
async def test_missed_messages_that_cannot_be_read_are_no_reason_to_stay_out() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        await ana.ask("send_direct", 1, nick="bob", text="psst")
        chat.store.read_failure = StoreDamaged("damaged")
        bob = Peer(chat, door_of(chat))
        bob.send("login", nick="bob")
        await chat.settle()
        assert [event[0] for event in bob.sent] == ["welcome", "room_joined", "server_error"]


@in_virtual_time
async def test_who_is_gone_before_the_login_is_answered_was_never_here() -> None:
    async with Chat() as chat:
        bob = await enter(chat, "bob")
        bob.events()
        peer = Peer(chat, door_of(chat))
        chat.store.gate = asyncio.Event()
        peer.send("login", nick="ana")
        peer.link.break_off()
        await asyncio.sleep(1)
        chat.store.gate.set()
        await chat.settle()
        assert peer.link.sent == b""
        assert [user.person.nick for user in chat.gateway.users()] == ["bob"]


@in_virtual_time
async def test_missed_messages_that_take_too_long_are_given_up() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        await ana.ask("send_direct", 1, nick="bob", text="psst")
        chat.store.read_gate = asyncio.Event()
        bob = await enter(chat, "bob")
        for _ in range(25):
            await chat.settle()
        chat.store.read_gate.set()
        assert (await bob.ask("get_history", 1, room="lobby"))[0] == "history"


# Rooms


@in_virtual_time
async def test_a_room_is_made_joined_and_left() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        made = await ana.ask("create_room", 1, name="dev", topic="code")
        assert made[0] == "room_joined"
        assert (made[1]["name"], made[1]["topic"], made[1]["owner"]) == (
            "dev",
            "code",
            made[1]["members"][0]["id"],
        )
        assert made[1]["members"][0]["role"] == "owner"
        await say(ana, "first", "dev")
        joined = await bob.ask("join_room", 2, room="DEV")
        assert joined[0] == "room_joined"
        assert [member["nick"] for member in joined[1]["members"]] == ["ana", "bob"]
        assert [message["text"] for message in joined[1]["messages"]] == ["first"]
        assert [event[1]["user"]["nick"] for event in ana.events("user_joined")] == ["bob"]
        left = await bob.ask("leave_room", 3, room=joined[1]["room"], text="ciao")
        assert left[0] == "user_left"
        assert (left[1]["reason"], left[1]["text"]) == ("left", "ciao")
        [seen] = ana.events("user_left")
        assert len(seen) == 2 and seen[1] == left[1]


@in_virtual_time
async def test_the_list_of_rooms_is_kept_current_for_everybody() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        ana.events()
        room = await room_of(ana, "dev")
        await ana.ask("set_topic", 1, room="dev", topic="code")
        await ana.ask("delete_room", 2, room="dev")
        assert bob.events() == [
            ["room_created", {"room": room, "name": "dev", "members": 1}],
            ["room_updated", {"room": room, "name": "dev", "topic": "code", "members": 1}],
            ["room_deleted", {"room": room}],
        ]


@in_virtual_time
async def test_who_does_not_watch_the_list_asks_for_it() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), Peer(chat, door_of(chat))
        await bob.log_in("bob", watch_rooms=False)
        await room_of(ana, "dev")
        assert bob.events() == []
        listed = await bob.ask("get_rooms", 1)
        assert [room["name"] for room in listed[1]["rooms"]] == ["lobby", "dev"]


@in_virtual_time
async def test_an_owner_who_is_not_inside_deletes_the_room_all_the_same() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        await room_of(ana, "dev")
        await bob.ask("join_room", 1, room="dev")
        await ana.ask("leave_room", 2, room="dev")
        assert await ana.ask("delete_room", 3, room="dev") == ["done", {}, 3]
        assert [event[0] for event in bob.events("room_closed", "user_left")][-1] == "room_closed"


@in_virtual_time
async def test_a_topic_is_told_and_one_that_is_there_already_is_done() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        changed = await ana.ask("set_topic", 1, room="lobby", topic="tea")
        assert (changed[0], changed[1]["topic"]) == ("topic_changed", "tea")
        assert [event[1]["topic"] for event in bob.events("topic_changed")] == ["tea"]
        assert await ana.ask("set_topic", 2, room="lobby", topic="tea") == ["done", {}, 2]


@in_virtual_time
async def test_rooms_that_cannot_be_are_refused_with_their_reason() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        dev = await room_of(ana, "dev")
        bob.events()
        for name, params, expected in [
            ("join_room", {"room": "nada"}, ("no_such_room", "$.room")),
            ("join_room", {"room": "0aknwsz9m0000"}, ("unknown_room", "$.room")),
            ("join_room", {"room": "lobby"}, ("already_in_room", "$.room")),
            ("leave_room", {"room": "nada"}, ("no_such_room", "$.room")),
            ("leave_room", {"room": dev}, ("not_in_room", "$.room")),
            ("send_message", {"room": "nada", "text": "x"}, ("no_such_room", "$.room")),
            ("send_message", {"room": dev, "text": "x"}, ("not_in_room", "$.room")),
            ("set_typing", {"room": "dev"}, ("not_in_room", "$.room")),
            ("set_topic", {"room": "dev", "topic": "x"}, ("not_in_room", "$.room")),
            ("create_room", {"name": "Dev"}, ("room_exists", "$.name")),
            ("create_room", {"name": "a b"}, ("invalid_room_name", "$.name")),
            ("delete_room", {"room": "dev"}, ("owners_only", "$.room")),
            ("get_history", {"room": dev}, ("not_in_room", "$.room")),
            ("get_history", {"room": "nada"}, ("no_such_room", "$.room")),
            ("get_users", {"room": "nada"}, ("no_such_room", "$.room")),
        ]:
            refused = await bob.ask(name, 9, **params)
            assert error(refused) == (expected[0], name, expected[1])
            assert refused[2] == 9
        assert error(await ana.ask("delete_room", 1, room="lobby"))[0] == "main_room_stays"
        assert [event[0] for event in ana.events()] == []


# Messages


@in_virtual_time
async def test_a_message_is_acknowledged_by_ones_own_copy_once_it_is_stored() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        chat.store.gate = asyncio.Event()
        ana.events()
        ana.send("send_message", "m1", room="lobby", text="olá")
        await asyncio.sleep(1)
        assert ana.events() == bob.events() == []
        chat.store.gate.set()
        await chat.settle()
        [own], [seen] = ana.events(), bob.events()
        assert own == [*seen, "m1"]
        assert (seen[1]["text"], seen[1]["author"]["nick"]) == ("olá", "ana")
        assert chat.store.appends[-1][0].seq == own[1]["seq"]


@in_virtual_time
async def test_a_message_that_cannot_be_stored_is_refused() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        chat.store.failure = StoreUnavailable("disk full")
        refused = await ana.ask("send_message", 1, room="lobby", text="x")
        assert error(refused)[0] == "store_unavailable"


@in_virtual_time
async def test_messages_are_answered_edited_reacted_to_and_taken_back() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        first = await say(ana, "hello")
        reply = await bob.ask("send_message", 1, room="lobby", text="hi", reply_to=first)
        assert reply[1]["reply_to"] == first
        acted = await bob.ask("send_message", 2, room="lobby", text="waves", action=True)
        assert acted[1]["action"] is True
        edited = await ana.ask("edit_message", 3, message=first, text="hello!")
        assert (edited[0], edited[1]["message"], edited[1]["text"]) == (
            "message_edited",
            first,
            "hello!",
        )
        added = await bob.ask("add_reaction", 4, message=first, reaction="👍")
        assert (added[0], added[1]["reaction"], added[1]["by"]["nick"]) == (
            "reaction_added",
            "👍",
            "bob",
        )
        history = await ana.ask("get_history", 5, room="lobby")
        [shown] = [one for one in history[1]["messages"] if one["id"] == first]
        assert shown["text"] == "hello!" and "edited" in shown
        assert [(one["reaction"], one["by"][0]["nick"]) for one in shown["reactions"]] == [
            ("👍", "bob")
        ]
        removed = await bob.ask("remove_reaction", 6, message=first, reaction="👍")
        assert removed[0] == "reaction_removed"
        deleted = await ana.ask("delete_message", 7, message=first)
        assert deleted[0] == "message_deleted"
        history = await bob.ask("get_history", 8, room="lobby")
        [shown] = [one for one in history[1]["messages"] if one["id"] == first]
        assert shown["text"] == "" and shown["is_deleted"] is True
        kinds = [event[0] for event in bob.sent]
        assert {"message_edited", "message_deleted"} <= set(kinds)


@in_virtual_time
async def test_messages_that_are_not_ones_own_or_not_there_are_refused() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        first = await say(ana, "hello")
        none = "7zzzzzzzzzzzz"
        for name, params, expected in [
            ("edit_message", {"message": first, "text": "x"}, ("not_your_message", "$.message")),
            ("delete_message", {"message": first}, ("not_your_message", "$.message")),
            ("edit_message", {"message": none, "text": "x"}, ("no_such_message", "$.message")),
            ("add_reaction", {"message": none, "reaction": "x"}, ("no_such_message", "$.message")),
            (
                "send_message",
                {"room": "lobby", "text": "x", "reply_to": none},
                ("no_such_message", "$.reply_to"),
            ),
            (
                "add_reaction",
                {"message": first, "reaction": "a b"},
                ("invalid_reaction", "$.reaction"),
            ),
            ("send_message", {"room": "lobby", "text": " "}, ("empty_text", "$.text")),
            ("send_message", {"room": "lobby", "text": "x" * 5000}, ("text_too_long", "$.text")),
            ("send_direct", {"nick": "bob", "text": "x"}, ("to_yourself", "$.nick")),
            ("send_direct", {"nick": "guest-1", "text": "x"}, ("no_such_user", "$.nick")),
            ("search", {"words": " "}, ("empty_text", "$.words")),
        ]:
            refused = await bob.ask(name, 9, **params)
            assert error(refused) == (expected[0], name, expected[1])
        too_long = await bob.ask("send_message", 9, room="lobby", text="x" * 5000)
        assert too_long[1]["data"] == {"length": 5000, "limit": 4000}


@in_virtual_time
async def test_a_message_sent_again_with_its_key_is_acknowledged_and_not_said_again() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        bob.events()
        first = await ana.ask("send_message", 1, room="lobby", text="hi", key="k1")
        again = await ana.ask("send_message", 2, room="lobby", text="hi", key="k1")
        assert first[:2] == again[:2] and (first[2], again[2]) == (1, 2)
        other = await ana.ask("send_message", 3, room="lobby", text="hi", key="k2")
        assert other[1]["seq"] == first[1]["seq"] + 1
        assert len(bob.events("message")) == 2
        direct = await ana.ask("send_direct", 4, nick="bob", text="psst", key="k3")
        assert (await ana.ask("send_direct", 5, nick="bob", text="psst", key="k3"))[1] == direct[1]
        assert len(bob.events("message")) == 1


@in_virtual_time
async def test_a_direct_message_reaches_the_two_alone() -> None:
    async with Chat() as chat:
        ana, bob, eve = await enter(chat, "ana"), await enter(chat, "bob"), await enter(chat, "eve")
        for peer in (ana, bob, eve):
            peer.events()
        sent = await ana.ask("send_direct", 1, nick="Bob", text="psst")
        assert (sent[0], sent[1]["to"], sent[1]["seq"]) == ("message", "bob", 2)
        assert sent[2] == 1
        opened, message = bob.events()
        assert (opened[0], opened[1]["kind"]) == ("room_opened", "direct")
        assert message == sent[:2]
        assert eve.events() == []
        room = sent[1]["room"]
        answer = await bob.ask("send_message", 2, room=room, text="yes?")
        assert (answer[0], answer[1]["to"]) == ("message", "ana")
        history = await bob.ask("get_history", 3, room=room)
        assert [one["text"] for one in history[1]["messages"]] == ["psst", "yes?"]
        assert error(await eve.ask("send_message", 4, room=room, text="x"))[0] == "unknown_room"
        assert error(await eve.ask("get_history", 5, room=room))[0] == "unknown_room"
        assert error(await bob.ask("get_users", 6, room=room))[0] == "unknown_room"


@in_virtual_time
async def test_a_user_object_of_ones_own_making_is_refused_and_does_nothing() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        borrowed = ana.sent[0][1]["user"]
        bob.events()
        for name, params in [
            ("send_message", {"room": "lobby", "text": "hi"}),
            ("join_room", {"room": "lobby"}),
            ("create_room", {"name": "dev"}),
            ("send_direct", {"nick": "ana", "text": "hi"}),
            ("change_nick", {"nick": "x"}),
        ]:
            for key in ("user", "author", "by", "id"):
                refused = await bob.ask(name, 1, **params, **{key: borrowed})
                assert error(refused) == ("invalid_params", name, f"$.{key}")
        assert ana.events("message", "room_created", "user_renamed") == []


# People


@in_virtual_time
async def test_a_change_of_nick_is_told_in_every_room_and_once_to_every_person() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        await room_of(ana, "dev")
        await bob.ask("join_room", 1, room="dev")
        bob.events()
        assert (await ana.ask("change_nick", 2, nick="Anna")) == ["done", {}, 2]
        events = bob.events()
        assert sorted(event[0] for event in events) == [
            "nick_changed",
            "user_renamed",
            "user_renamed",
        ]
        assert {event[1]["user"]["nick"] for event in events} == {"Anna"}
        assert {event[1]["old_nick"] for event in events} == {"ana"}
        refused = await bob.ask("change_nick", 3, nick="anna")
        assert error(refused) == ("nick_in_use", "change_nick", "$.nick")


@in_virtual_time
async def test_presence_and_typing_are_told_and_not_kept() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        kept = len(chat.store.appends)
        bob.events()
        assert await ana.ask("set_away", 1, text="lunch") == ["done", {}, 1]
        ana.send("set_away")
        ana.send("set_typing", 2, room="lobby")
        await chat.settle()
        away, back, typing = bob.events()
        assert (away[0], away[1]["away"]) == ("presence", "lunch")
        assert (back[0], "away" in back[1]) == ("presence", False)
        assert (typing[0], typing[1]["user"]["nick"]) == ("typing", "ana")
        assert len(chat.store.appends) == kept
        assert ["done", {}, 2] in ana.events()


@in_virtual_time
async def test_people_are_listed_by_room_and_all_together() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        dev = await room_of(ana, "dev")
        await bob.ask("set_away", 1, text="")
        everybody = await ana.ask("get_users", 2)
        assert [user["nick"] for user in everybody[1]["users"]] == ["ana", "bob"]
        assert everybody[1]["users"][1]["away"] == ""
        inside = await bob.ask("get_users", 3, room="dev")
        assert inside[1]["room"] == dev
        assert [(user["nick"], user["role"]) for user in inside[1]["users"]] == [("ana", "owner")]


@in_virtual_time
async def test_a_room_that_is_unlisted_is_in_no_list() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        dev = await room_of(ana, "dev")
        bob.events()
        [session] = [one for one in chat.gateway.sessions() if one.identity == "n:ana"]
        wish = c.RuleWish(Rule.UNLISTED)
        chat.gateway.submit(session, c.ChangeRules(RoomId(read_id(dev)), (wish,)))
        await chat.settle()
        assert bob.events() == [["room_deleted", {"room": dev}]]
        for peer, found in ((ana, "users"), (bob, "server_error")):
            assert [room["name"] for room in (await peer.ask("get_rooms", 1))[1]["rooms"]] == [
                "lobby"
            ]
            assert (await peer.ask("get_users", 2, room="dev"))[0] == found
        late = Peer(chat, door_of(chat))
        assert [room["name"] for room in (await late.log_in("late"))["rooms"]] == ["lobby"]


@in_virtual_time
async def test_who_is_ignored_is_not_heard() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        assert await ana.ask("ignore", 1, nick="bob") == ["ignored", {"nicks": ["bob"]}, 1]
        await say(bob, "psst")
        assert ana.events("message") == []
        assert await ana.ask("unignore", 2, nick="bob") == ["ignored", {"nicks": []}, 2]
        await say(bob, "hello")
        assert len(ana.events("message")) == 1
        assert error(await ana.ask("ignore", 3, nick="nobody"))[0] == "no_such_user"
        assert error(await ana.ask("unignore", 4, nick="bob"))[0] == "no_such_user"


# Reading


@in_virtual_time
async def test_history_comes_in_pages() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        for number in range(10):
            await say(ana, str(number))

        async def page(**params: object) -> tuple[str, bool]:
            found = await ana.ask("get_history", 1, room="lobby", **params)
            assert found[0] == "history", found
            texts = "".join(one["text"] for one in found[1]["messages"])
            return texts, found[1].get("more", False)

        assert await page(limit=4) == ("6789", True)
        assert await page(before=9, limit=4) == ("2345", True)
        assert await page(before=5, limit=4) == ("01", False)
        assert await page(after=2, limit=4) == ("0123", True)
        assert await page(after=10, limit=4) == ("89", False)
        assert await page(limit=10) == ("0123456789", False)


@in_virtual_time
async def test_a_page_that_would_be_too_long_is_cut_and_says_so() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana", largest_push=4096)
        for _ in range(8):
            await say(ana, "x" * 1000)
        found = await ana.ask("get_history", 1, room="lobby")
        assert 1 <= len(found[1]["messages"]) <= 3
        assert found[1]["more"] is True
        results = await ana.ask("search", 2, words="x" * 1000)
        assert 1 <= len(results[1]["messages"]) <= 3
        bob = Peer(chat, door_of(chat, largest_push=4096))
        bob.send("login", nick="bob")
        await chat.settle()
        [joined] = bob.events("room_joined")
        assert 1 <= len(joined[1]["messages"]) <= 3


@in_virtual_time
async def test_messages_are_found_by_their_words() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        await room_of(ana, "dev")
        await say(ana, "um café")
        await say(ana, "outro café", "dev")
        found = await ana.ask("search", 1, words="cafe")
        assert [one["text"] for one in found[1]["messages"]] == ["outro café", "um café"]
        found = await ana.ask("search", 2, words="cafe", room="lobby")
        assert [one["text"] for one in found[1]["messages"]] == ["um café"]


@in_virtual_time
async def test_a_log_that_cannot_be_read_is_an_error_and_no_more() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        chat.store.read_failure = StoreDamaged("damaged")
        assert error(await ana.ask("get_history", 1, room="lobby"))[0] == "history_damaged"
        chat.store.read_failure = ZeroDivisionError()
        assert error(await ana.ask("search", 2, words="x"))[0] == "internal_error"
        chat.store.read_failure = None
        assert (await ana.ask("get_history", 3, room="lobby"))[0] == "history"


# Typed commands


@in_virtual_time
async def test_a_typed_command_is_answered_with_notices_and_events() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        listed = await ana.ask("run_command", 1, text="/rooms")
        assert (listed[0], listed[1]["source"]) == ("notice", "command")
        assert any("lobby" in line for line in listed[1]["lines"])
        ana.send("run_command", 2, text="/create dev")
        await chat.settle()
        [joined] = ana.events("room_joined")
        assert (joined[1]["name"], joined[2]) == ("dev", 2)
        said = await ana.ask("run_command", 3, text="in dev now")
        assert (said[0], said[1]["room"]) == ("message", joined[1]["room"])
        # What it brings about is told by events; the answer says only that it is done.
        assert (await bob.ask("run_command", 4, text="/msg ana psst"))[0] == "done"
        [told] = ana.events("message")[-1:]
        assert told[1]["text"] == "psst"
        assert (await ana.ask("run_command", 5, text="/reply yes?"))[0] == "done"
        [replied] = bob.events("message")[-1:]
        assert replied[1]["to"] == "bob"
        refused = await ana.ask("run_command", 6, text="/dance")
        assert error(refused) == ("unknown_command", "run_command", None)
        assert error(await ana.ask("run_command", 7, text="/create dev"))[0] == "room_exists"
        history = await ana.ask("run_command", 8, text="/history")
        assert history[0] == "notice"


@in_virtual_time
async def test_a_typed_text_needs_a_room_to_go_to() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        await ana.ask("leave_room", 1, room="lobby")
        assert error(await ana.ask("run_command", 2, text="hello?"))[0] == "in_no_room"
        assert error(await ana.ask("run_command", 3, text="/reply x"))[0] == "nobody_to_answer"


@in_virtual_time
async def test_a_typed_command_changes_the_language_and_ends_the_stay() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        told = await ana.ask("run_command", 1, text="/lang pt")
        assert told[0] == "notice"
        assert "Não há" in (await ana.ask("join_room", 2, room="nada"))[1]["text"]
        ana.send("run_command", 3, text="/quit tchau")
        await chat.settle()
        assert ana.events()[-1] == ["goodbye", {"reason": "quit"}, 3]
        assert not chat.gateway.users()


@in_virtual_time
async def test_a_typed_command_that_shows_nothing_is_done() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        ana.send("run_command", 1, text="/topic tea")
        ana.send("run_command", 2, text="/away lunch")
        ana.send("run_command", 3, text="/away")
        await chat.settle()
        assert {tuple(event[2:]) for event in ana.events("done")} == {(1,), (2,), (3,)}


@in_virtual_time
async def test_a_typed_command_that_fails_is_answered_and_the_others_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        monkeypatch.setattr(View, "show_room", None)
        ana.send("run_command", 1, text="/create dev")
        await chat.settle()
        assert error(ana.events("server_error")[0])[0] == "internal_error"
        assert (await ana.ask("get_users", 2))[0] == "users"


@in_virtual_time
async def test_typed_commands_that_come_too_fast_are_refused() -> None:
    async with Chat(settings=GatewaySettings(actions=Rate(1, 0.01))) as chat:
        ana = await enter(chat, "ana")
        ana.send("run_command", 1, text="/create one")
        ana.send("run_command", 2, text="/create two")
        await chat.settle()
        assert error(ana.events("server_error")[0])[0] == "rate_limited"


# Junk


@in_virtual_time
@pytest.mark.parametrize("kind", [Peer, WebSocketPeer])
async def test_junk_is_told_and_the_connection_stays(kind: type[Peer]) -> None:
    async with Chat() as chat:
        ana = kind(chat, door_of(chat))
        await ana.log_in("ana")
        for junk, code in [
            ("hello", "invalid_json"),
            ('["ping",' + "[" * 30_000, "invalid_json"),
            ('["ping",{}', "invalid_json"),
            ("{}", "invalid_event"),
            ('["ping"]', "invalid_event"),
            ('["ping",{},{}]', "invalid_event"),
            ('["dance",{}]', "unknown_event"),
            ('["join_room",{}]', "invalid_params"),
            ('["join_room",{"room":["lobby"]}]', "invalid_params"),
            ('["ping",{"data":"' + "x" * 70_000 + '"}]', "event_too_long"),
        ]:
            ana.events()
            ana.send_text(junk)
            await chat.settle()
            [told] = ana.events()
            assert error(told)[0] == code
        assert (await ana.ask("ping", 1))[0] == "pong"


@in_virtual_time
async def test_a_pickle_is_junk_like_any_other() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            ana.link.receive(pickle.dumps(["ping", {}], protocol=protocol) + b"\n")
            await chat.settle()
            assert {error(event)[0] for event in ana.events()} == {"invalid_json"}


@in_virtual_time
async def test_what_can_be_no_answer_is_told_without_a_request_id() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        ana.send_text('["ping",{},1,2]')
        await chat.settle()
        [told] = ana.events()
        assert len(told) == 2


@in_virtual_time
async def test_ten_megabytes_without_an_end_are_told_once_and_held_by_nobody() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        for _ in range(160):
            ana.link.receive(b"x" * 65_536)
        await chat.settle()
        assert [error(event)[0] for event in ana.events()] == ["event_too_long"]
        ana.link.receive(b"\n")
        assert (await ana.ask("ping", 1))[0] == "pong"


@in_virtual_time
@pytest.mark.parametrize(
    "line",
    ["POST /events HTTP/1.1", "PUT / HTTP/1.0", "options * HTTP/1.1", "x  HTTP/1.1"],
)
async def test_a_page_that_posts_to_this_port_is_not_let_in(line: str) -> None:
    async with Chat() as chat:
        page = Peer(chat, door_of(chat))
        page.link.receive(f"{line}\r\nHost: a\r\n\r\n".encode() + b'["login",{"nick":"ana"}]\n')
        await chat.settle()
        assert page.link.sent.startswith(b"HTTP/1.1 405 ")
        assert page.link.closed is LeaveReason.LOST
        assert not chat.gateway.users()


# How bytes come


@in_virtual_time
async def test_a_hundred_glued_events_are_all_dealt_with_in_order() -> None:
    async with Chat() as chat:
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        bob.events()
        lines = [
            f'["send_message",{{"room":"lobby","text":"{number}"}},{number}]\n'
            for number in range(100)
        ]
        ana.link.receive("".join(lines).encode())
        await chat.settle()
        assert [event[1]["text"] for event in bob.events()] == list(map(str, range(100)))
        assert [event[2] for event in ana.events("message")] == list(range(100))


@in_virtual_time
@pytest.mark.parametrize("kind", [Peer, WebSocketPeer])
async def test_more_than_may_be_unanswered_waits_and_nothing_is_lost(kind: type[Peer]) -> None:
    async with Chat() as chat:
        ana, bob = kind(chat, door_of(chat)), await enter(chat, "bob")
        await ana.log_in("ana")
        bob.events()
        for number in range(1000):
            ana.send("send_message", number, room="lobby", text=str(number))
        for _ in range(5):
            await chat.settle()
        assert [event[1]["text"] for event in bob.events()] == list(map(str, range(1000)))
        assert [event[2] for event in ana.events("message")] == list(range(1000))


@in_virtual_time
async def test_events_that_come_byte_by_byte_are_put_together() -> None:
    async with Chat() as chat:
        ana = Peer(chat, door_of(chat))
        for byte in '["login",{"nick":"joão"},1]\n'.encode():
            ana.link.receive(bytes([byte]))
        await chat.settle()
        assert ana.events("welcome")[0][1]["user"]["nick"] == "joão"


@in_virtual_time
async def test_a_room_is_known_by_the_name_it_will_have() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        ana.send("create_room", 1, name="dev")
        ana.send("send_message", 2, room="dev", text="first")
        ana.send("send_message", 3, room="nada", text="lost")
        ana.send("get_history", 4, room="dev")
        await chat.settle()
        answers = {event[2]: event[0] for event in ana.events() if len(event) > 2}
        assert answers == {1: "room_joined", 2: "message", 3: "server_error", 4: "history"}


@in_virtual_time
async def test_whoever_hangs_up_after_asking_is_answered_first() -> None:
    async with Chat() as chat:
        ana, bob = Peer(chat, door_of(chat)), await enter(chat, "bob")
        ana.link.receive(
            b'["login",{"nick":"ana","resumable":false}]\n'
            b'["send_message",{"room":"lobby","text":"hello"},7]'
        )
        ana.link.end()
        await chat.settle()
        assert ana.sent[-1][0] == "message" and ana.sent[-1][2] == 7
        assert ana.link.closed is LeaveReason.LOST
        assert [event[0] for event in bob.events("message", "user_left")] == [
            "message",
            "user_left",
        ]


@in_virtual_time
@pytest.mark.parametrize("early", [b"", b"G", b"GE", b"\n"])
async def test_who_hangs_up_without_a_word_is_gone(early: bytes) -> None:
    async with Chat() as chat:
        peer = Peer(chat, door_of(chat))
        peer.link.receive(early)
        peer.link.end()
        await chat.settle()
        assert peer.link.closed is LeaveReason.LOST


# Too fast


@in_virtual_time
async def test_who_is_too_fast_is_refused_and_then_read_more_slowly() -> None:
    limits = GatewaySettings(messages=Rate(5, 1.0), actions=Rate(100, 10.0))
    async with Chat(settings=limits) as chat:
        chat.gateway._monotonic = chat.loop.time
        ana, bob = await enter(chat, "ana"), await enter(chat, "bob")
        bob.events()
        for number in range(500):
            ana.send("send_message", number, room="lobby", text=str(number))
        await asyncio.sleep(0.1)
        events = ana.events()
        refused = [event for event in events if event[0] == "server_error"]
        assert {error(event)[0] for event in refused} == {"rate_limited"}
        assert refused[0][1]["data"]["retry_after"] > 0
        assert len(refused) <= 60
        assert ana.link.is_paused
        for _ in range(60):
            await chat.settle()
        answers = [event[2] for event in [*events, *ana.events()] if len(event) > 2]
        assert sorted(answers) == list(range(500))
        said = [int(event[1]["text"]) for event in bob.events("message")]
        assert said == sorted(said) and len(said) > 20


@in_virtual_time
async def test_junk_and_pings_are_answered_at_a_measured_pace() -> None:
    async with Chat() as chat:
        flood, ana = await enter(chat, "flood"), await enter(chat, "ana")
        started = chat.loop.time()
        flood.link.receive(b"x\n" * 100 + b'["ping",{}]\n' * 100)
        assert len(flood.events("server_error", "pong")) <= handler_module.FREE
        assert (await ana.ask("ping", 1))[0] == "pong"
        while len(flood.sent) < 200:
            await chat.settle()
        assert chat.loop.time() - started >= 7
        assert flood.link.closed is None


@in_virtual_time
async def test_a_flood_is_not_read_faster_than_it_is_dealt_with() -> None:
    async with Chat() as chat:
        flood = await enter(chat, "flood")
        flood.link.receive(b"x\n" * 500_000)
        await asyncio.sleep(5)
        assert flood.link.longest_wait > 800_000
        assert len(flood.events()) < 200


# The end


@in_virtual_time
@pytest.mark.parametrize("kind", [Peer, WebSocketPeer])
async def test_who_logs_out_has_left_for_good(kind: type[Peer]) -> None:
    async with Chat() as chat:
        ana, bob = kind(chat, door_of(chat)), await enter(chat, "bob")
        await ana.log_in("ana")
        bob.events()
        ana.send("logout", 1, text="bye")
        await chat.settle()
        assert ana.events() == [["goodbye", {"reason": "quit"}, 1]]
        [left] = bob.events("user_left")
        assert (left[1]["reason"], left[1]["text"]) == ("quit", "bye")
        assert ana.link.closed is LeaveReason.QUIT


@in_virtual_time
async def test_when_the_chat_ends_everybody_is_told() -> None:
    async with Chat() as chat:
        ana, new = await enter(chat, "ana"), Peer(chat, door_of(chat))
        chat.gateway.evict_all()
        assert ana.events() == [
            ["goodbye", {"reason": "shutdown", "text": "The chat has been shut down"}]
        ]
        assert ana.link.closed is LeaveReason.SHUTDOWN
        new.send("login", 1, nick="late")
        await chat.settle()
        assert error(new.events()[-1])[0] == "shutting_down"


@in_virtual_time
async def test_a_session_that_the_chat_gives_up_is_closed() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        [session] = chat.gateway.sessions()
        session.view.evict(e.InternalError())
        session.view.evict(None)
        assert [event[1]["reason"] for event in ana.events("goodbye")] == ["refused"]
        await chat.settle()
        assert ana.link.closed is LeaveReason.LOST


@in_virtual_time
async def test_a_handler_that_fails_is_answered_and_the_others_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        monkeypatch.setattr(chat.gateway, "rooms", None)
        assert error(await ana.ask("get_rooms", 1))[0] == "internal_error"
        assert (await ana.ask("get_users", 2))[0] == "users"


@in_virtual_time
async def test_the_operators_words_reach_everybody() -> None:
    async with Chat() as chat:
        ana = await enter(chat, "ana")
        chat.gateway.announce("a pause at six")
        assert ana.events() == [["notice", {"lines": ["a pause at six"], "source": "operator"}]]


@in_virtual_time
async def test_who_is_not_even_let_in_is_told_in_an_event() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        told = door.refuse(e.TooManyConnections())
        assert told.startswith(b'["server_error",{"code":"too_many_connections"')
        assert told.endswith(b"\n")
        assert door.view_of(UserId(1)) is None


@in_virtual_time
async def test_what_is_being_read_when_the_door_closes_is_given_up() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana = Peer(chat, door)
        await ana.log_in("ana")
        chat.store.read_gate = asyncio.Event()
        for number in range(6):
            ana.send("get_history", number, room="lobby")
        await asyncio.sleep(0)
        await door.close()
        chat.store.read_gate.set()
        ana.link.break_off()
        await chat.settle()
