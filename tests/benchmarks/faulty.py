"""The bare server with one fault on purpose, to prove that the load finds it.

`python -m tests.benchmarks.faulty FAULT`: from the fifth message on, one member is treated wrongly,
once. Faults are the names of the branches in `FaultyServer._tamper`, and `stray`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from typing_extensions import override

from benchmarks.payload import MARK
from benchmarks.servers.bare import BareServer, Client, Room
from benchmarks.servers.simple import announce

_VICTIM = 10
_NTH = 5
# The mark and the sender's number.
_WHO = len(MARK) + 4


class FaultyServer(BareServer):
    """Does one thing wrong, once."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self._fault = fault
        self._messages = 0
        self._held = b""
        self._is_done = False

    @override
    def flush(self, room: Room) -> None:
        lines, room.lines = room.lines, []
        for member in room.members.values():
            own = [line for author, line in lines if author is not member or self._strays(line)]
            if member.number == _VICTIM:
                own = [piece for line in own for piece in self._treat(line)]
            self.send(member, b"".join(own))

    def _strays(self, line: bytes) -> bool:
        if self._fault != "stray" or self._is_done or MARK not in line:
            return False
        self._is_done = True
        return True

    def _treat(self, line: bytes) -> Sequence[bytes]:
        if MARK not in line:
            return [line]
        self._messages += 1
        if self._held and _author(self._held) == _author(line):
            held, self._held = self._held, b""
            return [line, held]
        if self._messages == _NTH:
            return self._tamper(line)
        return [line]

    def _tamper(self, line: bytes) -> Sequence[bytes]:
        match self._fault:
            case "drop":
                return []
            case "double":
                return [line, line]
            case "swap":
                self._held = line
                return []
            case "damage":
                return [line.replace(b"words", b"swords")]
            case _:
                return [line]


class ClosingServer(BareServer):
    """Hangs up on whoever is sent a message."""

    @override
    def send(self, client: Client, data: bytes) -> None:
        if MARK in data:
            client.sock.shutdown(2)
            return
        super().send(client, data)


def _author(line: bytes) -> bytes:
    start = line.index(MARK)
    return line[start : start + _WHO]


def main() -> None:
    fault = sys.argv[1]
    server = ClosingServer() if fault == "close" else FaultyServer(fault)
    announce(server.address)
    server.run()


if __name__ == "__main__":
    main()
