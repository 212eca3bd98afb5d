"""Compaction: saving the states of rooms, and erasing for good what is not to be kept.

All of it in steps of one short transaction each, so that appends go on in between. An entry is
erased only when its room's saved state has come past it: the saved state and what is left of the
log always make up the room.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from tertulia.core.ids import EventId, first_id_at
from tertulia.ports import StoredRoom
from tertulia.stores.sqlite.index import SearchIndex
from tertulia.stores.sqlite.recovery import state_after
from tertulia.stores.sqlite.rows import POSTED, decode_ids, decode_state, to_json
from tertulia.stores.sqlite.transaction import transaction
from tertulia.stores.sqlite.writer import Steps

_CHUNK: Final = 500
"""Entries per transaction."""
_ROOMS: Final = 100
"""Rooms per transaction or query."""
_CHECKPOINT_TRIES: Final = 20
_PATIENCE_MS: Final = 50
"""How long one try of a checkpoint waits for those who read."""

_OLD: Final = f"SELECT id FROM events WHERE id < :bound ORDER BY id LIMIT {_CHUNK}"
_ORPHANS: Final = f"SELECT id FROM events WHERE target < :bound LIMIT {_CHUNK}"
"""What amends messages that are erased already."""
_OF_ROOMS: Final = f"""
    SELECT id FROM places WHERE room IN (SELECT value FROM json_each(:rooms))
    UNION ALL
    SELECT id FROM events WHERE id > (SELECT value FROM meta WHERE name = 'placed')
    AND room IN (SELECT value FROM json_each(:rooms))
    LIMIT {_CHUNK}
"""
_GIVEN: Final = "id IN (SELECT value FROM json_each(:ids))"
_BEHIND: Final = f"""
    SELECT rooms.head, rooms.state, max(events.seq)
    FROM events JOIN rooms ON rooms.id = events.room
    WHERE events.{_GIVEN} AND NOT rooms.is_deleted
    GROUP BY rooms.id HAVING max(events.seq) > rooms.head
"""
"""Rooms whose saved state has not come past all the given entries."""
_ERASE: Final = (
    f"""
    DELETE FROM places WHERE (room, is_message, seq) IN
    (SELECT room, kind = {POSTED}, seq FROM events WHERE {_GIVEN})
    """,
    f"""
    UPDATE meta SET value = max(value, (SELECT max(id) FROM events WHERE {_GIVEN}))
    WHERE name = 'last_id'
    """,
    f"DELETE FROM events WHERE {_GIVEN}",
    "UPDATE meta SET value = value + 1 WHERE name = 'residue'",
)

logger = logging.getLogger(__name__)


class Compaction:
    """One run over the database, on the writer's connection."""

    def __init__(self, connection: sqlite3.Connection, index: SearchIndex) -> None:
        self._connection = connection
        self._index = index
        self._erased = 0

    def run(self, rooms: Sequence[StoredRoom], erase_before: int) -> Steps[int]:
        """Save `rooms`, erase all from before `erase_before` and what deleted rooms held.

        Returns how many messages were erased.

        Raises:
            sqlite3.Error: not all was done; what was done holds, and another run does the rest.
        """
        bound = {"bound": first_id_at(erase_before)}
        yield from self._save(rooms)
        yield from self._erase(_OLD, bound)
        yield from self._erase(_ORPHANS, bound)
        yield from self._erase_deleted_rooms()
        yield from self._wipe()
        return self._erased

    def _save(self, rooms: Sequence[StoredRoom]) -> Steps[None]:
        for start in range(0, len(rooms), _ROOMS):
            chunk = rooms[start : start + _ROOMS]
            values: list[object] = []
            for room in chunk:
                values += (room.state.id, room.head, to_json(room.state))
            self._connection.execute(_saving(len(chunk)), values)
            yield

    def _erase(self, query: str, asked: Mapping[str, object]) -> Steps[None]:
        """Erase the entries that `query` finds, a chunk at a time."""
        while True:
            with transaction(self._connection):
                (found,) = self._connection.execute(
                    f"SELECT json_group_array(id) FROM ({query})", asked
                ).fetchone()
                ids = [EventId(id) for id in decode_ids(found)]
                if ids:
                    self._erase_entries(ids)
            if not ids:
                return
            yield

    def _erase_entries(self, ids: Sequence[EventId]) -> None:
        given = {"ids": to_json(ids)}
        for head, state, until in self._connection.execute(_BEHIND, given).fetchall():
            room = state_after(self._connection, decode_state(state), head, until=until)
            self._connection.execute(_saving(1), (room.id, until, to_json(room)))
        self._index.forget(ids)
        (messages,) = self._connection.execute(
            f"SELECT count(*) FROM events WHERE {_GIVEN} AND kind = {POSTED}", given
        ).fetchone()
        for statement in _ERASE:
            self._connection.execute(statement, given)
        self._erased += messages

    def _erase_deleted_rooms(self) -> Steps[None]:
        (found,) = self._connection.execute(
            "SELECT json_group_array(id) FROM rooms WHERE is_deleted"
        ).fetchone()
        rooms = decode_ids(found)
        for start in range(0, len(rooms), _ROOMS):
            asked = {"rooms": to_json(rooms[start : start + _ROOMS])}
            yield from self._erase(_OF_ROOMS, asked)
            with transaction(self._connection):
                for statement in (
                    "DELETE FROM marks WHERE room IN (SELECT value FROM json_each(:rooms))",
                    "DELETE FROM rooms WHERE id IN (SELECT value FROM json_each(:rooms))",
                ):
                    self._connection.execute(statement, asked)
            yield

    def _wipe(self) -> Steps[None]:
        """Drive what was erased out of the files: the index's leftovers and the log ahead.

        Freed pages of the database itself are overwritten at once (`secure_delete`).
        """
        (residue,) = self._connection.execute(
            "SELECT value FROM meta WHERE name = 'residue'"
        ).fetchone()
        if not residue:
            return
        yield from self._index.merge()
        for _ in range(_CHECKPOINT_TRIES):
            if self._empty_log_ahead():
                # More may have been erased since, which the next run will see to.
                self._connection.execute(
                    "UPDATE meta SET value = 0 WHERE name = 'residue' AND value = ?", (residue,)
                )
                return
            yield
        logger.warning(
            "erased words stay in the write-ahead log for now: somebody keeps reading it"
        )

    def _empty_log_ahead(self) -> bool:
        """Copy the write-ahead log into the database and cut it to nothing."""
        (usual,) = self._connection.execute("PRAGMA busy_timeout").fetchone()
        self._connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        try:
            is_busy, *_ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {usual}")
        return not is_busy


def _saving(count: int) -> str:
    """Return a statement that saves the states of `count` rooms, where they are newer."""
    return f"""
        UPDATE rooms SET head = saved.column2, state = saved.column3
        FROM (VALUES {",".join(["(?, ?, ?)"] * count)}) AS saved
        WHERE id = saved.column1 AND head < saved.column2 AND NOT is_deleted
    """
