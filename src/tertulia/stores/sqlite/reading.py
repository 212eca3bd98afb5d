"""Reading: the queries behind pages, searches and recovery, each of them one statement.

They run on any connection and change nothing. A room's entries are found through `places`, and
those that have no place yet by going through the end of `events`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any, Final

import msgspec

from tertulia.core.events import Entry
from tertulia.core.history import Message, fold
from tertulia.core.ids import EventId, RoomId
from tertulia.stores.sqlite.rows import POSTED, read_entries, select_entries, to_json

_END: Final = (1 << 63) - 1
"""Past every `seq` and every id."""
_ROOMS_IN_INDEX: Final = 50
"""Up to so many rooms are told apart by the index itself, which a quiet room's search needs."""

_IS_THERE: Final = "EXISTS (SELECT 1 FROM rooms WHERE id = :room AND NOT is_deleted)"
_UNPLACED: Final = "id > (SELECT value FROM meta WHERE name = 'placed') AND room = :room"


def _placed(is_message: int, span: str, order: str) -> str:
    return (
        f"SELECT id, seq FROM (SELECT id, seq FROM places WHERE room = :room "
        f"AND is_message = {is_message} AND {span} ORDER BY {order} LIMIT :limit)"
    )


def _with_amendments(chosen: str) -> str:
    """Return a query for messages, chosen by their ids, and for all that amends them."""
    return select_entries(
        f"""
        WITH chosen AS MATERIALIZED ({chosen})
        SELECT events.* FROM chosen CROSS JOIN events ON events.id = chosen.id
        UNION ALL
        SELECT events.* FROM chosen CROSS JOIN events ON events.target = chosen.id
        """
    )


def _page(span: str, order: str) -> str:
    return _with_amendments(
        f"""
        {_placed(1, span, order)}
        UNION ALL
        SELECT id, seq FROM events WHERE {_UNPLACED} AND kind = {POSTED} AND {span}
        ORDER BY {order} LIMIT :limit
        """
    )


_LOG: Final = select_entries(
    f"""
    SELECT * FROM events WHERE id IN (
        SELECT id FROM (
            {_placed(0, "seq > :after", "seq")}
            UNION ALL
            {_placed(1, "seq > :after", "seq")}
            UNION ALL
            SELECT id, seq FROM events WHERE {_UNPLACED} AND seq > :after
            ORDER BY seq LIMIT :limit
        )
    )
    """
)
_PAGE_AFTER: Final = _page("seq > :after", "seq")
_PAGE_BEFORE: Final = _page("seq < :before", "seq DESC")
_FIND: Final = _with_amendments(
    f"""
    SELECT id FROM events WHERE id IN (SELECT value FROM json_each(:ids)) AND kind = {POSTED}
    AND room IN (SELECT id FROM rooms WHERE NOT is_deleted)
    """
)
_SEARCH: Final = _with_amendments(
    """
    SELECT events.id FROM words CROSS JOIN events ON events.id = words.rowid
    WHERE words MATCH :query AND words.rowid < :before AND events.room IN (
        SELECT value FROM json_each(:rooms)
        WHERE value IN (SELECT id FROM rooms WHERE NOT is_deleted)
    )
    ORDER BY words.rowid DESC LIMIT :limit
    """
)
_MARKS: Final = """
    SELECT json_group_object(room, seq) FROM marks
    WHERE identity = ? AND room NOT IN (SELECT id FROM rooms WHERE is_deleted)
"""
_CHANGES: Final = select_entries(
    f"""
    SELECT * FROM events WHERE kind < {POSTED} AND id IN (
        SELECT id FROM places
        WHERE room = :room AND is_message = 0 AND seq > :after AND seq <= :until
        UNION ALL
        SELECT id FROM events
        WHERE {_UNPLACED} AND kind < {POSTED} AND seq > :after AND seq <= :until
    )
    UNION ALL
    SELECT * FROM events WHERE id IN (
        SELECT id FROM (
            {_placed(1, "seq > :after AND seq <= :until", "seq")}
            UNION ALL
            SELECT id, seq FROM events
            WHERE {_UNPLACED} AND kind = {POSTED} AND seq > :after AND seq <= :until
            ORDER BY seq LIMIT :limit
        )
    )
    """
)

_decode_marks: Final = msgspec.json.Decoder(dict[RoomId, int]).decode


def read_log(
    connection: sqlite3.Connection, room: RoomId, *, after: int, limit: int
) -> list[Entry]:
    """Return a room's entries past `after`, in order."""
    if limit <= 0:
        return []
    asked = {"room": room, "after": after, "limit": limit}
    return _by_seq(_ask(connection, f"{_LOG} WHERE {_IS_THERE}", asked))


def read_messages(
    connection: sqlite3.Connection,
    room: RoomId,
    *,
    before: int | None,
    after: int | None,
    limit: int,
) -> list[Message]:
    """Return a page of a room's messages as they read now, in order."""
    return fold(read_page(connection, room, before=before, after=after, limit=limit))


def read_page(
    connection: sqlite3.Connection,
    room: RoomId,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int,
) -> list[Entry]:
    """Return the entries of a page of messages and of what amends them, in order."""
    if limit <= 0:
        return []
    asked = {"room": room, "limit": limit}
    if after is None:
        query = _PAGE_BEFORE
        asked["before"] = _END if before is None else before
    else:
        query = _PAGE_AFTER
        asked["after"] = after
    return _by_seq(_ask(connection, f"{query} WHERE {_IS_THERE}", asked))


def read_changes(
    connection: sqlite3.Connection, room: RoomId, *, after: int, until: int = _END
) -> list[Entry]:
    """Return, in order, what a room's state after `until` needs on top of that after `after`.

    That is all that changes the state, and of the messages the first one alone.
    """
    asked = {"room": room, "after": after, "until": until, "limit": 1}
    return _by_seq(_ask(connection, _CHANGES, asked))


def find_messages(
    connection: sqlite3.Connection, ids: Collection[EventId]
) -> dict[EventId, Message]:
    """Return those of the messages that exist, as they read now."""
    entries = _ask(connection, _FIND, {"ids": to_json(list(ids))})
    return {message.id: message for message in fold(_by_seq(entries))}


def search(
    connection: sqlite3.Connection,
    rooms: Collection[RoomId],
    phrases: Collection[str],
    *,
    before: EventId | None,
    limit: int,
) -> list[Message]:
    """Return the newest messages that hold all `phrases` of a query, newest first."""
    if not phrases or not rooms or limit <= 0:
        return []
    asked = {
        "query": _match(phrases, rooms),
        "rooms": to_json(list(rooms)),
        "before": _END if before is None else before,
        "limit": limit,
    }
    messages = fold(_by_seq(_ask(connection, _SEARCH, asked)))
    return sorted(messages, key=lambda message: message.id, reverse=True)


def read_marks(connection: sqlite3.Connection, identity: str) -> dict[RoomId, int]:
    """Return how far `identity` has read each room that there is."""
    (marks,) = connection.execute(_MARKS, (identity,)).fetchone()
    return _decode_marks(marks)


def _match(phrases: Collection[str], rooms: Collection[RoomId]) -> str:
    """Write a query for the index. Phrases hold letters, digits and blanks, and no quotes."""
    query = "text : (" + " AND ".join(f'"{phrase}"' for phrase in phrases) + ")"
    if len(rooms) > _ROOMS_IN_INDEX:
        return query
    return query + " AND room : (" + " OR ".join(f'"{room}"' for room in rooms) + ")"


def _ask(connection: sqlite3.Connection, query: str, asked: dict[str, Any]) -> list[Entry]:
    return read_entries(connection.execute(query, asked).fetchone())


def _by_seq(entries: list[Entry]) -> list[Entry]:
    entries.sort(key=lambda entry: entry.seq)
    return entries
