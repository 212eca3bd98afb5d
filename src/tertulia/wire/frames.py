"""The frames grammar, both ends: ten characters say how many bytes of UTF-8 follow.

What happens is written as pairs of frames, a name and a text. `docs/reference/frames.md` is the
page of it. Knows nothing of connections.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from tertulia.core.events import Entry, Event, MessageEdited, MessagePosted, RoomKind, Signal
from tertulia.core.ids import RoomId
from tertulia.core.language import Catalog
from tertulia.core.plain import spoken
from tertulia.core.room import RoomState
from tertulia.wire.notices import Notices, join_folding

HEADER: Final = 10
"""Characters of a header."""
SERVER: Final = "*server*"
"""The name in pairs that are nobody's words; no nick can have a star."""
CUT: Final = " […]"
"""What stands at the end of a text that was cut."""

_HEADER: Final = re.compile(rb"[0-9]+ *| +[0-9]+")
_BEGINNING: Final = re.compile(rb"[0-9]+ *| *[0-9]*")
"""What a header may begin with, as long as it is not all there."""
_CONTINUATION: Final = bytes(range(0x80, 0xC0))
_LONGEST_CHARACTER: Final = 4
"""Bytes of UTF-8 (RFC 3629, §3)."""


# Reading


class Frame(Struct, frozen=True, gc=False):
    """A frame that came whole."""

    text: str


class NotUtf8(Struct, frozen=True, gc=False):
    """A frame that is no UTF-8."""


class Oversized(Struct, frozen=True, gc=False):
    """A frame longer than what is kept; it was passed over."""

    characters: int


class NoLength(Struct, frozen=True, gc=False):
    """There is no length where one should be: nothing after it can be understood."""


class TooLong(Struct, frozen=True, gc=False):
    """A frame is announced that is longer than any may be: nothing after it is read."""

    limit: int


Result: TypeAlias = Frame | NotUtf8 | Oversized | NoLength | TooLong


class FrameBuffer:
    """Cuts one peer's bytes into frames, one at a time; holds little more than one of them."""

    __slots__ = ("_characters", "_data", "_left", "_length", "_max_frame", "_max_kept")

    def __init__(self, max_frame: int, max_kept: int) -> None:
        """See `allow`."""
        self._data = bytearray()
        self._length = -1
        """Of the frame whose header was read; -1 before that."""
        self._left = 0
        """How much of an oversized frame is still to come."""
        self._characters = 0
        """How much of it was passed over."""
        self.allow(max_frame, max_kept)

    def allow(self, max_frame: int, max_kept: int) -> None:
        """Take frames of up to `max_frame` bytes, but pass over those past `max_kept` bytes.

        Holds for the frames whose headers have not been read yet.
        """
        self._max_frame = max_frame
        self._max_kept = max_kept

    @property
    def held(self) -> int:
        """How many bytes wait to be cut."""
        return len(self._data)

    def receive_data(self, data: bytes) -> None:
        """Take in bytes."""
        self._data += data

    def next_frame(self) -> Result | None:
        """Cut off the next frame; None when it is not all there yet.

        After `NoLength` and `TooLong` nothing more can be cut.
        """
        if self._length < 0:
            fault = self._read_header()
            if fault is not None or self._length < 0:
                return fault
        if self._length > self._max_kept:
            return self._pass_over()
        length, data = self._length, self._data
        if len(data) < length:
            return None
        self._length = -1
        frame = data[:length]
        del data[:length]
        try:
            return Frame(frame.decode())
        except UnicodeDecodeError:
            return NotUtf8()

    def _read_header(self) -> NoLength | TooLong | None:
        header = bytes(self._data[:HEADER])
        if len(header) < HEADER:
            return None if _BEGINNING.fullmatch(header) else NoLength()
        if not _HEADER.fullmatch(header):
            return NoLength()
        length = int(header)
        if length > self._max_frame:
            return TooLong(self._max_frame)
        del self._data[:HEADER]
        self._length = self._left = length
        self._characters = 0
        return None

    def _pass_over(self) -> Oversized | None:
        passed = self._data[: self._left]
        del self._data[: self._left]
        self._left -= len(passed)
        self._characters += len(passed.translate(None, _CONTINUATION))
        if self._left:
            return None
        # What is no UTF-8 may seem to have fewer characters than there is room for.
        characters = max(self._characters, -(-self._length // _LONGEST_CHARACTER))
        self._length = -1
        return Oversized(characters)


# Writing


def encode_frame(text: str, max_frame: int) -> bytes:
    """Return one frame; a text of more than `max_frame` bytes is cut, and ends in `CUT`."""
    data = _fitted(text, max_frame)
    return b"%-*d%b" % (HEADER, len(data), data)


def encode_pair(name: str, text: str, max_frame: int) -> bytes:
    """Return a name and a text, as whoever did not write it receives it."""
    return encode_frame(name, max_frame) + encode_frame(text, max_frame)


def encode_notice(lines: Sequence[str], max_frame: int) -> bytes:
    """Return what the server says as one pair, or as several where one can't hold all lines."""
    texts: list[str] = []
    left = 0
    for line in lines:
        size = len(line.encode()) + 1
        if texts and size <= left:
            texts[-1] += "\n" + line
            left -= size
        else:
            texts.append(line)
            left = max_frame + 1 - size
    return b"".join([encode_pair(SERVER, text, max_frame) for text in texts])


class FramesFormat:
    """Writes entries and signals as pairs of frames; implements `ports.WireFormat`."""

    __slots__ = ("_is_current", "_max_frame", "_notices")

    def __init__(
        self, catalog: Catalog, *, is_current: bool, main_room: RoomId, max_frame: int
    ) -> None:
        """Write in the language of `catalog`, frames of up to `max_frame` bytes.

        `is_current`: for rooms that their readers talk in, whose names go without saying.
        Who enters or leaves the main room has connected to, or has left, the whole chat.
        """
        self._notices = Notices(catalog, main_room)
        self._is_current = is_current
        self._max_frame = max_frame

    def encode(self, entry: Entry, room: RoomState) -> bytes:
        """Write one entry; empty when it is not shown."""
        event = entry.event
        if isinstance(event, MessagePosted) and not event.to:
            name = event.author.nick
            text = f"* {name} {event.text}" if event.action else event.text
            if not self._is_current:
                name = f"{name} [{room.name}]"
            return encode_pair(name, text, self._max_frame)
        return encode_notice(self._lines(event, room), self._max_frame)

    def encode_signal(self, signal: Signal, room: RoomState | None) -> bytes:
        """Write one signal; empty when it is not shown."""
        line = self._notices.of_signal(signal)
        return encode_notice([line], self._max_frame) if line else b""

    def join(self, entries: Sequence[Entry], encoded: Sequence[bytes], room: RoomState) -> bytes:
        """Join what `encode` returned; a crowd that comes and goes is told in a pair."""
        return join_folding(
            entries,
            encoded,
            lambda crowd: encode_notice(self._notices.of_crowd(crowd, room), self._max_frame),
        )

    def _lines(self, event: Event, room: RoomState) -> list[str]:
        """Return what the server tells of an event."""
        if isinstance(event, MessagePosted):
            author = f"{event.author.nick} -> {event.to}"
            return spoken("", author, event.text, action=event.action)
        is_plain = self._is_current or room.kind is RoomKind.DIRECT
        start = "" if is_plain else f"[{room.name}] "
        if isinstance(event, MessageEdited):
            return spoken(start, self._notices.correcting(event.by.nick), event.text)
        line = self._notices.of_event(event, start, room)
        return [line] if line else []


def _fitted(text: str, limit: int) -> bytes:
    data = text.encode()
    if len(data) <= limit:
        return data
    mark = CUT.encode()
    return data[: limit - len(mark)].decode(errors="ignore").encode() + mark
