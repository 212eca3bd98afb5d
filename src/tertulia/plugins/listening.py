"""Listening: stored entries on their way to a plugin's listeners, each room's in order.

What waits is bounded: a plugin that is too slow misses events, and the log says how many. A room
whose listener waits holds up no other room.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tertulia.core.events import Entry, Event
from tertulia.core.ids import RoomId
from tertulia.core.room import RoomState
from tertulia.plugins.contexts import Heard
from tertulia.plugins.worker import Worker

logger = logging.getLogger(__name__)

REMIND_AFTER: Final = 60.0
"""Seconds until the log tells again that events are missed."""

Listeners = Mapping[type[Event], Sequence[Callable[..., Any]]]


class Listening:
    """Hands one plugin's listeners what they want to hear."""

    def __init__(
        self,
        worker: Worker,
        listeners: Listeners,
        backlog: int,
        make: Callable[[Entry, RoomState], Heard[Event]],
    ) -> None:
        """At most `backlog` events wait; `make` makes what a listener is called with."""
        self._worker = worker
        self._listeners = listeners
        self._backlog = backlog
        self._make = make
        self._incoming: deque[Heard[Event]] = deque()
        self._rooms: dict[RoomId, deque[Heard[Event]]] = {}
        self._handed = 0
        """Events handed over; written by the server's loop alone."""
        self._finished = 0
        """Events dealt with; written by the plugin's thread alone."""
        self.missed = 0
        self._remind_at = float("-inf")

    # On the server's loop

    def hear(self, entry: Entry, room: RoomState) -> None:
        """Hand over an entry, if anybody wants to hear it."""
        if type(entry.event) not in self._listeners:
            return
        if self._handed - self._finished >= self._backlog:
            self._miss()
            return
        self._handed += 1
        self._incoming.append(self._make(entry, room))
        # One call for all that come before the thread gets there.
        if len(self._incoming) == 1:
            self._worker.post(self._take_in)

    def _miss(self) -> None:
        self.missed += 1
        now = time.monotonic()
        if now >= self._remind_at:
            self._remind_at = now + REMIND_AFTER
            logger.error(
                "plugin %s is too slow: its listeners miss events (%s so far)",
                self._worker.name,
                self.missed,
            )

    # In the plugin's thread

    def _take_in(self) -> None:
        while self._incoming:
            heard = self._incoming.popleft()
            lane = self._rooms.get(heard.entry.room)
            if lane is None:
                self._rooms[heard.entry.room] = deque((heard,))
                self._worker.spawn(self._serve(heard.entry.room))
            else:
                lane.append(heard)

    async def _serve(self, room: RoomId) -> None:
        """Call the listeners with a room's events, one after the other, until there are no more."""
        lane = self._rooms[room]
        while lane:
            heard = lane.popleft()
            for listener in self._listeners[type(heard.event)]:
                reply = await self._worker.call(listener, heard)
                if reply.refusal is not None and reply.fault is None:
                    logger.info("plugin %s was refused: %s", self._worker.name, reply.refusal.code)
            self._finished += 1
            # Whatever else the plugin has to do gets its turn, however quick the listeners are.
            await asyncio.sleep(0)
        del self._rooms[room]
