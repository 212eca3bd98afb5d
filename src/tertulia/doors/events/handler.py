"""One connection of the events door: bytes in, requests, and how fast they are taken.

Requests are handed to the chat in order, without waiting for each other. What can't be handed on
yet (the login is under way, too much is unanswered) waits, and nothing more is read meanwhile, so
what a peer can make grow has a bound. Sockets are the driver's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from tertulia.core import errors as e
from tertulia.core.errors import Refusal, Refused
from tertulia.core.events import LeaveReason
from tertulia.core.ids import RoomId, parse_id
from tertulia.core.room import RoomState
from tertulia.core.text import clean_line
from tertulia.doors.events.arrival import Arrival, Phase
from tertulia.doors.events.asked import Asked
from tertulia.doors.events.framing import (
    UPGRADE,
    End,
    FrameFraming,
    LineFraming,
    Piece,
    Reply,
)
from tertulia.doors.events.requests import HANDLERS, THOUGHTFUL
from tertulia.ports import Link
from tertulia.wire.events import Envelope, Fault, InvalidEvent, decode_request
from tertulia.wire.events import events as w
from tertulia.wire.events.requests import Login, Logout, Ping, Request

if TYPE_CHECKING:
    from tertulia.doors.events.door import EventsDoor

logger = logging.getLogger(__name__)

UNANSWERED: Final = 256
"""Requests of one peer that may be without an answer; the next ones wait."""
READINGS: Final = 4
"""Looks into the log of one peer at once."""
AT_ONCE: Final = 256
"""Pieces taken in one turn of the loop."""
BLOCKED_PAUSE: Final = 0.2
"""Seconds until a peer is looked at again whose requests wait; mostly it is woken before."""
LONGEST_PAUSE: Final = 1.0

FREE: Final = 50
COST_SECONDS: Final = 0.05
"""What takes thought without asking the chat, and what is refused for no other limit, is metered:
so many at once, then one each so many seconds. Nobody is refused for it; they wait."""


class NotYet(Exception):
    """A request that can't be understood before those ahead of it are answered."""


class EventsHandler(Arrival):
    """Implements `ports.StreamHandler`."""

    __slots__ = (
        "_due",
        "_first",
        "_is_ended",
        "_is_waiting",
        "_is_woken",
        "_is_working",
        "_pieces",
        "_unanswered",
    )

    def __init__(self, door: EventsDoor, link: Link) -> None:
        super().__init__(door, link)
        self._first = b""
        """What came before it was clear how this peer frames events."""
        self._pieces: list[Piece] = []
        """What has not been taken yet."""
        self._unanswered = 0
        self._due = 0.0
        self._is_ended = False
        self._is_working = False
        self._is_waiting = False
        """The next request waits until all are answered."""
        self._is_woken = False

    # Bytes in

    def receive_data(self, data: bytes) -> None:
        """See `ports.StreamHandler.receive_data`."""
        self._is_woken = False
        if self.phase is Phase.CLOSED:
            return
        if self._framing is None:
            data = self._choose_framing(data)
        if data and self._framing is not None:
            self._pieces.extend(self._framing.receive_data(data))
        self._work()

    def receive_eof(self) -> None:
        """See `ports.StreamHandler.receive_eof`. What was sent is still dealt with."""
        self._is_ended = True
        if self._framing is None:
            self._framing = LineFraming(self.door.settings.max_event)
            self._pieces.extend(self._framing.receive_data(self._first))
        self._pieces.extend(self._framing.receive_eof())
        self._work()

    def _choose_framing(self, data: bytes) -> bytes:
        """Choose by the first bytes, and return them once that is done."""
        first = self._first + data
        if len(first) < len(UPGRADE) and UPGRADE.startswith(first):
            self._first = first
            return b""
        self._first = b""
        settings = self.door.settings
        if first.startswith(UPGRADE):
            self._framing = FrameFraming(
                settings.max_event, self.door.terms, is_local=self.door.is_local(self.link.client)
            )
        else:
            self._framing = LineFraming(settings.max_event)
        return first

    # Pieces, one after the other

    def _work(self) -> None:
        """Take pieces until there are none, or one has to wait."""
        self._is_working = True
        self._gathered = []
        try:
            pause = self._take_some()
        finally:
            self._is_working = False
            self.send_gathered()
        if pause is not None:
            self.link.pause(pause)
        elif self._is_ended and not (self._unanswered or self._readings or self._is_busy()):
            self._close(LeaveReason.LOST)

    def _take_some(self) -> float | None:
        """Take pieces; return after how long to go on, None when none is left."""
        pieces, taken = self._pieces, 0
        try:
            while taken < AT_ONCE:
                if taken == len(pieces) or self.phase is Phase.CLOSED:
                    return None
                wait = self._wait()
                if wait:
                    return wait
                try:
                    self._take(pieces[taken])
                    taken += 1
                except NotYet:
                    self._is_waiting = True
            return 0.0
        finally:
            del pieces[:taken]

    def _wait(self) -> float:
        """Return for how long the next piece has to wait."""
        if self._is_busy():
            return BLOCKED_PAUSE
        if not self._due:
            return 0.0
        wait = self._due - self.door.monotonic() - COST_SECONDS * (FREE - 1)
        return min(wait, LONGEST_PAUSE) if wait > 1e-6 else 0.0

    def _is_busy(self) -> bool:
        return (
            self.phase is Phase.ARRIVING
            or self._unanswered >= UNANSWERED
            or len(self._readings) >= READINGS
            or (self._is_waiting and self._unanswered > 0)
        )

    def charge(self) -> None:
        """Count something that no other limit bounds."""
        self._due = max(self._due, self.door.monotonic()) + COST_SECONDS

    def _take(self, piece: Piece) -> None:
        self._is_waiting = False
        try:
            if isinstance(piece, bytes):
                self._take_event(decode_request(piece))
            elif isinstance(piece, Reply):
                self.charge()
                self.send(piece.data)
            elif isinstance(piece, End):
                self._close(piece.reason, piece.farewell)
            else:
                raise piece
        except InvalidEvent as fault:
            self.charge()
            self.show_fault(fault)

    def _take_event(self, envelope: Envelope[Request]) -> None:
        request = envelope.content
        asked = Asked(self, envelope.name, request, envelope.request)
        if isinstance(request, Ping):
            self.charge()
            asked.answer(w.Pong(time=self.door.now_ms(), data=request.data))
        elif isinstance(request, Login):
            self._check_login(self.phase is Phase.NEW, Fault.ALREADY_LOGGED_IN, envelope)
            self.log_in(asked, request)
        else:
            self._check_login(self.phase is Phase.OPEN, Fault.LOGIN_REQUIRED, envelope)
            self.confirm()
            self._carry_out(asked, request)

    def _check_login(self, is_right: bool, fault: Fault, envelope: Envelope[Request]) -> None:
        if not is_right:
            text = (
                "Log in first."
                if fault is Fault.LOGIN_REQUIRED
                else "This connection is logged in already."
            )
            raise InvalidEvent(fault, text, name=envelope.name, request=envelope.request)

    def _carry_out(self, asked: Asked, request: Request) -> None:
        kind = type(request)
        if kind in THOUGHTFUL:
            self.charge()
        try:
            if isinstance(request, Logout):
                self.leave(asked, request.text)
            else:
                HANDLERS[kind](asked, request)
        except Refused as refused:
            asked.refuse(refused.refusal)
        except NotYet:
            raise
        except Exception:
            logger.exception("a request failed: %s", asked.name)
            asked.refuse(e.InternalError())

    # What requests are made of

    def find_room(self, room: str) -> RoomState:
        """Return the room that has this id, or the public one that has this name.

        Raises:
            Refused: there is none.
            NotYet: there is none, but what was asked for before may make one.
        """
        ident = parse_id(room)
        state = None if ident is None else self.gateway.room(RoomId(ident))
        state = state or self.gateway.room_named(room)
        if state is not None:
            return state
        if self._unanswered:
            raise NotYet
        raise Refused(e.NoSuchRoom(clean_line(room, 50)) if ident is None else e.UnknownRoom())

    def expect_answer(self) -> None:
        """Take in that something was asked of the chat, and its answer will come."""
        self._unanswered += 1

    def note_answer(self) -> None:
        """Take in that an answer came."""
        self._unanswered -= 1
        self.wake()

    def read(
        self, reading: Coroutine[object, object, None], refuse: Callable[[Refusal], None]
    ) -> None:
        """Look into the log; `refuse` tells why it can't be done."""

        def ended(failure: BaseException | None) -> None:
            if isinstance(failure, Refused):
                refuse(failure.refusal)
            elif failure is not None and self.phase is Phase.OPEN:
                logger.error("a look into the log failed", exc_info=failure)
                refuse(e.InternalError())
            self.wake()

        self.look_up(reading, ended)

    @override
    def wake(self) -> None:
        """Go on with what waits, soon: not at once, for the chat may be answering others."""
        is_idle = not self._pieces and not self._is_ended
        if is_idle or self._is_woken or self._is_working or self._is_busy():
            return
        self._is_woken = True
        self.link.pause(0.0)
