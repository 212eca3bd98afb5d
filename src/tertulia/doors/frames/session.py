"""One connection of the frames door: a name first, then frames, until one makes no sense.

What becomes of the texts in them is `doors.text`'s business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from typing_extensions import override

from tertulia.core import errors as e
from tertulia.core.errors import Refusal
from tertulia.core.events import LeaveReason
from tertulia.core.state import User
from tertulia.doors.text.handler import MAX_WAITING, Phase, Piece, TextHandler
from tertulia.ports import Answer, Link
from tertulia.wire.frames import Frame, FrameBuffer, NotUtf8, Oversized, TooLong

if TYPE_CHECKING:
    from tertulia.doors.frames.door import FramesDoor


class FramesHandler(TextHandler):
    """Implements `ports.StreamHandler`, `ports.SessionView` and `slash.call.Reply`."""

    __slots__ = ("_buffer", "_call_off")

    _door: FramesDoor

    def __init__(self, door: FramesDoor, link: Link) -> None:
        """Wait for a name from `link`."""
        super().__init__(door, link)
        settings = door.settings
        self._buffer = FrameBuffer(settings.max_name, settings.max_name)
        self._call_off: Callable[[], None] | None = link.call_later(
            settings.login_seconds, self._time_out
        )

    # Bytes into frames

    @override
    def keep(self, data: bytes) -> None:
        self._buffer.receive_data(data)
        if self._phase is Phase.NEW:
            self._log_in()

    @override
    def is_full(self) -> bool:
        # As long as nothing has to wait, it is one frame that is not all there yet.
        return not self.may_go_on() and self._buffer.held >= MAX_WAITING

    @override
    def forget(self) -> None:
        self._buffer = FrameBuffer(0, 0)
        self._end_deadline()

    @override
    def next_piece(self) -> Piece | None:
        found = self._buffer.next_frame()
        match found:
            case None:
                return None
            case Frame(text=text):
                return text
            case NotUtf8():
                return e.InvalidEncoding()
            case Oversized(characters=length):
                return e.TextTooLong(length, self._door.settings.text_length)
            case _:
                self._give_up(found.limit if isinstance(found, TooLong) else None)
                return None

    def _give_up(self, limit: int | None) -> None:
        """Close, for nothing more can be understood: there is no length, or one past `limit`."""
        texts = self._voice.catalog
        if limit is None:
            told = texts.gettext(
                "That is no frame: it has to begin with its length in bytes, in ten characters. "
                "The connection is closed."
            )
        else:
            told = texts.gettext(
                "That frame is too long: {limit} bytes is the most. The connection is closed."
            ).format(limit=limit)
        self.say([told])
        self.close(LeaveReason.LOST)

    @override
    def take(self, piece: Piece) -> bool:
        """See `TextHandler.take`; what asks nothing of the chat is metered too."""
        is_idle = isinstance(piece, Refusal) or not piece.strip()
        if is_idle and not self.meter():
            return False
        return super().take(piece)

    # The name

    def _log_in(self) -> None:
        """Come in under the name that the first frame has, once it is all there."""
        name = self.next_piece()
        if isinstance(name, Refusal):
            self.refuse(name)
            self.close(LeaveReason.LOST)
        elif name is not None:
            self._end_deadline()
            settings = self._door.settings
            self._buffer.allow(settings.max_frame, settings.max_kept)
            self._come_in_as(name)

    def _come_in_as(self, name: str) -> None:
        if name.strip():
            self.come_in(name)
            return
        texts = self._voice.catalog
        self.say([texts.gettext("The first frame has to be your name, and this one is empty.")])
        self.close(LeaveReason.LOST)

    @override
    def greet(self, me: User, answer: Answer) -> None:
        """Tell nothing: a name is not answered, but for a main room that can't be entered."""
        if isinstance(answer, Refusal):
            self.refuse(answer)

    def _time_out(self) -> None:
        self._call_off = None
        if self._phase is Phase.NEW:
            self.refuse(e.LoginTimeout())
            self.close(LeaveReason.TIMEOUT)

    def _end_deadline(self) -> None:
        if self._call_off is not None:
            self._call_off()
            self._call_off = None
