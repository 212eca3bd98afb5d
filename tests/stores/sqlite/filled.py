"""A database with something in it, for tests of what may befall one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tertulia.core.events import Entry
from tertulia.core.ids import RoomId
from tertulia.ports import Store
from tertulia.stores.sqlite import SqliteStore
from tests.contracts.logbook import Logbook


async def fill(database: Path, messages: int = 3) -> tuple[RoomId, Logbook]:
    """Make a database with one room and some messages, closed in good order."""
    store = SqliteStore(database)
    await store.open()
    book = Logbook()
    lobby = book.create()
    for number in range(messages):
        book.say(lobby, f"number {number} of the messages that were here before")
    await store.append(book.take())
    await store.search([lobby], "number")
    await store.close()
    return lobby, book


async def read(store: Store, room: RoomId) -> Sequence[Entry]:
    """Open a store, read a whole room, and close it."""
    await store.open()
    try:
        return await store.read_log(room, limit=100_000)
    finally:
        await store.close()
