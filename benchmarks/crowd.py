"""A crowd of clients on one epoll: connecting, going into rooms, waiting for silence.

Knows sockets and dialects; what is said once everybody is in is the business of `traffic`.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Collection, Sequence

from benchmarks.dialects import Dialect
from benchmarks.payload import PROBE

READ_SIZE = 256 * 1024
EVENTS_PER_TURN = 1024
_AT_ONCE = 128
_PATIENCE = 60.0


class LoadError(Exception):
    """The load could not be put on the server; the message says why."""


class Peer:
    """One client, and what it waits to be told."""

    __slots__ = ("awaited", "room", "sock", "tail")

    def __init__(self, sock: socket.socket, room: str) -> None:
        """Take over a connected socket."""
        self.sock = sock
        self.room = room
        self.awaited = b""
        self.tail = b""

    def hears(self, data: bytes) -> bool:
        """Take in what was read; tell if what was waited for is in it."""
        seen = self.tail + data
        if self.awaited and self.awaited in seen:
            self.awaited = b""
            self.tail = b""
            return True
        self.tail = seen[-len(self.awaited) :] if self.awaited else b""
        return False


class Crowd:
    """All clients of one run."""

    def __init__(self, host: str, port: int, dialect: Dialect) -> None:
        """Make a crowd of nobody yet."""
        self.epoll = select.epoll()
        self.peers: dict[int, Peer] = {}
        self._address = (host, port)
        self.dialect = dialect
        self._buffer = bytearray(READ_SIZE)
        self._view = memoryview(self._buffer)
        self._waiting = 0

    def connect(self, rooms: Sequence[str]) -> float:
        """Connect a client for each entry of `rooms`, 128 at once, until all are welcomed.

        Returns:
            The seconds that it took.
        """
        start = time.monotonic()
        for room in rooms:
            while self._waiting >= _AT_ONCE:
                self._turn(start)
            self._connect_one(room)
        self._wait_for_all(start)
        return time.monotonic() - start

    def move_in(self) -> None:
        """Take everybody from where they arrived into their rooms."""
        first: dict[str, Peer] = {}
        for peer in self.peers.values():
            first.setdefault(peer.room, peer)
        self._move(first.values(), is_first=True)
        founders = set(first.values())
        others = [peer for peer in self.peers.values() if peer not in founders]
        self._move(others, is_first=False)

    def check_hearing(self) -> None:
        """Have one of each room say a word, and wait until all others have heard it."""
        speakers: dict[str, Peer] = {}
        for peer in self.peers.values():
            if peer is speakers.setdefault(peer.room, peer):
                continue
            self._await(peer, PROBE)
        for speaker in speakers.values():
            speaker.sock.send(self.dialect.say(PROBE))
        self._wait_for_all(time.monotonic())

    def wait_for_silence(self, seconds: float) -> None:
        """Wait until nobody has been told anything for so long."""
        start = time.monotonic()
        while self._turn(start, seconds):
            pass

    def close(self) -> None:
        """Hang up, all at once."""
        for peer in self.peers.values():
            peer.sock.close()
        self.epoll.close()

    def _connect_one(self, room: str) -> None:
        # A blocking connect: on loopback it only waits while the server's backlog is full.
        sock = socket.create_connection(self._address, timeout=_PATIENCE)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = self.peers[sock.fileno()] = Peer(sock, room)
        self.epoll.register(sock, select.EPOLLIN)
        self._await(peer, self.dialect.welcome)
        hello = self.dialect.hello(room)
        if hello:
            sock.send(hello)

    def _move(self, peers: Collection[Peer], *, is_first: bool) -> None:
        start = time.monotonic()
        for peer in peers:
            words = self.dialect.move(peer.room, is_first=is_first)
            if words:
                while self._waiting >= _AT_ONCE:
                    self._turn(start)
                self._await(peer, peer.room.encode("ascii"))
                peer.sock.send(words)
        self._wait_for_all(start)

    def _await(self, peer: Peer, words: bytes) -> None:
        peer.awaited = words
        self._waiting += 1

    def _wait_for_all(self, start: float) -> None:
        while self._waiting:
            self._turn(start)

    def _turn(self, start: float, timeout: float = 1.0) -> bool:
        if time.monotonic() - start > _PATIENCE:
            raise LoadError(f"{self._waiting} clients still wait for an answer, or hear too much")
        events = self.epoll.poll(timeout, EVENTS_PER_TURN)
        for fd, _ in events:
            peer = self.peers[fd]
            try:
                size = peer.sock.recv_into(self._buffer)
            except BlockingIOError:
                continue
            if not size:
                raise LoadError(f"the server cut off a client, which last read {peer.tail!r}")
            if peer.awaited and peer.hears(bytes(self._view[:size])):
                self._waiting -= 1
        return bool(events)
