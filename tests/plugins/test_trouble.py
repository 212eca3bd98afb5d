"""Plugins that block, loop or take too long: others go on, and the plugin is suspended."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tertulia.core.errors import PluginFailed, PluginNotRunning
from tertulia.plugins import plugin as plugin_module
from tests.plugins.hall import Hall, eventually

SHORT = 0.3
"""Seconds that a call may take."""

STUCK = """
    @command(description="Never ends.")
    def spin(call) -> None:
        while True:
            pass

    @command(description="Never ends, though it could.")
    async def aspin(call) -> None:
        while True:
            pass

    @command(description="Never ends, and catches what it can.")
    def stubborn(call) -> None:
        while True:
            try:
                while True:
                    pass
            except Exception:
                pass

    @command(description="Waits for too long.")
    async def linger(call) -> None:
        await asyncio.sleep(60)

    @command(description="Blocks for a while.")
    def doze(call, seconds: float) -> str:
        time.sleep(seconds)
        return "awake"

    @command(description="Works.")
    def work(call) -> str:
        return "done"
"""


@pytest.mark.parametrize("command", ["spin", "aspin", "stubborn"])
async def test_a_plugin_that_loops_is_suspended_and_the_chat_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, command: str
) -> None:
    hall = Hall(tmp_path, budget=SHORT)
    hall.write("stuck", STUCK)
    usual = sys.getswitchinterval()
    async with hall:
        ana, bob = await hall.enter("ana"), await hall.enter("bob")
        plugin = hall.plugin("stuck")
        assert await hall.typed(ana, f"/{command}") == [PluginFailed("stuck")]
        bob.say("still here")
        await hall.hears(ana, "still here")
        await eventually(lambda: bool(hall.notices))
        assert hall.notices[0].startswith("The plugin stuck is suspended: ")
        assert await hall.typed(ana, "/work") == [PluginNotRunning("stuck")]
        # A thread that runs the plugin's own code can be ended after all.
        await eventually(lambda: not plugin.is_busy and sys.getswitchinterval() == usual)
        assert hall.manager.describe() == [plugin.describe()]
        assert "suspended: " in plugin.describe()
    assert f"in {command} ({tmp_path}/stuck.py:" in caplog.text


async def test_a_call_that_waits_for_too_long_is_ended_and_the_plugin_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path, budget=SHORT)
    hall.write("stuck", STUCK)
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/linger") == [PluginFailed("stuck")]
        assert await hall.typed(ana, "/work") == ["done"]
    assert "plugin stuck: linger took more than 0.3 s" in caplog.messages


async def test_a_plugin_that_is_too_slow_again_and_again_is_suspended(tmp_path: Path) -> None:
    hall = Hall(tmp_path, budget=SHORT, strikes=2)
    hall.write("stuck", STUCK)
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/linger") == [PluginFailed("stuck")]
        assert await hall.typed(ana, "/linger") == [PluginFailed("stuck")]
        await eventually(lambda: bool(hall.notices))
        assert "2 times within a minute it took too long" in hall.notices[0]
        assert await hall.typed(ana, "/work") == [PluginNotRunning("stuck")]


async def test_a_plugin_that_blocks_holds_up_itself_alone_and_is_well_again_afterwards(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path, budget=SHORT, strikes=100)
    hall.write("stuck", STUCK)
    hall.write("other", STUCK.replace("(call", "_2(call"))
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/doze 1") == [PluginFailed("stuck")]
        assert await hall.typed(ana, "/work-2") == ["done"]
        # What waits behind it for too long is answered; what doesn't, is done.
        while await hall.typed(ana, "/work") != ["done"]:
            pass
        assert hall.notices == []


async def test_a_thread_that_can_t_be_ended_is_left_alone_and_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_module, "STOP_WITHIN", 0.1)
    hall = Hall(tmp_path, budget=SHORT, strikes=1)
    hall.write("stuck", STUCK)
    async with hall:
        ana = await hall.enter("ana")
        plugin = hall.plugin("stuck")
        assert await hall.typed(ana, "/doze 3") == [PluginFailed("stuck")]
        await eventually(lambda: "plugin stuck does not stop" in caplog.text)
        assert f"in doze ({tmp_path}/stuck.py:" in caplog.text
        assert hall.manager.describe()[-1] == "threads left alone: 1"
        # It comes to its end as soon as it runs its own code again.
        await eventually(lambda: not plugin.is_busy)
        assert hall.manager.describe() == [plugin.describe()]


async def test_the_end_does_not_wait_for_a_plugin(tmp_path: Path) -> None:
    hall = Hall(tmp_path, budget=SHORT)
    hall.write("stuck", STUCK)
    async with hall:
        ana = await hall.enter("ana")
        call = hall.plugin("stuck").ask(hall.plugin("stuck").hooks.commands[0].function, None)
        await hall.manager.stop(0.3)
        assert (await call).refusal == PluginNotRunning("stuck")
        assert await hall.typed(ana, "/topic") == ["lobby has no topic."]


async def test_a_task_of_a_plugins_own_that_ends_its_thread_is_noticed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "exits",
        """
        tasks = []

        async def exit_later():
            raise SystemExit

        @command(description="Exits, later.")
        async def give_up(call) -> None:
            tasks.append(asyncio.create_task(exit_later()))
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        await hall.typed(ana, "/give-up")
        await eventually(lambda: bool(hall.notices))
        assert "its thread has ended" in hall.notices[0]
        assert await hall.typed(ana, "/give-up") == [PluginNotRunning("exits")]
    assert "plugin exits: a task failed" in caplog.messages


async def test_what_goes_wrong_in_a_task_of_a_plugins_own_is_logged_by_its_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "tasks",
        """
        import gc

        async def fail():
            1 / 0

        @command(description="Starts a task, and forgets it.")
        async def start(call) -> None:
            asyncio.create_task(fail())
            await asyncio.sleep(0.01)
            gc.collect()
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/start") == []
    assert "plugin tasks: a task failed" in caplog.messages


async def test_a_listener_that_waits_for_too_long_counts_as_well(tmp_path: Path) -> None:
    hall = Hall(tmp_path, budget=SHORT, strikes=2)
    hall.write(
        "slow",
        """
        @listener()
        async def on_message(heard) -> None:
            await asyncio.sleep(60)
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        ana.say("one")
        ana.say("two")
        await eventually(lambda: bool(hall.notices))
