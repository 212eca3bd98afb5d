"""A store that fails, breaks or falls silent when a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from typing_extensions import override

from tertulia.core.events import Entry
from tertulia.core.history import Message
from tertulia.core.ids import EventId, RoomId
from tertulia.ports import ReadMark
from tertulia.stores.memory import MemoryStore


class FaultyStore(MemoryStore):
    """A memory store that works, until one of its faults is set."""

    def __init__(self) -> None:
        super().__init__()
        self.failure: Exception | None = None
        """What `append` raises, as long as it is set."""
        self.read_failure: Exception | None = None
        """What everything that reads raises, as long as it is set."""
        self.gate: asyncio.Event | None = None
        """What `append` waits for, if anything."""
        self.read_gate: asyncio.Event | None = None
        """What everything that reads waits for, if anything."""
        self.appends: list[list[Entry]] = []
        """What was kept, turn by turn."""
        self.marks: list[ReadMark] = []
        """The read marks that were kept, in order."""
        self.kept: dict[tuple[RoomId, int], EventId] = {}
        """The id of every entry that was kept, by its place."""

    @override
    async def append(self, entries: Sequence[Entry], marks: Sequence[ReadMark] = ()) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        await super().append(entries, marks)
        self.appends.append(list(entries))
        self.marks += marks
        self.kept.update(((entry.room, entry.seq), entry.id) for entry in entries)

    @override
    async def find_messages(self, ids: Collection[EventId]) -> Mapping[EventId, Message]:
        await self._before_reading()
        return await super().find_messages(ids)

    @override
    async def read_log(self, room: RoomId, *, after: int = 0, limit: int = 1000) -> list[Entry]:
        await self._before_reading()
        return await super().read_log(room, after=after, limit=limit)

    @override
    async def read_messages(
        self, room: RoomId, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> list[Message]:
        await self._before_reading()
        return await super().read_messages(room, before=before, after=after, limit=limit)

    @override
    async def search(
        self,
        rooms: Collection[RoomId],
        words: str,
        *,
        limit: int = 20,
        before: EventId | None = None,
    ) -> list[Message]:
        await self._before_reading()
        return await super().search(rooms, words, limit=limit, before=before)

    @override
    async def read_marks(self, identity: str) -> Mapping[RoomId, int]:
        await self._before_reading()
        return await super().read_marks(identity)

    async def _before_reading(self) -> None:
        if self.read_gate is not None:
            await self.read_gate.wait()
        if self.read_failure is not None:
            raise self.read_failure
