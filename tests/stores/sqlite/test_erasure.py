from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tertulia.stores.sqlite import SqliteStore
from tests.contracts.logbook import Logbook

CANARY = "quokkas juggle waxed kumquats"
WORDS = [b"uokkas", b"uggle", b"axed", b"umquats"]
"""Ends of the canary's words: an index may leave out what a word has in common with another."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
async def store(folder: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(folder / "tertulia.db")
    await store.open()
    yield store
    await store.close()


def files(folder: Path) -> bytes:
    """Return the bytes of all files in a folder.

    Read by another process: closing a database's file drops all locks that this process has on
    it, those of SQLite included.
    """
    paths = [str(path) for path in folder.iterdir()]
    return subprocess.run(["cat", *paths], capture_output=True, check=True).stdout


def found(folder: Path) -> list[bytes]:
    """Return which words of the canary are anywhere in the files."""
    content = files(folder).lower()
    return [word for word in WORDS if word in content]


def chatter(book: Logbook, count: int) -> None:
    """Fill pages of the log and of the index, so that the canary is in the midst of others."""
    lobby = book.entries[0].room
    for number in range(count):
        book.say(lobby, f"message number {number} of the chatter, as it is heard {number * 7}")


async def test_deleted_words_leave_all_files(store: SqliteStore, folder: Path) -> None:
    book = Logbook()
    lobby = book.create()
    chatter(book, 300)
    canary = book.say(lobby, CANARY)
    long = book.say(lobby, f"{CANARY} " * 500)
    edited = book.say(lobby, "harmless")
    book.edit(edited, f"{CANARY}!")
    chatter(book, 300)
    await store.append(book.take())
    assert len(await store.search([lobby], CANARY)) == 3
    assert found(folder) == WORDS
    for message in (canary, long, edited):
        book.delete(message)
    await store.append(book.take())
    await store.compact([])
    assert found(folder) == []
    assert len(await store.search([lobby], "chatter", limit=1000)) == 600


async def test_words_deleted_before_they_were_indexed_leave_all_files(
    store: SqliteStore, folder: Path
) -> None:
    book = Logbook()
    lobby = book.create()
    canary = book.say(lobby, CANARY)
    await store.append(book.take())
    book.delete(canary)
    await store.append(book.take())
    await store.compact([])
    assert found(folder) == []
    assert b"message_deleted" in files(folder)


async def test_old_messages_leave_all_files(store: SqliteStore, folder: Path) -> None:
    book = Logbook()
    lobby = book.create()
    chatter(book, 300)
    book.say(lobby, CANARY)
    amended = book.say(lobby, "harmless")
    bound = book.now + 1
    book.now += 1000
    book.edit(amended, CANARY)
    chatter(book, 300)
    await store.append(book.take())
    assert len(await store.search([lobby], CANARY)) == 2
    assert await store.compact([book.stored(lobby)], erase_before=bound) == 302
    assert found(folder) == []
    assert len(await store.search([lobby], "chatter", limit=1000)) == 300


async def test_a_deleted_room_leaves_all_files(store: SqliteStore, folder: Path) -> None:
    book = Logbook()
    book.create()
    chatter(book, 100)
    attic = book.create("quokkas juggle")
    book.retitle(attic, "waxed kumquats")
    book.say(attic, CANARY)
    await store.append(book.take())
    assert len(await store.search([attic], CANARY)) == 1
    book.end(attic)
    await store.append(book.take())
    await store.compact([])
    assert found(folder) == []


async def test_what_a_reader_holds_up_is_wiped_the_next_time(
    store: SqliteStore, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book = Logbook()
    lobby = book.create()
    canary = book.say(lobby, CANARY)
    await store.append(book.take())
    # A reader in the midst of a transaction keeps the write-ahead log from being emptied.
    reader = sqlite3.connect(folder / "tertulia.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    book.delete(canary)
    await store.append(book.take())
    await store.compact([])
    assert "somebody keeps reading" in caplog.text
    reader.close()
    await store.compact([])
    assert found(folder) == []
