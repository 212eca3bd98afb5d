"""Lines out of bytes, however the network cuts them; a bound on each, and a terminal's erasing.

Ends of line are LF, CR LF, CR NUL and a lone CR (raw terminals). The same bytes give the same
lines wherever they are cut. Knows nothing of telnet, commands or rooms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

from msgspec import Struct

_CR: Final = 0x0D
_SECOND_HALVES: Final = b"\n\0"
"""What may follow CR and is one line end with it (RFC 854, "The NVT Printer")."""
_ERASE_CHARACTER: Final = b"\x08"
_RUBOUT: Final = b"\x7f"
_ERASE_LINE: Final = b"\x15"
_SEGMENT: Final = re.compile(rb"([^\x08\x15\x7f]*)([\x08\x15\x7f]?)")
_MAX_CONTINUATION: Final = 3
"""Bytes after the first one in the longest UTF-8 character (RFC 3629, §3)."""


class Line(Struct, frozen=True, gc=False):
    """One line, without its end."""

    text: str


class TooLong(Struct, frozen=True, gc=False):
    """A line that outgrew the bound; told once, and the rest of it is dropped."""


class NotUtf8(Struct, frozen=True, gc=False):
    """A line that is no UTF-8."""


Result: TypeAlias = Line | TooLong | NotUtf8

_TOO_LONG: Final = TooLong()
_NOT_UTF8: Final = NotUtf8()


class LineBuffer:
    """Cuts one peer's bytes into lines; holds at most `max_line` bytes."""

    __slots__ = ("_is_after_cr", "_is_skipping", "_max_line", "_rest")

    def __init__(self, max_line: int) -> None:
        """Bound each line to `max_line` bytes of UTF-8, without its end."""
        self._max_line = max_line
        self._rest: bytearray | None = None
        """The line that has no end yet, as it reads with all erasing done."""
        self._is_skipping = False
        self._is_after_cr = False

    def receive_data(self, data: bytes) -> list[Result]:
        """Take in bytes; return what they complete, in order."""
        if not data:
            return []
        if self._is_after_cr or b"\r" in data:
            data = self._unify_ends(data)
        if b"\x7f" in data or b"\x08" in data or b"\x15" in data:
            return self._read_typed(data)
        if b"\n" not in data:
            return self._keep(data)
        pieces = data.split(b"\n")
        results: list[Result] = []
        first = self._finish(pieces[0])
        if first is not None:
            results.append(first)
        rest = pieces.pop()
        limit = self._max_line
        results += [_read(line) if len(line) <= limit else _TOO_LONG for line in pieces[1:]]
        if rest:
            results += self._keep(rest)
        return results

    def receive_eof(self) -> list[Result]:
        """Take in that nothing more comes: a last line without an end counts."""
        rest, self._rest = self._rest, None
        self._is_skipping = False
        return [_read(rest)] if rest else []

    def _unify_ends(self, data: bytes) -> bytes:
        """Make every line end one LF; a CR ends its line at once, its second half is dropped."""
        if self._is_after_cr and data[0] in _SECOND_HALVES:
            data = data[1:]
        self._is_after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r\0", b"\n").replace(b"\r", b"\n")

    def _finish(self, piece: bytes) -> Result | None:
        """Return the line that `piece` ends; None when it was reported already."""
        rest, self._rest = self._rest, None
        if self._is_skipping:
            self._is_skipping = False
            return None
        line = piece if rest is None else rest + piece
        return _read(line) if len(line) <= self._max_line else _TOO_LONG

    def _keep(self, piece: bytes) -> list[Result]:
        """Add to the line that has no end yet; report it when it outgrows the bound."""
        if self._is_skipping:
            return []
        if self._rest is None:
            if len(piece) <= self._max_line:
                self._rest = bytearray(piece)
                return []
        elif len(self._rest) + len(piece) <= self._max_line:
            self._rest += piece
            return []
        self._rest = None
        self._is_skipping = True
        return [_TOO_LONG]

    def _read_typed(self, data: bytes) -> list[Result]:
        """Do what `receive_data` does for a terminal that leaves the erasing to us."""
        results: list[Result] = []
        *lines, last = data.split(b"\n")
        for line in lines:
            results += self._type(line)
            finished = self._finish(b"")
            if finished is not None:
                results.append(finished)
        return results + self._type(last)

    def _type(self, keys: bytes) -> list[Result]:
        """Add `keys` to the line that has no end yet, erasing as they say."""
        for segment, key in _segments(keys):
            if self._is_skipping:
                return []
            if segment and self._keep(segment):
                return [_TOO_LONG]
            if key == _ERASE_LINE:
                self._rest = None
            elif key and self._rest:
                _erase_character(self._rest)
        return []


def _segments(keys: bytes) -> Iterable[tuple[bytes, bytes]]:
    """Cut `keys` after each erasing key: what is typed, then the key (none at the end)."""
    return ((found[1], found[2]) for found in _SEGMENT.finditer(keys))


def _erase_character(line: bytearray) -> None:
    """Take the last character off: its continuation bytes and its first byte."""
    at = len(line) - 1
    first = max(0, at - _MAX_CONTINUATION)
    while at > first and 0x80 <= line[at] < 0xC0:
        at -= 1
    del line[at:]


def _read(line: bytes | bytearray) -> Result:
    try:
        return Line(line.decode())
    except UnicodeDecodeError:
        return _NOT_UTF8
