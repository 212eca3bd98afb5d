"""Faults: what an error of SQLite means to those who asked, in plain words."""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec

from tertulia.core.apply import BrokenLog
from tertulia.ports import StoreDamaged, StoreError, StoreUnavailable

_REASONS: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the database can't be written to",
    sqlite3.SQLITE_PERM: "the database can't be written to",
    sqlite3.SQLITE_IOERR: "the disk is full or failing",
    sqlite3.SQLITE_CANTOPEN: "a file of the database can't be opened",
    sqlite3.SQLITE_BUSY: "another program holds the database",
    sqlite3.SQLITE_LOCKED: "another program holds the database",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
    sqlite3.SQLITE_INTERRUPT: "it took too long",
    sqlite3.SQLITE_CORRUPT: "the database is damaged",
    sqlite3.SQLITE_NOTADB: "the database is damaged",
}
_DAMAGE: Final = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))
_UNREADABLE: Final = frozenset(
    (sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS)
)


def code_of(error: sqlite3.Error) -> int:
    """Return the primary result code of an error; 0 when it does not come from SQLite itself."""
    return _extended_code_of(error) & 0xFF


def _extended_code_of(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether the database's content is to blame."""
    return code_of(error) in _DAMAGE or _extended_code_of(error) in _UNREADABLE


def reason(error: sqlite3.Error) -> str:
    """Say what went wrong, with SQLite's own words behind."""
    plain = _REASONS.get(code_of(error))
    return str(error) if plain is None else f"{plain} ({error})"


def write_fault(error: sqlite3.Error | msgspec.DecodeError) -> StoreUnavailable:
    """Return what to raise when something could not be kept."""
    why = reason(error) if isinstance(error, sqlite3.Error) else _garbled(error)
    return StoreUnavailable(f"Nothing can be kept just now: {why}.")


def read_fault(error: sqlite3.Error | msgspec.DecodeError | BrokenLog) -> StoreError:
    """Return what to raise when something could not be read."""
    if not isinstance(error, sqlite3.Error):
        return StoreDamaged(f"Part of the history can't be read: {_garbled(error)}.")
    if is_damage(error):
        return StoreDamaged(f"Part of the history can't be read: {reason(error)}.")
    return StoreUnavailable(f"The history can't be read just now: {reason(error)}.")


def _garbled(error: Exception) -> str:
    return f"the database is damaged ({error})"
