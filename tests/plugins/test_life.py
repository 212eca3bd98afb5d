"""What plugins do of their own accord: from start to stop, and again and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tertulia.plugins import plugin as plugin_module
from tertulia.plugins.loading import LoadError
from tests.plugins.hall import Hall, eventually


async def test_a_lifespan_is_around_everything_else(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    trace = tmp_path / "trace"
    hall.write(
        "spans",
        f"""
        def note(text):
            with open({str(trace)!r}, "a") as file:
                file.write(text + "\\n")

        @lifespan()
        def outer(chat):
            note("outer begins")
            try:
                yield
            finally:
                note("outer ends")

        @lifespan()
        async def inner(chat):
            async with asyncio.TaskGroup() as group:
                task = group.create_task(asyncio.sleep(60))
                note("inner begins")
                yield
                task.cancel()
            note("inner ends")

        @command(description="Notes.")
        def note_it(call) -> None:
            note("called")
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        await hall.typed(ana, "/note-it")
    assert trace.read_text().splitlines() == [
        "outer begins",
        "inner begins",
        "called",
        "inner ends",
        "outer ends",
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("raise ValueError('no file')\n    yield", "its lifespan failed: ValueError: no file"),
        ("return\n    yield", "its lifespan failed: RuntimeError: generator didn't yield"),
        ("time.sleep(1)\n    yield", "starting it took more than 0 s"),
        ("await asyncio.sleep(60)\n    yield", "starting it took more than 0 s"),
    ],
)
async def test_a_plugin_that_can_t_be_started_stays_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, told: str
) -> None:
    monkeypatch.setattr(plugin_module, "START_WITHIN", 0.3)
    hall = Hall(tmp_path)
    kind = "async def" if "await" in body else "def"
    hall.write("broken", f"@lifespan()\n{kind} life(chat):\n    {body}\n")
    with pytest.raises(LoadError, match=told):
        async with hall:
            raise AssertionError("it started")


async def test_a_lifespan_that_fails_in_the_middle_suspends_the_plugin(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "broken",
        """
        async def fail():
            await asyncio.sleep(0)
            raise ValueError("too bad")

        @lifespan()
        async def life(chat):
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
                yield
                await asyncio.sleep(60)
        """,
    )
    async with hall:
        await eventually(lambda: bool(hall.notices))
        assert hall.notices == [
            "The plugin broken is suspended: its lifespan has failed. `reload` tries it again."
        ]
    assert "plugin broken: a lifespan failed" in caplog.messages


async def test_a_lifespan_that_fails_at_the_end_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "broken",
        """
        @lifespan()
        def life(chat):
            yield
            1 / 0
        """,
    )
    async with hall:
        pass
    assert "plugin broken: stopping failed" in caplog.messages


async def test_a_periodic_function_is_called_again_and_again_even_when_it_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path)
    hall.write(
        "clock",
        """
        count = 0

        @every(0.01)
        async def tick(chat: Chat) -> None:
            global count
            count += 1
            if count == 1:
                raise ValueError("not yet")
            if count == 4:
                await chat.say("lobby", "tick")
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        await hall.hears(ana, "MessagePosted clock tick")
        assert hall.manager.describe() == ["clock (1 periodic function)"]
    assert "plugin clock: tick failed" in caplog.messages


async def test_a_periodic_function_that_blocks_suspends_the_plugin(tmp_path: Path) -> None:
    hall = Hall(tmp_path, budget=0.3)
    hall.write(
        "clock",
        """
        @every(0.01)
        def tick(chat: Chat) -> None:
            while True:
                pass
        """,
    )
    async with hall:
        await eventually(lambda: bool(hall.notices) and not hall.plugin("clock").is_busy)


async def test_what_goes_wrong_before_the_plugin_is_at_work_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_load = plugin_module.LivePlugin.load

    async def load_and_fail(plugin: plugin_module.LivePlugin) -> None:
        await whole_load(plugin)
        plugin.suspend("it went wrong early")

    monkeypatch.setattr(plugin_module.LivePlugin, "load", load_and_fail)
    hall = Hall(tmp_path)
    hall.write("hasty", "@every(60)\ndef tick(chat): pass\n")
    async with hall:
        assert hall.notices == [
            "The plugin hasty is suspended: it went wrong early. `reload` tries it again."
        ]
