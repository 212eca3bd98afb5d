"""Finger: a door that a plugin adds. Whoever connects is told who is online (RFC 1288).

    tertulia serve --plugin examples/plugins/finger.py

Then `printf '\\r\\n' | nc 127.0.0.1 7979`. With the name of somebody, it tells about them alone.
"""

from __future__ import annotations

import os

from tertulia.core.errors import Refusal, describe
from tertulia.core.events import LeaveReason
from tertulia.core.text import clean_line
from tertulia.plugins import door
from tertulia.ports import Gateway, Link, StreamHandler

LONGEST = 256
"""Bytes of a question."""
DEADLINE = 10.0
"""Seconds in which it has to be asked."""


class FingerHandler:
    """One connection: a line in, some lines out, and that is all."""

    def __init__(self, gateway: Gateway, link: Link) -> None:
        self._gateway = gateway
        self._link = link
        self._asked = b""
        self._forget = link.call_later(DEADLINE, lambda: link.close(LeaveReason.TIMEOUT))

    def receive_data(self, data: bytes) -> None:
        """Take in the question, and answer it when it is complete."""
        self._asked += data
        if b"\n" in self._asked or len(self._asked) > LONGEST:
            line = self._asked.partition(b"\n")[0].decode("utf-8", errors="replace")
            self._link.outbox.push(self._answer(clean_line(line, LONGEST).removeprefix("/W ")))
            self._link.close(LeaveReason.QUIT)

    def receive_eof(self) -> None:
        """Half a question gets no answer."""
        self._link.close(LeaveReason.QUIT)

    def connection_lost(self, reason: LeaveReason) -> None:
        """Wait for nothing any more."""
        self._forget()

    def _answer(self, nick: str) -> bytes:
        if nick:
            user = self._gateway.user_called(nick)
            lines = [f"{nick} is not here." if user is None else f"{user.person.nick} is here."]
        else:
            lines = sorted(user.person.nick for user in self._gateway.users())
        return "".join(f"{line}\r\n" for line in lines).encode()


class FingerDoor:
    """The door itself; implements `ports.StreamDoor`."""

    name = "finger"

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def make(self, link: Link) -> StreamHandler:
        """Return the handler of a new connection."""
        return FingerHandler(self._gateway, link)

    def refuse(self, refusal: Refusal) -> bytes:
        """Say why somebody does not even get in."""
        return f"{describe(refusal, str)}\r\n".encode()


@door(
    os.environ.get("FINGER", "127.0.0.1:7979"),
    way_in="printf '\\r\\n' | nc {host} {port}      (who is online)",
)
def finger(gateway: Gateway) -> FingerDoor:
    """Open the door."""
    return FingerDoor(gateway)
