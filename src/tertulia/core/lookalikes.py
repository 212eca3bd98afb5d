"""Look-alikes: what names resemble, in the spirit of UTS 39 (Unicode Security Mechanisms).

Owns the script of a letter and the skeleton that names are compared by. The tables are the ones
that confusable_homoglyphs ships; they are read once, and only when a name isn't plain ASCII.
Knows nothing of what a name may be: `core.names` decides that.
"""

from __future__ import annotations

import pkgutil
import re
from bisect import bisect_right
from functools import cache, lru_cache
from typing import Final
from unicodedata import combining, normalize

import msgspec
from msgspec import Struct

# Caselessly, I is i and so looks like l and 1 (UTS 39 has I, l and 1 alike, but not i).
_ASCII_SHAPES: Final = str.maketrans({"i": "l", "1": "l", "0": "o", "m": "rn"})

# The dot of i and j is part of the letter, and is there however it is spelt.
_OWN_DOT: Final = re.compile("(?<=[ij])\u0307")

_NEUTRAL: Final = frozenset({"COMMON", "INHERITED"})
_TOGETHER: Final = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
"""Scripts that are written together (UTS 39, 5.2: highly restrictive)."""


def skeleton(text: str) -> str:
    """Return what names are compared by: equal for names that differ in case or look alike."""
    if text.isascii():
        return text.lower().translate(_ASCII_SHAPES)
    letters = normalize("NFD", normalize("NFKC", text).casefold())
    return normalize("NFC", "".join(map(_caseless_shape, _OWN_DOT.sub("", letters))))


def poses_as_ascii(text: str) -> bool:
    """Tell whether `text`, as it is written, looks like an ASCII name with another skeleton.

    Capitals may look like letters that their small ones don't: Greek `ANNA` is a Latin one to
    the eye, but compares as `avva`.
    """
    if text.isascii():
        return False
    seen = "".join(map(_shape, normalize("NFD", text)))
    return seen.isascii() and skeleton(seen) != skeleton(text)


def mixes_scripts(text: str) -> bool:
    """Tell whether `text` has letters of scripts that are not written together.

    Latin may stand beside one other script, unless a letter of that one looks like a Latin one.
    """
    scripts = {_script(char) for char in text} - _NEUTRAL
    if len(scripts) < 2 or any(scripts <= together for together in _TOGETHER):
        return False
    if len(scripts) > 2 or "LATIN" not in scripts:
        return True
    others = (char for char in text if _script(char) not in _NEUTRAL | {"LATIN"})
    return any(_resembles_latin(char) for char in others)


def _resembles_latin(char: str) -> bool:
    looks = {_shape(char), _caseless_shape(char)}
    return any(_script(letter) in ("LATIN", "COMMON") for look in looks for letter in look)


@lru_cache(maxsize=4096)
def _caseless_shape(char: str) -> str:
    """Return what a small letter looks like, as it is or as a capital, whichever is plainer."""
    if char.isascii():
        return char.translate(_ASCII_SHAPES)
    shape = min((_shape(char), _shape(char.upper()), char), key=_strangeness)
    letters = normalize("NFD", shape.casefold())
    # A shape may look like something else as a small letter: so on, until it rests.
    return char if letters == char else "".join(map(_caseless_shape, letters))


def _strangeness(shape: str) -> int:
    """Rank a shape: plain ASCII first, then ASCII with marks, then the rest."""
    if shape.isascii():
        return 0
    return 1 if all(char.isascii() or combining(char) for char in shape) else 2


def _shape(char: str) -> str:
    """Return what a character looks like, as written; itself when it looks like nothing else."""
    return _prototypes().get(char, char)


class _Twin(Struct):
    c: str


@cache
def _prototypes() -> dict[str, str]:
    """Return each character that looks like something better known, and what that is.

    The shipped table links both ways. It is made of stars: characters around the one shape that
    all of them look like, so whatever has many links is a centre. Of a pair, the first is the
    character, as in the lines of Unicode's confusables.txt that the table was made from.
    """
    table = msgspec.json.decode(_data("confusables.json"), type=dict[str, list[_Twin]])
    found: dict[str, str] = {}
    centres: set[str] = set()
    for char, twins in table.items():
        target = twins[0].c
        if len(twins) == 1 and char not in centres:
            centres.add(target)
            found[_bare(char)] = normalize("NFD", _bare(target))
    return {char: target for char, target in found.items() if len(char) == 1}


def _bare(text: str) -> str:
    """Drop the marks of direction that the table puts around right-to-left characters."""
    return text.replace("\u200e", "")


class _Scripts(Struct):
    iso_15924_aliases: list[str]
    code_points_ranges: list[tuple[int, int, int, int]]


@cache
def _script_ranges() -> tuple[list[int], list[int], list[str]]:
    """Return the first and last code points of all ranges, in order, and their scripts."""
    data = msgspec.json.decode(_data("categories.json"), type=_Scripts)
    ranges = sorted(data.code_points_ranges)
    names = [data.iso_15924_aliases[script] for _, _, script, _ in ranges]
    return [first for first, *_ in ranges], [last for _, last, *_ in ranges], names


def _script(char: str) -> str:
    firsts, lasts, names = _script_ranges()
    place = bisect_right(firsts, ord(char)) - 1
    return names[place] if place >= 0 and ord(char) <= lasts[place] else "UNKNOWN"


def _data(name: str) -> bytes:
    data = pkgutil.get_data("confusable_homoglyphs", name)
    if data is None:
        raise FileNotFoundError(f"confusable_homoglyphs has no {name}")
    return data
