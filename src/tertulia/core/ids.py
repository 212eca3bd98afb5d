"""Identifiers: globally unique, ordered by time, and small.

An `EventId` packs milliseconds, node and counter into 63 bits (the layout known as Snowflake),
so that it is a native integer key in every store. People and JSON see it as 13 characters of
Crockford's base 32, which sort as the numbers do. The clock is an argument.
"""

from __future__ import annotations

from typing import Final, NewType

EventId = NewType("EventId", int)
"""An event's id, unique across nodes and for ever; a message is named by its event's id."""
RoomId = NewType("RoomId", int)
"""A room's id, drawn from the same sequence as event ids."""
UserId = NewType("UserId", int)
"""A user's id, drawn from the same sequence; lasts as long as the user is online."""

EPOCH_MS: Final = 1_704_067_200_000
"""2024-01-01T00:00:00Z in milliseconds of Unix time; 41 bits from there reach the year 2093."""

MAX_NODE: Final = 1023

_NODE_BITS: Final = 10
_COUNTER_BITS: Final = 12
_TIME_SHIFT: Final = _NODE_BITS + _COUNTER_BITS
_COUNTER_MASK: Final = (1 << _COUNTER_BITS) - 1
_TEXT_LENGTH: Final = 13
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_DIGITS: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
"""Ten bits as two characters: half the steps, and a quarter of the time."""


class IdSource:
    """Makes ids that rise strictly, whatever the wall clock does.

    When the clock stands still or jumps back, the counter goes on (and, when it is full,
    borrows from the next millisecond), so order never depends on the clock.
    """

    __slots__ = ("_last", "_node")

    def __init__(self, node: int = 0, *, last: int = 0) -> None:
        """Start after `last`, the greatest id handed out before (0 when there is none).

        Raises:
            ValueError: `node` does not fit its ten bits.
        """
        if not 0 <= node <= MAX_NODE:
            raise ValueError(f"node must be between 0 and {MAX_NODE}, not {node}")
        self._node = node << _COUNTER_BITS
        self._last = last

    def next(self, now_ms: int) -> int:
        """Return an id greater than every one before, at or after `now_ms` of Unix time."""
        fresh = (now_ms - EPOCH_MS) << _TIME_SHIFT | self._node
        if fresh <= self._last:
            fresh = self._successor(self._last)
        self._last = fresh
        return fresh

    def _successor(self, last: int) -> int:
        counter = (last & _COUNTER_MASK) + 1
        moment = last >> _TIME_SHIFT
        fresh = moment << _TIME_SHIFT | self._node | counter
        if counter > _COUNTER_MASK or fresh <= last:
            fresh = (moment + 1) << _TIME_SHIFT | self._node
        return fresh


def first_id_at(time_ms: int) -> int:
    """Return the smallest id that an event at `time_ms` of Unix time can have."""
    return max(0, time_ms - EPOCH_MS) << _TIME_SHIFT


def format_id(value: int) -> str:
    """Write an id as 13 lower-case characters of Crockford's base 32."""
    pairs = _PAIRS
    return (
        _ALPHABET[value >> 60 & 31]
        + pairs[value >> 50 & 1023]
        + pairs[value >> 40 & 1023]
        + pairs[value >> 30 & 1023]
        + pairs[value >> 20 & 1023]
        + pairs[value >> 10 & 1023]
        + pairs[value & 1023]
    )


def parse_id(text: str) -> int | None:
    """Read what `format_id` wrote, in either case; None when it is anything else."""
    if len(text) != _TEXT_LENGTH or not text.isascii():
        return None
    value = 0
    for letter in text.lower():
        digit = _DIGITS.get(letter)
        if digit is None:
            return None
        value = value << 5 | digit
    return value if value < 1 << 63 else None
