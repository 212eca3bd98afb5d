"""Reloading: new code for old, nobody disconnected, and what does not load stays out."""

from __future__ import annotations

from pathlib import Path

from tertulia.core.errors import PluginFailed, UnknownCommand
from tests.plugins.hall import Hall, eventually

GREETER = """
    @command(description="Greets.")
    async def greet(call) -> str:
        await call.chat.say("lobby", "{0} to all")
        return "{0}"

    @listener()
    def on_message(heard) -> None:
        pass
"""


async def test_a_reload_brings_the_code_as_it_is_now_and_nobody_notices(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("greeter", GREETER.format("hello"))
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/greet") == ["hello"]
        ana.hear_anew()
        hall.write("greeter", GREETER.format("howdy").replace("greet(", "salute("))
        assert await hall.reload() == "greeter (1 command, 1 listener): reloaded"
        assert await hall.typed(ana, "/salute") == ["howdy"]
        assert await hall.typed(ana, "/greet") == [UnknownCommand("greet")]
        # Whom the plugin speaks as has stayed as well.
        assert [line.split()[2:] for line in ana.heard] == [
            ["MessagePosted", "greeter", "howdy", "to", "all"]
        ]
        assert ana.view.evictions == []


async def test_a_plugin_that_does_not_load_any_more_stays_out_and_the_others_are_there(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path)
    hall.write("greeter", GREETER.format("hello"))
    hall.write("other", GREETER.format("hi").replace("greet(", "hi("))
    async with hall:
        ana = await hall.enter("ana")
        hall.write("greeter", "def broken(:\n")
        told = (await hall.reload()).splitlines()
        assert told[0] == "other (1 command, 1 listener): reloaded"
        assert told[1].startswith("greeter stays out: SyntaxError: ")
        assert await hall.typed(ana, "/hi") == ["hi"]
        assert await hall.typed(ana, "/greet") == [UnknownCommand("greet")]
        assert hall.manager.describe()[1].startswith("greeter (stays out: SyntaxError")
        hall.write("greeter", GREETER.format("hello"))
        await hall.reload()
        assert await hall.typed(ana, "/greet") == ["hello"]


async def test_a_reload_makes_a_suspended_plugin_well(tmp_path: Path) -> None:
    hall = Hall(tmp_path, budget=0.3, strikes=1)
    hall.write(
        "stuck",
        """
        @command(description="Never ends.")
        def spin(call):
            while True:
                pass
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/spin") == [PluginFailed("stuck")]
        await eventually(lambda: bool(hall.notices))
        hall.write("stuck", GREETER.format("hello").replace("greet(", "spin("))
        assert await hall.reload() == "stuck (1 command, 1 listener): reloaded"
        assert await hall.typed(ana, "/spin") == ["hello"]


async def test_the_old_code_is_stopped_before_the_new_is_run(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    trace = tmp_path / "trace"
    code = f"""
    def note(text):
        with open({str(trace)!r}, "a") as file:
            file.write(text + "\\n")

    note("loaded")

    @lifespan()
    def life(chat):
        yield
        note("stopped")
    """
    hall.write("spans", code)
    async with hall:
        await hall.reload()
        assert trace.read_text().splitlines() == ["loaded", "stopped", "loaded"]


async def test_a_second_reload_at_the_same_time_is_not_begun(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("greeter", GREETER.format("hello"))
    async with hall:
        hall.manager.reload(hall.told.append)
        assert await hall.reload() == "The plugins are being reloaded already."
        await eventually(lambda: len(hall.told) == 2)


async def test_without_plugins_a_reload_says_so(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    async with hall:
        assert await hall.reload() == "There are no plugins."
        assert hall.manager.describe() == []
        await hall.manager.stop(1.0)
        hall.manager.reload(hall.told.append)
        assert len(hall.told) == 1


async def test_the_end_does_not_wait_for_a_reload(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("slow", GREETER.format("hello"))
    async with hall:
        hall.write("slow", "time.sleep(2)")
        hall.manager.reload(hall.told.append)
        await eventually(lambda: not hall.manager.plugins)
        await hall.manager.stop(0.5)
        assert hall.told == []
