"""The conversation: what the plain client does with lines that are typed and events that come.

Where lines come from and go is `front`'s, what commands do `commands`', the words `lines`'.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from tertulia.chat.commands import NOT_CONNECTED, ChatCommands, TypedContext
from tertulia.chat.completion import complete
from tertulia.chat.front import Front
from tertulia.chat.lines import Lines
from tertulia.chat.zone import LOCAL
from tertulia.core.errors import N_
from tertulia.core.language import Catalog, fold, match_language
from tertulia.sdk.client import Client
from tertulia.sdk.errors import ServerError, TertuliaError
from tertulia.sdk.models import Room
from tertulia.slash import BUILTIN
from tertulia.wire.events import Envelope
from tertulia.wire.events import events as w

MOST_UNDER_WAY: Final = 200
"""Lines that are on their way at once; the next ones wait."""
FINISH_WITHIN: Final = 60.0
"""Seconds that what came through a pipe has for being stored, once there is no more of it."""
LEAVE_WITHIN: Final = 3.0
"""The same for a person, who waits."""

DONE: Final = 0
REFUSED: Final = 1
"""The exit status when not everything could be said."""
NOWHERE: Final = 2
"""The exit status when there was no coming in."""

_LANGUAGE_WORDS: Final = {fold(word) for row in BUILTIN if row.name == "lang" for word in row.words}


class Wishes(Struct, frozen=True):
    """What was asked for on the command line."""

    url: str | None = None
    nick: str | None = None
    room: str | None = None


class Conversation:
    """One person, or one program, in the chat."""

    def __init__(self, wishes: Wishes, language: str, catalogs: Callable[[str], Catalog]) -> None:
        """Speak `language`, with the texts of `catalogs`."""
        self._wishes = wishes
        self._catalogs = catalogs
        self._catalog = catalogs(language)
        self._lines: Lines | None = None
        self._front: Front | None = None
        self._underway: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._status = DONE
        self._is_over = False
        self._parting = ""
        self._is_in_step = False
        """The server knows which room its own commands are to be about."""
        self.client: Client | None = None
        self.room: Room | None = None
        """Where plain text goes."""
        self.nick = wishes.nick
        self.commands = ChatCommands(self)

    @property
    def front(self) -> Front:
        """What the conversation is held through."""
        assert self._front is not None, "run has been called"
        return self._front

    def words(self, text: str) -> str:
        """Return one of our texts in the language of this conversation."""
        return self._catalog.gettext(text)

    # From beginning to end

    async def run(self, front: Front) -> int:
        """Hold the conversation to its end; return the exit status."""
        self._front = front
        self._show_prompt()
        wishes = self._wishes
        try:
            if wishes.url is None:
                front.answer([self.words(NOT_CONNECTED)])
            elif not await self.connect(wishes.url, wishes.nick):
                return NOWHERE
            while not self._is_over and (line := await front.read()) is not None:
                await self.take(line)
            await self._finish()
        finally:
            await self._disconnect()
        return self._status

    def end(self, text: str) -> None:
        """Take no more lines; leave with these parting words."""
        self._is_over = True
        self._parting = text

    async def connect(self, url: str, nick: str | None) -> bool:
        """Come online; tell whether that went well."""
        try:
            client = Client(url, nick=nick, language=self._catalog.code)
        except ValueError as error:
            self._fail(str(error))
            return False
        client.add_listener(self._heard, "event")
        client.add_listener(self._went_offline, "disconnected")
        client.add_listener(self._came_back, "reconnected")
        self.client, self.room, self._lines = client, None, None
        try:
            await client.connect()
            await self._enter(client)
        except TertuliaError as error:
            self._fail(str(error))
            await self._disconnect()
            return False
        self.nick = client.user.nick
        self._watch = asyncio.get_running_loop().create_task(self._wait_for_end(client))
        return True

    async def _enter(self, client: Client) -> None:
        """Talk in the room that was wished for."""
        wanted = self._wishes.room
        if wanted is None:
            self.talk_in(client.main_room)
            return
        room = client.rooms.get(wanted)
        self.talk_in(room if room is not None and room.is_joined else await client.join(wanted))

    async def _disconnect(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self.client is not None:
            # What was heard to the end is still shown, so there is a client until then.
            await self.client.close(self._parting)
        self.client = self.room = None
        self._show_prompt()

    async def _wait_for_end(self, client: Client) -> None:
        """See to it when the client ends by itself."""
        try:
            await client.wait_closed()
        except TertuliaError as error:
            self._fail(str(error))
        self._watch = None
        await self._disconnect()
        if self._wishes.url is not None:
            self.front.stop()

    async def _finish(self) -> None:
        """Wait until everything is stored."""
        if self._underway:
            seconds = LEAVE_WITHIN if self.front.is_interactive else FINISH_WITHIN
            _, late = await asyncio.wait(self._underway, timeout=seconds)
            if late:
                self._fail(self.words(N_("Not everything that you said was stored in time.")))
            for task in late:
                task.cancel()

    # What is typed

    async def take(self, line: str) -> None:
        """Do what a line says: a command, or a text for the room that one talks in."""
        prefix = self.commands.prefix
        if line.startswith(prefix * 2):
            line = line[len(prefix) :]
        elif line.startswith(prefix):
            if not self.front.is_interactive and self._underway:
                # A script means what it says in this order.
                await asyncio.wait(self._underway, timeout=FINISH_WITHIN)
            await self.commands.run(TypedContext(self, line))
            self._show_prompt()
            return
        if line.strip():
            await self._begin_to_say(line)

    async def _begin_to_say(self, text: str) -> None:
        """Let a text be said beside everything else, in order, but not too many at once."""
        client, room = self.client, self.room
        if client is None:
            self._fail(self.words(NOT_CONNECTED))
        elif room is None:
            told = N_("You are in no room. /rooms lists them, /join ROOM takes you into one.")
            self._fail(self.words(told))
        else:
            task = asyncio.get_running_loop().create_task(self._say(client, room, text))
            self._underway.add(task)
            task.add_done_callback(self._underway.discard)
            if len(self._underway) >= MOST_UNDER_WAY:
                await asyncio.wait(self._underway, return_when=asyncio.FIRST_COMPLETED)

    async def _say(self, client: Client, room: Room, text: str) -> None:
        try:
            await client.say(room, text)
        except TertuliaError as error:
            self._fail(str(error))

    async def ask_server(self, line: str) -> None:
        """Have a slash-command carried out by the server, about the room that one talks in.

        Raises:
            TertuliaError: it was refused.
        """
        client, room = self.client, self.room
        if client is None:
            return
        if room is not None and room.is_joined and not self._is_in_step:
            await self._fall_in_step(client, room)
        self._note_language(line)
        try:
            await client.run_command(line)
        except ServerError:
            self._status = REFUSED
            raise

    async def _fall_in_step(self, client: Client, room: Room) -> None:
        """Let the server, too, take `room` for the one that is talked in."""
        try:
            await client.run_command(f"/join {room.name}")
        except ServerError as error:
            if error.code != "already_in_room":
                raise
        self._is_in_step = True

    def _note_language(self, line: str) -> None:
        """Follow `/lang pt` with our own texts."""
        words = line.split()
        code = match_language(words[1]) if len(words) == 2 else None
        if code is not None and fold(words[0].removeprefix("/")) in _LANGUAGE_WORDS:
            self._catalog = self._catalogs(code)
            self._lines = None

    def talk_in(self, room: Room | None) -> None:
        """Let plain text go to `room` from here on."""
        self.room = room
        self._is_in_step = False
        self._show_prompt()

    def _fail(self, text: str) -> None:
        self._status = REFUSED
        self.front.complain(text.splitlines())

    def _show_prompt(self) -> None:
        client = self.client
        if client is None or client.mirror.me is None:
            self.front.prompt(">")
        else:
            where = "" if self.room is None else f"[{self.room.name}] "
            nick = client.user.nick
            self.front.prompt(f"{where}{nick}>" if client.is_online else f"{where}({nick})>")

    # What happens

    async def _heard(self, envelope: Envelope[w.Event]) -> None:
        self.front.heard(envelope)
        client, event = self.client, envelope.content
        if client is None or client.mirror.me is None:
            return
        if isinstance(event, w.ServerError):
            # What answers a request is told by whoever asked.
            if envelope.request is None:
                self._fail(event.text)
            return
        if self._lines is None:
            self._lines = Lines(self._catalog, LOCAL, client.mirror)
        current = None if self.room is None else self.room.id
        self.front.show(self._lines.of(event, current, time.time_ns() // 1_000_000))
        self._follow(client, event)

    def _follow(self, client: Client, event: w.Event) -> None:
        """See where one is after an event."""
        if isinstance(event, w.RoomJoined):
            self._is_in_step = False
        elif isinstance(event, (w.UserLeft, w.RoomClosed)):
            room = self.room
            if room is not None and room.id == event.room and not room.is_joined:
                others = [other for other in client.joined if not other.is_direct]
                self.talk_in(others[-1] if others else None)
        elif isinstance(event, w.NickChanged):
            self._show_prompt()

    async def _went_offline(self, error: TertuliaError) -> None:
        self.front.complain([self.words(N_("The connection broke; trying to come back."))])
        self._show_prompt()

    async def _came_back(self, resumed: bool) -> None:
        self.front.answer([self.words(N_("You are connected again."))])
        client, room = self.client, self.room
        if client is not None and room is not None and room not in client.rooms:
            self.talk_in(client.main_room)
        self._show_prompt()

    # Completing

    def complete(self, before: str, beginning: str) -> Sequence[str]:
        """Return what a word may become: a command, somebody's nick, or a room's name."""
        client, room = self.client, self.room
        names = [one.name for one in self.commands.declared]
        names += [row.name for row in BUILTIN if row.name not in names]
        return complete(
            before,
            beginning,
            commands=[self.commands.prefix + name for name in names],
            nicks=() if room is None else [member.nick for member in room.members],
            rooms=() if client is None else [one.name for one in client.rooms],
        )
