"""The frames door itself: what is frames and not just text about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from tertulia.core.ids import RoomId
from tertulia.core.language import Catalog
from tertulia.doors.frames.session import FramesHandler
from tertulia.doors.text.door import TextDoor, TextSettings
from tertulia.ports import Link, StreamHandler, WireFormat
from tertulia.wire.frames import FramesFormat, encode_notice

_BYTES: Final = 4
"""The most that a character takes in UTF-8 (RFC 3629, §3)."""
_LEAST_KEPT: Final = 8192


class FramesSettings(TextSettings, frozen=True):
    """What the operator may choose about this door, and what the core makes of texts."""

    max_frame: int = 1 << 20
    """The longest frame, in bytes, in either direction."""
    max_name: int = 400
    """The longest first frame, in bytes."""
    login_seconds: float = 10.0
    """How long a connection may take to send it."""
    text_length: int = 4000
    """The longest message that the core takes, in characters."""

    @property
    def max_kept(self) -> int:
        """The longest frame that could be anything: the text of a longer one is too long."""
        return min(self.max_frame, max(_BYTES * self.text_length, _LEAST_KEPT))


class FramesDoor(TextDoor):
    """Implements `ports.StreamDoor`."""

    name = "frames"
    settings: FramesSettings

    @override
    def handle(self, link: Link) -> StreamHandler:
        return FramesHandler(self, link)

    @override
    def write(self, lines: Sequence[str]) -> bytes:
        return encode_notice(lines, self.settings.max_frame)

    @override
    def format(self, catalog: Catalog, main_room: RoomId, *, is_current: bool) -> WireFormat:
        return FramesFormat(
            catalog,
            is_current=is_current,
            main_room=main_room,
            max_frame=self.settings.max_frame,
        )
