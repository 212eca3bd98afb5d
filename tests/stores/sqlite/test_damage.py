"""Damage that comes to light while the server runs: it is told, and all else goes on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from tertulia.core.events import MessagePosted
from tertulia.core.ids import RoomId
from tertulia.ports import StoreDamaged, StoreUnavailable
from tertulia.stores.sqlite import SqliteStore, opening
from tests.contracts.logbook import ANA, Logbook
from tests.contracts.store import look_into, texts
from tests.stores.sqlite.filled import fill


@pytest.fixture
async def damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, RoomId, Logbook]:
    """Return a database with a page of zeros among its messages, which opening does not see."""
    monkeypatch.setattr(opening, "_ALWAYS_CHECKED", 0)
    database = tmp_path / "tertulia.db"
    lobby, book = await fill(database, messages=2000)
    await look_into(SqliteStore(database))
    zero_page_with(database, b"number 1000 of")
    return database, lobby, book


def zero_page_with(database: Path, content: bytes) -> None:
    data = bytearray(database.read_bytes())
    page = data.index(content) // 4096 * 4096
    data[page : page + 4096] = bytes(4096)
    database.write_bytes(data)


def garble(database: Path, seq: int) -> None:
    """Make an entry something else than JSON, which the structure of the file does not tell."""
    connection = sqlite3.connect(database)
    connection.execute("UPDATE events SET body = '{\"type' WHERE seq = ?", (seq,))
    connection.commit()
    connection.close()


async def test_only_what_is_damaged_can_not_be_read(
    damaged: tuple[Path, RoomId, Logbook],
) -> None:
    database, lobby, book = damaged
    store = SqliteStore(database)
    await store.open()
    with pytest.raises(StoreDamaged):
        await store.read_log(lobby, after=990, limit=20)
    with pytest.raises(StoreDamaged):
        await store.read_messages(lobby, after=990, limit=20)
    with pytest.raises(StoreDamaged):
        await store.find_messages([book.entries[1001].id])
    with pytest.raises(StoreDamaged):
        await store.search([lobby], '"number 1000"')
    assert await store.read_log(lobby, after=100, limit=800) == book.entries[100:900]
    assert await store.read_log(lobby, after=1100, limit=800) == book.entries[1100:1900]
    found = await store.search([lobby], '"number 200"')
    assert texts(found) == ["number 200 of the messages that were here before"]
    book.take()
    book.say(lobby, "said after")
    await store.append(book.take())
    assert texts(await store.search([lobby], "after")) == ["said after"]
    assert texts(await store.read_messages(lobby, limit=1)) == ["said after"]
    await store.close()


async def test_a_changed_byte_is_told_and_not_shown(tmp_path: Path) -> None:
    database = tmp_path / "tertulia.db"
    lobby, book = await fill(database, messages=200)
    garble(database, seq=50)
    store = SqliteStore(database)
    await store.open()
    with pytest.raises(StoreDamaged):
        await store.read_log(lobby)
    assert await store.read_log(lobby, after=50) == book.entries[50:]
    await store.close()


async def test_what_is_damaged_can_not_be_deleted_and_the_log_goes_on(
    damaged: tuple[Path, RoomId, Logbook],
) -> None:
    database, lobby, book = damaged
    store = SqliteStore(database)
    await store.open()
    deletion = book.delete(book.entries[1001])
    with pytest.raises(StoreUnavailable, match="damaged"):
        await store.append([deletion])
    instead = replace(deletion, event=MessagePosted(ANA, "said instead"))
    await store.append([instead])
    assert texts(await store.read_messages(lobby, limit=1)) == ["said instead"]
    await store.close()


async def test_a_garbled_message_can_not_be_deleted(tmp_path: Path) -> None:
    database = tmp_path / "tertulia.db"
    _, book = await fill(database, messages=200)
    garble(database, seq=3)
    store = SqliteStore(database)
    await store.open()
    deletion = book.delete(book.entries[2])
    with pytest.raises(StoreUnavailable, match="damaged"):
        await store.append([deletion])
    await store.close()


async def test_compaction_stops_at_damage_and_erases_nothing_half(
    damaged: tuple[Path, RoomId, Logbook],
) -> None:
    database, lobby, book = damaged
    store = SqliteStore(database)
    await store.open()
    with pytest.raises(StoreDamaged):
        await store.compact([book.stored(lobby)], erase_before=book.now + 1)
    left = await store.read_log(lobby, after=1100)
    assert left == book.entries[1100:]
    await store.close()
