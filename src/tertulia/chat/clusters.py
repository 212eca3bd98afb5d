"""Clusters: what a reader takes for one sign, and how many columns it has on a terminal. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_JOINER = "\u200d"


def before(text: str, place: int) -> int:
    """Return where the sign that ends at `place` begins."""
    place -= 1
    while place > 0 and (_extends(text[place]) or text[place - 1] == _JOINER):
        place -= 1
    return max(0, place)


def after(text: str, place: int) -> int:
    """Return where the sign that begins at `place` ends."""
    place += 1
    while place < len(text) and (_extends(text[place]) or text[place - 1] == _JOINER):
        place += 1
    return min(place, len(text))


def signs(text: str) -> Iterator[str]:
    """Yield the signs of a text, one after the other."""
    place = 0
    while place < len(text):
        end = after(text, place)
        yield text[place:end]
        place = end


def width(text: str) -> int:
    """Return how many columns a text takes; a joined emoji takes two."""
    return len(text) if text.isascii() else sum(map(_width, signs(text)))


def _width(sign: str) -> int:
    first = sign[0]
    if _extends(first) or unicodedata.category(first) in ("Cf", "Cc"):
        return 0
    is_wide = unicodedata.east_asian_width(first) in "WF" or "\ufe0f" in sign
    return 2 if is_wide else 1


def _extends(char: str) -> bool:
    """Tell whether a character is shown together with the one before (UAX #29, roughly)."""
    return (
        unicodedata.category(char) in ("Mn", "Me", "Mc")
        or char == _JOINER
        or "\U0001f3fb" <= char <= "\U0001f3ff"
    )
