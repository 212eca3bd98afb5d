"""The line door itself: what is lines and not just text about it."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from tertulia.core.ids import RoomId
from tertulia.core.language import Catalog
from tertulia.doors.line.session import LineHandler
from tertulia.doors.text.door import TextDoor, TextSettings
from tertulia.ports import Link, StreamHandler, WireFormat
from tertulia.wire.line import LineFormat, encode_lines


class LineSettings(TextSettings, frozen=True):
    """What the operator may choose about this door."""

    max_line: int = 8192
    """The longest line taken in, in bytes."""


class LineDoor(TextDoor):
    """Implements `ports.StreamDoor`."""

    name = "line"
    settings: LineSettings

    @override
    def handle(self, link: Link) -> StreamHandler:
        return LineHandler(self, link)

    @override
    def write(self, lines: Sequence[str]) -> bytes:
        return encode_lines(lines)

    @override
    def format(self, catalog: Catalog, main_room: RoomId, *, is_current: bool) -> WireFormat:
        return LineFormat(catalog, self.zone, is_current=is_current, main_room=main_room)
