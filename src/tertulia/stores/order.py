"""Order: what every store holds the log to before it keeps anything. Pure.

The engine numbers the entries; a store checks them, since a log with a gap or a double in it
could never be put right again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tertulia.core.apply import BrokenLog
from tertulia.core.events import Entry, RoomCreated
from tertulia.core.ids import RoomId


def follow(
    heads: Mapping[RoomId, int], last_id: int, entries: Sequence[Entry]
) -> dict[RoomId, int]:
    """Return the heads that `entries` move, when each entry takes the next place of its room.

    `heads` are the last `seq` of every room's log and `last_id` the greatest id so far.

    Raises:
        BrokenLog: a place is left out or taken twice, a room begins with anything but its
            creation, or ids do not rise.
    """
    moved: dict[RoomId, int] = {}
    for entry in entries:
        room = entry.room
        seq = entry.seq
        head = moved.get(room)
        if head is None:
            head = heads.get(room, 0)
        if seq != head + 1:
            raise BrokenLog(f"room {room}: entry {seq} can't follow entry {head}")
        if head == 0 and type(entry.event) is not RoomCreated:
            raise BrokenLog(f"room {room} does not begin with its creation")
        if entry.id <= last_id:
            raise BrokenLog(f"room {room}: id {entry.id} of entry {seq} comes after {last_id}")
        moved[room] = seq
        last_id = entry.id
    return moved
