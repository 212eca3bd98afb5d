"""What carries events: lines over plain TCP, or the frames of a WebSocket, on the same port.

A framing turns a peer's bytes into pieces: events, faults of single events, bytes that have to
be sent back, and the end. What events mean is not its business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Protocol, TypeAlias

from msgspec import Struct

from tertulia.core.events import LeaveReason
from tertulia.wire.events import Fault, InvalidEvent
from tertulia.wire.events.format import FRAMES, LINES, EventFormat
from tertulia.wire.events.lines import EventLines, TooLong
from tertulia.wire.handshake import END_OF_HEAD, MAX_HEAD, Terms, answer_head
from tertulia.wire.websocket import (
    Binary,
    CloseCode,
    Closing,
    Failed,
    FrameReader,
    Ping,
    Text,
    close_frame,
    pong_frame,
)
from tertulia.wire.websocket import TooLong as MessageTooLong

UPGRADE: Final = b"GET "
"""What a request for a WebSocket begins with; no event does."""

_HTTP: Final = re.compile(rb"[A-Za-z]+ [^ ]* HTTP/[0-9]")
_NO_HTTP: Final = (
    b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nConnection: close\r\n"
    b"Content-Length: 0\r\n\r\n"
)


class Reply(Struct, frozen=True):
    """Bytes that have to be sent back at once."""

    data: bytes


class End(Struct, frozen=True):
    """The peer is done, or can't be understood any more: nothing more is read."""

    reason: LeaveReason
    farewell: bytes = b""


Piece: TypeAlias = bytes | InvalidEvent | Reply | End


class Framing(Protocol):
    """Cuts the bytes of one peer into pieces, and says how to write to it."""

    @property
    def format(self) -> EventFormat:
        """How events are written to this peer."""
        ...

    @property
    def farewell(self) -> bytes:
        """What is sent last, before the connection is closed."""
        ...

    def receive_data(self, data: bytes) -> Sequence[Piece]:
        """Take in bytes; return what they complete, in order."""
        ...

    def receive_eof(self) -> Sequence[Piece]:
        """Take in that nothing more comes."""
        ...


class LineFraming:
    """An event to a line."""

    __slots__ = ("_lines", "_max_event")

    format: Final = LINES
    farewell: Final = b""

    def __init__(self, max_event: int) -> None:
        self._max_event = max_event
        self._lines = EventLines(max_event)

    def receive_data(self, data: bytes) -> Sequence[Piece]:
        """See `Framing.receive_data`."""
        return [self._piece(line) for line in self._lines.receive_data(data)]

    def receive_eof(self) -> Sequence[Piece]:
        """See `Framing.receive_eof`."""
        return [self._piece(line) for line in self._lines.receive_eof()]

    def _piece(self, line: bytes | TooLong) -> Piece:
        if isinstance(line, TooLong):
            return too_long(self._max_event)
        if _HTTP.match(line):
            # A page in a browser could send this, with events in the body, in its user's name.
            return End(LeaveReason.LOST, _NO_HTTP)
        return line


class FrameFraming:
    """An event to a text message, after the opening handshake."""

    __slots__ = ("_frames", "_head", "_is_local", "_max_event", "_terms")

    format: Final = FRAMES

    def __init__(self, max_event: int, terms: Terms, *, is_local: bool) -> None:
        """Open a WebSocket on `terms`; `is_local`: the peer is on this machine."""
        self._max_event = max_event
        self._terms = terms
        self._is_local = is_local
        self._head = b""
        self._frames: FrameReader | None = None

    @property
    def farewell(self) -> bytes:
        """See `Framing.farewell`."""
        return b"" if self._frames is None else close_frame(CloseCode.NORMAL)

    def receive_data(self, data: bytes) -> Sequence[Piece]:
        """See `Framing.receive_data`."""
        if self._frames is not None:
            return list(self._pieces(self._frames, data))
        head, end, rest = (self._head + data).partition(END_OF_HEAD)
        if len(head) > MAX_HEAD:
            return [End(LeaveReason.LOST, _NO_HTTP)]
        if not end:
            self._head = head
            return ()
        self._head = b""
        outcome = answer_head(head + end, self._terms, is_local=self._is_local)
        if not outcome.is_open:
            return [End(LeaveReason.LOST, outcome.answer)]
        self._frames = FrameReader(self._max_event)
        return [Reply(outcome.answer), *self._pieces(self._frames, rest)]

    def receive_eof(self) -> Sequence[Piece]:
        """See `Framing.receive_eof`: without a close frame, the connection is lost."""
        return [End(LeaveReason.LOST)]

    def _pieces(self, frames: FrameReader, data: bytes) -> Iterator[Piece]:
        for received in frames.receive_data(data):
            match received:
                case Text(data=event):
                    yield event
                case Binary():
                    yield InvalidEvent(Fault.INVALID_JSON, "Events go in text messages.")
                case MessageTooLong():
                    yield too_long(self._max_event)
                case Ping(data=payload):
                    yield Reply(pong_frame(payload))
                case Closing(code=code):
                    is_clean = code == CloseCode.NORMAL
                    reason = LeaveReason.QUIT if is_clean else LeaveReason.LOST
                    yield End(reason, close_frame(code))
                case Failed(code=failure, reason=text):
                    yield End(LeaveReason.LOST, close_frame(failure, text))


def too_long(max_event: int) -> InvalidEvent:
    """Return the fault of an event that is too long."""
    return InvalidEvent(Fault.EVENT_TOO_LONG, f"At most {max_event} bytes.")
