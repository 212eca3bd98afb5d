"""What one connection is shown: events, answers, errors, and rooms as they are.

The showing half of a connection; how somebody comes and goes is `arrival`, what they ask for is
`handler`. Bytes go to the link at once, but for those that are gathered while several requests
are dealt with, which cost one write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from tertulia.core.errors import Refusal, describe
from tertulia.core.events import Entry, MemberJoined
from tertulia.core.ids import UserId
from tertulia.core.language import Catalog
from tertulia.core.room import RoomState
from tertulia.doors.events.asked import Asked
from tertulia.doors.events.framing import Framing
from tertulia.ports import Gateway, Link, Outbox, Session, WireFormat
from tertulia.wire.events import InvalidEvent
from tertulia.wire.events import events as w
from tertulia.wire.events.format import LINES, EventFormat
from tertulia.wire.events.objects import Message
from tertulia.wire.events.snapshots import joined_of, message_of

if TYPE_CHECKING:
    from tertulia.doors.events.door import EventsDoor

T = TypeVar("T")


class View:
    """The showing half of an `EventsHandler`; implements `ports.SessionView`."""

    __slots__ = (
        "_catalog",
        "_framing",
        "_gathered",
        "_outbox",
        "_session",
        "_who",
        "door",
        "link",
    )

    def __init__(self, door: EventsDoor, link: Link) -> None:
        self.door = door
        self.link = link
        self._outbox: Outbox = link.outbox
        self._catalog: Catalog = door.catalog(door.settings.language)
        self._framing: Framing | None = None
        self._session: Session | None = None
        self._who: UserId | None = None
        """Who logged in here, even when their session is another view's by now."""
        self._gathered: list[bytes] | None = None

    @property
    def gateway(self) -> Gateway:
        """The chat."""
        return self.door.gateway

    @property
    def session(self) -> Session:
        """The session of who is logged in."""
        assert self._session is not None, "nobody is logged in"
        return self._session

    # Events, by `ports.SessionView`

    @property
    def outbox(self) -> Outbox:
        """See `ports.SessionView.outbox`."""
        return self._outbox

    @property
    def format(self) -> EventFormat:
        """How events are written to this peer."""
        return LINES if self._framing is None else self._framing.format

    def format_for(self, room: RoomState | None) -> WireFormat:
        """See `ports.SessionView.format_for`."""
        return self.format

    def encode_own(self, entry: Entry, room: RoomState, request: object) -> bytes:
        """See `ports.SessionView.encode_own`: one's own copy is the answer to one's request."""
        event = entry.event
        if isinstance(event, MemberJoined):
            # One's own coming in is told with all there is to know of the room, by `show_room`.
            return b""
        if isinstance(request, Asked) and request.is_from(self) and request.is_answered_by(event):
            return self.format.encode_own(entry, request.id)
        return self.format.encode_own(entry, None)

    # Everything else

    def show(self, event: w.Event, request: str | int | None = None) -> None:
        """Send an event to this peer alone."""
        self.send(self.format.write(event, request))

    def send(self, data: bytes) -> None:
        """Send bytes to this peer alone."""
        if self._gathered is None:
            self._outbox.push(data)
        else:
            self._gathered.append(data)

    def send_gathered(self) -> None:
        """Send what was gathered, and gather no more."""
        gathered, self._gathered = self._gathered, None
        if gathered:
            self._outbox.push(b"".join(gathered))

    @property
    def catalog(self) -> Catalog:
        """The texts in the language of this peer."""
        return self._catalog

    def set_language(self, code: str) -> Catalog:
        """Write in another language from here on; return its texts."""
        self._catalog = self.door.catalog(code)
        return self._catalog

    def words(self, refusal: Refusal) -> str:
        """Return a refusal in the language of this peer."""
        return describe(refusal, self._catalog.gettext)

    def show_fault(self, fault: InvalidEvent) -> None:
        """Tell what is wrong with an event that was sent."""
        error = w.ServerError(
            code=fault.fault.value, text=fault.text, event=fault.name, path=fault.path
        )
        self.show(error, fault.request)

    def show_room(self, room: RoomState, seq: int, request: str | int | None = None) -> None:
        """Show a room that one has just entered, as it was right after the entry `seq`."""
        # Whoever has come back in the meantime is looking through another view.
        heir = None if self._who is None else self.door.view_of(self._who)
        if heir is None or heir is self:
            self.send(self.snapshot(room, seq, request=request))
        else:
            heir.send(heir.snapshot(room, seq))

    def snapshot(
        self, room: RoomState, seq: int, *, reset: bool = False, request: str | int | None = None
    ) -> bytes:
        """Write all there is to know of a room as it was right after the entry `seq`."""
        settings = self.door.settings
        recent = self.gateway.recent(room.id, settings.history, until=seq)
        messages = tuple(map(message_of, recent))

        def write(shown: Sequence[Message]) -> bytes:
            return self.format.write(joined_of(room, seq, tuple(shown), reset=reset), request)

        return fitted(messages, write, settings.largest_push, newest=True)


def fitted(
    items: Sequence[T], write: Callable[[Sequence[T]], bytes], limit: int, *, newest: bool
) -> bytes:
    """Write as many of `items` as `limit` bytes hold, more or less; the last ones, if `newest`."""
    data = write(items)
    while len(data) > limit and items:
        half = len(items) // 2
        items = items[len(items) - half :] if newest else items[:half]
        data = write(items)
    return data
