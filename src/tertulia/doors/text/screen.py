"""What the chat shows one person at a door of text. What they type is not its business."""

from __future__ import annotations

from collections.abc import Sequence

from tertulia.core.errors import Refusal, describe
from tertulia.core.events import Entry, RoomKind
from tertulia.core.ids import RoomId
from tertulia.core.language import Catalog
from tertulia.core.names import nick_key
from tertulia.core.room import RoomState
from tertulia.doors.text.door import TextDoor
from tertulia.ports import Link, Outbox, Session, WireFormat
from tertulia.slash.call import HEARD


class Screen:
    """The showing half of a `TextHandler`."""

    __slots__ = ("_directs", "_door", "_link", "_session", "_voice")

    def __init__(self, door: TextDoor, link: Link) -> None:
        self._door = door
        self._link = link
        self._voice = door.voice(door.settings.language)
        self._session: Session | None = None
        self._directs: tuple[RoomId, ...] = ()
        """The direct conversations that they hear."""

    @property
    def session(self) -> Session:
        """The session of who is online here."""
        assert self._session is not None, "nobody is online"
        return self._session

    # Events, by `ports.SessionView`

    @property
    def outbox(self) -> Outbox:
        """See `ports.SessionView.outbox`."""
        return self._link.outbox

    def format_for(self, room: RoomState | None) -> WireFormat:
        """See `ports.SessionView.format_for`."""
        if room is None or room.id == self.session.current:
            return self._voice.here
        if room.kind is RoomKind.DIRECT and room.id not in self._directs:
            self._directs += (room.id,)
        return self._voice.elsewhere

    def encode_own(self, entry: Entry, room: RoomState, request: object) -> bytes:
        """See `ports.SessionView.encode_own`: whoever typed it has seen it already."""
        return b""

    # Answers to one person, by `slash.call.Reply`

    def say(self, lines: Sequence[str]) -> None:
        """See `Reply.say`."""
        if lines:
            self._link.outbox.push(self._door.write(lines))

    def confirm(self, lines: Sequence[str]) -> None:
        """See `Reply.confirm`."""
        self.say(lines)

    def refuse(self, refusal: Refusal) -> None:
        """See `Reply.refuse`."""
        self.say([describe(refusal, self._voice.catalog.gettext)])

    def enter(self, room: RoomState) -> None:
        """See `Reply.enter`."""
        self.say(self.entrance(room))

    def set_language(self, code: str) -> Catalog:
        """See `Reply.set_language`."""
        self._voice = self._door.voice(code)
        self._door.gateway.refresh(self.session)
        return self._voice.catalog

    @property
    def last_direct(self) -> str | None:
        """See `Reply.last_direct`: the log of their direct conversations tells."""
        gateway = self._door.gateway
        ignored = {nick_key(nick) for nick in gateway.ignored(self.session)}
        heard = [
            message
            for room in self._directs
            for message in gateway.recent(room, HEARD)
            if nick_key(message.author.nick) not in ignored
        ]
        if not heard:
            return None
        newest = max(heard, key=lambda message: message.id)
        if newest.author.id == self.session.user:
            return newest.to
        return newest.author.nick

    def remember_direct(self, nick: str) -> None:
        """See `Reply.remember_direct`: the log remembers."""

    def entrance(self, room: RoomState) -> list[str]:
        """Return what they read when they enter a room."""
        door = self._door
        earlier = door.gateway.recent(room.id, door.settings.history, until=room.changed)
        return self._voice.entrance(room, earlier, door.now_ms())
