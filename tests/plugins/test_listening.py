"""Listeners: what plugins hear, in which order, and what happens when they can't keep up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tertulia.core import commands as c
from tests.plugins.hall import Hall, eventually

DIARY = """
    heard = []

    @listener()
    async def on_message(heard_event: Heard) -> None:
        if heard_event.event.text.endswith("slowly"):
            await asyncio.sleep(0.05)
        heard.append(f"{heard_event.room.name} {heard_event.actor.nick} {heard_event.event.text}")

    @command(description="Tells what was heard.")
    def diary(call) -> str:
        return "\\n".join(heard)
"""


async def heard(hall: Hall, count: int) -> list[str]:
    """Return what the diary has, once it has so many entries."""
    ana = hall.chat.open()
    await hall.settle()
    while True:
        lines = [str(line) for line in await hall.typed(ana, "/diary")]
        if len(lines) >= count:
            return lines


async def test_a_listener_hears_each_rooms_messages_in_order_however_long_each_takes(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path, budget=10.0)
    hall.write("diary", DIARY)
    async with hall:
        ana, bob = await hall.enter("ana"), await hall.enter("bob")
        tea = await hall.chat.room(ana, "tea", bob)
        for number in range(5):
            ana.say(f"{number} slowly", tea)
            bob.say(f"{number}", tea)
        ana.say("elsewhere", hall.chat.lobby)
        lines = await heard(hall, 11)
    assert [line for line in lines if line.startswith("tea")] == [
        line for n in range(5) for line in (f"tea ana {n} slowly", f"tea bob {n}")
    ]
    # One room does not hold up another.
    assert lines.index("lobby ana elsewhere") < lines.index("tea ana 4 slowly")


async def test_a_listener_hears_what_it_is_for_and_on_event_hears_everything(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "diary",
        """
        heard = []

        @listener()
        def on_topic_changed(event) -> None:
            heard.append(f"topic {event.event.topic}")

        @listener("user_joined")
        def welcome(event) -> None:
            heard.append(f"joined {event.actor.nick}")

        @listener()
        def on_event(event) -> None:
            heard.append(type(event.event).__name__)

        @command(description="Tells what was heard.")
        def diary(call) -> str:
            return "\\n".join(heard)
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        ana.ask(c.SetTopic(hall.chat.lobby, "tea"))
        await hall.settle()
        lines = await heard(hall, 4)
    assert lines[:4] == ["joined ana", "MemberJoined", "topic tea", "TopicChanged"]


async def test_a_listener_that_raises_stops_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "diary",
        """
        @listener("message")
        def clumsy(event) -> None:
            1 / 0
        """,
        DIARY,
    )
    async with hall:
        ana = await hall.enter("ana")
        ana.say("hello")
        ana.say("again")
        assert await heard(hall, 2) == ["lobby ana hello", "lobby ana again"]
    assert caplog.messages.count("plugin diary: clumsy failed") == 2


async def test_the_direct_messages_of_others_are_not_heard(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("diary", DIARY)
    async with hall:
        ana, _ = await hall.enter("ana"), await hall.enter("bob")
        ana.ask(c.PostDirect("bob", "a secret"))
        ana.say("aloud")
        await hall.settle()
        assert await heard(hall, 1) == ["lobby ana aloud"]


async def test_a_plugin_can_speak_and_be_spoken_to_and_does_not_hear_itself(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "parrot",
        """
        @listener()
        async def on_message(heard: Heard[MessagePosted]) -> None:
            if heard.event.to:
                await heard.say(f"you said {heard.event.text}")
            else:
                await heard.reply(f"{heard.actor.nick} said {heard.event.text}")
        """,
    )
    async with hall:
        ana, bob = await hall.enter("ana"), await hall.enter("bob")
        ana.say("hello")
        await hall.hears(bob, "MessagePosted parrot ana said hello")
        bob.ask(c.PostDirect("parrot", "psst"))
        await hall.hears(bob, "MessagePosted parrot you said psst")
        ana.say("bye")
        await hall.hears(bob, "ana said bye")
        assert sum("parrot" in line and "Posted" in line for line in bob.heard) == 3
        assert {user.person.nick for user in hall.chat.gateway.users()} == {"ana", "bob", "parrot"}


async def test_a_plugin_whose_nick_is_taken_speaks_under_one_that_is_free(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "ana",
        """
        @listener()
        async def on_message(heard) -> None:
            await heard.say("hello")
        """,
    )
    hall.write(
        "admin",
        """
        @listener()
        async def on_message(heard) -> None:
            if heard.event.text == "admin?":
                await heard.say("yes")
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        ana.say("admin?")
        assert "MessagePosted ana2 hello" in await hall.hears(ana, "hello")
        assert "MessagePosted guest" in await hall.hears(ana, "yes")


async def test_a_plugin_goes_where_it_speaks(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "crier",
        """
        @command(description="Cries in a room.")
        async def cry(call, room: str, *, text: str) -> str:
            await call.chat.say(room, text)
            return str([each.text for each in await call.chat.history(room)])
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        await hall.chat.room(ana, "tea")
        assert await hall.typed(ana, "/cry tea hear hear") == ["['hear hear']"]
        assert await hall.typed(ana, "/cry tea again") == ["['hear hear', 'again']"]
        [refusal] = await hall.typed(ana, "/cry nowhere x")
        assert getattr(refusal, "code", "") == "no_such_room"


async def test_a_plugin_that_is_too_slow_misses_events_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path, budget=10.0, backlog=3)
    hall.write(
        "diary",
        DIARY,
        """
        gate = asyncio.Event()

        @listener("message")
        async def wait(event) -> None:
            await gate.wait()

        @command(description="Goes on.")
        async def go(call) -> None:
            gate.set()
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        for number in range(10):
            ana.say(f"{number}")
        await hall.settle()
        await hall.typed(ana, "/go")
        assert await heard(hall, 3) == [f"lobby ana {number}" for number in range(3)]
        assert hall.manager.describe() == ["diary (2 commands, 2 listeners, 7 events missed)"]
    assert "plugin diary is too slow: its listeners miss events (1 so far)" in caplog.messages


async def test_looking_at_the_chat_shows_what_there_is(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "guide",
        """
        @command(description="Tells all.")
        async def tour(call) -> str:
            rooms = [room.name for room in await call.chat.rooms()]
            users = [user.person.nick for user in await call.chat.users()]
            bob = await call.chat.user("BOB")
            nobody = await call.chat.user("nobody")
            lobby = await call.chat.room("#lobby")
            recent = [one.text for one in await call.chat.recent("lobby", 5)]
            return f"{rooms} {users} {bob.person.nick} {nobody} {lobby.name} {recent}"
        """,
    )
    async with hall:
        ana, _ = await hall.enter("ana"), await hall.enter("bob")
        ana.say("hello")
        await hall.settle()
        assert await hall.typed(ana, "/tour") == [
            "['lobby'] ['ana', 'bob'] bob None lobby ['hello']"
        ]


async def test_the_chat_can_t_be_asked_from_another_thread(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "threads",
        """
        @command(description="Asks from elsewhere.")
        async def elsewhere(call) -> str:
            try:
                await asyncio.to_thread(lambda: asyncio.run(call.chat.submit(SetAway(None))))
            except RuntimeError as error:
                return str(error)
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/elsewhere") == [
            "the chat can only be asked in the plugin's own thread"
        ]


async def test_who_speaks_for_a_plugin_leaves_with_it(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "parrot",
        """
        @listener()
        async def on_message(heard) -> None:
            await heard.say("hello")
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        ana.say("x")
        await hall.hears(ana, "parrot hello")
        hall.names.clear()
        assert await hall.reload() == "There are no plugins."
        await eventually(lambda: len(hall.chat.gateway.users()) == 1)
