"""Between a door and a command: what a handler is given, and what a door must be able to do.

A door makes one `Call` for each command typed and implements `Reply`. Nothing here writes bytes
or knows which door it is; refusals stay typed until the door renders them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from tertulia.core.commands import Command
from tertulia.core.errors import InNoRoom, NoSuchRoom, Refusal, Refused, ShuttingDown
from tertulia.core.language import Catalog
from tertulia.core.room import RoomState
from tertulia.core.state import User
from tertulia.ports import Answer, Done, Gateway, Session
from tertulia.slash.parse import Arguments

if TYPE_CHECKING:
    from tertulia.slash.registry import Registry


HEARD: Final = 20
"""Among so many messages of each direct conversation a door looks for who was heard last."""


class Reply(Protocol):
    """One person's side of a door. Once the person is gone, all of it does nothing."""

    def say(self, lines: Sequence[str]) -> None:
        """Show lines to this person alone. They are clean; none holds a line break."""
        ...

    def confirm(self, lines: Sequence[str]) -> None:
        """Tell this person what they have just done, which all others see as an event.

        A door that shows people their own events may drop it.
        """
        ...

    def refuse(self, refusal: Refusal) -> None:
        """Show a polite no, the way of this door (`core.errors.describe` has the sentence)."""
        ...

    def enter(self, room: RoomState) -> None:
        """Welcome this person into a room that they have just entered."""
        ...

    def set_language(self, code: str) -> Catalog:
        """Speak another of `core.language.LANGUAGES` from now on, and return its texts."""
        ...

    @property
    def last_direct(self) -> str | None:
        """The nick of who last wrote to this person directly, or was written to."""
        ...

    def remember_direct(self, nick: str) -> None:
        """Note that this person has written to `nick` directly."""
        ...

    def quit(self, text: str) -> None:
        """Take this person offline with their parting words, and close the connection."""
        ...


Reading: TypeAlias = Coroutine[object, object, None]
"""A look into the log, to be awaited."""

Pending: TypeAlias = Reading | None
"""What is left of a command; None when it is over."""

Handler: TypeAlias = Callable[["Call", Arguments], Pending]
"""Carries out one command; raises `Refused`. An `async def` one reads from the log."""


@dataclass(frozen=True, slots=True)
class Call:
    """One command typed by one person: who asks, where the answers go, and when it is."""

    gateway: Gateway
    session: Session
    reply: Reply
    registry: Registry
    catalog: Catalog
    now: int
    """Milliseconds of Unix time."""
    zone: tzinfo
    """Where times are shown."""

    def gettext(self, message: str, /, **data: object) -> str:
        """Return `message` in the person's language, with `data` in its places."""
        return self.catalog.gettext(message).format(**data)

    def ngettext(self, one: str, many: str, count: int, /, **data: object) -> str:
        """Return the form that goes with `count`, with `count` and `data` in its places."""
        return self.catalog.ngettext(one, many, count).format(count=count, **data)

    def say(self, *lines: str) -> None:
        """Show lines to the person alone."""
        self.reply.say(lines)

    def confirm(self, *lines: str) -> None:
        """Tell what was done, where the person would see nothing of it."""
        self.reply.confirm(lines)

    def submit(self, command: Command, done: Callable[[Done], None] | None = None) -> None:
        """Ask for `command` in the person's name; a refusal is shown, else `done` is called."""

        def on_answer(answer: Answer) -> None:
            try:
                if isinstance(answer, Refusal):
                    raise Refused(answer)
                if done is not None:
                    done(answer)
            except Refused as refused:
                self.reply.refuse(refused.refusal)

        self.refuse(self.gateway.submit(self.session, command, on_answer))

    def refuse(self, refusal: Refusal | None) -> bool:
        """Show `refusal` if it is one; tell whether it was."""
        if refusal is not None:
            self.reply.refuse(refusal)
        return refusal is not None

    def me(self) -> User:
        """Return the person.

        Raises:
            Refused: they are offline already.
        """
        me = self.gateway.me(self.session)
        if me is None:
            raise Refused(ShuttingDown())
        return me

    def here(self) -> RoomState:
        """Return the room that the person talks in.

        Raises:
            Refused: they are in none.
        """
        current = self.session.current
        room = None if current is None else self.gateway.room(current)
        if room is None:
            raise Refused(InNoRoom())
        return room

    def room(self, name: str | None) -> RoomState:
        """Return the public room called `name`; without a name, the current one.

        Raises:
            Refused: there is none.
        """
        if name is None:
            return self.here()
        room = self.gateway.room_named(name)
        if room is None:
            raise Refused(NoSuchRoom(name))
        return room
