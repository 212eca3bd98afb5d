"""Rows: how entries and rooms are written into columns, and read back with their types.

A query answers with one value: the JSON of all its rows, joined by SQLite. The `sqlite3` module
gives up the interpreter for each row it steps to, and on a busy server each of those steps may
wait milliseconds to get it back; one row per query keeps that to one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from tertulia.core.events import AMENDMENTS, STATE_CHANGES, Entry, Event, MessagePosted
from tertulia.core.room import RoomState

_NUMBERS: Final = {
    "room_created": 1,
    "room_deleted": 2,
    "topic_changed": 3,
    "member_joined": 4,
    "member_left": 5,
    "member_renamed": 6,
    "member_invited": 7,
    "rules_changed": 8,
    "room_renamed": 9,
    "message_posted": 100,
    "message_edited": 101,
    "message_deleted": 102,
    "reaction_added": 103,
    "reaction_removed": 104,
}
"""What `events.kind` is for an event's tag: below 100 what changes a room's state, above what
amends a message. A number is never given to another event, as databases are full of them."""

POSTED: Final = _NUMBERS["message_posted"]
EDITED: Final = _NUMBERS["message_edited"]
DELETED: Final = _NUMBERS["message_deleted"]

KINDS: Final[dict[type[Event], int]] = {
    event: _NUMBERS[str(event.__struct_config__.tag)]
    for event in (*STATE_CHANGES, MessagePosted, *AMENDMENTS)
}

ENTRY_JSON: Final = (
    """'{"room":'||room||',"seq":'||seq||',"id":'||id||',"time":'||time||',"event":'||body||'}'"""
)
"""The JSON of one row of `events`, as `Entry` reads it."""

_encode: Final = msgspec.json.Encoder().encode
decode_state: Final = msgspec.json.Decoder(RoomState).decode
decode_ids: Final = msgspec.json.Decoder(list[int]).decode
_decode_entries: Final = msgspec.json.Decoder(list[Entry]).decode


def to_json(value: object) -> str:
    """Write a value as the JSON that goes into a column or a parameter."""
    return _encode(value).decode()


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

    The columns are `id, room, seq, kind, target, time, body`. Only whole numbers and strings are
    used, and 0 for no target: binding bytes or None costs the `sqlite3` module half a microsecond
    each in a search for adapters.
    """
    values: list[Any] = []
    kinds = KINDS
    encode = _encode
    for entry in entries:
        event = entry.event
        kind = kinds[type(event)]
        # Amendments alone have a target; asking the others for one would cost an exception.
        target = event.target if kind > POSTED else 0  # type: ignore[union-attr]
        values += (
            entry.id,
            entry.room,
            entry.seq,
            kind,
            target,
            entry.time,
            encode(event).decode(),
        )
    return values
