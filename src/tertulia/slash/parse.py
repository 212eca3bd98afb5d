"""Cutting what a person typed: a text to say, or a command's word and its arguments.

Knows no command and no door. Every argument that does not fit is refused with the usage of the
command that it was typed for.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import Struct

from tertulia.core.errors import Refused, Usage
from tertulia.core.text import clean_line

_MARK: Final = "/"
_DIGITS: Final = 15
"""More digits than any seq or count has; bounds what is converted."""
_NAME: Final = 64
"""More characters than it takes to see that something is no name here."""


class Said(Struct, frozen=True):
    """A text for the current room."""

    text: str


class Typed(Struct, frozen=True):
    """A command: the word after the slash, and what follows it."""

    word: str
    rest: str = ""


Line: TypeAlias = Said | Typed


def cut(line: str) -> Line:
    """Tell a text from a command: `/word rest` is a command, `//text` says “/text”.

    Blanks before the mark make no difference: a private word must not reach the room by a slip.
    """
    if not line.lstrip().startswith(_MARK):
        return Said(line)
    line = line.lstrip()
    if line.startswith(_MARK * 2):
        return Said(line[1:])
    word, rest = _halves(line[1:])
    return Typed(word, rest)


class Arguments:
    """What follows a command's word, taken one piece at a time from the left."""

    __slots__ = ("_rest", "_usage")

    def __init__(self, text: str, usage: str) -> None:
        """Take `text` apart; `usage` is what a misfit is refused with, in the typist's language."""
        self._rest = text.strip()
        self._usage = usage

    def misfit(self) -> Refused:
        """Return the refusal for arguments that make no sense; to be raised."""
        return Refused(Usage(self._usage))

    def word(self) -> str:
        """Take the next word.

        Raises:
            Refused: there is none.
        """
        word = self.optional_word()
        if word is None:
            raise self.misfit()
        return word

    def optional_word(self) -> str | None:
        """Take the next word, if there is one."""
        word, self._rest = _halves(self._rest)
        return word or None

    def text(self) -> str:
        """Take all that is left.

        Raises:
            Refused: there is nothing.
        """
        text = self.optional_text()
        if not text:
            raise self.misfit()
        return text

    def optional_text(self) -> str:
        """Take all that is left, which may be nothing."""
        text, self._rest = self._rest, ""
        return text

    def nick(self) -> str:
        """Take a nick, which may be written with the `@` of a mention.

        Raises:
            Refused: there is none.
        """
        return clean_line(self.word(), _NAME).removeprefix("@")

    def optional_nick(self) -> str | None:
        """Take a nick, if there is one."""
        return None if not self._rest else self.nick()

    def room(self) -> str:
        """Take a room's name, which may be written with the `#` of other chats.

        Raises:
            Refused: there is none.
        """
        return clean_line(self.word(), _NAME).removeprefix("#")

    def optional_room(self) -> str | None:
        """Take a room's name, if there is one."""
        return None if not self._rest else self.room()

    def optional_seq(self) -> int | None:
        """Take `#41`, if that is what comes next: the number that a message is shown with."""
        word, rest = _halves(self._rest)
        number = _number(word[1:]) if word.startswith("#") else None
        if number is not None:
            self._rest = rest
        return number

    def optional_number(self) -> int | None:
        """Take a number, if that is what comes next."""
        word, rest = _halves(self._rest)
        number = _number(word)
        if number is not None:
            self._rest = rest
        return number

    def end(self) -> None:
        """Make sure that nothing is left.

        Raises:
            Refused: something is.
        """
        if self._rest:
            raise self.misfit()


def _halves(text: str) -> tuple[str, str]:
    """Return the first word and the rest, without the white space between and around them."""
    pieces = text.split(maxsplit=1)
    if not pieces:
        return "", ""
    # A command's word ends at the first white space, so a slash with a blank after it has none.
    if text[0].isspace():
        return "", text.strip()
    return pieces[0], pieces[1].rstrip() if len(pieces) > 1 else ""


def _number(text: str) -> int | None:
    if not text.isdecimal() or len(text) > _DIGITS:
        return None
    return int(text)
