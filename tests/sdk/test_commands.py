"""Tests of commands: how they are found, read, carried out, and what is answered when not."""

from __future__ import annotations

import asyncio
import logging
from enum import Enum
from typing import Any, Literal

import pytest
from typing_extensions import override

from tertulia.declare import command
from tertulia.sdk import Client, ServerError, connect
from tertulia.sdk.commands import Commands, Context
from tertulia.sdk.super_commands import SuperCommands


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Weather(Commands):
    """Commands of all kinds, which note what they were called with."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.calls: list[tuple[object, ...]] = []

    @command(name="weather", usage="weather <city> [days]", description="Tells the weather.")
    async def weather(self, context: Context, city: str, days: int = 1) -> str:
        self.calls.append((city, days))
        return f"{city}: sunny for {days}"

    @command(aliases=("somar",))
    async def add(self, context: Context, *numbers: float) -> str:
        """Adds numbers."""
        return str(sum(numbers))

    @command()
    async def order(
        self, context: Context, size: Size, what: Literal["tea", "coffee"], sugar: bool = False
    ) -> None:
        """Orders something."""
        self.calls.append((size, what, sugar))

    @command(description="Says it back.")
    def echo(self, context: Context, *, text: str) -> str:
        return text

    @command(description="Is refused.")
    async def refused(self, context: Context) -> None:
        raise ServerError("not_in_room", "You are not in den.")

    @command(description="Fails.")
    async def fails(self, context: Context) -> None:
        raise RuntimeError("a fault")


class Typed(Context):
    """A line, and what was answered."""

    def __init__(self, line: str, client: Client | None = None) -> None:
        super().__init__(client, line)
        self.answers: list[str] = []

    @override
    async def reply(self, text: str) -> None:
        self.answers.append(text)


async def typed(commands: Commands, line: str) -> list[str]:
    """Have a line carried out; return the lines that answer it."""
    context = Typed(line)
    assert await commands.run(context)
    return "\n".join(context.answers).splitlines()


@pytest.fixture
def weather() -> Weather:
    return Weather()


async def test_words_are_read_as_the_signature_says(weather: Weather) -> None:
    assert await typed(weather, "/weather Lisboa 3") == ["Lisboa: sunny for 3"]
    assert await typed(weather, '/weather "São Paulo"') == ["São Paulo: sunny for 1"]
    assert await typed(weather, "/add 1 2.5 -1") == ["2.5"]
    assert await typed(weather, "/order LARGE Tea yes") == []
    assert await typed(weather, "/echo  as it  was typed ") == ["as it  was typed"]
    assert weather.calls == [("Lisboa", 3), ("São Paulo", 1), (Size.LARGE, "tea", True)]


async def test_a_line_without_the_prefix_is_no_command(weather: Weather) -> None:
    assert not await weather.run(Typed("weather Lisboa"))


async def test_the_prefix_can_be_set() -> None:
    bot = Weather(prefix="!")
    assert not await bot.run(Typed("/weather Lisboa"))
    assert await typed(bot, "!weather Lisboa") == ["Lisboa: sunny for 1"]
    assert "!weather <city> [days]" in "\n".join(await typed(bot, "!help"))
    for prefix in ("", " ", "! "):
        with pytest.raises(ValueError, match="prefix"):
            Weather(prefix=prefix)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/weather", "CITY is missing."),
        ("/weather Lisboa many", "DAYS must be a whole number, not many."),
        ("/weather Lisboa 3 4", "That is too much: 4"),
        ("/order huge tea", "small|large must be small or large, not huge."),
        ("/order small tea perhaps", "SUGAR must be yes or no, not perhaps."),
        ("/add 1 two", "NUMBERS must be a number, not two."),
    ],
)
async def test_wrong_arguments_are_answered_with_the_usage(
    weather: Weather, line: str, said: str
) -> None:
    told, usage = await typed(weather, line)
    assert told == said
    assert usage.startswith(f"Usage: {line.split()[0]}")


async def test_an_unknown_command_is_answered_with_the_nearest(weather: Weather) -> None:
    assert await typed(weather, "/wether Lisboa") == [
        "There is no command /wether. Did you mean /weather?"
    ]
    assert await typed(weather, "/zzz") == ["There is no command /zzz. /help lists them all."]
    assert await typed(weather, "/") == ["There is no command /. /help lists them all."]
    assert await typed(weather, "/ weather") == ["There is no command /. /help lists them all."]


async def test_case_and_accents_make_no_difference(weather: Weather) -> None:
    assert await typed(weather, "/SOMAR 1 2") == ["3.0"]
    assert await typed(weather, "/WEATHER Faro") == ["Faro: sunny for 1"]


async def test_help_is_made_from_the_commands(weather: Weather) -> None:
    listed = await typed(weather, "/help")
    assert listed[0].split("  ")[0] == "/help [COMMAND]"
    assert any(line.startswith("/add [NUMBERS ...] ") and "Adds" in line for line in listed)
    assert await typed(weather, "/help add") == [
        "/add [NUMBERS ...]",
        "  Adds numbers.",
        "  Also: /somar",
    ]
    assert await typed(weather, "/help /weather") == [
        "/weather <city> [days]",
        "  Tells the weather.",
    ]
    assert await typed(weather, "/help nothing") == [
        "There is no command /nothing. /help lists them all."
    ]


async def test_what_the_server_refuses_is_answered(weather: Weather) -> None:
    assert await typed(weather, "/refused") == ["You are not in den."]


async def test_a_command_that_fails_is_logged_and_answered(
    weather: Weather, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    assert await typed(weather, "/fails") == ["That went wrong."]
    assert [record.getMessage() for record in caplog.records] == ["the command fails failed"]


async def test_texts_can_be_in_another_language() -> None:
    bot = Weather(translate=lambda text: text.replace("There is no command", "Não existe"))
    assert await typed(bot, "/nothing") == ["Não existe /nothing. /help lists them all."]


def test_commands_are_found_when_the_class_is_made() -> None:
    names = [one.name for one in Weather.declared]
    assert names == ["help", "weather", "add", "order", "echo", "refused", "fails"]

    class More(Weather):
        @command(description="Something else.")
        @override
        def echo(self, context: Context, *, text: str) -> str:
            return text[::-1]

    assert [one.name for one in More.declared] == names
    found = More().find("echo")
    assert found is not None
    assert found.description == "Something else."


def test_a_signature_that_nobody_can_type_is_refused_where_it_is_declared() -> None:
    with pytest.raises(TypeError, match="must be str, int"):

        class Wrong(Commands):
            @command(description="x")
            async def wrong(self, context: Context, what: dict[str, str]) -> None: ...

    with pytest.raises(TypeError, match="must take 2"):

        class Bare(Commands):
            @command(description="x")
            async def wrong(self) -> None: ...


def test_two_commands_can_not_share_a_word() -> None:
    with pytest.raises(ValueError, match="is both"):

        class Twice(Commands):
            @command(description="x", aliases=("HELP",))
            async def other(self, context: Context) -> None: ...


# Answering others


async def test_a_bot_answers_what_others_say(url: str) -> None:
    async with connect(url, nick="weatherbot") as bot, connect(url, nick="asker") as asker:
        Weather(prefix="!").answer_messages(bot, lambda message: "secret" not in message.text)
        answer = asyncio.create_task(
            asker.wait_for("message", lambda message: message.author.nick == "weatherbot")
        )
        await asyncio.sleep(0)
        await asker.say("lobby", "!weather secret")
        asked = await asker.say("lobby", "!weather Porto 2")
        told = await answer
        assert (told.text, told.reply_to) == ("Porto: sunny for 2", asked.id)


def test_strangers_can_not_use_super_commands() -> None:
    client = Client("tcp://localhost")
    with pytest.raises(TypeError, match="who runs the client"):
        SuperCommands().answer_messages(client)
