"""Faults: what a plugin does wrong, logged by its name and never without end; and its strikes.

Strikes are how often it overran its time of late: so many, and the plugin is suspended.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from typing import Final

WINDOW: Final = 60.0
"""Seconds in which strikes and log entries are counted together."""
TOLD: Final = 10
"""Exceptions of one function that are logged in that time; the others are only counted."""

logger = logging.getLogger(__name__)


class Strikes:
    """How often something happened within the last `WINDOW` seconds."""

    __slots__ = ("_limit", "_times")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: deque[float] = deque(maxlen=limit)

    def note(self, now: float) -> bool:
        """Count one at `now` (monotonic seconds); tell whether that is too many."""
        self._times.append(now)
        return len(self._times) == self._limit and now - self._times[0] <= WINDOW


class FaultLog:
    """Writes one plugin's faults into the log."""

    def __init__(self, plugin: str) -> None:
        self._plugin = plugin
        self._began = float("-inf")
        self._counts: Counter[str] = Counter()

    def note(self, what: str, error: BaseException, now: float) -> None:
        """Log that `what`, a function's name, raised `error` at `now` (monotonic seconds)."""
        if now - self._began > WINDOW:
            for name, count in self._counts.items():
                if count > TOLD:
                    logger.error(
                        "plugin %s: %s failed %s times more", self._plugin, name, count - TOLD
                    )
            self._began, self._counts = now, Counter()
        self._counts[what] += 1
        if self._counts[what] <= TOLD:
            logger.error("plugin %s: %s failed", self._plugin, what, exc_info=error)
