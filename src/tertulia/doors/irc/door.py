"""The IRC door itself: what all of its clients share, and the table of their commands.

A wire format exists once for each set of capabilities, whoever asked for it, for the hub encodes
once per instance.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from msgspec import Struct

from tertulia.core.errors import ChatFull, Refusal, describe
from tertulia.core.events import (
    Entry,
    LeaveReason,
    Person,
    RoomMoved,
    Signal,
    Tagged,
    UserGone,
    UserRenamed,
)
from tertulia.core.ids import RoomId, UserId
from tertulia.core.policy import Policy
from tertulia.core.room import RoomState
from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.channels import show_moved
from tertulia.doors.irc.client import IrcClient, Phase
from tertulia.doors.irc.commands import COMMANDS
from tertulia.doors.irc.echo import echo
from tertulia.doors.irc.metadata import Metadata, sync
from tertulia.doors.irc.monitor import Monitors
from tertulia.doors.irc.operators import fits_password
from tertulia.doors.irc.reply import Reply
from tertulia.doors.irc.welcome import welcome
from tertulia.ports import Gateway, Link, StreamHandler
from tertulia.wire.irc.format import IrcFormat
from tertulia.wire.irc.message import END, Message

READING: Final = 20.0
"""Seconds that a command may look into the log."""
WHOWAS: Final = 1000
"""How many who were here are remembered."""


class IrcSettings(Struct, frozen=True):
    """What the operator may choose about this door."""

    name: str = "irc.tertulia.local"
    network: str = "Tertulia"
    motd: str = ""
    password: str = ""
    operators: Mapping[str, str] = {}
    """Passwords by the names of operators, as `operators.hashed` writes them, or plain."""
    max_sessions: int = 10_000
    registration_seconds: float = 15.0
    commands_per_second: float = 0.0
    """How fast a client may go on giving commands besides words; 0: as it likes."""
    ping_seconds: float = 120.0
    pong_seconds: float = 60.0
    version: str = ""
    description: str = "Tertulia"
    """What LINKS and WHOIS say of the server."""
    policy: Policy = Policy()


class Gone(Struct, frozen=True):
    """Somebody who was here."""

    person: Person
    realname: str
    time: int


class IrcDoor:
    """Implements `ports.StreamDoor`, and is what its clients share."""

    name: Final = "irc"

    def __init__(
        self,
        gateway: Gateway,
        settings: IrcSettings,
        *,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        """Lead to `gateway`.

        `now_ms` returns the milliseconds of Unix time, `monotonic` seconds that only ever rise.
        """
        self.gateway = gateway
        self.settings = settings
        self.now_ms = now_ms
        self.monotonic = monotonic
        self.began = now_ms()
        self.clients: dict[UserId, IrcClient] = {}
        """Those who are online through this door."""
        self.whowas: deque[Gone] = deque(maxlen=WHOWAS)
        self.monitors = Monitors(gateway.user_called)
        self.metadata = Metadata()
        self.most = 0
        """The most who were ever online at once."""
        self.arriving = 0
        self.names: dict[RoomId, tuple[RoomState, dict[tuple[bool, bool], list[str]]]] = {}
        """Lists of names at hand: what one newcomer was sent serves the next."""
        self._formats: dict[frozenset[str], IrcFormat] = {}
        self._readings: set[asyncio.Task[None]] = set()
        gateway.watch_people(self._note)

    # Connections

    def make(self, link: Link) -> StreamHandler:
        """Return the handler of a new connection; without a place, one that says so."""
        if len(self.clients) + self.arriving >= self.settings.max_sessions:
            link.outbox.push(self.refuse(ChatFull(self.settings.max_sessions)))
            link.close(LeaveReason.LOST)
            return _TURNED_AWAY
        self.arriving += 1
        return IrcClient(self, link)

    def refuse(self, refusal: Refusal) -> bytes:
        """Write a refusal for somebody who does not even get in."""
        return f"ERROR :{describe(refusal, str)}{END}".encode()

    def welcome(self, client: IrcClient) -> None:
        """Take in somebody who is online now."""
        self.arriving -= 1
        self.clients[client.session.user] = client
        self.most = max(self.most, len(self.gateway.users()))
        welcome(client)

    def forget(self, client: IrcClient) -> None:
        """Take in that one who was here is gone."""
        if client.phase is Phase.OPEN:
            self.clients.pop(client.session.user, None)
            self.monitors.forget(client)
        else:
            self.arriving -= 1

    async def close(self) -> None:
        """Give up what is still being read, and wait until that is done."""
        for task in self._readings:
            task.cancel()
        await asyncio.gather(*self._readings, return_exceptions=True)

    # What clients share

    def format(self, caps: frozenset[str]) -> IrcFormat:
        """Return what writes for a set of capabilities, the same one every time."""
        known = self._formats.get(caps)
        if known is None:
            known = self._formats[caps] = IrcFormat(caps, self.settings.name)
        return known

    def echo(self, client: IrcClient, entry: Entry, room: RoomState, reply: Reply) -> bytes:
        """Return what a client is sent of what it did itself."""
        return echo(client, entry, room, reply)

    def accepts(self, password: str) -> bool:
        """Tell whether a password lets people in."""
        wanted = self.settings.password
        return not wanted or fits_password(password, wanted)

    def dispatch(self, client: IrcClient, message: Message, reply: Reply) -> None:
        """Have a message carried out by its command's handler."""
        row = COMMANDS.get(message.command)
        is_open = client.phase is Phase.OPEN
        if row is None or (row.before is False and not is_open):
            if not is_open:
                reply.numeric(n.ERR_NOTREGISTERED, "You have not registered")
            else:
                words = "Unknown command"
                reply.numeric(n.ERR_UNKNOWNCOMMAND, message.command[:50], words)
            return
        if len(message.params) < row.least or (row.least and not any(message.params[: row.least])):
            reply.numeric(
                row.too_few or n.ERR_NEEDMOREPARAMS,
                *(() if row.too_few else (message.command,)),
                row.too_few_words,
            )
            return
        row.handle(client, message, reply)

    def read(self, client: IrcClient, reply: Reply, reading: Coroutine[Any, Any, None]) -> None:
        """Look into the log beside everything else; the client's other lines wait."""
        client.hold()
        reply.awaited += 1
        task = asyncio.get_running_loop().create_task(self._within(reading))
        self._readings.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._readings.discard(task)
            reply.awaited -= 1
            error = None if task.cancelled() else task.exception()
            if error is not None:
                reply.fail("*", "MESSAGE_ERROR", "The history can't be read")
            client.release(reply)

        task.add_done_callback(ended)

    async def _within(self, reading: Coroutine[Any, Any, None]) -> None:
        async with asyncio.timeout(READING):
            await reading

    def _note(self, signal: Signal) -> None:
        """Remember who was here, and tell those who watch for somebody."""
        if isinstance(signal, Tagged):
            self._echo_tags(signal)
        elif isinstance(signal, RoomMoved):
            show_moved(self, signal)
        if isinstance(signal, UserGone):
            self._remember(signal.user, signal.realname)
            self.metadata.forget(signal.user.id)
        elif isinstance(signal, UserRenamed):
            before = Person(signal.user.id, signal.old_nick, signal.user.label)
            client = self.clients.get(signal.user.id)
            self._remember(before, "" if client is None else client.registration.realname)
        self.monitors.note(signal)

    def sync_metadata(self, client: IrcClient, reply: Reply, room: RoomState) -> None:
        """Tell a newcomer of a room, and those inside, what they want to know of each other."""
        sync(client, reply, room)

    def _echo_tags(self, signal: Tagged) -> None:
        """Send a client what it had handed on, with the id that it got."""
        client = self.clients.get(signal.user.id)
        room = self.gateway.room(signal.room)
        if client is not None and client.tag_echoes and room is not None:
            reply = client.tag_echoes.popleft()
            client.send(client.wire.tagged(signal, room, reply.echo_tags()))

    def _remember(self, person: Person, realname: str) -> None:
        self.whowas.appendleft(Gone(person, realname or person.nick, self.now_ms()))


class _TurnedAway:
    """The handler of a connection that found no place: it hears nothing."""

    __slots__ = ()

    def receive_data(self, data: bytes) -> None:
        """Drop it."""

    def receive_eof(self) -> None:
        """The connection is being closed anyway."""

    def connection_lost(self, reason: LeaveReason) -> None:
        """It never took a place."""


_TURNED_AWAY: Final = _TurnedAway()
