"""An outbox that can wait: what is said live is held back while what was missed is read."""

from __future__ import annotations

from collections.abc import Callable

from tertulia.ports import Outbox


class HoldingOutbox:
    """Implements `ports.Outbox`: holds everything until `release`, then passes it on."""

    __slots__ = ("_held", "_limit", "_on_overflow", "_size", "_target")

    def __init__(self, target: Outbox, limit: int, on_overflow: Callable[[], None]) -> None:
        """Hold at most `limit` bytes for `target`; past that, call `on_overflow` once."""
        self._target = target
        self._limit = limit
        self._on_overflow = on_overflow
        self._held: list[bytes] | None = []
        self._size = 0

    def push(self, data: bytes) -> None:
        """See `ports.Outbox.push`."""
        if self._held is None:
            self._target.push(data)
            return
        if self._size > self._limit:
            return
        self._held.append(data)
        self._size += len(data)
        if self._size > self._limit:
            self._held.clear()
            self._on_overflow()

    def release(self, before: bytes) -> None:
        """Send `before`, then what was held, in one go; from here on nothing is held."""
        held, self._held = self._held or [], None
        self._target.push(b"".join((before, *held)))
