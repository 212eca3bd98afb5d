"""The line editor: what keys do to the line that is being typed. Sans I/O, like readline's.

It knows what was typed before and how to complete a word; it draws nothing.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final

from msgspec import Struct

from tertulia.chat import clusters
from tertulia.chat.keys import Action, Key

REMEMBERED: Final = 500
"""Lines that can be fetched back."""
LONGEST_LINE: Final = 20_000
"""Characters of a line; more are not taken in."""

Complete = Callable[[str, str], Sequence[str]]
"""Returns what the word may become, from what stands before it in the line, and its beginning."""

_WORD_BEFORE: Final = re.compile(r"\w+\W*\Z|\W+\Z")
_WORD_AFTER: Final = re.compile(r"\W*\w+|\W+")
_BEGINNING: Final = re.compile(r"\S*\Z")


class Outcome(Enum):
    """What becomes of a key besides another line."""

    SUBMITTED = "submitted"
    INTERRUPTED = "interrupted"
    """On an empty line."""
    ENDED = "ended"
    CLEARED = "cleared"
    SUSPENDED = "suspended"
    CHOICES = "choices"
    """A word can be completed in several ways."""


class Result(Struct, frozen=True):
    """An outcome, and what goes with it."""

    outcome: Outcome
    text: str = ""
    """The line that was submitted."""
    choices: tuple[str, ...] = ()


class LineEditor:
    """The line that is being typed."""

    __slots__ = ("_at", "_complete", "_draft", "_killed", "_lines", "cursor", "remembers", "text")

    def __init__(self, complete: Complete) -> None:
        """Start with an empty line; `complete` is asked when a word is to be completed."""
        self._complete = complete
        self._lines: list[str] = []
        self._at = 0
        """The place in `_lines` that is shown; past the last one for a new line."""
        self._draft = ""
        """The new line, while an older one is shown."""
        self._killed = ""
        self.remembers = True
        """Whether lines can be fetched back: not the answers to questions."""
        self.text = ""
        self.cursor = 0

    def press(self, key: Key) -> Result | None:
        """Do what a key does; return what becomes of it, if it is more than another line."""
        if key.action is Action.INSERT:
            self._insert(key.text)
            return None
        if key.action in _MOVES:
            self.cursor = _MOVES[key.action](self.text, self.cursor)
            return None
        if key.action in _DELETIONS:
            self._delete(_DELETIONS[key.action](self.text, self.cursor), key.action)
            return None
        return self._do(key.action)

    def _do(self, action: Action) -> Result | None:
        match action:
            case Action.ENTER:
                return self._submit()
            case Action.COMPLETE:
                return self._complete_word()
            case Action.OLDER:
                self._show(self._at - 1)
            case Action.NEWER:
                self._show(self._at + 1)
            case Action.PUT_BACK:
                self._insert(self._killed)
            case Action.SWAP:
                self._swap()
            case Action.CLEAR:
                return Result(Outcome.CLEARED)
            case Action.SUSPEND:
                return Result(Outcome.SUSPENDED)
            case Action.INTERRUPT:
                return self._interrupt()
            case Action.END_OF_INPUT:
                if not self.text:
                    return Result(Outcome.ENDED)
                self._delete(clusters.after(self.text, self.cursor), Action.DELETE_AFTER)
            case _:
                pass
        return None

    # Changing the line

    def _set(self, text: str, cursor: int) -> None:
        self.text, self.cursor = text, cursor

    def _insert(self, text: str) -> None:
        text = text[: max(0, LONGEST_LINE - len(self.text))]
        self._set(
            self.text[: self.cursor] + text + self.text[self.cursor :], self.cursor + len(text)
        )

    def _delete(self, place: int, action: Action) -> None:
        """Delete what is between the cursor and `place`."""
        start, end = sorted((min(place, len(self.text)), self.cursor))
        if action not in (Action.DELETE_BEFORE, Action.DELETE_AFTER) and start < end:
            self._killed = self.text[start:end]
        self._set(self.text[:start] + self.text[end:], start)

    def _swap(self) -> None:
        """Let the two signs before the cursor change places."""
        end = self.cursor if self.cursor == len(self.text) else self.cursor + 1
        middle = clusters.before(self.text, end) if end else 0
        if middle:
            start = clusters.before(self.text, middle)
            swapped = self.text[middle:end] + self.text[start:middle]
            self._set(self.text[:start] + swapped + self.text[end:], end)

    def _interrupt(self) -> Result | None:
        if not self.text:
            return Result(Outcome.INTERRUPTED)
        self._at = len(self._lines)
        self._set("", 0)
        return None

    # Lines

    def _submit(self) -> Result:
        line = self.text
        is_new = not self._lines or self._lines[-1] != line
        if self.remembers and is_new and line.strip():
            self._lines.append(line)
            del self._lines[:-REMEMBERED]
        self._at = len(self._lines)
        self._set("", 0)
        return Result(Outcome.SUBMITTED, line)

    def _show(self, place: int) -> None:
        if not 0 <= place <= len(self._lines):
            return
        if self._at == len(self._lines):
            self._draft = self.text
        self._at = place
        text = self._draft if place == len(self._lines) else self._lines[place]
        self._set(text, len(text))

    # Completing

    def _complete_word(self) -> Result | None:
        head = self.text[: self.cursor]
        found = _BEGINNING.search(head)
        beginning = found[0] if found is not None else ""
        choices = list(self._complete(head[: len(head) - len(beginning)], beginning))
        if not choices:
            return None
        common = choices[0] if len(choices) == 1 else os.path.commonprefix(choices)
        if len(choices) > 1 and len(common) <= len(beginning):
            return Result(Outcome.CHOICES, choices=tuple(choices))
        self._delete(self.cursor - len(beginning), Action.DELETE_BEFORE)
        self._insert(common)
        return None


def _word_before(text: str, cursor: int) -> int:
    found = _WORD_BEFORE.search(text[:cursor])
    return 0 if found is None else found.start()


def _word_after(text: str, cursor: int) -> int:
    found = _WORD_AFTER.match(text, cursor)
    return len(text) if found is None else found.end()


def _start(text: str, cursor: int) -> int:
    return 0


def _end(text: str, cursor: int) -> int:
    return len(text)


Place = Callable[[str, int], int]

_MOVES: Final[dict[Action, Place]] = {
    Action.LEFT: clusters.before,
    Action.RIGHT: clusters.after,
    Action.WORD_LEFT: _word_before,
    Action.WORD_RIGHT: _word_after,
    Action.START: _start,
    Action.END: _end,
}
_DELETIONS: Final[dict[Action, Place]] = {
    Action.DELETE_BEFORE: clusters.before,
    Action.DELETE_AFTER: clusters.after,
    Action.DELETE_WORD_BEFORE: _word_before,
    Action.DELETE_WORD_AFTER: _word_after,
    Action.DELETE_TO_START: _start,
    Action.DELETE_TO_END: _end,
}
