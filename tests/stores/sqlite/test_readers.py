from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from tertulia.ports import StoreDamaged, StoreUnavailable
from tertulia.stores.sqlite import SqliteStore, readers
from tertulia.stores.sqlite.readers import Readers
from tertulia.stores.sqlite.upkeep import LogUpkeep
from tests.contracts.logbook import Logbook
from tests.stores.sqlite.filled import fill

FOR_EVER = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


def read_for_ever(connection: sqlite3.Connection) -> None:
    connection.execute(FOR_EVER).fetchone()


def count(connection: sqlite3.Connection) -> int:
    (number,) = connection.execute("SELECT count(*) FROM events").fetchone()
    return int(number)


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    await fill(tmp_path / "tertulia.db")
    return tmp_path / "tertulia.db"


async def test_a_reader_can_not_write(database: Path) -> None:
    reading = Readers(database, seconds=10)
    with pytest.raises(StoreUnavailable, match="can't be written to"):
        await reading.run(lambda connection: connection.execute("DELETE FROM events").rowcount)
    assert await reading.run(count) == 4
    reading.close()


async def test_a_read_that_takes_too_long_is_given_up(database: Path) -> None:
    reading = Readers(database, seconds=0)
    with pytest.raises(StoreUnavailable, match="took too long"):
        await reading.run(read_for_ever)
    assert await reading.run(count) == 4
    reading.close()


async def test_closing_breaks_off_what_is_being_read(database: Path) -> None:
    reading = Readers(database, seconds=1000)
    started = threading.Event()

    def read(connection: sqlite3.Connection) -> None:
        started.set()
        read_for_ever(connection)

    tasks = [asyncio.create_task(reading.run(read)) for _ in range(5)]
    await asyncio.to_thread(started.wait, 10)
    await asyncio.to_thread(reading.close)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [StoreUnavailable] * 5


async def test_too_many_reads_at_once_are_refused(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "_WAITING_MOST", 3)
    reading = Readers(database, seconds=10)
    go_on = threading.Event()

    def wait(connection: sqlite3.Connection) -> None:
        go_on.wait(10)

    tasks = [asyncio.create_task(reading.run(wait)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="Too many"):
        await reading.run(count)
    go_on.set()
    await asyncio.gather(*tasks)
    assert await reading.run(count) == 4
    reading.close()


async def test_bytes_that_are_no_events_are_damage(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("UPDATE events SET body = x'ff00ff'")
    connection.commit()
    connection.close()
    store = SqliteStore(database, recent=0)
    with pytest.raises(StoreDamaged):
        await store.open()


async def test_a_search_does_not_wait_for_ever_for_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LogUpkeep, "is_due", lambda upkeep: False)
    monkeypatch.setattr(LogUpkeep, "is_urgent", lambda upkeep: False)
    store = SqliteStore(tmp_path / "tertulia.db", level_seconds=0)
    await store.open()
    book = Logbook()
    lobby = book.create()
    book.say(lobby, "tea")
    await store.append(book.take())
    with pytest.raises(StoreUnavailable, match="still being filled"):
        await store.search([lobby], "tea")
    await store.close()
