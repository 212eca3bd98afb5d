"""How a client gets into its room and talks there: what it says, and what it is told.

Pure. Lines are spoken by our line door and, more simply, by the servers beside it; WebSocket frames
by our events door and by a server that does nothing but hand them on.
"""

from __future__ import annotations

import json
from typing import Protocol

from benchmarks.payload import FRAMES, LINES, Grammar
from benchmarks.servers.simple import GREETING

MAIN_ROOM = "lobby"


class Dialect(Protocol):
    """The words that lead into a room, and those that say something there."""

    grammar: Grammar
    """How messages stand in what the server sends."""
    echoes: bool
    """Whether a message comes back to its author as well."""
    welcome: bytes
    """Part of what the server says when a client is connected and in a room."""

    def hello(self, room: str) -> bytes:
        """Return what to send as soon as the connection is made."""
        ...

    def move(self, room: str, *, is_first: bool) -> bytes:
        """Return what to send to go on from there into `room`; empty when one is there."""
        ...

    def say(self, words: bytes) -> bytes:
        """Return what to send to say something in the room that one is in."""
        ...


class LineDoor:
    """Everybody arrives in the main room; commands lead to others."""

    grammar = LINES
    echoes = False
    # The last of the lines that are the same for everyone.
    welcome = b"connected to this server."

    def hello(self, room: str) -> bytes:
        """Say nothing: nothing needs to be said."""
        return b""

    def move(self, room: str, *, is_first: bool) -> bytes:
        """Create the room, or join it."""
        if room == MAIN_ROOM:
            return b""
        return f"/{'create' if is_first else 'join'} {room}\r\n".encode("ascii")

    def say(self, words: bytes) -> bytes:
        """Write a line."""
        return words + b"\r\n"


class SimpleLines:
    """The first line names the room."""

    grammar = LINES
    echoes = False
    welcome = GREETING

    def hello(self, room: str) -> bytes:
        """Name the room."""
        return room.encode("ascii") + b"\r\n"

    def move(self, room: str, *, is_first: bool) -> bytes:
        """Say nothing more."""
        return b""

    def say(self, words: bytes) -> bytes:
        """Write a line."""
        return words + b"\r\n"


class EventsDoor:
    """Everybody arrives in the main room, over a WebSocket, and is shown it."""

    grammar = FRAMES
    echoes = True
    welcome = b'"room_joined"'

    def hello(self, room: str) -> bytes:
        """Ask for a WebSocket, and log in as a guest."""
        return _UPGRADE + _frame(_event("login"))

    def move(self, room: str, *, is_first: bool) -> bytes:
        """Create the room, or join it."""
        if room == MAIN_ROOM:
            return b""
        if is_first:
            return _frame(_event("create_room", name=room))
        return _frame(_event("join_room", room=room))

    def say(self, words: bytes) -> bytes:
        """Write a request with an id, which one's own copy will have."""
        return _frame(_SAID % words)


class FrameHub:
    """There is one room, and everything said comes back to everybody as it is."""

    grammar = FRAMES
    echoes = True
    welcome = b"101 Switching Protocols"

    def hello(self, room: str) -> bytes:
        """Ask for a WebSocket."""
        return _UPGRADE

    def move(self, room: str, *, is_first: bool) -> bytes:
        """Say nothing: there is nowhere to go."""
        return b""

    def say(self, words: bytes) -> bytes:
        """Write the words alone, made as long as an event of ours."""
        return _frame(_PADDING + words)


_UPGRADE = (
    b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_SAID = b'["send_message",{"room":"lobby","text":"%s"},1]'
_PADDING = b"as long as an event with its room, its place, its id, its time and its author: " * 2


def _event(name: str, /, **params: object) -> bytes:
    return json.dumps([name, params]).encode("ascii")


def _frame(payload: bytes) -> bytes:
    """Return a text frame of a client, with a mask that changes nothing."""
    length = len(payload)
    size = bytes((0x80 | length,)) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
    return b"\x81" + size + bytes(4) + payload


DIALECTS: dict[str, Dialect] = {
    "line": LineDoor(),
    "simple": SimpleLines(),
    "events": EventsDoor(),
    "frames": FrameHub(),
}
