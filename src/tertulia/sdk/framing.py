"""The client's end of what carries events: lines over TCP, or the frames of a WebSocket.

Sans I/O: bytes in, whole events out, and events in, bytes out. What events mean is not its
business. WebSockets are done by the letter of RFC 6455 by `websockets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from tertulia.sdk.address import Address, Carrier
from tertulia.sdk.errors import CannotConnect
from tertulia.wire.events.lines import EventLines, TooLong, add_line_end
from tertulia.wire.events.objects import SUBPROTOCOL

MAX_EVENT: Final = 16 * 1024 * 1024
"""The longest event that is taken in, in bytes; servers stay far below."""


class Framing(Protocol):
    """How events go over one connection."""

    @property
    def is_open(self) -> bool:
        """Whether events may be sent."""
        ...

    def begin(self) -> bytes:
        """Return what is sent first."""
        ...

    def receive_data(self, data: bytes) -> Sequence[bytes]:
        """Take in bytes; return the events that they complete, in order.

        Raises:
            CannotConnect: the other end does not speak this.
        """
        ...

    def receive_eof(self) -> None:
        """Take in that nothing more comes."""
        ...

    def write(self, events: Sequence[bytes]) -> bytes:
        """Write events."""
        ...

    def end(self) -> bytes:
        """Return what is sent last."""
        ...

    def data_to_send(self) -> bytes:
        """Return what has to be sent back at once."""
        ...


def framing_for(address: Address) -> Framing:
    """Return a new framing for a connection to `address`."""
    return LineFraming() if address.carrier is Carrier.LINES else SocketFraming(address)


class LineFraming:
    """An event to a line."""

    __slots__ = ("_lines",)

    is_open: Final = True

    def __init__(self) -> None:
        self._lines = EventLines(MAX_EVENT)

    def begin(self) -> bytes:
        """See `Framing.begin`."""
        return b""

    def receive_data(self, data: bytes) -> Sequence[bytes]:
        """See `Framing.receive_data`."""
        events: list[bytes] = []
        for piece in self._lines.receive_data(data):
            if isinstance(piece, TooLong):
                raise CannotConnect(f"the server sent an event of more than {MAX_EVENT} bytes")
            events.append(piece)
        return events

    def receive_eof(self) -> None:
        """See `Framing.receive_eof`: half an event is none."""

    def write(self, events: Sequence[bytes]) -> bytes:
        """See `Framing.write`."""
        return b"".join(map(add_line_end, events))

    def end(self) -> bytes:
        """See `Framing.end`."""
        return b""

    def data_to_send(self) -> bytes:
        """See `Framing.data_to_send`."""
        return b""


class SocketFraming:
    """An event to a text message, after the opening handshake."""

    __slots__ = ("_parts", "_protocol", "is_open")

    def __init__(self, address: Address) -> None:
        self._protocol = ClientProtocol(
            parse_uri(str(address)), subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=MAX_EVENT
        )
        self._parts: list[bytes] = []
        """The fragments of a message so far."""
        self.is_open = False

    def begin(self) -> bytes:
        """See `Framing.begin`."""
        self._protocol.send_request(self._protocol.connect())
        return self.data_to_send()

    def receive_data(self, data: bytes) -> Sequence[bytes]:
        """See `Framing.receive_data`."""
        self._protocol.receive_data(data)
        return list(self._events())

    def receive_eof(self) -> None:
        """See `Framing.receive_eof`."""
        self._protocol.receive_eof()

    def write(self, events: Sequence[bytes]) -> bytes:
        """See `Framing.write`."""
        for event in events:
            self._protocol.send_text(event)
        return self.data_to_send()

    def end(self) -> bytes:
        """See `Framing.end`."""
        if self.is_open:
            self._protocol.send_close(1000)
            self.is_open = False
        return self.data_to_send()

    def data_to_send(self) -> bytes:
        """See `Framing.data_to_send`."""
        return b"".join(self._protocol.data_to_send())

    def _events(self) -> Iterator[bytes]:
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._shake_hands()
            elif isinstance(event, Frame):
                yield from self._take_frame(event)
        if self._protocol.handshake_exc is not None:
            self._shake_hands()

    def _shake_hands(self) -> None:
        failure = self._protocol.handshake_exc
        if failure is None:
            self.is_open = True
            return
        text = str(failure) if isinstance(failure, InvalidHandshake) else "no WebSocket there"
        raise CannotConnect(text) from failure

    def _take_frame(self, frame: Frame) -> Iterator[bytes]:
        if frame.opcode is Opcode.CLOSE:
            self.is_open = False
        if frame.opcode not in (Opcode.TEXT, Opcode.CONT):
            return
        if frame.fin and not self._parts:
            yield bytes(frame.data)
            return
        self._parts.append(bytes(frame.data))
        if frame.fin:
            parts, self._parts = self._parts, []
            yield b"".join(parts)
