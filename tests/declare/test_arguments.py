from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.declare import Misfit, Parsed, Problem, Signature, words_of


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


def weather(city: str, days: int = 1) -> None: ...
def pick(*options: str) -> None: ...
def add(*numbers: float) -> None: ...
def tell(nick: str, *, text: str) -> None: ...
def note(*, text: str = "") -> None: ...
def switch(on: bool, size: Size = Size.SMALL) -> None: ...
def turn(way: Literal["left", "right"], steps: int | None = None) -> None: ...
def plain(word, other=None) -> None: ...  # type: ignore[no-untyped-def]  # what is not annotated
def nothing() -> None: ...


def parse(function: Callable[..., Any], text: str) -> Parsed:
    return Signature(function, 0).parse(text)


def misfit(function: Callable[..., Any], text: str) -> Misfit:
    with pytest.raises(Misfit) as caught:
        parse(function, text)
    return caught.value


@pytest.mark.parametrize(
    ("function", "usage"),
    [
        (weather, "CITY [DAYS]"),
        (pick, "[OPTIONS ...]"),
        (tell, "NICK TEXT"),
        (note, "[TEXT]"),
        (switch, "ON [small|large]"),
        (turn, "left|right [STEPS]"),
        (plain, "WORD [OTHER]"),
        (nothing, ""),
    ],
)
def test_a_usage_follows_from_the_signature(function: Callable[..., Any], usage: str) -> None:
    assert Signature(function, 0).usage == usage


@pytest.mark.parametrize(
    ("function", "text", "positional"),
    [
        (weather, "lisbon", ("lisbon", 1)),
        (weather, "  lisbon   3 ", ("lisbon", 3)),
        (weather, '"new york" -2', ("new york", -2)),
        (weather, '"half', ('"half', 1)),
        (weather, 'a"b" 1', ('a"b"', 1)),
        (pick, "", ()),
        (pick, 'tea "black coffee" milk', ("tea", "black coffee", "milk")),
        (add, "1 2.5 -3", (1.0, 2.5, -3.0)),
        (switch, "on", (True, Size.SMALL)),
        (switch, "NÃO Large", (False, Size.LARGE)),
        (turn, "LEFT", ("left", None)),
        (turn, "right 2", ("right", 2)),
        (plain, "x y", ("x", "y")),
        (nothing, "  ", ()),
    ],
)
def test_words_become_arguments(
    function: Callable[..., Any], text: str, positional: tuple[object, ...]
) -> None:
    assert parse(function, text) == Parsed(positional)


@pytest.mark.parametrize(
    ("function", "text", "parsed"),
    [
        (tell, 'ana  see  "you" ', Parsed(("ana",), {"text": 'see  "you"'})),
        (note, " all of it ", Parsed((), {"text": "all of it"})),
        (note, "", Parsed((), {"text": ""})),
    ],
)
def test_what_follows_a_bare_star_is_the_rest_of_the_line_as_it_was_typed(
    function: Callable[..., Any], text: str, parsed: Parsed
) -> None:
    assert parse(function, text) == parsed


@pytest.mark.parametrize(
    ("function", "text", "problem", "told"),
    [
        (weather, "", Problem.MISSING, "CITY is missing."),
        (tell, "ana", Problem.MISSING, "TEXT is missing."),
        (weather, "lisbon 3 4", Problem.TOO_MANY, "That is too much: 4"),
        (nothing, "x", Problem.TOO_MANY, "That is too much: x"),
        (weather, "lisbon soon", Problem.WRONG, "DAYS must be a whole number, not soon."),
        (weather, "lisbon 1.5", Problem.WRONG, "DAYS must be a whole number, not 1.5."),
        (add, "1 nan", Problem.WRONG, "NUMBERS must be a number, not nan."),
        (switch, "maybe", Problem.WRONG, "ON must be yes or no, not maybe."),
        (turn, "up", Problem.WRONG, "left|right must be left or right, not up."),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(
    function: Callable[..., Any], text: str, problem: Problem, told: str
) -> None:
    found = misfit(function, text)
    assert (found.problem, str(found)) == (problem, told)


@pytest.mark.parametrize("word", ["9" * 16, "1e5", "٣", "0x1", "1_000", "+-1", ""])
def test_odd_numbers_are_no_whole_numbers(word: str) -> None:
    assert misfit(weather, f'lisbon "{word}"').problem is Problem.WRONG


def test_only_the_beginning_of_a_wrong_word_is_shown_again() -> None:
    assert misfit(weather, f"lisbon {'x' * 100}").word == "x" * 32


@pytest.mark.parametrize("text", ["a b", '"a b"', '""', '"a"b', "a\tb"])
def test_words_in_quotes_are_one(text: str) -> None:
    words = {"a b": ["a", "b"], '"a b"': ["a b"], '""': [""], '"a"b': ['"a"b'], "a\tb": ["a", "b"]}
    assert words_of(text) == words[text]


@given(st.text(max_size=40))
def test_whatever_is_typed_fits_or_is_told(text: str) -> None:
    for function in (weather, pick, add, tell, note, switch, turn, nothing):
        try:
            parse(function, text)
        except Misfit as misfit:
            assert str(misfit)


# What can't be declared


def leads(context: object, city: str) -> None: ...
def too_few() -> None: ...
def named(**options: str) -> None: ...
def strange(when: dict[str, str]) -> None: ...
def several(what: int | str) -> None: ...
def unknown(what: NoSuchType) -> None: ...  # type: ignore[name-defined]  # noqa: F821


def test_leading_parameters_are_not_typed() -> None:
    assert Signature(leads, 1).usage == "CITY"


def test_the_types_of_leading_parameters_need_not_be_known() -> None:
    def command(context: NoSuchType, days: int) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    assert Signature(command, 1).usage == "DAYS"


@pytest.mark.parametrize(
    ("function", "leading", "told"),
    [
        (too_few, 1, r"too_few must take 1 argument\(s\) before the typed"),
        (pick, 1, r"pick must take 1 argument\(s\) before the typed"),
        (named, 0, r"named: nobody can type \*\*options"),
        (strange, 0, "strange: when must be str, int, float, bool, Literal or an enum"),
        (several, 0, "several: what must be str, int, float, bool, Literal or an enum"),
        (unknown, 0, "unknown: name 'NoSuchType' is not defined"),
    ],
)
def test_parameters_that_nobody_could_type_are_refused_where_they_are_declared(
    function: Callable[..., Any], leading: int, told: str
) -> None:
    with pytest.raises(TypeError, match=told):
        Signature(function, leading)
