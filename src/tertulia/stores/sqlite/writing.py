"""The writing side as a whole: the lock, the writer's connection, and all that works on it.

Everything in here runs in the writer thread; errors of SQLite leave it as errors of the port.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from tertulia.core.apply import BrokenLog
from tertulia.core.events import Entry
from tertulia.ports import ReadMark, Recovery, StoredRoom
from tertulia.stores.sqlite.compaction import Compaction
from tertulia.stores.sqlite.faults import is_damage, read_fault, reason, write_fault
from tertulia.stores.sqlite.index import SearchIndex
from tertulia.stores.sqlite.lock import DataLock
from tertulia.stores.sqlite.log import EventLog
from tertulia.stores.sqlite.opening import Synchronous, damaged, open_writer, set_clean, unopenable
from tertulia.stores.sqlite.recovery import recover
from tertulia.stores.sqlite.upkeep import LogUpkeep
from tertulia.stores.sqlite.writer import Steps, Writer

logger = logging.getLogger(__name__)


class WritingSide:
    """A database that is open for writing."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        log: EventLog,
        index: SearchIndex,
        upkeep: LogUpkeep,
        held: ExitStack,
    ) -> None:
        """Write by `connection`; `held` lets go of it and of the lock."""
        self._connection = connection
        self._log = log
        self._index = index
        self._upkeep = upkeep
        self._held = held

    @classmethod
    def open(
        cls, path: Path, writer: Writer, *, synchronous: Synchronous, recent: int
    ) -> tuple[WritingSide, Recovery]:
        """Open the database at `path`, or make one, and return what it holds.

        Raises:
            StoreMisfit: this version or this system can't work with it.
            StoreDamaged: its content can't be trusted.
        """
        with ExitStack() as held:
            lock = DataLock(path)
            lock.acquire()
            held.callback(lock.release)
            connection = open_writer(path, lock, synchronous)
            held.callback(connection.close)
            try:
                recovery, log, index = recover(connection, recent=recent)
            except sqlite3.Error as error:
                raise unopenable(path, error) from error
            except (msgspec.DecodeError, BrokenLog) as error:
                raise damaged(path, str(error)) from error
            upkeep = LogUpkeep(log, index, writer.wake)
            writer.keep_up(upkeep)
            return cls(connection, log, index, upkeep, held.pop_all()), recovery

    @property
    def is_index_level(self) -> bool:
        """Whether the search index has all that is in the log. May be asked in any thread."""
        return self._index.indexed >= self._log.last_id

    def append(self, entries: Sequence[Entry], marks: Sequence[ReadMark]) -> None:
        """Keep `entries` and `marks`, all or none.

        Raises:
            StoreUnavailable: nothing of it was kept.
            BrokenLog: the entries do not follow those that are stored; nothing was kept.
        """
        try:
            self._log.append(entries, marks)
        except sqlite3.IntegrityError as error:
            raise BrokenLog(f"an entry is in the log already ({error})") from error
        except (sqlite3.Error, msgspec.DecodeError) as error:
            raise write_fault(error) from error

    def level_index(self, waiting: asyncio.Future[None]) -> None:
        """Bring the search index level with the log soon, and answer `waiting` then."""
        self._upkeep.catch_up(waiting)

    def compact(self, rooms: Sequence[StoredRoom], erase_before: int) -> Steps[int]:
        """Compact the database, in steps; see `Compaction.run`.

        Raises:
            StoreUnavailable: not all of it could be done.
            StoreDamaged: what should be erased can't be read.
        """
        try:
            return (yield from Compaction(self._connection, self._index).run(rooms, erase_before))
        except (msgspec.DecodeError, BrokenLog) as error:
            raise read_fault(error) from error
        except sqlite3.Error as error:
            raise (read_fault if is_damage(error) else write_fault)(error) from error

    def close(self) -> None:
        """Close the database in good order and give the lock back."""
        try:
            set_clean(self._connection, is_clean=True)
        except sqlite3.Error as error:
            logger.warning("the database will be checked at the next start: %s", reason(error))
        finally:
            self._held.close()
