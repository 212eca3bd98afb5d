from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.errors import Refused, Usage
from tertulia.slash.parse import Arguments, Said, Typed, cut


def arguments(text: str) -> Arguments:
    return Arguments(text, "/test")


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("hello", Said("hello")),
        ("", Said("")),
        ("and/or", Said("and/or")),
        (" /join tea", Typed("join", "tea")),
        ("//join tea", Said("/join tea")),
        ("///", Said("//")),
        ("/join tea", Typed("join", "tea")),
        ("/JOIN  tea ", Typed("JOIN", "tea")),
        ("/rooms", Typed("rooms", "")),
        ("/me\twaves  twice", Typed("me", "waves  twice")),
        ("/edit one\ntwo", Typed("edit", "one\ntwo")),
        ("/", Typed("", "")),
        ("/ join tea", Typed("", "join tea")),
    ],
)
def test_a_line_is_a_text_or_a_command(line: str, meaning: object) -> None:
    assert cut(line) == meaning


@given(st.text())
def test_a_text_that_begins_with_a_slash_can_be_said(text: str) -> None:
    assert cut("//" + text) == Said("/" + text)


def test_arguments_are_taken_from_the_left() -> None:
    pieces = arguments("  #tea @ana  7 #41 the   rest ")
    assert (pieces.room(), pieces.nick(), pieces.optional_number(), pieces.optional_seq()) == (
        "tea",
        "ana",
        7,
        41,
    )
    assert pieces.text() == "the   rest"
    pieces.end()


def test_what_may_be_left_out_is_none_when_it_is() -> None:
    pieces = arguments("")
    assert pieces.optional_word() is None
    assert pieces.optional_nick() is None
    assert pieces.optional_room() is None
    assert pieces.optional_number() is None
    assert pieces.optional_seq() is None
    assert pieces.optional_text() == ""
    pieces.end()


def test_what_is_no_number_is_left_for_the_next_argument() -> None:
    pieces = arguments("#tag 1st")
    assert pieces.optional_seq() is None
    assert pieces.optional_number() is None
    assert pieces.text() == "#tag 1st"


def test_a_number_of_absurd_length_is_no_number() -> None:
    assert arguments("9" * 5000).optional_number() is None
    assert arguments("#" + "9" * 5000).optional_seq() is None


def test_what_is_missing_or_too_much_is_refused_with_the_usage() -> None:
    for take in (
        lambda: arguments("").word(),
        lambda: arguments(" ").text(),
        lambda: arguments("").nick(),
        lambda: arguments("").room(),
        lambda: arguments("more").end(),
    ):
        with pytest.raises(Refused) as caught:
            take()
        assert caught.value.refusal == Usage("/test")


def test_names_lose_what_could_steer_a_terminal() -> None:
    assert arguments("\x1b[31mana").nick() == "ana"
    assert arguments("#te\x07a").room() == "tea"


@given(st.text())
def test_taking_words_ends_and_loses_no_letter(text: str) -> None:
    pieces = arguments(text)
    words = []
    while (word := pieces.optional_word()) is not None:
        words.append(word)
    assert words == text.split()
