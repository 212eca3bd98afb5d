"""Readers: a few threads, each with a connection that can only read."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from tertulia.ports import StoreUnavailable
from tertulia.stores.sqlite.faults import read_fault
from tertulia.stores.sqlite.opening import connect_reader

T = TypeVar("T")

_THREADS: Final = 2
_WAITING_MOST: Final = 1000
"""Reads that may wait for a thread; more are refused at once."""
_CHECKED_EVERY: Final = 100_000
"""Steps of SQLite's machine (some milliseconds) between two looks at the deadline."""


class Readers:
    """Runs reads in threads of their own, so that neither the loop nor the writer waits."""

    def __init__(self, path: Path, *, seconds: float) -> None:
        """Read the database at `path`; a read ends after `seconds` at the latest."""
        self._path = path
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="store-reader")
        self._local = threading.local()
        self._connections: set[sqlite3.Connection] = set()
        self._waiting = 0
        self._is_closing = False

    async def run(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `read` returns.

        Raises:
            StoreDamaged: what it wanted can't be read any more.
            StoreUnavailable: not just now.
        """
        if self._waiting >= _WAITING_MOST:
            raise StoreUnavailable("Too many are reading the history at once.")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._read, read)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Break off what is being read and let go of all connections. Blocks until done."""
        self._is_closing = True
        self._threads.shutdown()
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def _read(self, read: Callable[[sqlite3.Connection], T]) -> T:
        if self._is_closing:
            raise StoreUnavailable("The store is being closed.")
        try:
            connection = self._connection()
            self._local.until = time.monotonic() + self._seconds
            return read(connection)
        except sqlite3.Error as error:
            self._drop_connection()
            raise read_fault(error) from error
        except msgspec.DecodeError as error:
            raise read_fault(error) from error

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect_reader(self._path)
            self._connections.add(connection)
            connection.set_progress_handler(self._is_over, _CHECKED_EVERY)
            self._local.connection = connection
        return connection

    def _drop_connection(self) -> None:
        """Start afresh with the next read: an error may have left something behind."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            self._local.connection = None
            self._connections.discard(connection)
            connection.close()

    def _is_over(self) -> bool:
        """Tell SQLite whether to give up the statement that is running."""
        return self._is_closing or time.monotonic() > self._local.until
