from __future__ import annotations

from itertools import groupby
from unicodedata import category, is_normalized

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tertulia.core.text import MAX_MARKS, clean_line, clean_text

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
ZWJ, ZWNJ, VS16 = "\u200d", "\u200c", "\ufe0f"

# Pieces that steer, hide, join or stack, so that random texts hit what random letters never do.
PIECES = [
    *("\x1b", "\x1b[31m", "\x1b]0;", "\x07", "\x1b\\", "\x9b", "\x9d", "\x9c", "\x03", "04", "["),
    *("\r", "\n", "\r\n", "\x85", "\u2028", "\v", "\t", " ", "\u3000", "\u2800", "\xa0"),
    *("\u202e", "\u2066", "\u200b", ZWJ, ZWNJ, VS16, "\ufe0e", "\ufe00", "\U000e0101", "\u180b"),
    *("\u0301", "\u0327", "\u0e47", "\u20e3", "\u1032", "\u103b", "\u0300\u0301\u0302\u0303"),
    *("a", "e", "1", "क", "्", "ب", "ن", "漢", "ᠠ", "가", "ᄀ", "ᅡ", "é", "ß", "م", "\u2126"),
    *("👩", "❤", "♂", "🏽", "🇧", "🇷", "🏴", ENGLAND, "\U000e0041", "\U0001d15e", "\U0001fae9"),
    *("\ud800", "\udfff", "\ufdd0", "\U0010ffff", "\u0958", "\u115f", "\u3164", "\ufeff"),
]
nasty = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=40).map("".join)
EMOJI_AND_SCRIPTS = [
    "👩‍👩‍👧",
    "👨🏽‍⚕️ ❤️‍🔥 🙂‍↔️ 🏴‍☠️ 🐦‍⬛",
    "1️⃣ #️⃣ ℹ️ ‼️ ©️ ☎︎",
    "🇧🇷🇪🇸",
    ENGLAND,
    "می‌خواهم",
    "ه‍",
    "അവന്‍",
    "ශ්‍රී",
    "क्‍ष र्‍य",
    "လျှို့ဝှက်",
    "יְרוּשָׁלִַם",
    "བསྒྲུབས",
    "น้ำ ก็",
    "Tiếng Việt",
    "이준 한국어",
    "葛󠄀飾",
    "ᠮᠣᠩᠭᠣᠯ᠋",
    "؀٣ ۝١",
    "⠓⠑⠇⠇⠕",
    "João, ñandú, Łódź, Straße",
    "\U0001faea is newer than the tables",
    "日本語　です",
]


@pytest.mark.parametrize("text", EMOJI_AND_SCRIPTS)
def test_emoji_and_real_scripts_come_through_unchanged(text: str) -> None:
    assert clean_line(text, 200) == text
    assert clean_text(text, 10) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;5;196mred", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9d0;title\x9cx", "x"),
        ("\x1bPq#0;2\x1b\\x", "x"),
        ("\x1b_payload\x1b\\x", "x"),
        ("\x1bcx", "x"),
        ("\x1b(Bx", "x"),
        ("\x1b[31", ""),
        ("\x1b", ""),
        ("\x1b\x1b[31m[31mx", "[31mx"),
    ],
)
def test_escape_sequences_go_as_a_whole(text: str, cleaned: str) -> None:
    assert clean_line(text, 99) == cleaned
    assert clean_text(text, 9) == cleaned


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("\x1b]0;title", "0;title"), ("\x9d0;title", "0;title"), ("\x9esala", "sala")],
)
def test_a_control_string_without_an_end_hides_nothing(text: str, cleaned: str) -> None:
    assert clean_line(text, 99) == cleaned


def test_colours_of_irc_go_with_their_figures() -> None:
    assert clean_line("\x034,12red\x03 \x02bold\x02 \x04ff0000hex\x0f \x035", 99) == "red bold hex"


@pytest.mark.parametrize(
    "hidden",
    [
        *("\x00", "\x08", "\x7f", "\x80", "\xad", "\u034f", "\u061c", "\u200b", "\u200e", "\u200f"),
        *("\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2060", "\u2066", "\u2069", "\u206f"),
        *("\u115f", "\u1160", "\u17b4", "\u3164", "\uffa0", "\ufeff", "\ufff9", "\ufffe", "\ufdd0"),
        *("\ud800", "\udfff", "\U0001d173", "\U000e0001", "\U000e0041", "\U000e0fff", "\U0010ffff"),
        *(ZWJ, ZWNJ, VS16, "\ufe00", "\U000e0101", "\u180b"),
    ],
)
def test_what_shows_nothing_hides_nothing(hidden: str) -> None:
    assert clean_line(f"se{hidden}cret", 99) == "secret"
    assert clean_text(f"{hidden}\nsecret{hidden}", 9) == "secret"


def test_each_control_and_format_character_of_unicode_is_decided_on() -> None:
    shown = {
        char
        for char in map(chr, range(0x110000))
        if category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and clean_line(f"a{char}漢", 9) != "a漢"
    }
    breaks = set("\t\n\v\f\r\x85\u2028\u2029")
    arabic = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u0890\u0891\u08e2")
    others = {"\u070f", "\U000110bd", "\U000110cd"}
    hieroglyphs = set(map(chr, range(0x13430, 0x13440)))
    assert shown <= breaks | arabic | others | hieroglyphs
    assert shown >= breaks | set("\u0600\u06dd") | {"\U000110bd", "\U00013430"}


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (f"👩{ZWJ}", "👩"),
        (f"👩{ZWJ}{ZWJ}👧", f"👩{ZWJ}👧"),
        (f"👩{ZWNJ}👧", "👩👧"),
        (f"a{ZWJ}👧", "a👧"),
        (f"ب{ZWNJ}{ZWNJ}ن", f"ب{ZWNJ}ن"),
        (f"❤{VS16}{VS16}", f"❤{VS16}"),
        (f"❤\ufe0e{VS16}", "❤\ufe0e"),
        (f"{VS16}a{VS16}", "a"),
        ("漢\U000e0100\U000e0101", "漢\U000e0100"),
        ("a\U000e0100", "a"),
        (f"a\u2800{VS16}", "a"),
        (f"❤{ZWJ}\u2800", "❤"),
        ("≨\ufe00 a\ufe00", "≨\ufe00 a"),
        ("\U0001f3f4\U000e0068\U000e0069\U000e007f", "\U0001f3f4"),
    ],
)
def test_joiners_and_selectors_stay_only_where_they_do_something(text: str, cleaned: str) -> None:
    assert clean_line(text, 99) == cleaned


def test_towers_of_marks_are_bounded() -> None:
    assert clean_line("z" + "\u0301" * 30 + "!", 99) == "ź" + "\u0301" * MAX_MARKS + "!"
    assert clean_line("ก" + "\u0e47" * 30, 99) == "ก" + "\u0e47" * MAX_MARKS
    assert clean_line("ب" + ("\u064e\u064b\u0651" + ZWJ) * 9, 99).count(ZWJ) == 2


def test_text_is_composed() -> None:
    assert clean_line("Joa\u0303o", 99) == "João"
    assert clean_text("a\u200b\u0301", 9) == "á"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029", "\v", "\f"])
def test_every_line_break_is_one(newline: str) -> None:
    assert clean_text(f"one{newline}two", 9) == "one\ntwo"
    assert clean_line(f"one{newline}two", 99) == "one two"


def test_white_space_outside_goes() -> None:
    assert clean_line(" \t\xa0\u3000\u2800 x y \n", 99) == "x y"
    assert clean_line("\xa0 João\xa0", 99) == "João"


def test_a_message_keeps_its_shape() -> None:
    text = "\n \r\n  def f():  \n\treturn 1\u3000\n\n\n    # end\n\n"
    assert clean_text(text, 9) == "  def f():\n    return 1\n\n\n    # end"
    assert clean_text("  hello  ", 9) == "  hello"
    assert clean_text("  olá  ", 9) == "  olá"


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u2800\n\u3000", "\x1b[0m", "\u200b"])
def test_nothing_visible_is_nothing(text: str) -> None:
    assert clean_text(text, 9) == ""
    assert clean_line(text, 9) == ""


@pytest.mark.parametrize(
    ("lines", "cleaned"),
    [(4, "a\nb\n\nc"), (3, "a\nb\n c"), (2, "a\nb  c"), (1, "a b  c"), (0, "a b  c")],
)
def test_too_many_lines_become_fewer_and_lose_nothing(lines: int, cleaned: str) -> None:
    assert clean_text("a\nb\n\nc\n", lines) == cleaned


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("hello", 3, "hel"),
        ("ab cd", 3, "ab"),
        ("hello", 0, ""),
        ("x́́y", 2, "x\u0301"),
        ("ax́́y", 2, "a"),
        ("a👩‍👩‍👧", 4, "a"),
        ("a👍🏽", 2, "a"),
        ("a❤️", 2, "a"),
        ("🇧🇷🇪🇸", 3, "🇧🇷"),
        ("🇧🇷🇪🇸", 2, "🇧🇷"),
        ("aب‌ن", 2, "a"),
        ("a" + ENGLAND, 5, "a"),
        (ENGLAND, 3, "\U0001f3f4"),
        ("👩‍👩‍👧", 2, "👩"),
    ],
)
def test_a_cut_falls_between_visible_characters(text: str, limit: int, cut: str) -> None:
    assert clean_line(text, limit) == cut


@given(nasty, st.integers(0, 60))
@example("\U0001d15e\ufe0f", 60)
@example("e" + ZWNJ + "\u0301", 60)
def test_cleaning_a_line_twice_changes_nothing(text: str, limit: int) -> None:
    once = clean_line(text, limit)
    assert clean_line(once, limit) == once
    assert len(once) <= limit


@given(nasty, st.integers(1, 5))
def test_cleaning_a_message_twice_changes_nothing(text: str, lines: int) -> None:
    once = clean_text(text, lines)
    assert clean_text(once, lines) == once
    assert once.count("\n") < lines


@given(nasty)
def test_what_is_left_is_safe(text: str) -> None:
    for cleaned, breaks in ((clean_line(text, 999), ""), (clean_text(text, 9), "\n")):
        assert all(
            category(char) not in ("Cc", "Cs", "Zl", "Zp") for char in cleaned if char != breaks
        )
        assert not set(cleaned) & set("\u200b\u200e\u200f\u202a\u202e\u2066\u2069\ufeff\U0010ffff")
        assert is_normalized("NFC", cleaned)
        cleaned.encode()
        marks = (category(char) for char in cleaned if category(char) != "Mc" and char != ZWJ)
        stacks = (
            len(list(run))
            for is_mark, run in groupby(kind in ("Mn", "Me") for kind in marks)
            if is_mark
        )
        assert all(height <= MAX_MARKS + 1 for height in stacks)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=50))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert clean_line(text, 50) == text.strip()
    assert clean_text(text, 1) == text.rstrip()


@given(st.lists(st.sampled_from(["a", " ", "漢", "é"]), max_size=30).map("".join))
def test_both_ways_of_cleaning_agree_but_for_indentation(text: str) -> None:
    assert clean_text(text, 1).lstrip() == clean_line(text, 99)
