"""Recovery: what the database held when it was opened, and the writing sides set up to go on.

A room is its saved state and what was logged after it; messages need not be replayed one by one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

import msgspec

from tertulia.core.apply import BrokenLog, replay
from tertulia.core.room import RoomState
from tertulia.ports import Recovery, StoredRoom
from tertulia.stores.sqlite.index import SearchIndex
from tertulia.stores.sqlite.log import EventLog
from tertulia.stores.sqlite.reading import read_changes, read_page

_ROOMS: Final = """
    SELECT CAST(group_concat('['||saved||','||max(saved, message, other)||','||state||']') AS BLOB)
    FROM (
        SELECT
            head AS saved,
            state,
            coalesce((SELECT max(seq) FROM places WHERE room = rooms.id AND is_message = 1), 0)
                AS message,
            coalesce((SELECT max(seq) FROM places WHERE room = rooms.id AND is_message = 0), 0)
                AS other
        FROM rooms WHERE NOT is_deleted ORDER BY id
    )
"""
_META: Final = """
    SELECT
        (SELECT value FROM meta WHERE name = 'indexed'),
        max((SELECT value FROM meta WHERE name = 'last_id'),
            coalesce((SELECT max(id) FROM events), 0))
"""

_decode_rooms: Final = msgspec.json.Decoder(list[tuple[int, int, RoomState]]).decode


def recover(
    connection: sqlite3.Connection, *, recent: int
) -> tuple[Recovery, EventLog, SearchIndex]:
    """Return what is stored, and what goes on writing it, on the writer's connection.

    Raises:
        sqlite3.Error, msgspec.DecodeError, BrokenLog: the content is damaged.
    """
    indexed, last_id = connection.execute(_META).fetchone()
    index = SearchIndex(connection, indexed)
    log = EventLog(connection, index, last_id)
    log.place()
    rooms = tuple(_rooms(connection, recent))
    log.know_heads({room.state.id: room.head for room in rooms})
    return Recovery(rooms, last_id), log, index


def state_after(
    connection: sqlite3.Connection, state: RoomState, saved: int, *, until: int
) -> RoomState:
    """Return a room's state after entry `until`, given its state after entry `saved`.

    Raises:
        BrokenLog: what is logged in between can't follow that state.
    """
    after = replay(read_changes(connection, state.id, after=saved, until=until), state)
    if after is None:
        raise BrokenLog(f"room {state.id} ends before its log does")
    return after


def _rooms(connection: sqlite3.Connection, recent: int) -> Iterator[StoredRoom]:
    (joined,) = connection.execute(_ROOMS).fetchone()
    stored = [] if joined is None else _decode_rooms(b"[" + joined + b"]")
    for saved, head, state in stored:
        if head > saved:
            state = state_after(connection, state, saved, until=head)
        entries = read_page(connection, state.id, limit=recent)
        yield StoredRoom(state, head, tuple(entries))
