from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.stores.search import MAX_PHRASES, holds, normalise, parse_query, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  ... !? ", []),
        ("Hello, World", ["hello", "world"]),
        ("under_score and-dash", ["under", "score", "and", "dash"]),
        ("Café à la crème", ["cafe", "a", "la", "creme"]),
        ("ﬁne ⅷ ① ２", ["fine", "viii", "1", "2"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("Łódź Ørsted Æsir", ["lodz", "orsted", "aesir"]),
        ("İstanbul ırmak", ["istanbul", "irmak"]),
        ("שָׁלוֹם", ["שלום"]),
        ("हिन्दी", ["हिनदी"]),
        ("한국어 텍스트", ["한국어", "텍스트"]),
        ("東京abcがｶﾞ", ["東", "京", "abc", "が", "ガ"]),
        ("a\u00adb c\u200dd", ["ab", "cd"]),
        ("👍🏽 ok ❤\ufe0f", ["ok"]),
        ("e\u0301te\u0301", ["ete"]),
    ],
)
def test_a_text_becomes_its_words(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_a_very_long_word_is_cut() -> None:
    assert tokens("x" * 5000) == ["x" * 64]


def test_many_different_letters_are_no_trouble() -> None:
    everything = "".join(map(chr, range(0x250, 0xD800)))
    assert normalise(everything) == normalise(normalise(everything))


@given(st.text())
def test_normal_text_is_not_changed_any_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text())
def test_case_makes_no_difference(text: str) -> None:
    assert normalise(text.casefold()) == normalise(text)


@given(st.text())
def test_normal_text_has_no_ascii_but_letters_digits_and_blanks(text: str) -> None:
    plain = [letter for letter in normalise(text) if letter.isascii()]
    assert all(letter == " " or letter.isalnum() for letter in plain)


@given(st.text(min_size=1))
def test_the_index_of_sqlite_parts_words_as_we_do(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'ascii')")
    connection.execute("CREATE VIRTUAL TABLE seen USING fts5vocab ('words', 'row')")
    connection.execute("INSERT INTO words VALUES (?)", (normalise(text),))
    seen = {term for (term,) in connection.execute("SELECT term FROM seen")}
    connection.close()
    assert seen == set(tokens(text))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ()),
        ('" " *', ()),
        ("tea milk", ("tea", "milk")),
        ("tea Tea TEA", ("tea",)),
        ('"green tea" milk', ("green tea", "milk")),
        ("“green tea” «black tea»", ("green tea", "black tea")),
        ('"unclosed phrase', ("unclosed", "phrase")),
        ("l'eau", ("l eau",)),
        ("東京", ("東 京",)),
        ("tea OR (milk*)", ("tea", "or", "milk")),
    ],
)
def test_a_query_becomes_phrases(query: str, expected: tuple[str, ...]) -> None:
    assert parse_query(query) == expected


def test_a_query_has_a_bound() -> None:
    assert len(parse_query(" ".join(map(str, range(1000))))) == MAX_PHRASES


def test_phrases_hold_whole_words_only() -> None:
    assert holds("a green tea cup", ("green tea", "cup"))
    assert not holds("a green teacup", ("green tea",))
    assert not holds("tea green", ("green tea",))
