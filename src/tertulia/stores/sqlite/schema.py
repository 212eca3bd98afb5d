"""Schema: the numbered migrations of the database, and the runner that applies them.

`PRAGMA user_version` is the number of the last one applied; each is one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from importlib import resources
from typing import Final

from msgspec import Struct

APPLICATION_ID: Final = 0x54455254
"""Marks a database as one of ours (`TERT`, at offset 68 of the file)."""


class Migration(Struct, frozen=True):
    """One step of the schema, from the version before it to `version`."""

    version: int
    name: str
    sql: str


def migrations() -> list[Migration]:
    """Return all migrations, oldest first."""
    folder = resources.files(__package__) / "migrations"
    files = [file for file in folder.iterdir() if file.name.endswith(".sql")]
    found = [Migration(int(file.name[:4]), file.name, file.read_text("utf-8")) for file in files]
    return sorted(found, key=lambda migration: migration.version)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the schema that a database has; 0 when it has none yet."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(connection: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Bring the schema up to the last of `steps`; the connection must be in no transaction.

    Raises:
        sqlite3.Error: a step failed; the schema is as the step before it left it.
    """
    present = version_of(connection)
    for step in steps:
        if step.version <= present:
            continue
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE; {step.sql}\n;"
                f"PRAGMA application_id = {APPLICATION_ID};"
                f"PRAGMA user_version = {step.version}; COMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
