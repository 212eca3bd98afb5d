"""Commands that plugins add: in the one table of slash-commands, and carried out elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tertulia.core.errors import (
    NoSuchRoom,
    PluginFailed,
    PluginNotRunning,
    RateLimited,
    RefusedByPlugin,
    Usage,
    WrongArgument,
)
from tertulia.core.language import English
from tertulia.plugins import worker
from tertulia.plugins.loading import LoadError
from tertulia.slash import page
from tests.plugins.hall import Hall, eventually

DICE = """
    @command(aliases=("dado",))
    def roll(call, sides: int = 6) -> str:
        "Rolls a die."
        return f"{call.author.person.nick} rolled a die of {sides} in {call.room.name}"
"""


async def test_a_function_of_a_plugin_becomes_a_slash_command_with_typed_arguments(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path)
    hall.write("dice", DICE)
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/roll") == ["ana rolled a die of 6 in lobby"]
        assert await hall.typed(ana, "/DADO 20") == ["ana rolled a die of 20 in lobby"]


async def test_help_suggestions_and_completion_know_it(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("dice", DICE)
    async with hall:
        overview = page.overview(hall.registry.rows(operator=False), English())
        assert overview[overview.index("Plugins") + 1].split("  ")[1] == "/roll [SIDES]"
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/help roll") == [
            "/roll [SIDES]",
            "  Rolls a die.",
            "  Also: /dado",
        ]
        assert hall.registry.complete("ro") == ["rooms", "roll"]


async def test_the_slash_commands_that_every_chat_has_come_the_same_way(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    assert not hall.registry.rows(operator=True)
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/topic") == ["lobby has no topic."]


async def test_what_does_not_fit_is_refused_with_the_usage(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("dice", DICE)
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/roll many") == [
            WrongArgument("many", "SIDES", "/roll [SIDES]")
        ]
        assert await hall.typed(ana, "/roll 6 6") == [Usage("/roll [SIDES]")]


async def test_a_command_may_wait_say_lines_and_speak_in_the_persons_name(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "shrug",
        r"""
        @command(usage="shrug [TEXT]", description="Shrugs.")
        async def shrug(call, *, text: str = "") -> None:
            call.say("so\x1b[31m be", "it\nthen")
            await call.post(f"{text} [shrugs]", action=True)
        """,
    )
    async with hall:
        ana, bob = await hall.enter("ana"), await hall.enter("bob")
        assert await hall.typed(ana, "/shrug oh well") == ["so be", "it", "then"]
        assert await hall.hears(bob, "shrugs") == "lobby 4 MessagePosted ana oh well [shrugs]"


async def test_a_command_may_say_no_in_its_own_words(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "picky",
        r"""
        @command(description="Never.")
        def please(call) -> None:
            raise call.refusal("Not\x1b[31m\ntoday.")

        @command(description="Nowhere.")
        def where(call, room: str) -> None:
            raise Refused(NoSuchRoom(room + "\x07"))

        from tertulia.core.errors import NoSuchRoom
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/please") == [RefusedByPlugin("picky", "Not today.")]
        assert await hall.typed(ana, "/where tea") == [NoSuchRoom("tea")]


async def test_coming_and_going_is_not_a_plugins_to_ask_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "rude",
        """
        @command(description="Throws you out.")
        async def out(call) -> None:
            await call.submit(Disconnect(LeaveReason.QUIT))
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/out") == [PluginFailed("rude")]
        assert "no plugin can ask for Disconnect" in caplog.text


@pytest.mark.parametrize(
    "fault", ["1 / 0", "raise SystemExit", "raise TimeoutError", "raise asyncio.CancelledError"]
)
async def test_a_command_that_raises_is_answered_and_logged_by_the_plugins_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "clumsy",
        f"""
        @command(description="Fails.")
        async def fail(call) -> None:
            {fault}

        @command(description="Works.")
        def work(call) -> str:
            return "done"
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/fail") == [PluginFailed("clumsy")]
        assert "plugin clumsy: fail failed" in caplog.messages
        assert await hall.typed(ana, "/work") == ["done"]


async def test_exceptions_do_not_fill_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "clumsy",
        """
        @command(description="Fails.")
        def fail(call) -> None:
            1 / 0
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        for _ in range(15):
            await hall.typed(ana, "/fail")
    assert caplog.messages.count("plugin clumsy: fail failed") == 10


async def test_too_many_calls_at_once_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CALLS", 1)
    hall = Hall(tmp_path, budget=10.0)
    hall.write(
        "slow",
        """
        @command(description="Waits.")
        async def wait(call) -> str:
            call.say("waiting")
            await going_on.wait()
            return "over"

        @command(description="Ends it.")
        async def go(call) -> None:
            going_on.set()

        going_on = asyncio.Event()
        """,
    )
    async with hall:
        ana, bob = await hall.enter("ana"), await hall.enter("bob")
        plugin = hall.plugin("slow")
        waits, goes = (one.function for one in plugin.hooks.commands)
        first = plugin.ask(waits, _Mute())
        assert await hall.typed(bob, "/wait") == [RateLimited(1.0)]
        first.cancel()
        monkeypatch.setattr(worker, "CALLS", 2)
        assert (await plugin.ask(goes, _Mute())).refusal is None
        assert await hall.typed(ana, "/wait") == ["waiting", "over"]


class _Mute:
    def say(self, *lines: str) -> None: ...


async def test_a_call_that_nobody_waits_for_any_more_is_called_off(tmp_path: Path) -> None:
    hall = Hall(tmp_path, budget=10.0)
    hall.write(
        "slow",
        """
        ended = []

        @command(description="Waits.")
        async def wait(call) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(True)

        @command(description="Tells.")
        def ask(call) -> str:
            return str(ended)
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        plugin = hall.plugin("slow")
        call = plugin.ask(plugin.hooks.commands[0].function, None)
        assert await hall.typed(ana, "/ask") == ["[]"]
        call.cancel()
        await asyncio.sleep(0)
        while await hall.typed(ana, "/ask") != ["[True]"]:
            pass


async def test_a_command_with_the_word_of_another_keeps_the_plugin_out(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("first", DICE)
    hall.write("second", DICE.replace("roll(", "dado("))
    with pytest.raises(LoadError, match="second.py can't be loaded: /dado is both /roll and /dado"):
        async with hall:
            raise AssertionError("it started")


async def test_a_plugin_that_is_stopped_answers_that_it_is(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("dice", DICE)
    async with hall:
        ana = await hall.enter("ana")
        plugin = hall.plugin("dice")
        plugin.suspend("the test says so")
        assert await hall.typed(ana, "/roll") == [PluginNotRunning("dice")]
        await eventually(lambda: not plugin.is_busy)
        assert hall.notices == [
            "The plugin dice is suspended: the test says so. `reload` tries it again."
        ]
