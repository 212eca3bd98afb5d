from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tertulia.core.events import Person
from tertulia.core.history import Message, Reaction
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.room import Member
from tertulia.stores.sqlite import SqliteStore
from tertulia.stores.sqlite.schema import Migration, migrate, migrations, version_of

VERSIONS = Path(__file__).parent / "versions"
"""For each version of the schema, what fills a database of that version with the same content."""

LOBBY = RoomId(100)
ANA = Person(UserId(7), "ana", "127.0.0.1:50001")
RUI = Person(UserId(8), "rui", "127.0.0.1:50002")
CONTENT = [
    Message(
        LOBBY, 3, EventId(103), 1760000000003, ANA, "Olá, tea at six?",
        edited=1760000000004, reactions=(Reaction("👍", (RUI,)),),
    ),
    Message(LOBBY, 5, EventId(105), 1760000000005, ANA, "", is_deleted=True),
    Message(LOBBY, 9, EventId(204), 1760000000013, RUI, "Chá às seis"),
]  # fmt: skip


def database_of(version: int, path: Path) -> None:
    """Make a filled database as a server of `version` left it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    migrate(connection, migrations()[:version])
    connection.executescript((VERSIONS / f"{version:04}.sql").read_text("utf-8"))
    connection.close()


def test_versions_count_up_from_one() -> None:
    versions = [migration.version for migration in migrations()]
    assert versions == list(range(1, len(versions) + 1))


def test_there_is_a_filled_database_of_each_version() -> None:
    found = sorted(file.name for file in VERSIONS.iterdir())
    assert found == [f"{migration.version:04}.sql" for migration in migrations()]


@pytest.mark.parametrize("version", [migration.version for migration in migrations()])
async def test_a_database_of_each_version_opens_with_all_it_holds(
    version: int, tmp_path: Path
) -> None:
    database = tmp_path / "tertulia.db"
    database_of(version, database)
    store = SqliteStore(database)
    recovery = await store.open()
    assert await store.read_messages(LOBBY) == CONTENT
    assert [entry.seq for entry in await store.read_log(LOBBY)] == list(range(1, 10))
    assert await store.search([LOBBY], "tea six") == [CONTENT[0]]
    assert await store.search([LOBBY], "cha") == [CONTENT[2]]
    assert await store.read_marks("n:ana") == {LOBBY: 3}
    assert recovery.last_id == 204
    (room,) = recovery.rooms
    assert (room.head, room.state.topic, dict(room.state.members)) == (
        9,
        "Tea",
        {ANA.id: Member(ANA)},
    )
    await store.compact([])
    assert await store.read_messages(LOBBY) == CONTENT
    await store.close()


@pytest.fixture
def connection() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def test_steps_that_were_taken_are_not_taken_again(connection: sqlite3.Connection) -> None:
    first = Migration(1, "0001_one.sql", "CREATE TABLE one (a)")
    second = Migration(2, "0002_two.sql", "CREATE TABLE two (a); INSERT INTO two VALUES (1);")
    migrate(connection, [first])
    migrate(connection, [first, second])
    migrate(connection, [first, second])
    assert version_of(connection) == 2
    assert connection.execute("SELECT count(*) FROM two").fetchone() == (1,)


def test_a_step_that_fails_leaves_the_version_before_it(connection: sqlite3.Connection) -> None:
    first = Migration(1, "0001_one.sql", "CREATE TABLE one (a)")
    broken = Migration(2, "0002_two.sql", "CREATE TABLE two (a); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection, [first, broken])
    assert version_of(connection) == 1
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert tables == [("one",)]
