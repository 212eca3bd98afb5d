"""What a plugin's functions are called with: a command typed, an event heard, a command asked for.

They are made on the server's loop and used in the plugin's thread: what they hold does not change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from tertulia.core.commands import Command, PostMessage
from tertulia.core.errors import InNoRoom, Refused, RefusedByPlugin
from tertulia.core.events import Entry, Event, Person, actor_of
from tertulia.core.room import RoomState
from tertulia.core.state import User
from tertulia.plugins.chat import Chat
from tertulia.plugins.cleaning import clean_lines
from tertulia.plugins.voice import ask
from tertulia.ports import Client, Done
from tertulia.slash.call import Call as SlashCall

EventT = TypeVar("EventT", bound=Event, covariant=True)

LINES: Final = 500
"""Lines that one command may answer with."""


@dataclass(frozen=True, slots=True)
class _Context:
    """Base of what functions are called with."""

    chat: Chat
    plugin: str
    """The plugin's name."""

    def refusal(self, text: str) -> Refused:
        """Return a refusal with a reason for the person; to be raised."""
        return Refused(RefusedByPlugin(self.plugin, text))


@dataclass(frozen=True, slots=True)
class Call(_Context):
    """A command of the plugin's that somebody typed."""

    author: User
    """Who typed it."""
    room: RoomState | None
    """Where they talk, if anywhere."""
    language: str
    """What they read: `en`, `pt` or `es`."""
    _slash: SlashCall
    """The same, on the server's side; not for the plugin's thread."""
    _said: list[str] = field(default_factory=list)

    def say(self, *lines: str) -> None:
        """Show lines to the person alone; what a command returns is shown like this too."""
        clean = clean_lines(lines)[: LINES - len(self._said)]
        self._said.extend(clean)
        if clean:
            self.chat.tell_server(self._slash.reply.say, clean)

    async def submit(self, command: Command) -> Done:
        """Ask for something in the person's name.

        Raises:
            Refused: it is not to be.
        """
        return await self.chat.ask(ask(self._slash.gateway, self._slash.session, command))

    async def post(self, text: str, *, action: bool = False) -> Done:
        """Say something in the person's name, where they talk.

        Raises:
            Refused: they are in no room, or it may not be said.
        """
        if self.room is None:
            raise Refused(InNoRoom())
        return await self.submit(PostMessage(self.room.id, text, action))


@dataclass(frozen=True, slots=True)
class Heard(_Context, Generic[EventT]):
    """Something that has happened, and is stored."""

    room: RoomState
    """Where, as it is afterwards."""
    entry: Entry
    """The event with its place in the room's log, its id and its time."""
    event: EventT

    @property
    def actor(self) -> Person | None:
        """Who did it; None for what the server did by itself."""
        return actor_of(self.event)

    async def say(self, text: str, *, action: bool = False) -> Done:
        """Say something there, as the plugin's own user.

        Raises:
            Refused: it may not be said.
        """
        return await self.chat.say(self.room, text, action=action)

    async def reply(self, text: str) -> Done:
        """Answer this message, as the plugin's own user.

        Raises:
            Refused: it may not be said.
        """
        return await self.chat.say(self.room, text, reply_to=self.entry.id)


@dataclass(frozen=True, slots=True)
class Asked(_Context):
    """Who asks for a command that a filter looks at, and where."""

    client: Client
    """Where they are connected: the door, their public id and their address."""
    user: User | None
    """Who they are; None while they are only coming online."""
    room: RoomState | None
    """The room that the command is about, if it is about one."""
