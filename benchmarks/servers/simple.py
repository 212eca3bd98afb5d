"""The simplest line protocol, which the naive and the bare server speak.

The first line of a client names its room and is answered; every further line is said to the room,
to all but its author. Lines are as long as those of the line door.
"""

from __future__ import annotations

import sys

GREETING = b"You are in "


def entered(room: bytes) -> bytes:
    """Return what a client is told when it is in its room."""
    return GREETING + room + b"\r\n"


def joined(number: int) -> bytes:
    """Return what the others are told of a newcomer."""
    return b"guest%04d has joined the chat\r\n" % number


def prefix(number: int) -> bytes:
    """Return what goes before the words of a client, as long as a time and a nick."""
    return b"12:34 guest%04d: " % number


def announce(address: tuple[str, int]) -> None:
    """Say where the server listens, in the words of `tertulia serve`."""
    sys.stdout.write(f"listening line {address[0]}:{address[1]}\nready\n")
    sys.stdout.flush()
