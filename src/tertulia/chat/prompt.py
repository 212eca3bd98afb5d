"""The prompt: one row at the foot of what was said, drawn anew whenever something comes in.

Pure: it returns what is to be written to a terminal (ECMA-48 sequences: CR, CUF, EL, ED). A line
longer than the row is shown around the cursor, so that the prompt never takes more than one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tertulia.chat import clusters
from tertulia.core.text import clean_line

NARROWEST: Final = 8
"""Columns that are left for the line at the least, whatever the prompt says."""
LONGEST_SHOWN: Final = 100_000
"""Characters of one line of the chat."""

_ERASE_ROW: Final = "\r\x1b[K"
_ERASE_ALL: Final = "\x1b[H\x1b[2J\x1b[3J"
_BREAK: Final = "\u21b5"
"""Stands for a line break in a line that is being typed."""
_CUT: Final = "\u2026"
"""Stands for what does not fit."""


class Prompt:
    """What is drawn at the foot of a terminal."""

    __slots__ = ("_columns", "_cursor", "_prompt", "_text")

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._prompt = ""
        self._text = ""
        self._cursor = 0

    def resize(self, columns: int) -> str:
        """Draw for a terminal of another width."""
        self._columns = columns
        # What was one row may be two by now: everything below the cursor goes too.
        return "\r\x1b[J" + self.draw()

    def set(self, prompt: str, text: str, cursor: int) -> str:
        """Draw `prompt`, and after it `text` with the cursor in its place."""
        self._prompt, self._text, self._cursor = prompt, text, cursor
        return self.draw()

    def draw(self) -> str:
        """Draw the row, whatever was in it."""
        prompt = _shortened(clean_line(self._prompt, 200), self._columns // 2)
        if prompt:
            prompt += " "
        space = max(NARROWEST, self._columns - clusters.width(prompt) - 1)
        shown, before = _window(self._text, self._cursor, space)
        column = clusters.width(prompt) + before
        place = f"\x1b[{column}C" if column else ""
        return f"{_ERASE_ROW}{prompt}{shown}\r{place}"

    def above(self, lines: Sequence[str]) -> str:
        """Write lines above the row."""
        return _ERASE_ROW + "".join(f"{safe(line)}\r\n" for line in lines) + self.draw()

    def erase(self) -> str:
        """Take the row away."""
        return _ERASE_ROW

    def clear(self) -> str:
        """Clear the screen, and draw the row at its head."""
        return _ERASE_ALL + self.draw()


def safe(line: str) -> str:
    """Return a line that does nothing to a terminal but to stand there; blanks at its ends stay."""
    start = len(line) - len(line.lstrip(" "))
    return " " * start + clean_line(line[start:], LONGEST_SHOWN)


def _shortened(prompt: str, columns: int) -> str:
    """Return the end of a prompt that would leave no place for the line."""
    if clusters.width(prompt) <= columns:
        return prompt
    kept = list(clusters.signs(prompt))
    while kept and sum(map(clusters.width, kept)) >= columns:
        kept.pop(0)
    return _CUT + "".join(kept)


def _window(text: str, cursor: int, space: int) -> tuple[str, int]:
    """Return what is shown of a line in so many columns, and the columns before the cursor."""
    head = list(clusters.signs(_visible(text[:cursor])))
    tail = list(clusters.signs(_visible(text[cursor:])))
    before = sum(map(clusters.width, head))
    if before + sum(map(clusters.width, tail)) <= space:
        return "".join((*head, *tail)), before
    # Some of what follows the cursor stays in sight.
    room = space - min(space // 4, sum(map(clusters.width, tail))) - 1
    is_cut = before > room
    while before > room:
        before -= clusters.width(head.pop(0))
    start = [_CUT, *head] if is_cut else head
    before += is_cut
    left = space - before
    shown: list[str] = []
    for place, sign in enumerate(tail):
        left -= clusters.width(sign)
        if left < (place < len(tail) - 1):
            shown.append(_CUT)
            break
        shown.append(sign)
    return "".join((*start, *shown)), before


def _visible(text: str) -> str:
    return "".join(
        _BREAK if char == "\n" else char if char.isprintable() or char == "\u200d" else "?"
        for char in text
    )
