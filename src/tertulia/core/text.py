"""Text from people, cleaned once for every door: nothing in it can steer a terminal or hide words.

Two ways in: `clean_line` for what stands on one line (topics, parting words), `clean_text` for
messages. Knows Unicode, but nothing of any door's grammar. What is dropped follows UAX #44
(categories, default ignorables), ECMA-48 (control sequences) and UAX #9 (explicit direction).
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category, normalize

MAX_MARKS: Final = 4
"""Combining marks in a row that are kept: Burmese and pointed Hebrew need four of them."""

_TAB: Final = "    "

# A line break is what Unicode and terminals take for one (UAX #14, classes BK, CR, LF and NL).
_BREAK: Final = re.compile("\r\n?|[\n\v\f\x85\u2028\u2029]")

# ECMA-48: control strings (8.3.89 OSC and its kin) with their end, CSI sequences (5.4), escape
# sequences (ECMA-35, 13.2); then the colours of IRC, which are followed by figures. A string
# that never ends loses only its beginning, and its body can't hold controls: so this is linear.
_SEQUENCE: Final = re.compile(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]"
    r"|\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?"
    r"|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?"
)

# The three flags that are spelt with tag characters (England, Scotland, Wales); all other tag
# characters are invisible and could carry whole texts.
_TAG_FLAG: Final = (
    "(\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067"
    "|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)\U000e007f)"
)

# Controls, surrogates, non-characters, direction (UAX #9) and whatever else shows nothing, but
# for the joiners and variation selectors, which `_prune` looks at in their places.
_PLANE_ENDS: Final = "".join(
    chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17)
)
_HIDING: Final = (
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e"
    "\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0"
    "\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff"
    f"\U000e01f0-\U000e0fff{_PLANE_ENDS}]"
)
_HIDDEN: Final = re.compile(_HIDING)
_FLAG_OR_HIDDEN: Final = re.compile(f"{_TAG_FLAG}|{_HIDING}+")

_JOINERS: Final = "\u200c\u200d"
_EMOJI_SELECTORS: Final = "\ufe0e\ufe0f"
_CONDITIONAL: Final = re.compile(
    "[\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_TOWER: Final = re.compile(f"M[ne](?:(?:Mc)*M[ne]){{{MAX_MARKS}}}")

_DEEP: Final = re.compile("[\u0300-\U0010ffff]")

# Scripts whose letters take other shapes beside a joiner: Arabic to Myanmar, Khmer and Mongolian
# to Vedic, Javanese and its neighbours, and those of the supplementary plane.
_JOINING: Final = re.compile(
    "[\u0600-\u109f\u1700-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefe"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f]"
)
# White space, and the empty Braille pattern, which is none by its category but shows nothing.
_WHITE: Final = (
    " \n\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u202f\u205f\u3000\u2800"
)


def clean_line(text: str, limit: int) -> str:
    """Return `text` as one line of at most `limit` characters that is safe to show anywhere.

    Line breaks become blanks; white space at both ends goes. Too long a text is cut between two
    visible characters. Cleaning twice changes nothing.
    """
    if not _is_plain(text):
        text = _clean(text).replace("\n", " ")
    return _cut(text.strip(_WHITE), limit)


def clean_text(text: str, lines: int) -> str:
    r"""Return a message that is safe to show anywhere, with its line breaks as "\n".

    Indentation stays (a tab is four blanks); white space that ends a line goes, and so do empty
    lines at both ends. Past `lines` lines, further breaks become blanks: nothing is cut.
    Cleaning twice changes nothing.
    """
    if text.isascii() and text.isprintable():
        return text.rstrip()
    if _is_plain(text):
        return text.rstrip(_WHITE)
    rows = [row.rstrip(_WHITE) for row in _clean(text).split("\n")]
    filled = [place for place, row in enumerate(rows) if row]
    if not filled:
        return ""
    breaks = max(1, lines) - 1
    rows = rows[filled[0] : filled[-1] + 1]
    return "\n".join((*rows[:breaks], " ".join(rows[breaks:])) if len(rows) > breaks else rows)


def _is_plain(text: str) -> bool:
    """Tell whether `text` needs no cleaning: what is printable below U+0300 is NFC, and no mark."""
    return text.isprintable() and not _DEEP.search(text)


def _clean(text: str) -> str:
    """Return `text` without anything hidden or steering; its only control is the line feed."""
    text = _SEQUENCE.sub("", _BREAK.sub("\n", text))
    text = text.replace("\t", _TAB)
    # The search alone takes a tenth of the time, and mostly there is nothing to find.
    if _HIDDEN.search(text):
        text = _FLAG_OR_HIDDEN.sub(r"\1", text)
    return _settle(text) if _DEEP.search(text) else text


def _settle(text: str) -> str:
    """Return `text` composed (NFC) and pruned, until neither makes way for the other."""
    while True:
        before = text
        text = normalize("NFC", text)
        if _CONDITIONAL.search(text) or _TOWER.search("".join(map(category, text))):
            text = _prune(text)
        if text == before:
            return text


def _prune(text: str) -> str:
    """Drop joiners and selectors that join or select nothing, and towers of combining marks."""
    kept: list[str] = []
    marks = 0
    for place, char in enumerate(text):
        kind = category(char)
        if _CONDITIONAL.match(char):
            if not (kept and _belongs(kept[-1], char, text[place + 1 : place + 2])):
                continue
        elif kind in ("Mn", "Me"):
            marks += 1
            if marks > MAX_MARKS:
                continue
        elif kind != "Mc":
            marks = 0
        kept.append(char)
    return "".join(kept)


def _belongs(before: str, char: str, after: str) -> bool:
    """Tell whether a joiner or variation selector has its use between its neighbours."""
    if before in _WHITE:
        return False
    kind = category(before)
    if char in _JOINERS:
        if kind[0] in "LM" and _JOINING.match(before):
            return True
        return char == _JOINERS[1] and _is_pictorial(before) and _is_pictorial(after)
    if char in _EMOJI_SELECTORS:
        return kind[0] in "SPN" or kind == "Cn" or before == "\u2139"
    if char < "\ufe00":
        return "\u1800" <= before <= "\u18af" and kind[0] == "L"
    if char <= "\ufe0d":
        return before > "\x7f" and kind[0] in "LSPN"
    return kind == "Lo" and before >= "\u2e80"


def _is_pictorial(char: str) -> bool:
    """Tell whether `char` may stand beside the joiner of an emoji; unknown ones may be newer."""
    return (char >= "\u2000" and char not in _WHITE) and (
        category(char) in ("So", "Sm", "Sk", "Po", "Me", "Cn")
        or char in _EMOJI_SELECTORS
        or char == "\U000e007f"
    )


def _cut(text: str, limit: int) -> str:
    """Return at most `limit` characters of cleaned text, ending between visible characters.

    One cluster longer than `limit` is cut all the same.
    """
    if len(text) <= limit:
        return text
    end = limit
    while end > 0 and _is_inside_cluster(text, end):
        end -= 1
    return _clean(text[: end or limit]).strip(_WHITE)


def _is_inside_cluster(text: str, place: int) -> bool:
    """Tell whether a cut before `place` would part what is shown as one (UAX #29, roughly)."""
    char = text[place]
    if _is_regional(char):
        before = 0
        while before < place and _is_regional(text[place - 1 - before]):
            before += 1
        return before % 2 == 1
    return (
        category(char)[0] == "M"
        or char in _JOINERS
        or text[place - 1] == _JOINERS[1]
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
    )


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
