"""The table of slash-commands: what a row is, how a typed word finds its row, and running it.

Words are compared without case and accents. Knows no command in particular (`slash.builtin` has
the rows), so plugins' rows are like ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from enum import Enum
from typing import Final

from msgspec import Struct

from tertulia.core.errors import (
    N_,
    AmbiguousCommand,
    DidYouMean,
    OperatorsOnly,
    Refused,
    UnknownCommand,
)
from tertulia.core.language import fold
from tertulia.core.text import clean_line
from tertulia.slash.call import Call, Handler, Pending, Reading
from tertulia.slash.parse import Arguments, Typed

_LIKENESS: Final = 0.65
"""How like a mistyped word must be to what is suggested for it, from 0 to 1."""
_SLIPS: Final = 2
"""How many letters too few or too many it may have."""
_WORD_LENGTH: Final = 32
"""How much of it is shown again."""
_CANDIDATES: Final = 8


class ServerRole(Enum):
    """Who may use a command."""

    USER = "user"
    OPERATOR = "operator"


class Group(Enum):
    """Where `/help` lists a command, under this heading."""

    ROOMS = N_("Rooms")
    MESSAGES = N_("Messages")
    PEOPLE = N_("People")
    CHAT = N_("This chat")
    PLUGINS = N_("Plugins")


class Row(Struct, frozen=True):
    """One slash-command. Its texts are gettext message ids."""

    name: str
    aliases: tuple[str, ...]
    """Other words for it, in any language."""
    usage: str
    """Such as `/leave [ROOM]`: capitals are to be filled in, brackets may be left out."""
    help: str
    """One sentence."""
    group: Group
    handler: Handler
    role: ServerRole = ServerRole.USER
    gateway_decides: bool = False
    """The role is only for listing: a setting may let others too, so the gateway is asked."""

    @property
    def words(self) -> tuple[str, ...]:
        """The name and all aliases."""
        return (self.name, *self.aliases)


class Registry:
    """All rows, and the ways to find one."""

    __slots__ = ("_rows", "_words")

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        """Take in the rows.

        Raises:
            ValueError: two rows share a word.
        """
        self._rows: tuple[Row, ...] = ()
        self._words: dict[str, tuple[Row, str]] = {}
        """Each word as it is compared, with its row and how it is written."""
        self.add(rows)

    def add(self, rows: Iterable[Row]) -> None:
        """Take in more rows, after all others.

        Raises:
            ValueError: two rows share a word; none of them is taken in.
        """
        self._fill((*self._rows, *rows))

    def remove(self, rows: Collection[Row]) -> None:
        """Know these rows no more."""
        self._fill([row for row in self._rows if row not in rows])

    def _fill(self, rows: Iterable[Row]) -> None:
        rows = tuple(rows)
        words: dict[str, tuple[Row, str]] = {}
        for row in rows:
            for word in row.words:
                other, _ = words.setdefault(fold(word), (row, word))
                if other is not row:
                    raise ValueError(f"/{word} is both /{other.name} and /{row.name}")
        self._rows, self._words = rows, words

    def rows(self, *, operator: bool) -> Sequence[Row]:
        """Return the rows for operators, or for everybody else, in order."""
        return [row for row in self._rows if _is_listed(row, operator)]

    def find(self, word: str, *, operator: bool = False) -> Row:
        """Return the row that `word` means: exactly, or as the beginning of one row's words.

        Raises:
            Refused: no row, or several; with the nearest word, or with all of them.
        """
        key = fold(word)
        exact = self._words.get(key)
        if exact is not None:
            return exact[0]
        begun = self._begun(key, operator) if key else {}
        if len(begun) == 1:
            return next(iter(begun.values()))
        shown = clean_line(word, _WORD_LENGTH)
        if begun:
            candidates = ", ".join(f"/{found}" for found in list(begun)[:_CANDIDATES])
            raise Refused(AmbiguousCommand(shown, candidates))
        near = self._nearest(key, operator)
        raise Refused(UnknownCommand(shown) if near is None else DidYouMean(shown, near))

    def complete(self, start: str, *, operator: bool = False) -> list[str]:
        """Return the words that begin with `start`: one for each row, its name if that fits."""
        return list(self._begun(fold(start), operator))

    def _begun(self, key: str, operator: bool) -> dict[str, Row]:
        """Return the rows that have a word beginning with `key`, by the first such word."""
        begun: dict[str, Row] = {}
        last: Row | None = None
        for known, (row, word) in self._words.items():
            if row is not last and known.startswith(key) and _is_listed(row, operator):
                begun[word] = last = row
        return begun

    def _nearest(self, key: str, operator: bool) -> str | None:
        """Return the word that somebody who typed `key` may have meant."""
        # Comparing is slow, and words of very different lengths are not alike.
        known = {
            other: word
            for other, (row, word) in self._words.items()
            if abs(len(other) - len(key)) <= _SLIPS and _is_listed(row, operator)
        }
        near = get_close_matches(key, known, n=1, cutoff=_LIKENESS)
        return known[near[0]] if near else None


def run(call: Call, typed: Typed) -> Pending:
    """Carry out what was typed; refusals go to `call.reply`.

    Returns what is to be awaited, by a task of the door's own, if it takes a look into the log.
    """
    try:
        row = call.registry.find(typed.word, operator=call.session.is_operator)
        if not (row.gateway_decides or _is_listed(row, call.session.is_operator)):
            raise Refused(OperatorsOnly())
        pending = row.handler(call, Arguments(typed.rest, call.gettext(row.usage)))
    except Refused as refused:
        call.reply.refuse(refused.refusal)
        return None
    return None if pending is None else _finish(call, pending)


async def _finish(call: Call, reading: Reading) -> None:
    try:
        await reading
    except Refused as refused:
        call.reply.refuse(refused.refusal)


def _is_listed(row: Row, operator: bool) -> bool:
    return operator or row.role is ServerRole.USER
