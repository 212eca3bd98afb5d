"""Layout: lines that stay in columns and within a narrow screen, without any drawing.

Widths are counted as terminals do: wide letters take two columns, combining ones none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

SCREEN: Final = 79
"""Columns that fit on every terminal; the eightieth would wrap on some."""

_ELLIPSIS: Final = "…"


def width(text: str) -> int:
    """Return how many columns `text` takes."""
    return len(text) if text.isascii() else sum(map(_letter_width, text))


def pad(text: str, columns: int) -> str:
    """Return `text` with blanks after it, up to `columns`."""
    return text + " " * (columns - width(text))


def shorten(text: str, columns: int) -> str:
    """Return `text`, cut visibly where it would take more than `columns`."""
    if width(text) <= columns:
        return text
    kept = 0
    room = columns - 1
    for letter in text:
        room -= _letter_width(letter)
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip() + _ELLIPSIS


def wrap(start: str, words: Iterable[str], *, indent: str = "  ") -> list[str]:
    """Return lines of `start` and `words` with blanks between them; later lines are indented.

    A word wider than the screen stays whole, on a line of its own.
    """
    lines: list[str] = []
    line = start
    for word in words:
        longer = f"{line} {word}" if line.strip() else line + word
        if width(longer) > SCREEN and line.strip():
            lines.append(line)
            line = indent + word
        else:
            line = longer
    lines.append(line)
    return lines


def pairs(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return lines of a name and a sentence about it, the sentences in one column."""
    column = max((width(name) for name, _ in rows), default=0) + 4
    lines: list[str] = []
    for name, sentence in rows:
        start = pad(f"  {name}", column)
        words = sentence.split()
        lines += wrap(start + words[0], words[1:], indent=" " * column) if words else [start]
    return lines


def _letter_width(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
