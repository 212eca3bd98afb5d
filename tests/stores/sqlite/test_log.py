"""The writing parts, without threads: what is done when, and in how many transactions."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import pytest

from tertulia.core.events import AMENDMENTS, STATE_CHANGES, Event
from tertulia.core.history import fold
from tertulia.core.ids import RoomId
from tertulia.stores.search import parse_query
from tertulia.stores.sqlite import reading, upkeep
from tertulia.stores.sqlite.lock import DataLock
from tertulia.stores.sqlite.opening import open_writer
from tertulia.stores.sqlite.recovery import recover
from tertulia.stores.sqlite.rows import KINDS, POSTED
from tertulia.stores.sqlite.upkeep import LogUpkeep
from tests.contracts.logbook import Logbook
from tests.contracts.store import texts


class Bench:
    """The writing parts on one connection."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.lock = DataLock(database)
        self.lock.acquire()
        self.connection = open_writer(database, self.lock, "FULL")
        _, self.log, self.index = recover(self.connection, recent=10)
        self.woken: list[asyncio.Future[None]] = []
        self.upkeep = LogUpkeep(self.log, self.index, self.woken.append)
        self.book = Logbook()
        self.lobby = self.book.create()

    def append(self) -> None:
        self.log.append(self.book.take(), [])

    def say(self, count: int) -> None:
        for number in range(count):
            self.book.say(self.lobby, f"number {number}")
        self.append()

    def search(self, words: str) -> list[str]:
        found = reading.search(
            self.connection, [self.lobby], parse_query(words), before=None, limit=10_000
        )
        return texts(found)

    def vocabulary(self) -> dict[str, int]:
        """Return each word in the index, and in how many messages it is."""
        self.connection.execute(
            "CREATE VIRTUAL TABLE temp.seen USING fts5vocab ('main', 'words', 'col')"
        )
        rows = self.connection.execute("SELECT term, doc FROM temp.seen WHERE col = 'text'")
        return dict(rows.fetchall())

    def commits(self) -> int:
        """Return how many transactions the write-ahead log holds.

        The last frame of each tells the size of the database after it (file format, section 4.1:
        a header of 32 bytes, then frames of 24 bytes and a page).
        """
        log = self.database.with_name(self.database.name + "-wal").read_bytes()
        frames = range(32, len(log), 24 + 4096)
        return sum(log[frame + 4 : frame + 8] != bytes(4) for frame in frames)

    def close(self) -> None:
        self.connection.close()
        self.lock.release()


def words_of(messages: Sequence[str]) -> dict[str, int]:
    """Return each word of the messages, and in how many of them it is."""
    return dict(Counter(word for message in messages for word in set(message.split())))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "tertulia.db")
    yield bench
    bench.close()


def test_every_event_has_a_number_of_its_own() -> None:
    assert set(KINDS) == set(get_args(Event))
    assert len(set(KINDS.values())) == len(KINDS)
    assert {KINDS[event] < POSTED for event in STATE_CHANGES} == {True}
    assert {KINDS[event] > POSTED for event in AMENDMENTS} == {True}


@pytest.mark.parametrize("size", [1, 16, 17, 100, 256, 257, 1000])
def test_a_batch_is_one_transaction(bench: Bench, size: int) -> None:
    bench.append()
    before = bench.commits()
    bench.say(size)
    assert bench.commits() == before + 1


def test_a_batch_with_consequences_is_one_transaction(bench: Bench) -> None:
    bench.append()
    before = bench.commits()
    message = bench.book.say(bench.lobby, "one")
    attic = bench.book.create("attic")
    bench.book.edit(message, "two")
    bench.book.delete(message)
    bench.book.end(attic)
    bench.append()
    assert bench.commits() == before + 1


def test_nothing_of_a_batch_that_fails_stays(bench: Bench) -> None:
    bench.append()
    bench.book.say(bench.lobby, "one")
    attic = bench.book.create("attic")
    bench.connection.execute("INSERT INTO rooms (id, head, state) VALUES (?, 1, '')", (int(attic),))
    batch = bench.book.take()
    with pytest.raises(sqlite3.IntegrityError):
        bench.log.append(batch, [])
    assert not bench.connection.in_transaction
    assert reading.read_log(bench.connection, bench.lobby, after=1, limit=9) == []
    bench.connection.execute("DELETE FROM rooms WHERE id = ?", (int(attic),))
    bench.log.append(batch, [])
    assert reading.read_log(bench.connection, bench.lobby, after=1, limit=9) == batch[:1]


def test_pages_are_the_same_before_and_after_entries_have_places(bench: Bench) -> None:
    def pages() -> list[object]:
        connection, lobby = bench.connection, bench.lobby
        return [
            reading.read_log(connection, lobby, after=5, limit=20),
            reading.read_log(connection, lobby, after=0, limit=1000),
            reading.read_page(connection, lobby, before=30, limit=10),
            reading.read_page(connection, lobby, after=30, limit=10),
            reading.read_page(connection, lobby, limit=500),
            reading.read_changes(connection, lobby, after=3),
        ]

    for number in range(60):
        message = bench.book.say(bench.lobby, f"number {number}")
        bench.book.join(bench.lobby)
        if number % 3 == 0:
            bench.book.react(message, "👍")
        if number == 40:
            bench.append()
            bench.log.place()
    bench.append()
    halfway = pages()
    bench.log.place()
    assert pages() == halfway
    assert halfway[1] == bench.book.of(bench.lobby)
    assert fold(reading.read_page(bench.connection, bench.lobby, limit=500)) == fold(
        bench.book.entries
    )


def test_of_the_messages_a_state_needs_the_first_alone(bench: Bench) -> None:
    first = bench.book.say(bench.lobby, "one")
    bench.say(10)
    joined = bench.book.join(bench.lobby)
    bench.say(10)
    assert reading.read_changes(bench.connection, bench.lobby, after=1) == [first, joined]


def test_upkeep_places_and_indexes_until_nothing_is_due(bench: Bench) -> None:
    bench.say(1000)
    steps = 0
    while bench.upkeep.is_due():
        assert bench.upkeep.step()
        steps += 1
    assert steps == 6
    assert bench.log.unplaced == 0
    assert bench.index.indexed == bench.log.last_id
    assert len(bench.search("number")) == 1000


def test_a_few_entries_may_stay_without_a_place(bench: Bench) -> None:
    bench.say(10)
    bench.upkeep.step()
    assert not bench.upkeep.is_due()
    assert bench.log.unplaced == 11


def test_too_many_entries_without_a_place_are_urgent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_UNPLACED_MOST", 100)
    bench.say(50)
    assert not bench.upkeep.is_urgent()
    bench.say(50)
    assert bench.upkeep.is_urgent()
    bench.upkeep.step()
    assert bench.log.unplaced == 0
    assert not bench.upkeep.is_urgent()


def test_the_index_is_filled_in_small_transactions(bench: Bench) -> None:
    bench.say(450)
    found = []
    while bench.index.indexed < bench.log.last_id:
        bench.upkeep.step()
        found.append(len(bench.search("number")))
    assert found == [200, 400, 450]


async def test_a_search_waits_for_what_was_there_when_it_was_asked_for(bench: Bench) -> None:
    bench.say(300)
    waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    bench.upkeep.catch_up(waiting)
    bench.say(300)
    assert bench.upkeep.is_urgent()
    bench.upkeep.step()
    assert bench.woken == []
    bench.upkeep.step()
    assert bench.woken == [waiting]
    assert not bench.upkeep.is_urgent()


async def test_upkeep_that_can_not_write_lets_searches_go_on(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.say(300)
    waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    bench.upkeep.catch_up(waiting)
    bench.connection.execute("PRAGMA query_only = ON")
    assert not bench.upkeep.step()
    assert not bench.upkeep.step()
    assert bench.woken == [waiting]
    assert caplog.text.count("stays behind") == 1
    assert not bench.upkeep.is_urgent()
    bench.connection.execute("PRAGMA query_only = OFF")
    assert bench.upkeep.step()
    assert bench.index.indexed > 0


def test_an_index_that_lags_behind_a_restart_catches_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "tertulia.db")
    bench.say(300)
    bench.index.advance(bench.log.last_id)
    bench.close()
    again = Bench(tmp_path / "tertulia.db")
    again.lobby = bench.lobby
    while again.upkeep.is_due():
        again.upkeep.step()
    assert len(again.search("number")) == 300
    again.close()


@pytest.mark.parametrize("most", [1, 2, 3, 5, 100])
def test_the_index_holds_the_same_wherever_its_steps_end(bench: Bench, most: int) -> None:
    book, lobby = bench.book, bench.lobby
    messages = [book.say(lobby, f"said first, number {number}") for number in range(4)]
    book.edit(messages[0], "edited once")
    book.edit(messages[1], "edited once")
    bench.append()
    while bench.index.indexed < bench.log.last_id:
        bench.index.advance(bench.log.last_id, most)
    book.edit(messages[0], "edited twice")
    book.edit(messages[2], "edited now")
    messages.append(book.say(lobby, "a late one"))
    book.edit(messages[-1], "edited late one")
    bench.append()
    bench.index.advance(bench.log.last_id, 1)
    for message in messages[1:3]:
        book.delete(message)
    book.delete(book.say(lobby, "come and gone"))
    bench.append()
    while bench.index.indexed < bench.log.last_id:
        bench.index.advance(bench.log.last_id, most)
    assert bench.vocabulary() == words_of(
        ["edited twice", "said first number 3", "edited late one"]
    )


def test_erased_originals_leave_no_edits_in_the_index(bench: Bench) -> None:
    message = bench.book.say(bench.lobby, "old")
    bench.append()
    bench.index.advance(bench.log.last_id)
    bench.book.edit(message, "new")
    bench.append()
    bench.index.forget([message.id])
    bench.connection.execute("DELETE FROM events WHERE id = ?", (int(message.id),))
    bench.index.advance(bench.log.last_id)
    assert bench.vocabulary() == {}


def test_room_ids_are_told_apart_in_the_index(bench: Bench) -> None:
    attic = bench.book.create("attic")
    bench.book.say(attic, f"in the attic, not in {bench.lobby}")
    bench.say(3)
    bench.index.advance(bench.log.last_id)
    assert bench.search("attic") == []
    bench.lobby = RoomId(attic)
    assert len(bench.search("attic")) == 1
