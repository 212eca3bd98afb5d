"""One request of one client: who asked, under which id, and how it is answered.

The gateway carries it along with the command, so that the one event that answers it can be told
from all others. It belongs to the connection that it came through; on a later one it is no
request of anybody's.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Final

from msgspec import structs

from tertulia.core import errors as e
from tertulia.core.commands import Command
from tertulia.core.errors import Refusal
from tertulia.core.events import Event, MemberJoined
from tertulia.core.language import Catalog
from tertulia.core.room import RoomState
from tertulia.ports import Answer, Done, Gateway, Session
from tertulia.wire.events import events as w
from tertulia.wire.events.convert import event_of
from tertulia.wire.events.requests import Request

if TYPE_CHECKING:
    from tertulia.doors.events.door import EventsDoor, EventsSettings
    from tertulia.doors.events.handler import EventsHandler

_PARAMS: Final = {
    e.UnknownRoom: ("room",),
    e.NoSuchRoom: ("room",),
    e.NotInRoom: ("room",),
    e.AlreadyInRoom: ("room",),
    e.OwnersOnly: ("room",),
    e.MainRoomStays: ("room",),
    e.RoomExists: ("name",),
    e.InvalidRoomName: ("name",),
    e.NickInUse: ("nick",),
    e.InvalidNick: ("nick",),
    e.ReservedNick: ("nick",),
    e.NoSuchUser: ("nick",),
    e.ToYourself: ("nick",),
    e.ResumeFailed: ("token",),
    e.EmptyText: ("text", "words"),
    e.TextTooLong: ("text",),
    e.NoSuchMessage: ("message", "reply_to"),
    e.NotYourMessage: ("message",),
    e.MessageGone: ("message",),
    e.AlreadyReacted: ("reaction",),
    e.NoSuchReaction: ("reaction",),
    e.InvalidReaction: ("reaction",),
}
"""The params that refusals are about, where a request has them."""


class Asked:
    """One request, until it is answered."""

    __slots__ = ("_expects", "_handler", "_params", "id", "name")

    def __init__(
        self, handler: EventsHandler, name: str, params: Request, request: str | int | None
    ) -> None:
        self._handler = handler
        self._params = params
        self._expects: tuple[type[Event], ...] = ()
        self.name = name
        self.id = request

    # What it is asked of

    @property
    def door(self) -> EventsDoor:
        """The door that it came through."""
        return self._handler.door

    @property
    def settings(self) -> EventsSettings:
        """What the operator has chosen about the door."""
        return self._handler.door.settings

    @property
    def gateway(self) -> Gateway:
        """The chat."""
        return self._handler.gateway

    @property
    def session(self) -> Session:
        """Who asks."""
        return self._handler.session

    @property
    def catalog(self) -> Catalog:
        """The texts in the language of who asks."""
        return self._handler.catalog

    def find_room(self, room: str) -> RoomState:
        """See `EventsHandler.find_room`."""
        return self._handler.find_room(room)

    # How it is answered

    def answer(self, event: w.Event) -> None:
        """Send the answer."""
        self._handler.show(event, self.id)

    def write(self, event: w.Event) -> bytes:
        """Write the answer, without sending it."""
        return self._handler.format.write(event, self.id)

    def send(self, data: bytes) -> None:
        """Send an answer as it was written."""
        self._handler.send(data)

    def enter(self, room: RoomState) -> None:
        """Answer with a room that one is in by this request."""
        self._handler.show_room(room, room.changed, self.id)

    def set_language(self, code: str) -> Catalog:
        """Write in another language from here on."""
        return self._handler.set_language(code)

    def leave(self, text: str) -> None:
        """Take who asks offline, with their parting words."""
        self._handler.leave(self, text)

    def refuse(self, refusal: Refusal) -> None:
        """Send the polite no."""
        names = _PARAMS.get(type(refusal), ())
        path = next((f"$.{name}" for name in names if hasattr(self._params, name)), None)
        error = w.ServerError(
            code=refusal.code,
            text=self._handler.words(refusal),
            event=self.name,
            path=path,
            data=structs.asdict(refusal),
        )
        self._handler.show(error, self.id)
        if isinstance(refusal, e.RateLimited):
            self._handler.charge()

    def submit(
        self, command: Command, expects: type[Event] | None = None, key: str | None = None
    ) -> None:
        """Ask the chat for `command`; one's own copy of the event that it `expects` answers it.

        Without such an event, `done` does.
        """
        handler = self._handler
        self._expects = () if expects is None else (expects,)
        handler.expect_answer()
        refusal = handler.gateway.submit(handler.session, command, self._answered, self, key)
        if refusal is not None:
            handler.note_answer()
            self.refuse(refusal)

    def is_answered_by(self, event: Event) -> bool:
        """Tell whether one's own copy of `event` is the answer."""
        return isinstance(event, self._expects)

    def is_from(self, handler: object) -> bool:
        """Tell whether it came through this connection."""
        return self._handler is handler

    def expect_answer(self) -> None:
        """Take in that something more was asked of the chat for this."""
        self._handler.expect_answer()

    def note_answer(self) -> None:
        """Take in that the answer to that came."""
        self._handler.note_answer()

    def read(self, reading: Coroutine[object, object, None]) -> None:
        """Let `reading`, which looks into the log, give the answer."""
        self._handler.read(reading, self.refuse)

    def _answered(self, answer: Answer) -> None:
        self._handler.note_answer()
        if isinstance(answer, Refusal):
            self.refuse(answer)
        elif MemberJoined in self._expects:
            if answer.room is not None:
                self._handler.show_room(answer.room, answer.entries[-1].seq, self.id)
        elif answer.is_repeat:
            self._tell_again(answer)
        elif self.id is not None and not any(
            self.is_answered_by(entry.event) for entry in answer.entries
        ):
            self.answer(w.Done())

    def _tell_again(self, answer: Done) -> None:
        for entry in answer.entries:
            if self.is_answered_by(entry.event):
                self.answer(event_of(entry))
