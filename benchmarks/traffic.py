"""People who talk: keeps messages on the way, and checks and times what everybody reads.

The hot loop of the load. What it does for a delivery is done in C: one `recv_into`, one comparison
with what the room was already seen to say (see `ledger`).
"""

from __future__ import annotations

import itertools
import select
import socket
import time
from array import array
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from benchmarks.crowd import EVENTS_PER_TURN, READ_SIZE, Crowd, LoadError, Peer
from benchmarks.ledger import Faults, Stream
from benchmarks.rooms import Room, Sender
from benchmarks.scenarios import Traffic
from benchmarks.system import Meter, Usage

_SAMPLES = 32
_QUIET = 0.2
_PATIENCE = 60.0
# A server that uses less than this share of a core has nothing left to do.
_IDLE = 0.1


class TrafficResult(Struct, frozen=True, tag="traffic"):
    """What one run of a `Traffic` scenario measured."""

    usage: Usage
    late: float
    """CPU seconds that the server spent on these messages when all had been delivered."""
    messages: int
    """Sent in the measured time."""
    deliveries: int
    """Read in the measured time, by all members together."""
    reads: int
    """System calls that the load needed for them."""
    p50: float
    """Of a delivery, in milliseconds."""
    p99: float
    faults: Faults
    """Over the whole run."""
    forks: int
    """Members who did not read the same bytes as the others and were checked by themselves."""


class Reader:
    """A member, and its place in its stream."""

    __slots__ = ("index", "is_sampled", "recv_into", "room", "stream")

    def __init__(self, sock: socket.socket, room: Room, stream: Stream, index: int) -> None:
        """Let the member on `sock` be the `index`th reader of `stream`."""
        self.recv_into: Callable[[bytearray], int] = sock.recv_into
        self.room = room
        self.stream = stream
        self.index = index
        self.is_sampled = False


class Talk:
    """One run of a `Traffic` scenario, with a crowd that is in its rooms and silent."""

    def __init__(self, crowd: Crowd, scenario: Traffic, give_up: float) -> None:
        """Cast the members of each room as senders and listeners."""
        self._give_up = give_up
        self._scenario = scenario
        self._dialect = crowd.dialect
        self._epoll = crowd.epoll
        self._buffer = bytearray(READ_SIZE)
        self._view = memoryview(self._buffer)
        self._readers: dict[int, Reader] = {}
        self._rooms: list[Room] = []
        self._senders: list[tuple[Room, Sender]] = []
        self._latencies = array("q")
        self._is_measuring = False
        self._reads = 0
        self._origin = time.monotonic_ns()
        by_room: dict[str, list[Peer]] = {}
        for peer in crowd.peers.values():
            by_room.setdefault(peer.room, []).append(peer)
        for members in by_room.values():
            self._cast(members)
        self._choose_samples()

    def run(self, meter: Meter, warm: float, seconds: float) -> TrafficResult:
        """Talk for a while, measure for a while, then let everything arrive."""
        closed = self._scenario.window > 0
        pace = self._keep_window if closed else self._keep_rate
        pace(warm)
        before = (self._said(), self._read(), self._reads)
        self._is_measuring = True
        meter.restart()
        pace(seconds)
        usage = meter.usage()
        self._is_measuring = False
        after = (self._said(), self._read(), self._reads)
        late = self._drain(meter)
        late *= (after[0] - before[0]) / max(1, self._said())
        latencies = sorted(self._latencies)
        return TrafficResult(
            usage=usage,
            late=late,
            messages=after[0] - before[0],
            deliveries=after[1] - before[1],
            reads=after[2] - before[2],
            p50=_quantile(latencies, 0.5),
            p99=_quantile(latencies, 0.99),
            faults=sum((room.faults() for room in self._rooms), Faults()),
            forks=sum(len(stream.forks) for room in self._rooms for stream in room.streams),
        )

    def _cast(self, members: Sequence[Peer]) -> None:
        talkers = members[: self._scenario.senders]
        listeners = members[self._scenario.senders :]
        base = len(self._senders)
        senders = {
            base + at: Sender(peer.sock, base + at, self._dialect)
            for at, peer in enumerate(talkers)
        }
        room = Room(senders)
        self._rooms.append(room)
        self._senders += [(room, sender) for sender in senders.values()]
        if listeners:
            self._seat(room, listeners, senders)
        for peer, own in zip(talkers, senders, strict=True):
            heard = [number for number in senders if number != own or self._dialect.echoes]
            self._seat(room, [peer], heard)

    def _seat(self, room: Room, peers: Sequence[Peer], senders: Iterable[int]) -> None:
        stream = Stream(senders, len(peers), self._dialect.grammar)
        room.streams.append(stream)
        for index, peer in enumerate(peers):
            self._readers[peer.sock.fileno()] = Reader(peer.sock, room, stream, index)

    def _choose_samples(self) -> None:
        """Time deliveries at a few listeners, evenly spread over the order of arrival."""
        listeners = [
            reader
            for reader in self._readers.values()
            if len(reader.stream.senders) == len(reader.room.senders)
        ]
        step = max(1, len(listeners) // _SAMPLES)
        for reader in listeners[step // 2 :: step]:
            reader.is_sampled = True

    def _now(self) -> int:
        return (time.monotonic_ns() - self._origin) // 1000

    def _said(self) -> int:
        return sum(sender.sent for _, sender in self._senders)

    def _read(self) -> int:
        return sum(stream.deliveries() for room in self._rooms for stream in room.streams)

    # Pace

    def _keep_window(self, seconds: float) -> None:
        """Keep as many messages of each sender on the way as the scenario says."""
        until = time.monotonic() + seconds
        if not self._said():
            for room, sender in self._senders:
                self._post(room, sender, [self._now()] * self._scenario.window)
        self._pay()
        while time.monotonic() < until:
            self._turn(0.1)
            self._pay()

    def _pay(self) -> None:
        """Say what may be said since others arrived."""
        now = self._now()
        for room, sender in self._senders:
            if sender.owed:
                owed, sender.owed = sender.owed, 0
                self._post(room, sender, [now] * owed)
            elif sender.unsent:
                sender.flush()

    def _keep_rate(self, seconds: float) -> None:
        """Say a message whenever one is due, the senders in turn, whatever has arrived."""
        gap = 1.0 / self._scenario.rate
        start = time.monotonic()
        turns = itertools.cycle(self._senders)
        for count in range(int(seconds * self._scenario.rate)):
            due = start + count * gap
            while (left := due - time.monotonic()) > 0.0:
                self._turn_within(left)
            room, sender = next(turns)
            # The time at which it was due: a stall can't hide the delay it caused.
            self._post(room, sender, [int(due * 1e6) - self._origin // 1000])
        while (left := start + seconds - time.monotonic()) > 0.0:
            self._turn_within(left)

    def _turn_within(self, seconds: float) -> None:
        # epoll waits in whole milliseconds, select in microseconds: nothing is said too late.
        select.select([self._epoll], (), (), seconds)
        self._turn(0.0)

    def _post(self, room: Room, sender: Sender, stamps: Sequence[int]) -> None:
        room.expect(sender, len(stamps))
        sender.say(stamps)

    def _drain(self, meter: Meter) -> float:
        """Say nothing new; read until everything has arrived, or nothing comes any more.

        Then let the server do what it has put off, and return the CPU seconds that it took.
        """
        quiet_since = time.monotonic()
        limit = quiet_since + _PATIENCE
        arrived: float | None = None
        while (now := time.monotonic()) < limit:
            if arrived is None and not any(room.on_the_way for room in self._rooms):
                arrived = meter.server()
            if now - quiet_since > (self._give_up if arrived is None else _QUIET):
                break
            for _, sender in self._senders:
                if sender.unsent:
                    sender.flush()
            if self._turn(_QUIET / 4):
                quiet_since = time.monotonic()
        return 0.0 if arrived is None else self._idle_at(meter, limit) - arrived

    def _idle_at(self, meter: Meter, limit: float) -> float:
        """Wait until the server does nothing; return what it has used by then."""
        before = -1.0
        while (used := meter.server()) - before > _IDLE * _QUIET and time.monotonic() < limit:
            before = used
            until = time.monotonic() + _QUIET
            while (left := until - time.monotonic()) > 0.0:
                self._turn(left)
        return used

    # Reading

    def _turn(self, timeout: float) -> bool:
        events = self._epoll.poll(timeout, EVENTS_PER_TURN)
        readers, buffer, view = self._readers, self._buffer, self._view
        for fd, _ in events:
            reader = readers[fd]
            try:
                size = reader.recv_into(buffer)
            except BlockingIOError:
                continue
            if not size:
                raise LoadError("the server cut off a client")
            self._reads += 1
            if reader.is_sampled and self._is_measuring:
                done = self._receive_timed(reader, view[:size])
            else:
                done = reader.stream.receive(reader.index, view[:size])
            if done:
                for sender in reader.room.arrived(reader.stream, done):
                    sender.owed += 1
        return bool(events)

    def _receive_timed(self, reader: Reader, data: memoryview) -> range:
        now = self._now()
        stream, index = reader.stream, reader.index
        before = stream.records_of(index)
        done = stream.receive(index, data)
        if index not in stream.forks:
            after = stream.records_of(index)
            self._latencies.extend(now - stamp for stamp in stream.stamps[before:after])
        return done


def _quantile(ordered: Sequence[int], share: float) -> float:
    """Return a quantile of microseconds in milliseconds; 0 when there is nothing."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1000.0
