"""Those who talk, and which of their messages have not reached everybody yet."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from benchmarks.dialects import Dialect
from benchmarks.ledger import Faults, Stream
from benchmarks.payload import compose


class Sender:
    """A member who talks."""

    __slots__ = ("dialect", "number", "owed", "sent", "sock", "unsent")

    def __init__(self, sock: socket.socket, number: int, dialect: Dialect) -> None:
        """Let the member on `sock` talk, as the `number`th of all senders."""
        self.sock = sock
        self.dialect = dialect
        self.number = number
        self.sent = 0
        self.owed = 0
        self.unsent = b""

    def say(self, stamps: Iterable[int]) -> None:
        """Send one message for each time in `stamps`, in one call."""
        said = []
        for stamp in stamps:
            self.sent += 1
            said.append(self.dialect.say(compose(self.number, self.sent, stamp)))
        self.unsent += b"".join(said)
        self.flush()

    def flush(self) -> None:
        """Send what the socket takes."""
        try:
            self.unsent = self.unsent[self.sock.send(self.unsent) :]
        except BlockingIOError:
            return


class Room:
    """The streams of one room, and which of its messages are still on the way."""

    __slots__ = ("on_the_way", "senders", "streams")

    def __init__(self, senders: dict[int, Sender]) -> None:
        """Make a room in which `senders`, by number, talk."""
        self.senders = senders
        self.streams: list[Stream] = []
        self.on_the_way: dict[tuple[int, int], int] = {}

    def expect(self, sender: Sender, count: int) -> None:
        """Note that a sender is about to say `count` messages more."""
        audiences = sum(sender.number in stream.senders for stream in self.streams)
        for number in range(sender.sent + 1, sender.sent + count + 1):
            self.on_the_way[sender.number, number] = audiences

    def arrived(self, stream: Stream, records: range) -> list[Sender]:
        """Note what all members of one stream have read; return who may say something new."""
        free: list[Sender] = []
        on_the_way = self.on_the_way
        for index in records:
            key = (stream.heard_from[index], stream.numbers[index])
            left = on_the_way.pop(key, 0) - 1
            if left > 0:
                on_the_way[key] = left
            elif left == 0:
                free.append(self.senders[key[0]])
        return free

    def faults(self) -> Faults:
        """Return what was wrong for all members."""
        sent = {number: sender.sent for number, sender in self.senders.items()}
        return sum((stream.faults(sent) for stream in self.streams), Faults())
