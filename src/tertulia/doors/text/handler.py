"""One connection of a door of text: what one person types, taken one piece after the other.

Texts are handed to the chat without waiting for each other. A command waits for all before it,
and all behind it wait for the command; what waits is bounded, for nothing more is read meanwhile.
How bytes become texts is each door's own.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import Final, TypeAlias

from tertulia.core import errors as e
from tertulia.core.commands import PostMessage
from tertulia.core.errors import Refusal
from tertulia.core.events import LeaveReason
from tertulia.core.ids import RoomId
from tertulia.core.state import User
from tertulia.doors.text.call import QueuedCall, TooFast
from tertulia.doors.text.door import TextDoor
from tertulia.doors.text.screen import Screen
from tertulia.ports import Answer, Link
from tertulia.slash.call import Reading
from tertulia.slash.parse import Line, Typed, cut
from tertulia.slash.registry import run

logger = logging.getLogger(__name__)

MAX_WAITING: Final = 65_536
"""Bytes that may wait; from there on nothing more is read for a while."""
FULL_PAUSE: Final = 0.2
"""Seconds that this while takes."""

LONGEST_PAUSE: Final = 5.0
"""Seconds; after that the chat is asked again."""
TELL_AGAIN: Final = 60.0
"""Seconds until somebody who is too fast is told so again."""
_NEVER: Final = float("-inf")

COMMANDS_AT_ONCE: Final = 20
COMMAND_SECONDS: Final = 0.2
"""A command may take thought without asking the chat for anything, so all of them are metered."""

Piece: TypeAlias = str | Refusal
"""A text that was typed, or why there is none."""


class Phase(Enum):
    """Where a connection is between its beginning and its end."""

    NEW = "new"
    """Nobody is online yet."""
    ARRIVING = "arriving"
    """Not in the main room yet: texts wait."""
    OPEN = "open"
    PAUSED = "paused"
    """Too fast: texts wait for `receive_data(b"")`."""
    BUSY = "busy"
    """A command is under way, or waits for what is: texts wait for it."""
    CLOSED = "closed"


class TextHandler(Screen, ABC):
    """Implements `ports.StreamHandler`, `ports.SessionView` and `slash.call.Reply`."""

    __slots__ = (
        "_commands_due",
        "_identity",
        "_is_ended",
        "_is_working",
        "_phase",
        "_piece",
        "_reading",
        "_room",
        "_slow_told",
        "_unanswered",
    )

    def __init__(self, door: TextDoor, link: Link) -> None:
        super().__init__(door, link)
        self._phase = Phase.NEW
        self._piece: Piece | None = None
        """What was cut off already, and has to wait."""
        self._is_ended = False
        self._is_working = False
        self._unanswered = 0
        """How many answers of the chat are still to come."""
        self._reading: asyncio.Task[None] | None = None
        self._room: RoomId | None = None
        """Where they know that their texts go; None while a command may take them elsewhere."""
        self._identity = ""
        """Under which name they were told what they had missed."""
        self._commands_due = 0.0
        self._slow_told = _NEVER

    # What a door adds

    @abstractmethod
    def keep(self, data: bytes) -> None:
        """Take in bytes."""

    @abstractmethod
    def next_piece(self) -> Piece | None:
        """Cut off the next piece of what was taken in; None when none is complete."""

    @abstractmethod
    def is_full(self) -> bool:
        """Tell whether so much waits that nothing more is to be read for a while."""

    @abstractmethod
    def greet(self, me: User, answer: Answer) -> None:
        """Tell somebody what there is to tell who has just come online."""

    @abstractmethod
    def forget(self) -> None:
        """Drop all that waits: it is over."""

    def complain(self, refusal: Refusal) -> None:
        """Refuse what is no text."""
        self.refuse(refusal)

    def parse(self, text: str) -> Line:
        """Tell a text from a command."""
        return cut(text)

    # Coming

    def come_in(self, nick: str | None) -> None:
        """Bring somebody online; without a nick, as a guest."""
        self._phase = Phase.ARRIVING
        early: list[Answer] = []
        answer: Callable[[Answer], None] = early.append
        self._session = self._door.gateway.open(
            self._link.client,
            self,
            nick=nick,
            on_answer=lambda got: answer(got),
            hears_itself=False,
        )
        answer = self._arrived
        if early:
            answer(early[0])

    def _arrived(self, answer: Answer) -> None:
        """Welcome them, and take what they have sent already."""
        if self._phase is not Phase.ARRIVING:
            return
        me = self._door.gateway.me(self.session)
        if me is None:
            if isinstance(answer, Refusal):
                self.refuse(answer)
            self.close(LeaveReason.LOST)
            return
        self.greet(me, answer)
        self._phase = Phase.BUSY
        self._end_wait()
        self._work()

    # Bytes in

    def receive_data(self, data: bytes) -> None:
        """See `ports.StreamHandler.receive_data`."""
        if self._phase is Phase.CLOSED:
            return
        if data:
            self.keep(data)
        elif self._phase is Phase.PAUSED:
            self._phase = Phase.OPEN
        self._work()
        if self.is_full():
            self._link.pause(FULL_PAUSE)

    def receive_eof(self) -> None:
        """See `ports.StreamHandler.receive_eof`. What was sent is still said."""
        self._is_ended = True
        if self._phase is Phase.NEW:
            self.close(LeaveReason.LOST)
        self._work()

    def connection_lost(self, reason: LeaveReason) -> None:
        """See `ports.StreamHandler.connection_lost`."""
        self._let_go()
        if self._session is not None:
            self._door.gateway.close(self._session, reason)

    # Pieces, one after the other

    def may_go_on(self) -> bool:
        """Tell whether nothing has to wait."""
        return self._phase is Phase.OPEN

    def _work(self) -> None:
        """Take pieces until there are none, or one has to wait."""
        self._is_working = True
        try:
            while self.may_go_on():
                piece, self._piece = self._piece, None
                if piece is None:
                    piece = self.next_piece()
                if piece is None:
                    break
                # Cutting it off may have shown that there is too much of them.
                if not (self.may_go_on() and self.take(piece)):
                    self._piece = piece
        finally:
            self._is_working = False
        if self._is_ended and self.may_go_on() and not self._unanswered:
            self.close(LeaveReason.QUIT)

    def take(self, piece: Piece) -> bool:
        """Do what a piece asks for; False: it has to wait."""
        if isinstance(piece, Refusal):
            self.complain(piece)
            return True
        if not piece or piece.isspace():
            return True
        typed = self.parse(piece)
        return self._run(typed) if isinstance(typed, Typed) else self._post(typed.text)

    def rest(self, seconds: float) -> None:
        """Take nothing for a while."""
        self._phase = Phase.PAUSED
        self._link.pause(seconds)

    def meter(self) -> bool:
        """Count something that no other limit bounds; False: it has to wait.

        The meter runs as those of `server.limits` do.
        """
        now = self._door.monotonic()
        due = max(self._commands_due, now)
        wait = due - now - COMMAND_SECONDS * (COMMANDS_AT_ONCE - 1)
        if wait > 1e-9:
            self.rest(wait)
            return False
        self._commands_due = due + COMMAND_SECONDS
        return True

    def _slow_down(self, seconds: float) -> None:
        self.rest(min(seconds, LONGEST_PAUSE))
        now = self._door.monotonic()
        if now - self._slow_told >= TELL_AGAIN:
            self._slow_told = now
            self.say([self._voice.slower()])

    # Texts

    def _post(self, text: str) -> bool:
        room = self.session.current
        if room is None:
            self.refuse(e.InNoRoom())
            return True
        if room != self._room and not self._is_expected(room):
            return True
        self._unanswered += 1
        refusal = self._door.gateway.submit(
            self.session, PostMessage(room, text), self._note_posted
        )
        if refusal is None:
            return True
        self._unanswered -= 1
        if isinstance(refusal, e.RateLimited):
            self._slow_down(refusal.retry_after)
            return False
        self.refuse(refusal)
        return True

    def _is_expected(self, room: RoomId) -> bool:
        """Tell whether their texts may go to `room`, where they were not before.

        When somebody deletes the room that they talk in, what they typed is not for another.
        """
        expected, self._room = self._room, room
        state = self._door.gateway.room(room)
        if expected is None or state is None:
            return True
        self.say([self._voice.moved(state)])
        return False

    def _note_posted(self, answer: Answer) -> None:
        self._unanswered -= 1
        if isinstance(answer, Refusal):
            self.refuse(answer)
        if self._is_ended or not self.may_go_on():
            self._settle()

    # Commands

    def _run(self, typed: Typed) -> bool:
        if self._unanswered:
            self._phase = Phase.BUSY
            return False
        if not self.meter():
            return False
        self._phase = Phase.BUSY
        self._room = None
        try:
            pending = run(self._call(), typed)
        except TooFast as too_fast:
            self._slow_down(too_fast.seconds)
            return False
        except Exception:
            logger.exception("a slash-command failed: /%s", typed.word[:32])
            self.refuse(e.InternalError())
            pending = None
        if pending is not None:
            self._look_up(pending)
        self._end_wait()
        return True

    def _call(self) -> QueuedCall:
        door = self._door
        return QueuedCall(
            gateway=door.gateway,
            session=self.session,
            reply=self,
            registry=door.registry,
            catalog=self._voice.catalog,
            now=door.now_ms(),
            zone=door.zone,
            queue=self,
        )

    @property
    def may_wait(self) -> bool:
        """See `Queue.may_wait`."""
        return self._is_working and not self._unanswered

    def expect_answer(self) -> None:
        """See `Queue.expect_answer`."""
        self._unanswered += 1

    def note_answer(self) -> None:
        """See `Queue.note_answer`."""
        self._unanswered -= 1
        self._settle()

    def _look_up(self, reading: Reading) -> None:
        self._reading = self._door.read(reading, self._note_read)

    def _note_read(self, failure: BaseException | None) -> None:
        self._reading = None
        if isinstance(failure, TimeoutError):
            self.say([self._voice.took_too_long()])
        elif failure is not None:
            logger.error("a look into the log failed", exc_info=failure)
            self.refuse(e.InternalError())
        self._settle()

    # Waiting, and going on

    def _settle(self) -> None:
        """Go on with the texts that wait, if what they wait for is done."""
        if not self._is_working:
            self._end_wait()
            self._work()

    def _end_wait(self) -> None:
        if self._phase is not Phase.BUSY or self._unanswered or self._reading is not None:
            return
        if self._may_have_missed():
            self._look_up(self._tell_missed())
            return
        self._phase = Phase.OPEN
        if self._room is None:
            self._room = self.session.current

    def _may_have_missed(self) -> bool:
        """Tell whether they have another name than before, with conversations kept under it."""
        me = self._door.gateway.me(self.session)
        if me is None or me.identity == self._identity:
            return False
        self._identity = me.identity
        return bool(self._door.gateway.conversations(self.session))

    async def _tell_missed(self) -> None:
        """Show the direct messages that came while nobody was online under their name."""
        try:
            missed = await self._door.gateway.missed(self.session)
        except e.Refused as refused:
            self.refuse(refused.refusal)
            return
        if missed:
            self.say(self._voice.missed(missed, self._door.now_ms()))

    # Going

    def evict(self, refusal: Refusal | None) -> None:
        """See `ports.SessionView.evict`."""
        if isinstance(refusal, e.ShuttingDown):
            self.say([self._voice.end()])
            self.close(LeaveReason.SHUTDOWN)
            return
        if refusal is not None:
            self.refuse(refusal)
        self.close(LeaveReason.LOST)

    def quit(self, text: str) -> None:
        """See `Reply.quit`."""
        self.say([self._voice.parting()])
        self._door.gateway.close(self.session, LeaveReason.QUIT, text)
        self.close(LeaveReason.QUIT)

    def close(self, reason: LeaveReason) -> None:
        """End it: nothing more is taken, and the connection closes."""
        self._let_go()
        self._link.close(reason)

    def _let_go(self) -> None:
        """Drop what waits, and free the place."""
        if self._phase is Phase.CLOSED:
            return
        self._phase = Phase.CLOSED
        self._piece = None
        self.forget()
        if self._reading is not None:
            self._door.give_up(self._reading)
        self._door.free_place()
