"""How a client gets into its room: what it says, and what it is told when it is in.

Pure. One dialect for our line door, one for the simple protocol of the others.
"""

from __future__ import annotations

from typing import Protocol

from benchmarks.servers.simple import GREETING

MAIN_ROOM = "lobby"


class Dialect(Protocol):
    """The words that lead into a room; from there on, a line is said to it."""

    welcome: bytes
    """Part of what the server says when a client is connected and in a room."""

    def hello(self, room: str) -> bytes:
        """Return what to send as soon as the connection is made."""
        ...

    def move(self, room: str, *, is_first: bool) -> bytes:
        """Return what to send to go on from there into `room`; empty when one is there."""
        ...


class LineDoor:
    """Everybody arrives in the main room; commands lead to others."""

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


class SimpleLines:
    """The first line names the room."""

    welcome = GREETING

    def hello(self, room: str) -> bytes:
        """Name the room."""
        return room.encode("ascii") + b"\r\n"

    def move(self, room: str, *, is_first: bool) -> bytes:
        """Say nothing more."""
        return b""


DIALECTS: dict[str, Dialect] = {"line": LineDoor(), "simple": SimpleLines()}
