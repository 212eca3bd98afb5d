"""The SQLite store: the port's methods, each handed to the writer thread or to a reader.

This is the part on the event loop; it never touches the database itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from tertulia.core.events import Entry
from tertulia.core.history import Message
from tertulia.core.ids import EventId, RoomId
from tertulia.ports import ReadMark, Recovery, StoredRoom, StoreMisfit, StoreUnavailable
from tertulia.stores.search import parse_query
from tertulia.stores.sqlite import reading
from tertulia.stores.sqlite.opening import Synchronous
from tertulia.stores.sqlite.readers import Readers
from tertulia.stores.sqlite.writer import Writer
from tertulia.stores.sqlite.writing import WritingSide

_READ_SECONDS: Final = 10.0
_LEVEL_SECONDS: Final = 5.0


class SqliteStore:
    """A `ports.Store` in one SQLite file, for one server at a time.

    Entries are durable when `append` returns, with `synchronous="FULL"` also through a loss of
    power. Searching and paging go on while entries are appended.
    """

    def __init__(
        self,
        path: Path,
        *,
        synchronous: Synchronous = "FULL",
        recent: int = 100,
        read_seconds: float = _READ_SECONDS,
        level_seconds: float = _LEVEL_SECONDS,
    ) -> None:
        """Keep the log in the file `path`, and files beside it whose names begin the same.

        Args:
            path: the database, made with its folder when it is not there.
            synchronous: `NORMAL` may lose the last moments when the power fails.
            recent: how many of each room's newest messages `open` returns.
            read_seconds: how long a page or a search may take before it is given up.
            level_seconds: how long a search may wait for the index to have everything.
        """
        self._path = path
        self._synchronous: Synchronous = synchronous
        self._recent = recent
        self._read_seconds = read_seconds
        self._level_seconds = level_seconds
        self._writer: Writer | None = None
        self._readers: Readers | None = None
        self._side: WritingSide | None = None

    async def open(self) -> Recovery:
        """See `ports.Store.open`."""
        if self._writer is not None:
            raise StoreMisfit(f"The database {self._path} is open already.")
        writer = Writer(asyncio.get_running_loop())
        writer.start()
        self._writer = writer
        try:
            path, self._side, recovery = await writer.submit(partial(self._open, writer))
        except BaseException:
            await self.close()
            raise
        self._readers = Readers(path, seconds=self._read_seconds)
        return recovery

    async def close(self) -> None:
        """See `ports.Store.close`."""
        writer, self._writer = self._writer, None
        if writer is not None:
            await writer.stop(self._close)

    async def append(self, entries: Sequence[Entry], marks: Sequence[ReadMark] = ()) -> None:
        """See `ports.Store.append`."""
        writer, side, _ = self._opened()
        if entries or marks:
            await writer.submit(partial(side.append, entries, marks))

    async def read_log(self, room: RoomId, *, after: int = 0, limit: int = 1000) -> list[Entry]:
        """See `ports.Store.read_log`."""
        *_, readers = self._opened()
        return await readers.run(partial(reading.read_log, room=room, after=after, limit=limit))

    async def read_messages(
        self, room: RoomId, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> list[Message]:
        """See `ports.Store.read_messages`."""
        *_, readers = self._opened()
        return await readers.run(
            partial(reading.read_messages, room=room, before=before, after=after, limit=limit)
        )

    async def find_messages(self, ids: Collection[EventId]) -> Mapping[EventId, Message]:
        """See `ports.Store.find_messages`."""
        *_, readers = self._opened()
        return await readers.run(partial(reading.find_messages, ids=ids))

    async def search(
        self,
        rooms: Collection[RoomId],
        words: str,
        *,
        limit: int = 20,
        before: EventId | None = None,
    ) -> list[Message]:
        """See `ports.Store.search`."""
        *_, readers = self._opened()
        phrases = parse_query(words)
        if not phrases or not rooms:
            return []
        await self._level_index()
        return await readers.run(
            partial(reading.search, rooms=rooms, phrases=phrases, before=before, limit=limit)
        )

    async def read_marks(self, identity: str) -> Mapping[RoomId, int]:
        """See `ports.Store.read_marks`."""
        *_, readers = self._opened()
        return await readers.run(partial(reading.read_marks, identity=identity))

    async def compact(self, rooms: Sequence[StoredRoom], *, erase_before: int = 0) -> int:
        """See `ports.Store.compact`."""
        writer, side, _ = self._opened()
        return await writer.submit_steps(side.compact(rooms, erase_before))

    async def _level_index(self) -> None:
        """Wait until the search index has all that was appended before."""
        writer, side, _ = self._opened()
        if side.is_index_level:
            return
        level: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._level_seconds):
                await writer.submit(partial(side.level_index, level))
                await level
        except TimeoutError:
            raise StoreUnavailable(
                "The search index is still being filled: try again in a while."
            ) from None

    def _opened(self) -> tuple[Writer, WritingSide, Readers]:
        if self._writer is None or self._side is None or self._readers is None:
            raise StoreUnavailable("The store is closed.")
        return self._writer, self._side, self._readers

    def _open(self, writer: Writer) -> tuple[Path, WritingSide, Recovery]:
        """Open the database; in the writer thread."""
        path = self._path.resolve()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreMisfit(
                f"The data folder {path.parent} can't be made ({error.strerror}): "
                "choose another one, or give this user the right to."
            ) from error
        side, recovery = WritingSide.open(
            path, writer, synchronous=self._synchronous, recent=self._recent
        )
        return path, side, recovery

    def _close(self) -> None:
        """Close the database; in the writer thread, as its last job."""
        readers, self._readers = self._readers, None
        if readers is not None:
            readers.close()
        side, self._side = self._side, None
        if side is not None:
            side.close()
