"""Coming and going: the login, coming back to where one was, and the goodbye.

Nothing else is answered before somebody is in. Whoever comes back is first told what they missed,
from the log; what happens meanwhile waits for them, so that nothing is missed and nothing doubled.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final

import tertulia
from tertulia.core import errors as e
from tertulia.core.errors import N_, Refusal, Refused
from tertulia.core.events import LeaveReason, RoomKind
from tertulia.core.ids import format_id
from tertulia.core.language import match_language
from tertulia.core.state import User
from tertulia.doors.events.asked import Asked
from tertulia.doors.events.outbox import HoldingOutbox
from tertulia.doors.events.view import View
from tertulia.ports import Answer, Done, Link, Place, Resumed
from tertulia.wire.events import PROTOCOL, Fault, InvalidEvent
from tertulia.wire.events import events as w
from tertulia.wire.events.objects import Direct, OwnUser
from tertulia.wire.events.requests import Login
from tertulia.wire.events.snapshots import listed, message_of, room_id_of

if TYPE_CHECKING:
    from tertulia.doors.events.door import EventsDoor

logger = logging.getLogger(__name__)

ATTEMPTS: Final = 20
"""Logins that may be refused on one connection."""

_RESUMABLE: Final = frozenset({LeaveReason.LOST, LeaveReason.TIMEOUT, LeaveReason.TOO_SLOW})
"""Ends of a connection after which somebody may come back to where they were."""
_NO_READINGS: Final[frozenset[asyncio.Task[None]]] = frozenset()
_SHUT_DOWN: Final = N_("The chat has been shut down")
_GOODBYES: Final = {
    e.ShuttingDown: ("shutdown", LeaveReason.SHUTDOWN),
    e.SessionReplaced: ("replaced", LeaveReason.LOST),
    e.LoginTimeout: ("login_timeout", LeaveReason.TIMEOUT),
}


class Phase(Enum):
    """Where a connection is between its beginning and its end."""

    NEW = "new"
    """Nobody is logged in."""
    ARRIVING = "arriving"
    """A login is under way: what is sent meanwhile waits for it."""
    OPEN = "open"
    CLOSED = "closed"


class Arrival(View, ABC):
    """The coming and going of an `EventsHandler`."""

    __slots__ = ("_attempts", "_call_off", "_is_resumable", "_is_unconfirmed", "_readings", "phase")

    def __init__(self, door: EventsDoor, link: Link) -> None:
        super().__init__(door, link)
        self.phase = Phase.NEW
        self._attempts = 0
        self._is_resumable = False
        self._is_unconfirmed = False
        """Nothing has been sent yet since one came back."""
        self._readings: frozenset[asyncio.Task[None]] = _NO_READINGS
        self._call_off: Callable[[], None] | None = None
        self._set_deadline()

    # The login

    def log_in(self, asked: Asked, request: Login) -> None:
        """Bring somebody online, or back to where they were."""
        if request.protocol > PROTOCOL:
            text = f"This server speaks version {PROTOCOL}."
            fault = Fault.UNSUPPORTED_PROTOCOL
            raise InvalidEvent(fault, text, path="$.protocol", name=asked.name, request=asked.id)
        self._attempts += 1
        code = match_language(request.language or "")
        if code is not None:
            self.set_language(code)
        self.phase = Phase.ARRIVING
        if request.token is not None:
            self._resume(asked, request, request.token)
        else:
            arrived = partial(self._arrived, asked, request)
            self._session = self.gateway.open(
                self.link.client, self, nick=request.nick, on_answer=arrived
            )

    def _arrived(self, asked: Asked, request: Login, answer: Answer) -> None:
        if self.phase is not Phase.ARRIVING:
            return
        me = self.gateway.me(self.session)
        if me is None:
            self._session = None
            self._turn_away(asked, e.InternalError() if isinstance(answer, Done) else answer)
            return
        self._who = self.session.user
        self._is_resumable = request.resumable and self.door.settings.resume_seconds > 0
        self.show(self._welcome(me, request, self._rooms_entered(answer)), asked.id)
        if isinstance(answer, Done) and answer.room is not None:
            self.show_room(answer.room, answer.entries[-1].seq)
        self._be_in()
        self.look_up(self._tell_missed(), self._note_told)

    def _rooms_entered(self, answer: Answer) -> tuple[str, ...]:
        room = answer.room if isinstance(answer, Done) else None
        return () if room is None else (room_id_of(room.id),)

    def _turn_away(self, asked: Asked, refusal: Refusal) -> None:
        """Refuse a login; another one may be tried."""
        self.phase = Phase.NEW
        asked.refuse(refusal)
        if self._attempts >= ATTEMPTS:
            self.evict(refusal)
        else:
            self._set_deadline()
            self.wake()

    def _be_in(self) -> None:
        self.door.note_view(self.session, self)
        self.phase = Phase.OPEN
        self._call_off_deadline()
        self.wake()

    def _welcome(
        self, me: User, request: Login, joined: Sequence[str], *, resumed: bool = False
    ) -> w.Welcome:
        gateway, session, settings = self.gateway, self.session, self.door.settings
        if request.watch_rooms:
            gateway.watch_rooms(session)
        person = me.person
        return w.Welcome(
            protocol=PROTOCOL,
            server="Tertulia",
            version=tertulia.__version__,
            user=OwnUser(
                id=format_id(person.id),
                nick=person.nick,
                label=person.label,
                identity=me.identity,
                is_operator=session.is_operator,
            ),
            rooms=tuple(listed(room) for room in gateway.rooms() if not room.rules.unlisted),
            main_room=self.door.main_room(),
            joined=tuple(joined),
            directs=tuple(
                Direct(room=room_id_of(one.room.id), nick=one.nick, parties=one.room.parties)
                for one in gateway.conversations(session)
            ),
            resumed=resumed,
            token=gateway.issue_token(session) if self._is_resumable else None,
            resume_seconds=settings.resume_seconds if self._is_resumable else 0.0,
            max_event=settings.max_event,
        )

    async def _tell_missed(self) -> None:
        """Show the direct messages that came while nobody was online under this name."""
        missed = await self.gateway.missed(self.session)
        if missed:
            self.show(w.MissedMessages(messages=tuple(map(message_of, missed))))

    def _note_told(self, failure: BaseException | None) -> None:
        if isinstance(failure, Refused):
            self.show(w.ServerError(code=failure.refusal.code, text=self.words(failure.refusal)))
        elif failure is not None and self.phase is Phase.OPEN:
            logger.error("missed messages can't be told", exc_info=failure)

    # Coming back

    def _resume(self, asked: Asked, request: Login, token: str) -> None:
        overflow = partial(self._close, LeaveReason.TOO_SLOW)
        holding = HoldingOutbox(self.link.outbox, self.door.settings.largest_push, overflow)
        self._outbox = holding
        resumed = self.gateway.resume(token, self.link.client, self)
        if isinstance(resumed, Refusal):
            self._outbox = self.link.outbox
            self._turn_away(asked, resumed)
            return
        self._session, self._who = resumed.session, resumed.session.user
        self._is_resumable = self._is_unconfirmed = True
        self.door.note_view(resumed.session, self)
        me = self.gateway.me(resumed.session)
        assert me is not None, "a session is resumed only while its user is online"
        joined = [room_id_of(place.room.id) for place in _public(resumed)]
        welcome = self.format.write(self._welcome(me, request, joined, resumed=True), asked.id)
        catching_up = self._catch_up(holding, welcome, resumed.places, request.cursors)
        self.look_up(catching_up, self._note_caught_up)

    async def _catch_up(
        self,
        holding: HoldingOutbox,
        welcome: bytes,
        places: Iterable[Place],
        cursors: Mapping[str, int],
    ) -> None:
        """Tell what was missed in each room, then what was held back meanwhile."""
        async with self.door.comebacks:
            parts = [welcome]
            left = self.door.settings.largest_push
            for place in places:
                cursor = cursors.get(room_id_of(place.room.id))
                data = await self._missed_in(place, cursor, left)
                parts.append(data)
                left -= len(data)
            holding.release(b"".join(parts))
        if self.phase is Phase.ARRIVING:
            self._be_in()

    async def _missed_in(self, place: Place, cursor: int | None, limit: int) -> bytes:
        """Write what was missed in a room; when it is too much, the room as it is instead."""
        room = place.room
        if cursor is None and room.kind is RoomKind.DIRECT:
            cursor = place.since
        if cursor == place.head:
            return b""
        if cursor is not None and 0 < place.head - cursor <= self.door.settings.resume_entries:
            try:
                entries = await self.gateway.entries_since(
                    self.session, room.id, after=cursor, until=place.head
                )
            except Refused:
                return self.snapshot(room, place.head, reset=True)
            data = b"".join([self.format.encode(entry, room) for entry in entries])
            if len(data) <= limit:
                return data
        return self.snapshot(room, place.head, reset=True)

    def _note_caught_up(self, failure: BaseException | None) -> None:
        if failure is not None and self.phase is Phase.ARRIVING:
            logger.error("what was missed can't be told", exc_info=failure)
            self.evict(e.InternalError())

    def confirm(self) -> None:
        """Take in that something was sent: the token that one came back with is spent."""
        if self._is_unconfirmed:
            self._is_unconfirmed = False
            self.gateway.confirm_token(self.session)

    # Going

    def leave(self, asked: Asked, text: str) -> None:
        """Take somebody offline, with their parting words."""
        session, self._session = self.session, None
        self.door.forget_view(session, self)
        self.gateway.close(session, LeaveReason.QUIT, text)
        asked.answer(w.Goodbye(reason="quit"))
        self._close(LeaveReason.QUIT)

    def evict(self, refusal: Refusal | None) -> None:
        """See `ports.SessionView.evict`."""
        if self.phase is Phase.CLOSED:
            return
        why, reason, text = "refused", LeaveReason.LOST, ""
        if refusal is not None:
            why, reason = _GOODBYES.get(type(refusal), (why, reason))
            text = self.words(refusal)
        if isinstance(refusal, e.ShuttingDown):
            text = self._catalog.gettext(_SHUT_DOWN)
        if isinstance(refusal, e.SessionReplaced):
            self._session = None
        self._outbox = self.link.outbox
        self.show(w.Goodbye(reason=why, text=text))
        self._close(reason)

    def connection_lost(self, reason: LeaveReason) -> None:
        """See `ports.StreamHandler.connection_lost`."""
        self._end()
        session, self._session = self._session, None
        if session is None:
            return
        self.door.forget_view(session, self)
        if self._is_resumable and reason in _RESUMABLE:
            self.gateway.detach(session, reason, self.door.settings.resume_seconds)
        else:
            self.gateway.close(session, reason)

    def _close(self, reason: LeaveReason, farewell: bytes | None = None) -> None:
        """Close the connection, with the last words that its framing has."""
        self._end()
        if farewell is None and self._framing is not None:
            farewell = self._framing.farewell
        self._outbox = self.link.outbox
        self.send_gathered()
        if farewell:
            self.link.outbox.push(farewell)
        self.link.close(reason)

    def _end(self) -> None:
        self.phase = Phase.CLOSED
        self._call_off_deadline()
        for task in self._readings:
            self.door.give_up(task)

    # Deadlines, and going on

    def look_up(
        self,
        reading: Coroutine[object, object, None],
        on_end: Callable[[BaseException | None], None],
    ) -> None:
        """Look into the log, for as long as the connection lasts."""

        def ended(failure: BaseException | None) -> None:
            self._readings = (self._readings - {task}) or _NO_READINGS
            on_end(failure)

        task = self.door.read(reading, ended)
        self._readings |= {task}

    def _set_deadline(self) -> None:
        """Give them some time to log in, from now on."""
        self._call_off_deadline()
        seconds = self.door.settings.login_seconds
        self._call_off = self.link.call_later(seconds, self._time_out)

    def _call_off_deadline(self) -> None:
        if self._call_off is not None:
            self._call_off()
            self._call_off = None

    def _time_out(self) -> None:
        self._call_off = None
        if self.phase is Phase.NEW:
            self.evict(e.LoginTimeout())

    @abstractmethod
    def wake(self) -> None:
        """Go on with what waits, soon."""


def _public(resumed: Resumed) -> list[Place]:
    return [place for place in resumed.places if place.room.kind is RoomKind.PUBLIC]
