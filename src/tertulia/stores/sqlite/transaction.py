"""Transaction: all or nothing, and never left open."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do what is inside in one transaction, and nothing of it when it raises.

    Raises:
        sqlite3.Error: it could not be committed; nothing of it was kept.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def roll_back(connection: sqlite3.Connection) -> None:
    """End a transaction that failed, unless SQLite has done so itself."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
