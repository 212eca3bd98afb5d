"""A listener in a process of its own, with room for few descriptors; run by its test.

Prints its port; after a line on standard input, how often it tried to accept and what it logged.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import socket
import sys

from typing_extensions import override

from tertulia.core.events import LeaveReason
from tertulia.doors.stream import Listener, StreamSettings, bind
from tertulia.ports import Link
from tests.doors.sockets import Counting, Hearing, HearingDoor

DESCRIPTORS = 40


class CountingSocket(socket.socket):
    """Counts how often somebody tries to accept."""

    attempts = 0

    @override
    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        self.attempts += 1
        return super().accept()


class Following(Hearing):
    """Closes when its peer does."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self._link = link

    @override
    def receive_eof(self) -> None:
        self._link.close(LeaveReason.LOST)


class FollowingDoor(HearingDoor):
    """Greets everyone, and closes when they do."""

    @override
    def make(self, link: Link) -> Hearing:
        link.outbox.push(self.greeting)
        return Following(link)


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


async def main() -> None:
    """Serve until there is a line on standard input."""
    loop = asyncio.get_running_loop()
    log = Lines()
    logging.getLogger().addHandler(log)
    sock = CountingSocket(fileno=bind("127.0.0.1", 0).detach())
    sock.setblocking(False)
    listener = Listener(loop, sock, FollowingDoor(), Counting(), StreamSettings())
    asked = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), asked.set)
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    listener.start()
    sys.stdout.write(f"{listener.address[1]}\n")
    sys.stdout.flush()
    await asked.wait()
    loop.remove_reader(sys.stdin.fileno())
    sys.stdout.write(json.dumps([sock.attempts, log.lines]) + "\n")
    sys.stdout.flush()
    listener.stop()
    listener.close_all()
    await listener.wait_closed(0)


if __name__ == "__main__":
    asyncio.run(main())
