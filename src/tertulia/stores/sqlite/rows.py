"""Rows: how entries and rooms are written into columns, and read back with their types.

A query answers with one value: the JSON of all its rows, joined by SQLite. The `sqlite3` module
gives up the interpreter for each row it steps to, and on a busy server each of those steps may
wait milliseconds to get it back; one row per query keeps that to one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from tertulia.core.events import (
    Entry,
    Event,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    ReactionAdded,
    ReactionRemoved,
    RoomCreated,
    RoomDeleted,
    TopicChanged,
)
from tertulia.core.room import RoomState

KINDS: Final[dict[type[Event], int]] = {
    RoomCreated: 1,
    RoomDeleted: 2,
    TopicChanged: 3,
    MemberJoined: 4,
    MemberLeft: 5,
    MemberRenamed: 6,
    MessagePosted: 7,
    MessageEdited: 8,
    MessageDeleted: 9,
    ReactionAdded: 10,
    ReactionRemoved: 11,
}
"""The numbers in `events.kind`. The queries name 7, 8 and 9, and "less than 7" for the rest."""

POSTED: Final = 7
EDITED: Final = 8

ENTRY_JSON: Final = (
    """'{"room":'||room||',"seq":'||seq||',"id":'||id||',"time":'||time||',"event":'||body||'}'"""
)
"""The JSON of one row of `events`, as `Entry` reads it."""

encode: Final = msgspec.json.Encoder().encode
decode_state: Final = msgspec.json.Decoder(RoomState).decode
decode_ids: Final = msgspec.json.Decoder(list[int]).decode
_decode_entries: Final = msgspec.json.Decoder(list[Entry]).decode


def select_entries(source: str) -> str:
    """Return a query for the rows of `source`, a SELECT of rows of `events`, in one value."""
    return f"SELECT CAST(group_concat({ENTRY_JSON}) AS BLOB) FROM ({source})"


def read_entries(answer: tuple[bytes | None]) -> list[Entry]:
    """Read the one row that a query of `select_entries` answers with, in no certain order.

    Raises:
        msgspec.DecodeError: the stored bytes are not what was written.
    """
    (joined,) = answer
    return [] if joined is None else _decode_entries(b"[" + joined + b"]")


def write_entries(entries: Iterable[Entry]) -> list[Any]:
    """Return the values of seven columns for each entry, all in one list.

    The columns are `id, room, seq, kind, target, time, body`.
    """
    values: list[Any] = []
    kinds = KINDS
    write = encode
    for entry in entries:
        event = entry.event
        kind = kinds[type(event)]
        # Amendments alone have a target; asking the others for one would cost an exception.
        target = event.target if kind > POSTED else None  # type: ignore[union-attr]
        values += (entry.id, entry.room, entry.seq, kind, target, entry.time, write(event))
    return values
