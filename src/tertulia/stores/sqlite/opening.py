"""Opening: from a path to the one connection that writes, or to a clear reason why not.

Everything is looked at through a read-only connection first, so that a database which is damaged,
foreign or too new is left exactly as it was found. Never starts empty over damage.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
from pathlib import Path
from typing import Final, Literal, TypeAlias

from tertulia.ports import StoreDamaged, StoreError, StoreMisfit
from tertulia.stores.sqlite.faults import code_of, is_damage, reason
from tertulia.stores.sqlite.lock import DataLock
from tertulia.stores.sqlite.schema import APPLICATION_ID, migrate, migrations, version_of

Synchronous: TypeAlias = Literal["FULL", "NORMAL"]

_OLDEST_SQLITE: Final = (3, 35, 0)
_ALWAYS_CHECKED: Final = 256 * 1024 * 1024
"""Databases up to this many bytes are checked at each start, larger ones after a crash."""
_CHECKPOINT_PAGES: Final = 2000
"""Some 8 MB of write-ahead log between checkpoints; each page is copied less often so."""
_WAL_KEPT: Final = 64 * 1024 * 1024
"""Bytes that the write-ahead log is cut back to when a long read has made it grow."""
_BUSY_MS: Final = 2000
"""How long to wait for another program that holds the database."""

logger = logging.getLogger(__name__)


def open_writer(path: Path, lock: DataLock, synchronous: Synchronous) -> sqlite3.Connection:
    """Open the database for writing, made, checked and migrated; `lock` must be held.

    Raises:
        StoreMisfit: this version or this system can't work with it.
        StoreDamaged: its content can't be trusted.
    """
    _require_features()
    try:
        if _is_to_be_made(path, lock):
            _make(path)
        else:
            _inspect(path)
        if not lock.is_made:
            lock.note_made()
        connection = _connect(path, synchronous)
        try:
            migrate(connection, migrations())
            set_clean(connection, is_clean=False)
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise unopenable(path, error) from error
    return connection


def set_clean(connection: sqlite3.Connection, *, is_clean: bool) -> None:
    """Note whether the database is closed in good order."""
    connection.execute("UPDATE meta SET value = ? WHERE name = 'clean'", (int(is_clean),))


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a connection that can neither write nor checkpoint, for use in any thread.

    Before SQLite 3.51.3 a checkpoint racing a writer on another connection could corrupt the
    database (the WAL-reset bug), so all but the writer's connection are opened like this.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=_BUSY_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _connect(path: Path, synchronous: Synchronous) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_BUSY_MS / 1000, isolation_level=None, cached_statements=256
    )
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        connection.close()
        raise StoreMisfit(
            f"The file system of {path.parent} can't hold a database that is read while it is "
            "written: keep the data on a local disk."
        )
    for setting in (
        f"synchronous = {synchronous}",
        f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
        f"journal_size_limit = {_WAL_KEPT}",
        "secure_delete = ON",
        "temp_store = MEMORY",
        "cache_size = -16000",
    ):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _require_features() -> None:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreMisfit(
            f"This Python has SQLite {sqlite3.sqlite_version}; at least "
            f"{'.'.join(map(str, _OLDEST_SQLITE))} is needed: use a newer Python or system."
        )
    for feature, probe in (
        ("full-text search (FTS5)", "CREATE VIRTUAL TABLE probe USING fts5 (text)"),
        ("JSON functions", "SELECT json_group_array(value) FROM json_each('[1]')"),
    ):
        connection = sqlite3.connect(":memory:")
        try:
            connection.execute(probe)
        except sqlite3.Error as error:
            raise StoreMisfit(
                f"This Python's SQLite was built without {feature}: use another Python, "
                "such as the one of the operating system."
            ) from error
        finally:
            connection.close()


def _is_to_be_made(path: Path, lock: DataLock) -> bool:
    """Tell whether there is no database yet, and never was one."""
    if path.exists():
        return False
    log = _beside(path, "-wal")
    if lock.is_made or log.exists():
        raise StoreDamaged(
            f"The database {path} is gone, but there was one: put it back or restore a backup. "
            f"To start anew with an empty history, move {lock.path} and {log} away."
        )
    return True


def _make(path: Path) -> None:
    """Make an empty database, which is there as a whole or not at all."""
    draft = _beside(path, ".new")
    for leftover in ("", "-journal", "-wal", "-shm"):
        _beside(draft, leftover).unlink(missing_ok=True)
    # Readable for this user alone; SQLite gives the files beside it the same mode.
    os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    connection = _connect(draft, "FULL")
    try:
        migrate(connection, migrations())
    finally:
        connection.close()
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _inspect(path: Path) -> None:
    """Look at an existing database without changing anything about it."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise StoreMisfit(f"{path} is not a file: choose another place for the database.")
    # First without SQLite, which would leave side files behind that are as read-only.
    os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
    if found.st_size == 0:
        raise damaged(path, "it is empty, with 0 bytes")
    connection = connect_reader(path)
    try:
        _check(path, connection)
    except sqlite3.OperationalError as error:
        if code_of(error) != sqlite3.SQLITE_ERROR:
            raise
        raise damaged(path, f"it lacks what belongs in it ({error})") from error
    finally:
        connection.close()


def _check(path: Path, connection: sqlite3.Connection) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise damaged(path, "it is another program's")
    known = migrations()[-1].version
    version = version_of(connection)
    if version > known:
        raise StoreMisfit(
            f"The database {path} was made by a newer version (schema {version}; this one knows "
            f"{known}): start that version again, or restore a backup from before the upgrade."
        )
    clean = connection.execute("SELECT value FROM meta WHERE name = 'clean'").fetchone()
    if clean != (1,) or path.stat().st_size < _ALWAYS_CHECKED:
        _check_structure(path, connection)


def _check_structure(path: Path, connection: sqlite3.Connection) -> None:
    logger.debug("checking the database %s", path)
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise damaged(path, verdict)


def damaged(path: Path, why: str) -> StoreDamaged:
    """Return what to raise when the content of the database at `path` can't be trusted."""
    return StoreDamaged(
        f"The database {path} is damaged or not ours: {why}. Restore a backup; or save what is "
        f"intact with `sqlite3 {path} .recover | sqlite3 recovered.db` (with the shell from "
        "sqlite.org, as not every system's own can do this); or, to start anew with an empty "
        "history, move it away together with the files whose names begin like its own."
    )


def unopenable(path: Path, error: sqlite3.Error | OSError) -> StoreError:
    """Return what to raise when the database at `path` can't be opened or made."""
    if isinstance(error, OSError):
        why = error.strerror or str(error)
    elif is_damage(error):
        return damaged(path, reason(error))
    elif code_of(error) == sqlite3.SQLITE_BUSY:
        return StoreMisfit(f"The database {path} is held by another program: end that one first.")
    else:
        why = reason(error)
    return StoreMisfit(
        f"The database {path} can't be opened and written to ({why}): give this user the right "
        "to, make room on the disk, or choose another data folder."
    )
