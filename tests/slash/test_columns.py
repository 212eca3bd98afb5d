from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tertulia.slash.columns import SCREEN, pad, pairs, shorten, width, wrap


def test_wide_letters_take_two_columns_and_combining_ones_none() -> None:
    assert width("chá") == 3
    assert width("cha\u0301") == 3
    assert width("お茶") == 4
    assert width("👍") == 2


def test_padding_counts_columns_and_not_letters() -> None:
    assert pad("お茶", 6) + "|" == "お茶  |"
    assert pad("tea", 2) == "tea"


def test_a_text_that_is_too_wide_is_cut_visibly() -> None:
    assert shorten("tea for two", 11) == "tea for two"
    assert shorten("tea for two", 8) == "tea for…"
    assert shorten("お茶お茶", 4) == "お…"


def test_words_are_wrapped_with_an_indent() -> None:
    lines = wrap("In lobby:", ["somebody,"] * 12)
    assert lines == [
        "In lobby: somebody, somebody, somebody, somebody, somebody, somebody, somebody,",
        "  somebody, somebody, somebody, somebody, somebody,",
    ]


def test_a_word_wider_than_the_screen_has_a_line_of_its_own() -> None:
    assert wrap("a", ["b" * 100, "c"]) == ["a", "  " + "b" * 100, "  c"]


def test_sentences_stand_in_one_column() -> None:
    assert pairs([("id", "one"), ("rooms", "tea and lobby"), ("x", "")]) == [
        "  id     one",
        "  rooms  tea and lobby",
        "  x      ",
    ]


def test_no_pairs_are_no_lines() -> None:
    assert pairs([]) == []


@given(st.lists(st.text(alphabet="ab ch お", min_size=1, max_size=9)))
def test_no_line_of_short_words_is_wider_than_the_screen(words: list[str]) -> None:
    assert all(width(line) <= SCREEN for line in wrap("start:", words))


@given(st.text(), st.integers(1, 30))
def test_a_shortened_text_fits(text: str, columns: int) -> None:
    assert width(shorten(text, columns)) <= columns
