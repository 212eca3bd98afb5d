"""The line format: what happened in a room, as lines of text for people.

An instance stands for one language, one time zone, and for either the rooms that their readers
are looking at or the others, whose names it adds. Lines that hold people's words begin with the
time; a line that begins otherwise is the server's own. Knows nothing of connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Final

from tertulia.core.events import Entry, MessageEdited, MessagePosted, RoomKind, Signal
from tertulia.core.ids import RoomId
from tertulia.core.language import Catalog
from tertulia.core.plain import clock, spoken
from tertulia.core.room import RoomState
from tertulia.wire.notices import Notices, join_folding

END: Final = "\r\n"
"""What ends a line on every wire of text (RFC 854, "The NVT Printer")."""

_MINUTE: Final = 60_000


def encode_lines(lines: Iterable[str]) -> bytes:
    """Return lines of text as they go over the wire."""
    return "".join([line + END for line in lines]).encode()


class LineFormat:
    """Writes entries and signals as lines; implements `ports.WireFormat`."""

    __slots__ = ("_is_current", "_minute", "_notices", "_time", "_zone")

    def __init__(
        self, catalog: Catalog, zone: tzinfo, *, is_current: bool, main_room: RoomId
    ) -> None:
        """Write in the language of `catalog`, with the times of `zone`.

        `is_current`: for rooms that their readers are looking at, whose names go without saying.
        Who enters or leaves the main room has connected to, or has left, the whole chat.
        """
        self._notices = Notices(catalog, main_room)
        self._zone = zone
        self._is_current = is_current
        self._minute = -1
        self._time = ""
        """The time of day in that minute, since most entries share theirs with the one before."""

    def encode(self, entry: Entry, room: RoomState) -> bytes:
        """Write one entry; empty when it is not shown."""
        event = entry.event
        if isinstance(event, MessagePosted):
            author = event.author.nick
            if event.to:
                author = f"{author} -> {event.to}"
            start = self._start(entry.time, room)
            return encode_lines(spoken(start, author, event.text, action=event.action))
        if isinstance(event, MessageEdited):
            author = self._notices.correcting(event.by.nick)
            return encode_lines(spoken(self._start(entry.time, room), author, event.text))
        line = self._notices.of_event(event, self._start(entry.time, room), room)
        return encode_lines([line]) if line else b""

    def encode_signal(self, signal: Signal, room: RoomState | None) -> bytes:
        """Write one signal; empty when it is not shown."""
        line = self._notices.of_signal(signal)
        return encode_lines([line]) if line else b""

    def join(self, entries: Sequence[Entry], encoded: Sequence[bytes], room: RoomState) -> bytes:
        """Join what `encode` returned; a crowd that comes and goes is told in a line or two."""
        return join_folding(
            entries, encoded, lambda crowd: encode_lines(self._notices.of_crowd(crowd, room))
        )

    def _start(self, time: int, room: RoomState) -> str:
        """Return what begins a line: the time, and the room where it does not go without saying."""
        minute = time // _MINUTE
        if minute != self._minute:
            self._minute, self._time = minute, clock(time, self._zone) + " "
        if self._is_current or room.kind is RoomKind.DIRECT:
            return self._time
        return f"{self._time}[{room.name}] "
