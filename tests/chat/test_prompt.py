"""Tests of the prompt: what stands on a terminal after what was written to it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tertulia.chat.clusters import signs, width
from tertulia.chat.prompt import Prompt, safe

_PIECE = re.compile(r"\x1b\[(\d*)([CHJK])|(\r)|(\n)|([^\x00-\x1f\x7f]+)|(.)", re.DOTALL)


class Screen:
    """A terminal that is as tall as need be, and does only what a prompt asks of it."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows: list[list[str]] = [[]]
        self.column = 0

    def write(self, text: str) -> None:
        for number, final, carriage, feed, plain, other in _PIECE.findall(text):
            assert not other, f"a terminal would do something: {other!r}"
            if final == "C":
                self.column += int(number or 1)
            elif final == "K":
                del self.rows[-1][self.column :]
            elif final == "J" and number == "":
                del self.rows[-1][self.column :]
            elif final in ("H", "J"):
                self.rows, self.column = [[]], 0
            elif carriage:
                self.column = 0
            elif feed:
                self.rows.append([])
            else:
                self.put(plain)
            assert self.column < self.columns, "the row is full: the terminal would break it"

    def put(self, text: str) -> None:
        row = self.rows[-1]
        for sign in signs(text):
            cells = width(sign)
            if self.column + cells > self.columns:
                row = []
                self.rows.append(row)
                self.column = 0
            row[self.column : self.column + cells] = [sign, *[""] * (cells - 1)]
            self.column += cells
        if self.column == self.columns:
            self.rows.append([])
            self.column = 0

    @property
    def lines(self) -> list[str]:
        return ["".join(row) for row in self.rows]


def drawn(prompt: str, text: str, cursor: int, columns: int = 40) -> tuple[str, int]:
    """Return the row that is drawn, and the column of the cursor."""
    screen = Screen(columns)
    screen.write(Prompt(columns).set(prompt, text, cursor))
    return screen.lines[-1], screen.column


def test_the_line_stands_behind_the_prompt() -> None:
    assert drawn("[lobby] ana>", "hello", 5) == ("[lobby] ana> hello", 18)
    assert drawn("[lobby] ana>", "hello", 0) == ("[lobby] ana> hello", 13)
    assert drawn("", "", 0) == ("", 0)


def test_a_long_prompt_leaves_half_of_the_row() -> None:
    assert drawn("[a-room-with-a-name] ana>", "hello", 5, columns=24) == ("…-name] ana> hello", 18)


def test_wide_signs_take_two_columns() -> None:
    assert drawn(">", "日本x", 2) == ("> 日本x", 6)


def test_a_line_break_is_shown_as_a_sign() -> None:
    assert drawn(">", "a\nb", 3) == ("> a↵b", 5)


def test_what_would_do_something_to_the_terminal_is_not_drawn() -> None:
    assert drawn("\x1b[31m>", "a\x1b[2Jb\x07", 7)[0] == "> a?[2Jb?"


def test_a_long_line_is_shown_around_the_cursor() -> None:
    text = "0123456789" * 5
    assert drawn(">", text, 50, columns=20) == ("> …4567890123456789", 19)
    assert drawn(">", text, 0, columns=20) == ("> 0123456789012345…", 2)
    row, column = drawn(">", text, 25, columns=20)
    assert row[column] == text[25]
    assert row.startswith("> …")
    assert row.endswith("…")


def test_lines_come_in_above_and_the_prompt_stays_whole() -> None:
    screen, prompt = Screen(40), Prompt(40)
    screen.write(prompt.set(">", "half a thou", 5))
    screen.write(prompt.above(["ana: hi", "bob: hello"]))
    assert screen.lines == ["ana: hi", "bob: hello", "> half a thou"]
    assert screen.column == 7
    screen.write(prompt.above(["x" * 50]))
    assert screen.lines[-3:] == ["x" * 40, "x" * 10, "> half a thou"]


def test_clearing_leaves_the_prompt() -> None:
    screen, prompt = Screen(40), Prompt(40)
    screen.write(prompt.set(">", "text", 4) + prompt.above(["ana: hi"]) + prompt.clear())
    assert screen.lines == ["> text"]


def test_another_width_draws_anew() -> None:
    screen, prompt = Screen(40), Prompt(40)
    screen.write(prompt.set(">", "0123456789" * 3, 30))
    screen.columns = 20
    screen.write(prompt.resize(20))
    assert screen.lines[-1] == "> …4567890123456789"
    assert Screen(40).lines == [""]


def test_erasing_leaves_nothing() -> None:
    screen, prompt = Screen(40), Prompt(40)
    screen.write(prompt.set(">", "text", 4) + prompt.erase())
    assert screen.lines == [""]


def test_a_line_from_anywhere_is_safe_to_show() -> None:
    assert safe("      further") == "      further"
    assert safe("a\x1b]0;title\x07b\x1b[2Jc\x9b31m") == "abc"
    assert safe("a\r\nb") == "a b"


@given(
    st.text("a日👍\u0301\u200d \n\x1b", max_size=60),
    st.integers(0, 60),
    st.integers(20, 50),
    st.sampled_from(["", ">", "[lobby] ana>", "x" * 60]),
)
def test_whatever_is_typed_the_prompt_is_one_row_and_the_cursor_in_it(
    text: str, cursor: int, columns: int, prompt: str
) -> None:
    screen = Screen(columns)
    screen.write(Prompt(columns).set(prompt, text, min(cursor, len(text))))
    assert len(screen.lines) == 1
    assert width(screen.lines[0]) < screen.columns
