"""The events door with a real chat behind it and no sockets: peers that send and read events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, Final

from msgspec.structs import replace
from typing_extensions import override
from websockets.frames import Frame, Opcode

from tertulia.core.events import LeaveReason
from tertulia.doors.events import EventsDoor, EventsSettings
from tertulia.i18n import catalog
from tertulia.ports import Client, Outbox, StreamHandler
from tertulia.slash import builtin
from tests.server.driving import Chat

Event = list[Any]
"""An event as JSON has it; it may hold anything."""

REQUEST: Final = (
    b"GET /events HTTP/1.1\r\nHost: 127.0.0.1:4444\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)


def door_of(chat: Chat, **settings: Any) -> EventsDoor:
    """Return an events door that leads to `chat`; settings may be of any type that there is."""
    return EventsDoor(
        chat.gateway,
        replace(EventsSettings(), **settings),
        registry=builtin(),
        catalog=catalog,
        zone=UTC,
        now_ms=lambda: chat.now,
        monotonic=chat.loop.time,
    )


class Wire:
    """Implements `ports.Link` and `ports.Outbox`: keeps what is sent, and reads like a socket."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.handler: StreamHandler | None = None
        self.sent = b""
        self.closed: LeaveReason | None = None
        self.longest_wait = 0
        """The most bytes that had to wait because the door did not read."""
        self._waiting = b""
        self._pause: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def outbox(self) -> Outbox:
        return self

    def push(self, data: bytes) -> None:
        assert data, "an empty push is a wasted system call"
        if self.closed is None:
            self.sent += data

    def close(self, reason: LeaveReason) -> None:
        if self.closed is None:
            self.closed = reason
            handler, self.handler = self.handler, None
            if handler is not None:
                self._loop.call_soon(handler.connection_lost, reason)

    def pause(self, seconds: float) -> None:
        if self._pause is not None:
            self._pause.cancel()
        self._pause = self._loop.call_later(seconds, self._resume)

    def call_later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        return self._loop.call_later(seconds, call).cancel

    @property
    def is_paused(self) -> bool:
        return self._pause is not None

    def receive(self, data: bytes) -> None:
        """Hand in bytes, as soon as the door reads, in pieces like those of a socket."""
        self._waiting += data
        self._read()

    def _resume(self) -> None:
        self._pause = None
        if self.handler is not None:
            self.handler.receive_data(b"")
        self._read()

    def _read(self) -> None:
        while self._waiting and self._pause is None and self.handler is not None:
            data, self._waiting = self._waiting[:65_536], self._waiting[65_536:]
            self.handler.receive_data(data)
        self.longest_wait = max(self.longest_wait, len(self._waiting))

    def end(self) -> None:
        """Close the peer's side."""
        if self.handler is not None:
            self.handler.receive_eof()

    def break_off(self, reason: LeaveReason = LeaveReason.LOST) -> None:
        """Lose the connection."""
        self.close(reason)


class Peer:
    """A client of the events door, on plain lines."""

    def __init__(self, chat: Chat, door: EventsDoor, address: str = "127.0.0.1") -> None:
        self.chat = chat
        self.link = Wire(Client("events", f"{address}:50312", address))
        self.link.handler = door.make(self.link)
        self._read = 0

    def send(self, name: str, request: str | int | None = None, /, **params: object) -> None:
        """Send an event."""
        array = [name, params] if request is None else [name, params, request]
        self.send_text(json.dumps(array))

    def send_text(self, text: str) -> None:
        """Send what may be no event."""
        self.link.receive(text.encode() + b"\n")

    @property
    def sent(self) -> list[Event]:
        """Everything that this peer has been sent."""
        return [json.loads(line) for line in self.link.sent.decode().splitlines()]

    def events(self, *names: str) -> list[Event]:
        """Return what has been sent since the last call; only some events, if they are named."""
        sent = self.sent
        new, self._read = sent[self._read :], len(sent)
        return [event for event in new if not names or event[0] in names]

    async def ask(self, name: str, request: str | int | None = None, /, **params: object) -> Event:
        """Send an event, and return the last event that came of it."""
        self.events()
        self.send(name, request, **params)
        await self.chat.settle()
        events = self.events()
        answers = [one for one in events if request is not None and one[2:] == [request]]
        return (answers or events)[-1]

    async def log_in(self, nick: str | None = None, **params: object) -> Mapping[str, Any]:
        """Log in, and return the params of the `welcome`."""
        if nick is not None:
            params["nick"] = nick
        self.send("login", "login", **params)
        await self.chat.settle()
        [welcome] = [event for event in self.events() if event[0] == "welcome"]
        assert welcome[2] == "login"
        params = welcome[1]
        return params


class WebSocketPeer(Peer):
    """A client of the events door, on a WebSocket."""

    def __init__(self, chat: Chat, door: EventsDoor, address: str = "127.0.0.1") -> None:
        super().__init__(chat, door, address)
        self.link.receive(REQUEST)
        assert self.link.sent.startswith(b"HTTP/1.1 101 ")
        self.link.sent = b""

    @override
    def send_text(self, text: str) -> None:
        self.send_frame(Opcode.TEXT, text.encode())

    def send_frame(self, opcode: Opcode, payload: bytes = b"", *, fin: bool = True) -> None:
        """Send a frame."""
        self.link.receive(Frame(opcode, payload, fin).serialize(mask=True))

    @property
    def frames(self) -> list[tuple[int, bytes]]:
        """The frames that this peer has been sent: opcode and payload."""
        frames, data = [], self.link.sent
        while data:
            assert data[0] & 0xF0 == 0x80, "whole messages, and no extensions"
            length, start = data[1], 2
            if length >= 126:
                start = 4 if length == 126 else 10
                length = int.from_bytes(data[2:start], "big")
            frames.append((data[0] & 0x0F, data[start : start + length]))
            data = data[start + length :]
        return frames

    @property
    @override
    def sent(self) -> list[Event]:
        return [json.loads(payload) for opcode, payload in self.frames if opcode == Opcode.TEXT]
