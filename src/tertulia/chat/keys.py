"""Keys: what a terminal sends when somebody types, as keys with names. Sans I/O.

Letters of UTF-8 and escape sequences (ECMA-48, 5.4; xterm's "PC-Style Function Keys") may come
in pieces. A paste is marked by the terminal ("Bracketed Paste Mode") and comes as one.
"""

from __future__ import annotations

import codecs
import re
from enum import Enum
from typing import Final

from msgspec import Struct

LONGEST_PASTE: Final = 100_000
"""Letters of a paste that are kept."""


class Action(Enum):
    """What a key is for."""

    INSERT = "insert"
    ENTER = "enter"
    COMPLETE = "complete"
    LEFT = "left"
    RIGHT = "right"
    WORD_LEFT = "word_left"
    WORD_RIGHT = "word_right"
    START = "start"
    END = "end"
    OLDER = "older"
    NEWER = "newer"
    DELETE_BEFORE = "delete_before"
    DELETE_AFTER = "delete_after"
    DELETE_WORD_BEFORE = "delete_word_before"
    DELETE_WORD_AFTER = "delete_word_after"
    DELETE_TO_START = "delete_to_start"
    DELETE_TO_END = "delete_to_end"
    PUT_BACK = "put_back"
    SWAP = "swap"
    CLEAR = "clear"
    INTERRUPT = "interrupt"
    END_OF_INPUT = "end_of_input"
    SUSPEND = "suspend"


class Key(Struct, frozen=True):
    """One key, or a paste."""

    action: Action
    text: str = ""
    """What is to be inserted."""


_CONTROLS: Final = {
    "\x01": Action.START,
    "\x02": Action.LEFT,
    "\x03": Action.INTERRUPT,
    "\x04": Action.END_OF_INPUT,
    "\x05": Action.END,
    "\x06": Action.RIGHT,
    "\x08": Action.DELETE_BEFORE,
    "\t": Action.COMPLETE,
    "\n": Action.ENTER,
    "\x0b": Action.DELETE_TO_END,
    "\x0c": Action.CLEAR,
    "\r": Action.ENTER,
    "\x0e": Action.NEWER,
    "\x10": Action.OLDER,
    "\x14": Action.SWAP,
    "\x15": Action.DELETE_TO_START,
    "\x17": Action.DELETE_WORD_BEFORE,
    "\x19": Action.PUT_BACK,
    "\x1a": Action.SUSPEND,
    "\x7f": Action.DELETE_BEFORE,
}
_SEQUENCES: Final = {
    "A": Action.OLDER,
    "B": Action.NEWER,
    "C": Action.RIGHT,
    "D": Action.LEFT,
    "F": Action.END,
    "H": Action.START,
    "1~": Action.START,
    "3~": Action.DELETE_AFTER,
    "4~": Action.END,
    "7~": Action.START,
    "8~": Action.END,
}
_WITH_MODIFIER: Final = {
    "C": Action.WORD_RIGHT,
    "D": Action.WORD_LEFT,
    "3~": Action.DELETE_WORD_AFTER,
}
_WITH_ALT: Final = {
    "b": Action.WORD_LEFT,
    "d": Action.DELETE_WORD_AFTER,
    "f": Action.WORD_RIGHT,
    "\x7f": Action.DELETE_WORD_BEFORE,
    "\x08": Action.DELETE_WORD_BEFORE,
}
_PASTE: Final = "\x1b[200~"
_END_OF_PASTE: Final = "\x1b[201~"
# A whole sequence: CSI with its parameters, or SS3 with one letter.
_SEQUENCE: Final = re.compile(r"\x1b(?:\[([0-9;]*)([@-~])|O([@-~]))")
_BEGUN: Final = re.compile(r"\x1b(?:\[[0-9;]{0,16}|O)?\Z")
_PLAIN: Final = re.compile(r"[^\x00-\x1f\x7f]+")


class KeyReader:
    """Makes keys of what one terminal sends."""

    __slots__ = ("_decoder", "_paste", "_rest")

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""
        """What may be the beginning of a sequence."""
        self._paste: str | None = None
        """What was pasted so far, while a paste is coming in."""

    def receive_data(self, data: bytes) -> list[Key]:
        """Take in bytes; return the keys that they complete."""
        text = self._rest + self._decoder.decode(data)
        self._rest = ""
        keys: list[Key] = []
        while text:
            key, text = self._take(text)
            if key is not None:
                keys.append(key)
        return keys

    def _take(self, text: str) -> tuple[Key | None, str]:
        """Take one key; return it, if it is one, and what is left."""
        if self._paste is not None:
            return self._take_paste(text)
        plain = _PLAIN.match(text)
        if plain is not None:
            return Key(Action.INSERT, plain[0]), text[plain.end() :]
        if text[0] != "\x1b":
            action = _CONTROLS.get(text[0])
            # A terminal that sends both ends a line once.
            rest = text[2:] if text.startswith("\r\n") else text[1:]
            return None if action is None else Key(action), rest
        if _BEGUN.match(text):
            self._rest = text
            return None, ""
        if text.startswith(_PASTE):
            self._paste = ""
            return None, text[len(_PASTE) :]
        return _take_sequence(text)

    def _take_paste(self, text: str) -> tuple[Key | None, str]:
        pasted, end, rest = ((self._paste or "") + text).partition(_END_OF_PASTE)
        if not end:
            # The end itself may be cut in two, so what is dropped is in the middle.
            self._paste = pasted[:LONGEST_PASTE] + pasted[LONGEST_PASTE:][-len(_END_OF_PASTE) :]
            return None, ""
        self._paste = None
        pasted = pasted[:LONGEST_PASTE].replace("\r\n", "\n").replace("\r", "\n")
        return Key(Action.INSERT, pasted), rest


def _take_sequence(text: str) -> tuple[Key | None, str]:
    found = _SEQUENCE.match(text)
    if found is None:
        action = _WITH_ALT.get(text[1])
        # Without a meaning of its own, Escape and a key is that key.
        return (None, text[1:]) if action is None else (Key(action), text[2:])
    parameters, final, letter = found[1] or "", found[2] or "", found[3]
    numbers = parameters.split(";")
    name = letter or (numbers[0] + final if final == "~" else final)
    is_modified = len(numbers) > 1 and numbers[1] not in ("", "1")
    action = (_WITH_MODIFIER.get(name) if is_modified else None) or _SEQUENCES.get(name)
    return None if action is None else Key(action), text[found.end() :]
