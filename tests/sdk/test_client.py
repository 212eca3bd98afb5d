"""Tests of the client against a real server: what it asks, what it is told, what it refuses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tertulia.sdk import (
    CannotConnect,
    Client,
    ClientClosed,
    Envelope,
    LoginRefused,
    Message,
    NoAnswer,
    ServerError,
    connect,
)
from tertulia.sdk.happenings import HAPPENINGS, ReactionChanged, TopicChanged, UserJoined
from tertulia.sdk.life import EVENTS
from tertulia.wire.events.events import Event, Pong
from tests.running import RunningServer
from tests.sdk.waiting import DEADLINE, Noted

# Coming and going


@pytest.mark.parametrize("scheme", ["tcp", "tertulia", "ws"])
async def test_it_is_in_the_main_room_once_it_is_connected(url: str, scheme: str) -> None:
    nick = f"in-{scheme}"
    async with connect(url.replace("tcp", scheme), nick=nick) as client:
        assert client.is_online
        assert client.user.nick == nick
        assert client.main_room.name == "lobby"
        assert client.joined == (client.main_room,)
        assert client.main_room.is_joined
        assert nick in [member.nick for member in client.main_room.members]
        assert (await client.say("lobby", "hello")).text == "hello"
    assert not client.is_online


async def test_without_a_nick_it_is_a_guest(url: str) -> None:
    async with connect(url) as client:
        assert client.user.nick.startswith("guest")


async def test_nobody_at_the_address_is_told_at_once() -> None:
    with pytest.raises(CannotConnect, match=r"127\.0\.0\.1:1"):
        await connect("tcp://127.0.0.1:1", nick="ana").connect()


async def test_a_door_that_speaks_something_else_is_told_apart(server: RunningServer) -> None:
    client = connect(f"ws://127.0.0.1:{server.port('line')}/events", nick="ana")
    with pytest.raises(CannotConnect):
        await client.connect()


async def test_a_wrong_path_is_told(url: str) -> None:
    with pytest.raises(CannotConnect, match="404"):
        await connect(f"{url.replace('tcp', 'ws')}/chat").connect()


async def test_a_nick_in_use_is_refused_with_a_suggestion(url: str) -> None:
    async with connect(url, nick="twice"):
        with pytest.raises(LoginRefused) as refused:
            await connect(url, nick="twice").connect()
    assert refused.value.code == "nick_in_use"
    assert refused.value.path == "$.nick"
    assert refused.value.data["suggestion"] == "twice2"


async def test_a_client_can_be_connected_once_only(url: str) -> None:
    async with connect(url) as client:
        with pytest.raises(ClientClosed):
            await client.connect()
    with pytest.raises(ClientClosed):
        await client.connect()


async def test_what_is_asked_before_or_after_is_refused(url: str) -> None:
    client = connect(url)
    with pytest.raises(ClientClosed):
        await client.say("lobby", "too early")
    with pytest.raises(ClientClosed):
        _ = client.user
    with pytest.raises(ClientClosed):
        await client.wait_closed()
    await client.close()
    async with client:
        pass
    with pytest.raises(ClientClosed):
        await client.say("lobby", "too late")
    await client.close()
    await client.wait_closed()


async def test_what_was_said_last_is_stored_before_it_goes(url: str) -> None:
    async with connect(url, nick="hearer") as hearer:
        noted = Noted(hearer)
        async with connect(url, nick="leaver") as leaver:
            for number in range(20):
                _ = leaver.emit("send_message", room="lobby", text=f"last {number}")
        await noted.until_text("last 19")
        assert noted.texts == [f"last {number}" for number in range(20)]


async def test_parting_words_are_told(url: str) -> None:
    async with connect(url, nick="stays") as stays:
        goes = connect(url, nick="goes")
        await goes.connect()
        left = asyncio.create_task(
            stays.wait_for("user_left", lambda event: event.user.nick == "goes")
        )
        await asyncio.sleep(0)
        await goes.close("see you")
        event = await left
    assert (event.reason, event.text) == ("quit", "see you")


async def test_a_listener_may_close_the_client(url: str) -> None:
    client = connect(url, nick="closer")

    @client.listener()
    async def on_message(message: Message) -> None:
        await client.close()

    async with client:
        _ = client.emit("send_message", room="lobby", text="enough")
        async with asyncio.timeout(DEADLINE):
            await client.wait_closed()


# What it is told


async def test_listeners_of_a_subclass_are_its_methods(url: str) -> None:
    heard: list[str] = []

    class Bot(Client):
        async def on_ready(self) -> None:
            heard.append("ready")

        async def on_message(self, message: Message) -> None:
            heard.append(message.text)

    async with Bot(url, nick="subclass") as bot:
        await bot.say("lobby", "own words")
    assert heard == ["ready", "own words"]


def test_a_method_that_can_not_listen_is_refused_when_the_client_is_made() -> None:
    class Bot(Client):
        def on_message(self, message: Message) -> None:
            """Not a coroutine function."""

    with pytest.raises(TypeError, match="on_message"):
        Bot("tcp://localhost")


def test_a_listener_is_declared_with_brackets() -> None:
    client = Client("tcp://localhost")
    wrong: Any = test_a_listener_is_declared_with_brackets
    with pytest.raises(TypeError, match="brackets"):
        client.listener(wrong)


async def test_what_happens_in_a_room_is_told_with_the_room(url: str) -> None:
    async with connect(url, nick="teller") as ana, connect(url, nick="told") as bob:
        room = await ana.create_room("told-of", "First")
        told: list[object] = []
        done = asyncio.Event()
        for name in ("user_joined", "message", "message_edited", "reaction_added"):

            async def note(event: object) -> None:
                told.append(event)

            ana.add_listener(note, name)

        @ana.listener()
        async def on_topic_changed(event: TopicChanged) -> None:
            told.append(event)
            done.set()

        await bob.join("told-of")
        message = await bob.say("told-of", "hi")
        await message.edit("hello")
        await message.react("👍")
        await ana.set_topic(room, "Second")
        async with asyncio.timeout(DEADLINE):
            await done.wait()
        joined, said, edited, reacted, changed = told
        assert isinstance(joined, UserJoined)
        assert (joined.user.nick, joined.room.name, joined.role) == ("told", "told-of", "member")
        assert isinstance(said, Message)
        assert (said.text, said.room, said.author.nick) == ("hi", room, "told")
        assert getattr(edited, "text", "") == "hello"
        assert isinstance(reacted, ReactionChanged)
        assert (reacted.message_id, reacted.reaction) == (message.id, "👍")
        assert isinstance(changed, TopicChanged)
        assert (changed.topic, room.topic) == ("Second", "Second")


async def test_every_event_is_told_as_it_is_on_the_wire(url: str) -> None:
    names: list[str] = []
    client = connect(url, nick="wire")

    @client.listener()
    async def on_event(envelope: Envelope[Event]) -> None:
        names.append(envelope.name)

    async with client:
        await client.say("lobby", "hi")
    assert names == ["welcome", "room_joined", "message", "goodbye"]


async def test_errors_are_told_to_a_listener_too(url: str) -> None:
    async with connect(url, nick="wrong") as client:
        error = asyncio.create_task(client.wait_for("server_error"))
        await asyncio.sleep(0)
        _ = client.emit("join_room", room="nowhere")
        told = await error
    assert isinstance(told, ServerError)
    assert (told.code, told.event, told.path) == ("no_such_room", "join_room", "$.room")


async def test_waiting_for_an_event_ends_in_time(url: str) -> None:
    async with connect(url, nick="waiter") as client:
        with pytest.raises(TimeoutError):
            await client.wait_for("typing", timeout=0.01)
        with pytest.raises(ValueError, match="no event"):
            await client.wait_for("dancing")


def test_every_event_has_a_listener_s_name() -> None:
    assert set(EVENTS) >= {"message", "room_created", "room_updated", "user_joined"}
    assert len(EVENTS) == len(HAPPENINGS) + 4


# The mirror


async def test_rooms_and_their_counts_follow_for_members_and_others(url: str) -> None:
    async with connect(url, nick="counts1") as ana, connect(url, nick="counts2") as bob:
        created = asyncio.create_task(
            bob.wait_for("room_created", lambda room: room.name == "counted")
        )
        await asyncio.sleep(0)
        room = await ana.create_room("counted", "How many?")
        assert (await created).topic == "How many?"
        assert room.member_count == 1
        assert bob.rooms["counted"].member_count == 1
        assert not bob.rooms["counted"].is_joined
        await bob.join("counted")
        assert bob.rooms["counted"].member_count == 2
        assert [member.nick for member in bob.rooms["counted"].members] == ["counts1", "counts2"]
        await ana.leave("counted")
        deleted = asyncio.create_task(
            ana.wait_for("room_deleted", lambda room: room.name == "counted")
        )
        await asyncio.sleep(0)
        await bob.leave("counted")
        assert (await deleted).name == "counted"
        assert "counted" not in ana.rooms
        with pytest.raises(KeyError):
            _ = ana.rooms["counted"]


async def test_the_list_of_rooms_is_a_collection(url: str) -> None:
    async with connect(url, nick="lister") as client:
        lobby = client.rooms["lobby"]
        assert client.rooms.get("LOBBY") == lobby
        assert client.rooms[lobby.id] == lobby
        assert lobby in client.rooms
        assert "lobby" in client.rooms
        assert 3 not in client.rooms
        assert len(client.rooms) == len(list(client.rooms)) >= 1
        assert "lobby" in repr(client.rooms)


async def test_one_s_own_nick_is_followed(url: str) -> None:
    async with connect(url, nick="before") as client:
        changed = asyncio.create_task(client.wait_for("nick_changed"))
        await asyncio.sleep(0)
        await client.set_nick("after")
        await changed
        assert client.user.nick == "after"
        assert "after" in [member.nick for member in client.main_room.members]


# Calls


async def test_history_is_read_page_by_page(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.sdk.calls.LONGEST_PAGE", 7)
    async with connect(url, nick="historian") as client:
        room = await client.create_room("chronicle")
        said = [await room.say(str(number)) for number in range(20)]
        texts = [message.text async for message in room.history(limit=None)]
        assert texts == [str(number) for number in reversed(range(20))]
        newest = [message async for message in client.history("chronicle", limit=3)]
        assert [message.text for message in newest] == ["19", "18", "17"]
        assert newest[0] == said[-1]
        later = [one.text async for one in room.history(after=said[4].seq, limit=9)]
        assert later == [str(number) for number in range(5, 14)]
        earlier = [one.text async for one in room.history(before=said[2].seq)]
        assert earlier == ["1", "0"]
        with pytest.raises(ValueError, match="not both"):
            await anext(aiter(client.history(room, before=1, after=1)))


async def test_replies_reactions_edits_and_deletions(url: str) -> None:
    async with connect(url, nick="author") as ana, connect(url, nick="reader") as bob:
        first = await ana.say("lobby", "question")
        reply = await bob.reply(first, "answer")
        assert reply.reply_to == first.id
        await bob.react(first, "👍")
        await ana.edit(first, "a question")
        newest = [message async for message in ana.history("lobby", limit=2)]
        assert [(one.text, one.reply_to) for one in newest] == [
            ("answer", first.id),
            ("a question", None),
        ]
        assert newest[1].edited is not None
        assert [(one.reaction, one.by[0].nick) for one in newest[1].reactions] == [("👍", "reader")]
        await bob.unreact(first.id, "👍")
        await first.delete()
        [_, gone] = [message async for message in ana.history("lobby", limit=2)]
        assert (gone.is_deleted, gone.text, gone.reactions) == (True, "", ())
        with pytest.raises(ServerError) as refused:
            await ana.delete(reply)
        assert refused.value.code == "not_your_message"


async def test_direct_messages_are_a_room_of_two(url: str) -> None:
    async with connect(url, nick="dora") as dora, connect(url, nick="emil") as emil:
        heard = asyncio.create_task(emil.wait_for("message"))
        await asyncio.sleep(0)
        sent = await dora.direct("emil", "psst")
        got = await heard
        assert got == sent
        assert (got.is_direct, got.to, got.room.is_direct, got.room.name) == (
            True,
            "emil",
            True,
            "",
        )
        answer = await got.reply("yes?")
        assert (answer.is_direct, answer.to, answer.reply_to) == (True, "dora", sent.id)
        assert [one.text async for one in sent.room.history()] == ["yes?", "psst"]


async def test_search_and_users(url: str) -> None:
    async with connect(url, nick="seeker") as client:
        await client.say("lobby", "a needle in a haystack")
        found = await client.search("needle", room="lobby", limit=1)
        assert [message.text for message in found] == ["a needle in a haystack"]
        everybody = await client.users()
        inside = await client.users("lobby")
        assert "seeker" in [user.nick for user in everybody]
        assert [user.role for user in inside if user.nick == "seeker"] == ["member"]


async def test_being_away_ignoring_and_typing(url: str) -> None:
    async with connect(url, nick="quiet") as ana, connect(url, nick="loud") as bob:
        away = asyncio.create_task(bob.wait_for("presence"))
        typing = asyncio.create_task(bob.wait_for("typing"))
        await asyncio.sleep(0)
        await ana.set_away("tea")
        assert (await away).away == "tea"
        await ana.come_back()
        await ana.typing("lobby")
        assert (await typing).user.nick == "quiet"
        assert await ana.ignore("loud") == ("loud",)
        assert await ana.unignore(bob.user) == ()


async def test_typed_commands_are_answered_in_lines(url: str) -> None:
    async with connect(url, nick="typist") as client:
        lines = await client.run_command("/rooms")
        assert any("lobby" in line for line in lines)
        assert await client.run_command("/me waves") == ()
        assert await client.run_command("plain words") == ()
        with pytest.raises(ServerError) as refused:
            await client.run_command("/dance")
        assert refused.value.code == "unknown_command"


async def test_rooms_are_deleted_by_their_owner_only(url: str) -> None:
    async with connect(url, nick="owner") as ana, connect(url, nick="lodger") as bob:
        await ana.create_room("house")
        await bob.join("house")
        with pytest.raises(ServerError) as refused:
            await bob.delete_room("house")
        assert refused.value.code == "owners_only"
        closed = asyncio.create_task(bob.wait_for("room_closed"))
        await asyncio.sleep(0)
        await ana.delete_room("house")
        assert (await closed).room.name == "house"


# Emitting


async def test_any_request_can_be_sent_by_its_name(url: str) -> None:
    async with connect(url, nick="emitter") as client:
        pong = await client.emit("ping", data="hello")
        assert isinstance(pong, Pong)
        assert pong.data == "hello"
        await client.emit("send_message", room=client.main_room, text="hi")


@pytest.mark.parametrize(
    ("event", "params"),
    [
        ("dance", {}),
        ("login", {"nick": "other"}),
        ("logout", {}),
        ("join_room", {}),
        ("join_room", {"room": 3}),
        ("join_room", {"room": "lobby", "user": "ana"}),
    ],
)
async def test_what_is_no_request_is_refused_before_it_is_sent(
    url: str, event: str, params: dict[str, object]
) -> None:
    async with connect(url, nick="strict") as client:
        with pytest.raises(ValueError, match=event):
            _ = client.emit(event, **params)


async def test_an_event_that_is_too_long_is_refused_and_the_rest_goes_on(url: str) -> None:
    async with connect(url, nick="verbose") as client:
        with pytest.raises(ServerError) as refused:
            await client.say("lobby", "x" * 70_000)
        assert refused.value.code == "event_too_long"
        with pytest.raises(ServerError) as refused:
            await client.say("lobby", "x" * 5_000)
        assert refused.value.code == "text_too_long"
        assert refused.value.data["limit"] == 4000
        assert (await client.say("lobby", "short")).text == "short"


async def test_a_message_that_can_not_be_said_in_time_is_given_up(url: str) -> None:
    client = Client(url, nick="patient", patience=0.0)
    async with client:
        with pytest.raises(NoAnswer):
            await client.say("lobby", "never")


async def test_a_hundred_in_a_row_keep_their_order(url: str) -> None:
    async with connect(url, nick="many") as ana, connect(url, nick="counter") as bob:
        noted = Noted(bob)
        await asyncio.gather(*(ana.say("lobby", f"{number}") for number in range(300)))
        await noted.until(lambda: len(noted.texts) == 300)
        assert noted.texts == [f"{number}" for number in range(300)]
