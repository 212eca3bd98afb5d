"""Filters of plugins: they refuse and rewrite, and whoever is in the way of all is suspended."""

from __future__ import annotations

from pathlib import Path

from tertulia.core import commands as c
from tertulia.core.errors import PluginFailed, Refusal, RefusedByPlugin
from tertulia.ports import Done
from tests.plugins.hall import Hall, eventually
from tests.server.driving import Guest

CALM = """
    from msgspec.structs import replace

    @command_filter()
    def mind_your_words(asked: Asked, command: PostMessage | PostDirect):
        if "darn" in command.text:
            raise asked.refusal(f"Mind your words, {asked.user.person.nick}, in {asked.room.name}.")

    @command_filter()
    async def no_shouting(asked: Asked, command: PostMessage) -> PostMessage | None:
        await asyncio.sleep(0)
        if command.text.isupper():
            return replace(command, text=command.text.lower())
        return None
"""


async def say(hall: Hall, guest: Guest, text: str) -> Refusal | None:
    """Say something in the lobby; return what it was refused with."""
    before = len(guest.answers)
    guest.say(text, hall.chat.lobby)
    await eventually(lambda: len(guest.answers) > before)
    answer = guest.answers[-1]
    return None if isinstance(answer, Done) else answer


def words(guest: Guest) -> list[str]:
    return [line.split(" ", 4)[-1] for line in guest.heard if "MessagePosted" in line]


async def test_a_filter_refuses_and_rewrites(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("calm", CALM)
    async with hall:
        ana, bob = await hall.enter("ana"), await hall.enter("bob")
        assert await say(hall, ana, "oh darn") == RefusedByPlugin(
            "calm", "Mind your words, ana, in lobby."
        )
        assert await say(hall, ana, "HELLO") is None
        assert await say(hall, ana, "bye") is None
        assert words(bob) == ["hello", "bye"]


async def test_a_filter_sees_only_what_it_is_for(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("calm", CALM)
    async with hall:
        ana, _ = await hall.enter("ana"), await hall.enter("bob")
        ana.ask(c.SetTopic(hall.chat.lobby, "DARN"))
        await hall.settle()
        assert ana.refusals == []


async def test_plugins_are_asked_one_after_the_other(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    for name in ("one", "two"):
        hall.write(
            name,
            f"""
            from msgspec.structs import replace

            @command_filter()
            def sign(asked, command: PostMessage):
                return replace(command, text=command.text + " {name}")
            """,
        )
    async with hall:
        ana, bob = await hall.enter("ana"), await hall.enter("bob")
        await say(hall, ana, "hello")
        assert words(bob) == ["hello one two"]


async def test_who_comes_in_can_be_refused(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "bouncer",
        """
        @command_filter()
        def bounce(asked, command: Connect | JoinRoom):
            if isinstance(command, Connect) and asked.client.label.endswith(":50002"):
                raise asked.refusal(f"Not you. {asked.user} {asked.room}")
        """,
    )
    async with hall:
        await hall.enter("ana")
        bob = hall.chat.open("bob")
        await eventually(lambda: bool(bob.answers))
        assert bob.answers == [RefusedByPlugin("bouncer", "Not you. None None")]
        assert len(hall.chat.gateway.users()) == 1


async def test_what_a_plugin_says_its_own_filter_is_not_asked_about(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "quiet",
        """
        @command_filter()
        def quiet(asked, command: PostMessage):
            raise asked.refusal("Quiet, please.")

        @command(description="Says something.")
        async def call_out(call) -> None:
            await call.chat.say("lobby", "aloud")
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/call-out") == []
        await hall.hears(ana, "MessagePosted quiet aloud")


async def test_a_filter_that_fails_again_and_again_is_suspended_and_then_nobody_passes_it(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path, strikes=2)
    hall.write(
        "broken",
        """
        @command_filter()
        def check(asked, command: PostMessage):
            return "not a command"
        """,
    )
    async with hall:
        ana, bob = await hall.enter("ana"), await hall.enter("bob")
        assert await say(hall, ana, "one") == PluginFailed("broken")
        assert await say(hall, ana, "two") == PluginFailed("broken")
        assert await say(hall, ana, "three") is None
        assert words(bob) == ["three"]
        assert len(hall.notices) == 1


async def test_a_filter_that_loops_holds_up_the_room_for_a_little_while_only(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path, budget=0.3)
    hall.write(
        "stuck",
        """
        @command_filter()
        def check(asked, command: PostMessage):
            while "stuck" in command.text:
                pass
        """,
    )
    async with hall:
        ana, bob = await hall.enter("ana"), await hall.enter("bob")
        assert await say(hall, ana, "fine") is None
        assert await say(hall, ana, "stuck") == PluginFailed("stuck")
        await eventually(lambda: bool(hall.notices))
        assert await say(hall, bob, "well again") is None
        assert words(ana) == ["well again"]


async def test_what_a_filter_may_see_waits_while_the_plugins_are_reloaded(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("calm", CALM)
    async with hall:
        ana = await hall.enter("ana")
        hall.write("calm", CALM.replace("darn", "gosh"))
        hall.manager.reload(hall.told.append)
        assert isinstance(await say(hall, ana, "gosh"), RefusedByPlugin)
        assert await say(hall, ana, "darn") is None


async def test_what_a_filter_was_looking_at_when_it_was_stopped_its_new_code_looks_at(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path)
    code = """
    @command_filter()
    async def ponder(asked, command: PostMessage):
        {0}
    """
    hall.write("slow", code.format("await asyncio.Event().wait()"))
    async with hall:
        ana, bob = await hall.enter("ana"), await hall.enter("bob")
        hall.write("slow", code.format("pass"))
        ana.say("hello")
        await hall.reload()
        await hall.hears(bob, "MessagePosted ana hello")
        assert ana.refusals == []
