"""Upkeep: what the writer thread does of itself, and when: filling `places` and the index.

Neither is needed for an entry to be durable, so neither is done while it is being appended.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from tertulia.stores.sqlite.faults import reason
from tertulia.stores.sqlite.index import SearchIndex
from tertulia.stores.sqlite.log import EventLog

_UNPLACED_IDLE: Final = 512
"""From so many entries without a place on, they are given one when there is no job."""
_UNPLACED_MOST: Final = 4096
"""From so many on it is urgent: each read of a room goes through all of them."""

logger = logging.getLogger(__name__)

Wake: TypeAlias = "Callable[[asyncio.Future[None]], None]"


class LogUpkeep:
    """Keeps `places` and the search index close behind the log."""

    def __init__(self, log: EventLog, index: SearchIndex, wake: Wake) -> None:
        self._log = log
        self._index = index
        self._wake = wake
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._is_failing = False

    def catch_up(self, future: asyncio.Future[None]) -> None:
        """Answer `future` when the index has everything that is in the log now.

        It is answered too when the index can't be written just now (a full disk): a search then
        finds what the index has.
        """
        self._waiting.append((self._log.last_id, future))
        self._answer()

    def is_due(self) -> bool:
        """Tell whether anything lags behind."""
        return self._index.indexed < self._log.last_id or self._log.unplaced >= _UNPLACED_IDLE

    def is_urgent(self) -> bool:
        """Tell whether a search waits, or reads have become slow."""
        return bool(self._waiting) or self._log.unplaced >= _UNPLACED_MOST

    def step(self) -> bool:
        """Do the next little piece; False when the database does not let us."""
        try:
            if self._log.unplaced >= _UNPLACED_MOST:
                self._log.place()
            elif self._index.indexed < self._log.last_id:
                self._index.advance(self._log.last_id)
            else:
                self._log.place()
        except (sqlite3.Error, msgspec.DecodeError) as error:
            self._give_up(error)
            return False
        self._is_failing = False
        self._answer()
        return True

    def _answer(self) -> None:
        still: list[tuple[int, asyncio.Future[None]]] = []
        for goal, future in self._waiting:
            if goal <= self._index.indexed:
                self._wake(future)
            else:
                still.append((goal, future))
        self._waiting = still

    def _give_up(self, error: sqlite3.Error | msgspec.DecodeError) -> None:
        if not self._is_failing:
            why = reason(error) if isinstance(error, sqlite3.Error) else str(error)
            logger.warning("the search index stays behind for now: %s", why)
        self._is_failing = True
        for _, future in self._waiting:
            self._wake(future)
        self._waiting = []
