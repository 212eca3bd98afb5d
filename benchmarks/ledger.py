"""Whether everybody heard everything: once, in order, and nothing else.

Pure: no sockets, no clock. Members that must read the same bytes share one `Stream`, which parses
those bytes once and compares what the others read at the speed of `memcmp`.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping

from msgspec import Struct

from benchmarks.payload import LINES, MARK, Grammar

_NEVER = sys.maxsize


class Faults(Struct, frozen=True):
    """Wrong deliveries, counted for each member that had them."""

    lost: int = 0
    doubled: int = 0
    misordered: int = 0
    stray: int = 0
    """Came to a member that it was not for: its own author, or somebody in another room."""
    damaged: int = 0
    """Came with other words than were sent."""

    @property
    def total(self) -> int:
        """All faults together."""
        return self.lost + self.doubled + self.misordered + self.stray + self.damaged

    def __add__(self, other: Faults) -> Faults:
        """Count both."""
        return Faults(
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.misordered + other.misordered,
            self.stray + other.stray,
            self.damaged + other.damaged,
        )

    def times(self, members: int) -> Faults:
        """Count the same faults for several members."""
        return Faults(
            self.lost * members,
            self.doubled * members,
            self.misordered * members,
            self.stray * members,
            self.damaged * members,
        )


class Ledger:
    """What one reader has of each sender, checked message by message."""

    def __init__(self, senders: Iterable[int]) -> None:
        """Expect the messages of `senders` and of nobody else."""
        self.damaged = 0
        self._next = dict.fromkeys(senders, 1)
        self._missing: set[tuple[int, int]] = set()
        self._doubled = 0
        self._misordered = 0
        self._stray = 0

    def note(self, sender: int, number: int) -> bool:
        """Take in one message; False when it should not have come (again)."""
        expected = self._next.get(sender)
        if number == expected:
            self._next[sender] = number + 1
            return True
        if expected is None:
            self._stray += 1
            return False
        return self._note_out_of_turn(sender, number, expected)

    def _note_out_of_turn(self, sender: int, number: int, expected: int) -> bool:
        if number > expected:
            self._missing.update((sender, skipped) for skipped in range(expected, number))
            self._next[sender] = number + 1
            return True
        if (sender, number) in self._missing:
            self._missing.remove((sender, number))
            self._misordered += 1
            return True
        self._doubled += 1
        return False

    def faults(self, sent: Mapping[int, int]) -> Faults:
        """Return what was wrong, given how many messages each sender sent."""
        tail = sum(
            max(0, sent.get(sender, 0) + 1 - number) for sender, number in self._next.items()
        )
        return Faults(
            lost=len(self._missing) + tail,
            doubled=self._doubled,
            misordered=self._misordered,
            stray=self._stray,
            damaged=self.damaged,
        )


class Stream:
    """The bytes that a set of members must all read, and how far each of them is.

    Whoever is ahead writes the log, which is parsed in full; what the others read must be the
    very bytes of the log at their place. A member for whom it is not is forked off into a stream
    of its own and checked there.
    """

    def __init__(self, senders: Iterable[int], members: int, grammar: Grammar = LINES) -> None:
        """Make a stream for `members` readers of what `senders` say, in words of `grammar`."""
        self.senders = tuple(senders)
        self._grammar = grammar
        self.ledger = Ledger(self.senders)
        self.log = bytearray()
        self.positions = [0] * members
        self.heard_from = array("H")
        self.numbers = array("I")
        self.stamps = array("Q")
        self.forks: dict[int, Stream] = {}
        self._ends = array("Q")
        self._parsed = 0
        self._done = 0
        # The end of the first record that not everybody has read, and how many have not.
        self._goal = _NEVER
        self._behind = 0

    def receive(self, member: int, data: memoryview) -> range:
        """Take in what `member` read; return the records that all members now have."""
        before = self.positions[member]
        if before == _NEVER:
            self.forks[member].receive(0, data)
            return range(0)
        after = before + len(data)
        known = len(self.log) - before
        if known >= len(data):
            same = self.log.startswith(data, before)
        else:
            same = known == 0 or self.log.startswith(data[:known], before)
            if same:
                self.log += data[known:]
                self._parse()
        if not same:
            return self._fork(member, data)
        self.positions[member] = after
        if before < self._goal <= after:
            self._behind -= 1
            if not self._behind:
                return self._advance()
        return range(0)

    def records_before(self, position: int) -> int:
        """Return how many records end at or before a place in the log."""
        return bisect_right(self._ends, position)

    def records_of(self, member: int) -> int:
        """Return how many records `member` has read."""
        if member in self.forks:
            return self.forks[member].records_of(0)
        return self.records_before(self.positions[member])

    def deliveries(self) -> int:
        """Return how many records all members have read, together."""
        return sum(self.records_of(member) for member in range(len(self.positions)))

    def faults(self, sent: Mapping[int, int]) -> Faults:
        """Return what was wrong for all members, given how many messages each sender sent."""
        attached = [position for position in self.positions if position != _NEVER]
        behind = sum(len(self._ends) - self.records_before(position) for position in attached)
        total = self.ledger.faults(sent).times(len(attached)) + Faults(lost=behind)
        for fork in self.forks.values():
            total += fork.faults(sent)
        return total

    def _parse(self) -> None:
        log, start, end = self.log, self._parsed, self._grammar.end
        stop = log.rfind(end, start) + len(end)
        if stop < start + len(end):
            return
        note, found = self.ledger.note, 0
        for match in self._grammar.record.finditer(log, start, stop):
            found += 1
            sender, number, stamp = map(int, match.groups())
            if note(sender, number):
                self._ends.append(match.end())
                self.heard_from.append(sender)
                self.numbers.append(number)
                self.stamps.append(stamp)
        self.ledger.damaged += log.count(MARK, start, stop) - found
        self._parsed = stop
        if self._goal == _NEVER:
            self._aim()

    def _aim(self) -> None:
        if self._done < len(self._ends):
            self._goal = self._ends[self._done]
            self._behind = sum(map(self._goal.__gt__, self.positions))
        else:
            self._goal = _NEVER

    def _advance(self) -> range:
        first = self._done
        self._done = self.records_before(min(self.positions))
        self._aim()
        return range(first, self._done)

    def _fork(self, member: int, data: memoryview) -> range:
        position = self.positions[member]
        fork = self.forks[member] = Stream(self.senders, 1, self._grammar)
        fork.receive(0, memoryview(bytes(self.log[:position])))
        fork.receive(0, data)
        self.positions[member] = _NEVER
        if position < self._goal:
            self._behind -= 1
            if self._goal != _NEVER and not self._behind:
                return self._advance()
        return range(0)
