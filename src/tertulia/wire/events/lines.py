"""Events in a byte stream: one to a line, the line ends in LF. Bounds what a peer can make grow.

Knows nothing of JSON; what is between two line ends is an event, and empty lines are none.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import Struct


class TooLong(Struct, frozen=True):
    """An event that outgrew the bound; told once, and the rest of it is dropped."""


Piece: TypeAlias = bytes | TooLong

TOO_LONG: Final = TooLong()
_BLANK: Final = b" \t\r"


def add_line_end(event: bytes) -> bytes:
    """Write an event as a line."""
    return event + b"\n"


class EventLines:
    """Cuts one peer's bytes into events; holds at most `max_event` bytes."""

    __slots__ = ("_is_skipping", "_max_event", "_rest")

    def __init__(self, max_event: int) -> None:
        self._max_event = max_event
        self._rest: bytearray | None = None
        self._is_skipping = False

    def receive_data(self, data: bytes) -> list[Piece]:
        """Take in bytes; return the events that they complete, in order."""
        if b"\n" not in data:
            return self._keep(data)
        first, *others = data.split(b"\n")
        last = others.pop()
        pieces = self._finish(first)
        for line in others:
            pieces += self._whole(line)
        return pieces + self._keep(last)

    def receive_eof(self) -> list[Piece]:
        """Take in that nothing more comes: a last line without an end counts."""
        return self._finish(b"")

    def _finish(self, end: bytes) -> list[Piece]:
        rest, self._rest = self._rest, None
        if self._is_skipping:
            self._is_skipping = False
            return []
        return self._whole(end if rest is None else bytes(rest + end))

    def _whole(self, line: bytes) -> list[Piece]:
        if len(line) > self._max_event:
            return [TOO_LONG]
        line = line.strip(_BLANK)
        return [line] if line else []

    def _keep(self, data: bytes) -> list[Piece]:
        if self._is_skipping or not data:
            return []
        if self._rest is None:
            self._rest = bytearray()
        self._rest += data
        if len(self._rest) <= self._max_event:
            return []
        self._rest = None
        self._is_skipping = True
        return [TOO_LONG]
