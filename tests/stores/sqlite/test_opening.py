from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tertulia.core.events import Entry
from tertulia.core.ids import RoomId
from tertulia.ports import Recovery, StoreDamaged, StoreMisfit
from tertulia.stores.sqlite import SqliteStore, opening
from tertulia.stores.sqlite.schema import APPLICATION_ID, migrations
from tests.contracts.logbook import Logbook
from tests.contracts.store import look_into
from tests.stores.sqlite.filled import fill, read

NOBODY = 65534


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "tertulia.db"


@pytest.fixture
def plain_folder() -> Iterator[Path]:
    """Return a folder that a user without special rights can reach, and become such a user."""
    folder = Path(tempfile.mkdtemp(prefix="tertulia-test-"))
    is_root = os.geteuid() == 0
    # What is read from Python's own folders later on must be there before it can't be read.
    asyncio.run(look_into(SqliteStore(folder / "rehearsal" / "tertulia.db")))
    if is_root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


def open_and_close(database: Path) -> Recovery:
    return asyncio.run(look_into(SqliteStore(database)))


def filled(database: Path, messages: int = 3) -> tuple[RoomId, Logbook]:
    return asyncio.run(fill(database, messages))


def log_of(database: Path, room: RoomId) -> Sequence[Entry]:
    return asyncio.run(read(SqliteStore(database), room))


def refused(database: Path, error: type[Exception]) -> str:
    """Return why a database can't be opened; it must not have been touched."""
    before = {file: file.read_bytes() for file in database.parent.iterdir() if file.is_file()}
    with pytest.raises(error) as refusal:
        open_and_close(database)
    before.pop(database.with_name("tertulia.db.lock"), None)
    assert {file: file.read_bytes() for file in before} == before
    return str(refusal.value)


# What is made


async def test_a_database_is_made_for_its_owner_alone(database: Path) -> None:
    store = SqliteStore(database)
    await store.open()
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in database.parent.iterdir()}
    await store.close()
    assert modes == {
        "tertulia.db": 0o600,
        "tertulia.db-wal": 0o600,
        "tertulia.db-shm": 0o600,
        "tertulia.db.lock": 0o600,
    }


def test_the_data_folder_is_made(tmp_path: Path) -> None:
    database = tmp_path / "new" / "er" / "tertulia.db"
    open_and_close(database)
    assert database.exists()


def test_a_database_says_whose_it_is(database: Path) -> None:
    open_and_close(database)
    connection = sqlite3.connect(database)
    marks = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS]
    connection.close()
    assert marks == [APPLICATION_ID, migrations()[-1].version, "wal"]


PRAGMAS = ("application_id", "user_version", "journal_mode")


def test_a_closed_database_is_one_file_and_its_lock(database: Path) -> None:
    filled(database)
    names = sorted(file.name for file in database.parent.iterdir())
    assert names == ["tertulia.db", "tertulia.db.lock"]


async def test_a_store_is_opened_once(database: Path) -> None:
    store = SqliteStore(database)
    await store.open()
    with pytest.raises(StoreMisfit):
        await store.open()
    await store.close()


def test_a_path_may_have_odd_characters(tmp_path: Path) -> None:
    database = tmp_path / "olá #1?mode=memory&x%20" / "a b.db"
    lobby, book = filled(database)
    assert log_of(database, lobby) == book.entries


# What does not fit


async def test_a_second_server_is_refused_and_told_of_the_first(database: Path) -> None:
    first, second = SqliteStore(database), SqliteStore(database)
    await first.open()
    with pytest.raises(StoreMisfit, match=rf"\(process {os.getpid()}\)"):
        await second.open()
    await first.close()
    await second.open()
    await second.close()


def test_a_newer_database_is_refused(database: Path) -> None:
    filled(database)
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    assert "made by a newer version (schema 9999" in refused(database, StoreMisfit)


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreMisfit, match="can't be made"):
        open_and_close(tmp_path / "file" / "tertulia.db")


def test_a_database_that_is_a_folder_is_refused(database: Path) -> None:
    database.mkdir()
    with pytest.raises(StoreMisfit, match="is not a file"):
        open_and_close(database)


def test_a_folder_that_can_not_be_written_to_is_refused(plain_folder: Path) -> None:
    plain_folder.chmod(0o500)
    with pytest.raises(StoreMisfit, match="can't be written to"):
        open_and_close(plain_folder / "tertulia.db")


def test_a_read_only_database_is_refused(plain_folder: Path) -> None:
    database = plain_folder / "tertulia.db"
    lobby, book = filled(database)
    database.chmod(0o400)
    assert "can't be opened and written to" in refused(database, StoreMisfit)
    database.chmod(0o600)
    assert log_of(database, lobby) == book.entries


def test_an_unreadable_database_is_refused(plain_folder: Path) -> None:
    database = plain_folder / "tertulia.db"
    filled(database)
    database.chmod(0o000)
    with pytest.raises(StoreMisfit, match="can't be opened and written to"):
        open_and_close(database)


def test_a_database_that_another_program_writes_is_refused(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_BUSY_MS", 1)
    filled(database)
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreMisfit, match="held by another program"):
        open_and_close(database)
    other.close()


def test_an_sqlite_that_is_too_old_is_refused(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(StoreMisfit, match=r"at least 3\.35\.0 is needed"):
        open_and_close(database)


def test_an_sqlite_without_full_text_search_is_refused(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crippled(sqlite3.Connection):
        """Knows no virtual tables."""

        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(":memory:")
            self.set_authorizer(
                lambda action, *_: (
                    sqlite3.SQLITE_DENY
                    if action == sqlite3.SQLITE_CREATE_VTABLE
                    else sqlite3.SQLITE_OK
                )
            )

    monkeypatch.setattr(sqlite3, "connect", Crippled)
    with pytest.raises(StoreMisfit, match=r"full-text search \(FTS5\)"):
        open_and_close(database)


# What was lost or damaged


def test_a_database_that_is_gone_is_not_replaced(database: Path) -> None:
    filled(database)
    database.unlink()
    assert "is gone" in refused(database, StoreDamaged)
    assert not database.exists()


def test_a_database_of_no_bytes_is_not_replaced(database: Path) -> None:
    filled(database)
    database.write_bytes(b"")
    assert "it is empty" in refused(database, StoreDamaged)


def test_an_empty_file_from_elsewhere_is_not_taken_for_a_new_one(database: Path) -> None:
    database.write_bytes(b"")
    assert "it is empty" in refused(database, StoreDamaged)


def test_a_log_without_its_database_is_not_ignored(database: Path) -> None:
    database.with_name("tertulia.db-wal").write_bytes(b"words")
    said = refused(database, StoreDamaged)
    assert "is gone" in said
    assert "tertulia.db-wal" in said


def test_a_start_that_was_cut_short_is_begun_again(database: Path) -> None:
    database.with_name("tertulia.db.lock").write_text("pid 1\n")
    for leftover in ("", "-journal", "-wal", "-shm"):
        database.with_name(f"tertulia.db.new{leftover}").write_bytes(b"half of a database")
    lobby, book = filled(database)
    assert log_of(database, lobby) == book.entries
    names = sorted(file.name for file in database.parent.iterdir())
    assert names == ["tertulia.db", "tertulia.db.lock"]


def test_a_database_from_elsewhere_is_taken_in(database: Path, tmp_path: Path) -> None:
    lobby, book = filled(database)
    copy = tmp_path / "copy" / "tertulia.db"
    copy.parent.mkdir()
    shutil.copy(database, copy)
    assert log_of(copy, lobby) == book.entries
    copy.unlink()
    assert "is gone" in refused(copy, StoreDamaged)


@pytest.mark.parametrize("content", [b"garbage " * 1000, b"SQLite format 3\x00" + b"\xff" * 9000])
def test_a_file_that_is_no_database_is_left_alone(database: Path, content: bytes) -> None:
    database.write_bytes(content)
    assert "Restore a backup" in refused(database, StoreDamaged)


def test_garbage_in_the_header_is_seen(database: Path) -> None:
    filled(database)
    overwrite(database, 0, os.urandom(100))
    assert "Restore a backup" in refused(database, StoreDamaged)


@pytest.mark.parametrize("doing", ["CREATE TABLE recipes (name)", "PRAGMA journal_mode = WAL"])
def test_another_program_s_database_is_left_alone(database: Path, doing: str) -> None:
    connection = sqlite3.connect(database)
    connection.execute(doing)
    connection.close()
    assert "another program's" in refused(database, StoreDamaged)


def test_a_database_that_lacks_tables_is_left_alone(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    assert "lacks what belongs in it" in refused(database, StoreDamaged)


def test_a_page_of_zeros_is_seen_at_the_start(database: Path) -> None:
    filled(database, messages=500)
    overwrite(database, database.stat().st_size // 2 // 4096 * 4096, bytes(4096))
    assert ".recover" in refused(database, StoreDamaged)


def test_a_file_that_was_cut_off_is_seen(database: Path) -> None:
    filled(database, messages=500)
    os.truncate(database, database.stat().st_size // 2 // 4096 * 4096)
    assert ".recover" in refused(database, StoreDamaged)


def test_a_room_whose_state_can_not_be_read_is_seen(database: Path) -> None:
    filled(database)
    connection = sqlite3.connect(database)
    connection.execute("UPDATE rooms SET state = '{\"id\": []}'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreDamaged, match=r"\.recover"):
        open_and_close(database)


def test_a_large_database_is_checked_after_a_crash_alone(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_ALWAYS_CHECKED", 0)
    filled(database, messages=500)
    open_and_close(database)
    overwrite(database, page_with(database, b"number 200 of"), bytes(4096))
    open_and_close(database)
    connection = sqlite3.connect(database)
    connection.execute("UPDATE meta SET value = 0 WHERE name = 'clean'")
    connection.commit()
    connection.close()
    assert ".recover" in refused(database, StoreDamaged)


def page_with(file: Path, content: bytes) -> int:
    """Return the offset of the page that holds `content`."""
    return file.read_bytes().index(content) // 4096 * 4096


def overwrite(file: Path, offset: int, content: bytes) -> None:
    """Write into the middle of a file."""
    with open(file, "r+b") as damaged:
        damaged.seek(offset)
        damaged.write(content)
