from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from typing_extensions import override

from tertulia.declare import CommandMark, command, declared_commands, marked, marks_of, put_mark


class Sky:
    """A class with commands, as clients and plugins have them."""

    @command(name="weather", usage="weather <city>", description="Tells the weather.")
    async def forecast(self, context: object, city: str, days: int = 1) -> str:
        return f"{city} {days}"

    @command(aliases=("luna", "lua"))
    def moon_phase(self, context: object, *, day: str = "") -> str:
        """Tells the phase of the moon.

        At length.
        """
        return day

    def no_command(self) -> None: ...


class MoreSky(Sky):
    @command(description="Tells the weather at sea.")
    def tide(self, context: object) -> None: ...

    @override
    def moon_phase(self, context: object, *, day: str = "") -> str:
        return ""


def test_a_declared_method_is_a_command_with_what_was_given() -> None:
    weather, _ = declared_commands(Sky, leading=2)
    assert (weather.name, weather.usage) == ("weather", "weather <city>")
    assert weather.description == "Tells the weather."
    assert weather.parse("lisbon 3").positional == ("lisbon", 3)


def test_what_is_not_given_follows_from_the_function() -> None:
    _, moon = declared_commands(Sky, leading=2)
    assert (moon.name, moon.aliases) == ("moon-phase", ("luna", "lua"))
    assert (moon.usage, moon.description) == ("moon-phase [DAY]", "Tells the phase of the moon.")


def test_the_commands_of_an_object_are_bound_to_it() -> None:
    _, moon = declared_commands(Sky(), leading=1)
    assert moon.function(None, day="today") == "today"


def test_a_declared_function_is_still_the_function() -> None:
    assert Sky().moon_phase(None, day="today") == "today"


def test_a_class_has_the_commands_of_its_bases_but_for_what_it_has_put_in_their_place() -> None:
    assert [one.name for one in declared_commands(MoreSky, leading=2)] == ["weather", "tide"]


def test_a_module_has_its_own_functions_and_not_those_it_has_imported() -> None:
    module = ModuleType("skies")

    @command(description="Is of this module.")
    def own(context: object) -> None: ...

    @command(description="Is of another.")
    def other(context: object) -> None: ...

    own.__module__ = "skies"
    vars(module).update(first=own, again=own, other=other, number=3)
    assert [one.name for one in declared_commands(module, leading=1)] == ["own"]


def test_brackets_are_not_forgotten_in_silence() -> None:
    with pytest.raises(TypeError, match="brackets included"):
        command(lambda context: None)  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize("word", ["", "two words", "-x", "_x", "/x", "x" * 33, "a\x1bb", "a{b}"])
def test_a_word_that_can_t_be_typed_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="can't be a command's word"):
        command(word)
    with pytest.raises(ValueError, match="can't be a command's word"):
        command("fine", aliases=(word,))


def test_aliases_are_several_words() -> None:
    with pytest.raises(TypeError, match="several words"):
        command("weather", aliases="w")


@pytest.mark.parametrize("text", ["two\nlines", "with {braces}", "\x1b[2J", "x" * 201, " blank"])
def test_a_text_that_can_t_be_shown_is_refused(text: str) -> None:
    for arguments in ({"usage": text}, {"description": text}):
        with pytest.raises(ValueError, match="must be one line"):
            command("weather", **arguments)


def test_a_command_without_a_description_is_refused() -> None:
    class Silent:
        @command()
        def nothing(self, context: object) -> None: ...

    with pytest.raises(ValueError, match="nothing needs a description"):
        declared_commands(Silent, leading=2)


def test_only_functions_can_be_marked() -> None:
    with pytest.raises(TypeError, match="can't be declared"):
        put_mark(len, CommandMark())


def test_what_looks_like_anything_has_no_marks() -> None:
    class Anything:
        def __getattr__(self, name: str) -> Any:
            return name

    assert marks_of(Anything()) == ()
    assert list(marked(Anything(), CommandMark)) == []
