"""What is on its way to the server: requests that wait, and those that have no answer yet.

Sans I/O: it says what may be sent when, and what becomes of it when the connection breaks or the
server asks to slow down. Messages carry a key, so that sending one again never says it twice.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Collection, Iterator, Sequence
from enum import Enum
from typing import Final

from tertulia.sdk.errors import ConnectionLost, QueueFull
from tertulia.wire.events import requests as r
from tertulia.wire.events.events import Event
from tertulia.wire.events.objects import KEYS

WINDOW: Final = KEYS // 2
"""Messages that may be without an answer at once: their keys must not be forgotten meanwhile."""
WORDS: Final = 32_768
"""Characters that these may have together, or there is one only; servers remember twice as many."""
MOST_WAITING: Final = 1000
"""Requests that may wait to be sent at once."""


class Repeat(Enum):
    """What may be done with a request whose answer never came."""

    MESSAGE = "message"
    """Send it again: its key tells the server whether it has it already."""
    READING = "reading"
    """Send it again: it changes nothing."""
    CHANGE = "change"
    """Give it up: whether it was done can't be said."""


_READINGS: Final = (r.GetHistory, r.Search, r.GetUsers, r.GetRooms, r.Ping)


class Errand:
    """One request, until it is answered."""

    __slots__ = ("future", "is_doubtful", "number", "repeat", "request", "words")

    def __init__(self, number: int, request: r.Request, future: asyncio.Future[Event]) -> None:
        self.number = number
        """Its place among all requests, and its id on the wire."""
        self.request = request
        self.future = future
        self.is_doubtful = False
        """It was sent, and the connection broke before the answer came."""
        self.repeat = Repeat.CHANGE
        self.words = 0
        """Characters of its text, as many as it may have once it is cleaned."""
        if isinstance(request, (r.SendMessage, r.SendDirect)):
            self.repeat = Repeat.MESSAGE
            self.words = len(request.text) + 3 * request.text.count("\t")
        elif isinstance(request, _READINGS):
            self.repeat = Repeat.READING

    def settle(self, result: Event | Exception) -> None:
        """Give the answer to whoever waits for it."""
        if self.future.done():
            return
        if isinstance(result, Exception):
            self.future.set_exception(result)
        else:
            self.future.set_result(result)

    def __lt__(self, other: Errand) -> bool:
        return self.number < other.number


class Lane:
    """Requests that the server takes in the order in which they were made."""

    __slots__ = ("_hold_until", "_sent", "_waiting", "_window", "_words")

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._waiting: list[Errand] = []
        """A heap by number: what is refused for now goes back to where it was."""
        self._sent: dict[int, Errand] = {}
        self._hold_until = 0.0
        self._words = 0
        """Characters that were sent and have no answer yet."""

    @property
    def waiting(self) -> int:
        """How many have not been sent."""
        return len(self._waiting)

    @property
    def unanswered(self) -> Collection[Errand]:
        """Those that were sent and have no answer yet, in order."""
        return self._sent.values()

    def add(self, errand: Errand) -> None:
        """Let a request wait to be sent."""
        heapq.heappush(self._waiting, errand)

    def sendable(self, now: float) -> Iterator[Errand]:
        """Yield what may be sent at `now`, and count it as sent."""
        while self._waiting and now >= self._hold_until and self._has_place():
            errand = heapq.heappop(self._waiting)
            if not errand.future.done():
                self._sent[errand.number] = errand
                self._words += errand.words
                yield errand

    def wake_at(self, now: float) -> float | None:
        """Return when there will be something to send, if only the time holds it back."""
        is_held = self._waiting and now < self._hold_until and len(self._sent) < self._window
        return self._hold_until if is_held else None

    def answered(self, number: int) -> Errand | None:
        """Return the request that was sent under this number; it is on its way no more."""
        errand = self._sent.pop(number, None)
        if errand is not None:
            self._words -= errand.words
        return errand

    def slow_down(self, errand: Errand, until: float) -> None:
        """Take in that a request came too early: it goes first when `until` has come.

        From then on each waits for the answer to the one before. Otherwise one that was refused
        could be overtaken by a later one that was not.
        """
        self._window = 1
        self._hold_until = max(self._hold_until, until)
        heapq.heappush(self._waiting, errand)

    def break_off(self) -> None:
        """Take in that the connection broke: send again what may be, give up the rest."""
        sent, self._sent, self._words = self._sent, {}, 0
        for errand in sent.values():
            if errand.repeat is Repeat.CHANGE:
                errand.settle(ConnectionLost("the connection broke before the answer came"))
            elif not errand.future.done():
                errand.is_doubtful = True
                heapq.heappush(self._waiting, errand)

    def give_up(self, reason: Exception) -> None:
        """Give up everything."""
        for errand in (*self._sent.values(), *self._waiting):
            errand.settle(reason)
        self._sent, self._waiting, self._words = {}, [], 0

    def _has_place(self) -> bool:
        """Tell whether what waits first may be sent beside what is on its way."""
        words = self._words + self._waiting[0].words
        return not self._sent or (len(self._sent) < self._window and words <= WORDS)

    def __iter__(self) -> Iterator[Errand]:
        return iter(sorted((*self._sent.values(), *self._waiting)))


class Outgoing:
    """All requests: messages in one lane, everything else in another."""

    __slots__ = ("_lanes", "_last", "_most", "are_messages_held", "messages", "others")

    def __init__(self, most: int = MOST_WAITING) -> None:
        """Let at most `most` requests wait to be sent."""
        self.messages = Lane()
        self.others = Lane()
        self._lanes: Sequence[Lane] = (self.messages, self.others)
        self._most = most
        self._last = 0
        self.are_messages_held = False
        """Messages wait for now, whatever their lane says."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits and everything is answered."""
        return not any(lane.waiting or lane.unanswered for lane in self._lanes)

    def add(
        self, request: r.Request, future: asyncio.Future[Event], *, is_bounded: bool = True
    ) -> Errand:
        """Let a request wait to be sent.

        Raises:
            QueueFull: too many wait already, and it is bounded.
        """
        if is_bounded and sum(lane.waiting for lane in self._lanes) >= self._most:
            raise QueueFull(f"{self._most} requests are waiting to be sent already")
        self._last += 1
        errand = Errand(self._last, request, future)
        self._lane(errand).add(errand)
        return errand

    @property
    def doubtful(self) -> Sequence[Errand]:
        """The messages of which it can't be said whether the server has them, in order."""
        return [one for one in self.messages if one.is_doubtful and not one.future.done()]

    def sendable(self, now: float) -> Iterator[Errand]:
        """Yield what may be sent at `now`, and count it as sent."""
        for lane in self._open_lanes():
            yield from lane.sendable(now)

    def wake_at(self, now: float) -> float | None:
        """Return when there will be something to send, if only the time holds it back."""
        times = [time for lane in self._open_lanes() if (time := lane.wake_at(now)) is not None]
        return min(times, default=None)

    def answered(self, number: int) -> Errand | None:
        """Return the request that was sent under this number; it is on its way no more."""
        return self.messages.answered(number) or self.others.answered(number)

    def slow_down(self, errand: Errand, until: float) -> None:
        """Take in that a request came too early."""
        self._lane(errand).slow_down(errand, until)

    def break_off(self) -> None:
        """Take in that the connection broke."""
        for lane in self._lanes:
            lane.break_off()

    def give_up(self, reason: Exception) -> None:
        """Give up everything."""
        for lane in self._lanes:
            lane.give_up(reason)

    def _open_lanes(self) -> Sequence[Lane]:
        return (self.others,) if self.are_messages_held else self._lanes

    def _lane(self, errand: Errand) -> Lane:
        return self.messages if errand.repeat is Repeat.MESSAGE else self.others
