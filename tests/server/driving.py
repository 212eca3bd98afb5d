"""A whole chat without sockets: engine, hub and gateway, and people who note what they hear.

What people hear is text, one line for each entry: `lobby 3 MessagePosted ana hello`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

from tertulia.core import commands as c
from tertulia.core.errors import Refusal
from tertulia.core.events import Entry, MessageEdited, MessagePosted, Signal, actor_of
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.policy import Policy
from tertulia.core.room import RoomState
from tertulia.ports import Answer, Client, Done, Session, StoreUnavailable, WireFormat
from tertulia.server.engine import Engine, Submission
from tertulia.server.gateway import Gateway, GatewaySettings
from tertulia.server.hub import Hub, HubSettings
from tertulia.server.limits import UNLIMITED
from tertulia.server.session import LiveSession
from tests.server.faulty import FaultyStore

NOON: Final = 1_795_176_000_000
"""2026-11-20T12:00:00Z in milliseconds of Unix time."""
NOBODY: Final = UserId(0)
FULL: Final = StoreUnavailable("disk full")


class FakeOutbox:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.pushed: list[bytes] = []

    def push(self, data: bytes) -> None:
        assert data, "an empty push is a wasted system call"
        self.pushed.append(data)

    @property
    def lines(self) -> list[str]:
        """What was pushed, as lines of text."""
        return b"".join(self.pushed).decode().splitlines()


class FakeFormat:
    """Writes entries as lines of text, and counts how often it is asked to."""

    def __init__(self, start: str = "") -> None:
        self._start = start
        self.encoded = 0
        self.failing: type | None = None
        """The type of events that it can't write."""

    def encode(self, entry: Entry, room: RoomState) -> bytes:
        self.encoded += 1
        if self.failing is not None and isinstance(entry.event, self.failing):
            raise ValueError("a fault of this format")
        return f"{self._start}{line_of(entry, room)}\n".encode()

    def encode_signal(self, signal: Signal, room: RoomState | None) -> bytes:
        self.encoded += 1
        return f"{self._start}{type(signal).__name__}\n".encode()

    def join(self, entries: Sequence[Entry], encoded: Sequence[bytes], room: RoomState) -> bytes:
        assert len(entries) == len(encoded)
        return b"".join(encoded)


class FakeView:
    """How one session is shown the chat: in one format, its own entries by itself or not at all."""

    def __init__(self, wire: WireFormat, *, echoes: bool = False) -> None:
        self.outbox = FakeOutbox()
        self.wire = wire
        self.elsewhere: WireFormat | None = None
        """The format of rooms that are not the session's current one, if it is another."""
        self.session: Session | None = None
        self.echoes = echoes
        self.requests: list[object] = []
        """How the submissions were marked that its own entries came of."""
        self.evictions: list[Refusal | None] = []
        self.fault: Exception | None = None
        """What writing its own entries raises."""

    def format_for(self, room: RoomState | None) -> WireFormat:
        here = self.session is None or room is None or self.session.current == room.id
        return self.wire if here or self.elsewhere is None else self.elsewhere

    def encode_own(self, entry: Entry, room: RoomState, request: object) -> bytes:
        if self.fault is not None:
            raise self.fault
        self.requests.append(request)
        return f"own {line_of(entry, room)}\n".encode() if self.echoes else b""

    def evict(self, refusal: Refusal | None) -> None:
        self.evictions.append(refusal)


class Guest:
    """Somebody in a chat: a session, its view, and the answers that it got."""

    def __init__(self, chat: Chat, view: FakeView) -> None:
        self.chat = chat
        self.view = view
        self.answers: list[Answer] = []
        self.session: Session = _NO_SESSION

    def ask(self, command: c.Command, request: object = None) -> Refusal | None:
        """Submit a command; what it leads to will be among `answers`."""
        return self.chat.gateway.submit(self.session, command, self.answers.append, request)

    def say(self, text: str, room: RoomId | None = None) -> Refusal | None:
        """Submit a message, to the current room unless another is named."""
        room = self.session.current if room is None else room
        assert room is not None
        return self.ask(c.PostMessage(room, text))

    @property
    def heard(self) -> list[str]:
        """What the session was sent, as lines of text."""
        return self.view.outbox.lines

    def hear_anew(self) -> None:
        """Forget what was heard and answered so far."""
        self.view.outbox.pushed.clear()
        self.answers.clear()

    @property
    def live(self) -> LiveSession:
        """The session as the server knows it."""
        assert isinstance(self.session, LiveSession)
        return self.session

    @property
    def refusals(self) -> list[Refusal]:
        """The answers that were a no."""
        return [answer for answer in self.answers if not isinstance(answer, Done)]


class Chat:
    """Engine, hub and gateway on a store of its own; `async with` runs the turns."""

    def __init__(
        self,
        store: FaultyStore | None = None,
        *,
        policy: Policy | None = None,
        settings: GatewaySettings | None = None,
        hub: HubSettings | None = None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.store = store or FaultyStore()
        self.policy = policy or Policy()
        self.now = NOON
        self.seconds = 0.0
        """The monotonic clock, for limits."""
        self.shutdowns = 0
        self.wire = FakeFormat()
        self.engine = Engine(self.store, self.policy, lambda: self.now)
        self.hub = Hub(self.loop, hub or HubSettings())
        self.gateway = Gateway(
            self.engine,
            self.hub,
            self.store,
            self.policy,
            settings or GatewaySettings(),
            monotonic=lambda: self.seconds,
            draw=self._draw,
            shut_down=self._shut_down,
        )
        self._lot = 0
        self._guests = 0
        self._running: asyncio.Task[None] | None = None

    def _draw(self) -> int:
        self._lot += 1
        return self._lot

    def _shut_down(self) -> None:
        self.shutdowns += 1

    async def __aenter__(self) -> Self:
        await self.engine.recover(await self.store.open())
        self._running = asyncio.create_task(self.engine.run(self.gateway))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.end()

    async def end(self) -> None:
        """Let the turns come to their end."""
        assert self._running is not None
        self.engine.finish()
        await self._running

    async def settle(self) -> None:
        """Wait until everything that was submitted is done, and then as long as a crowd waits."""
        await settle(self.engine)
        await asyncio.sleep(1.0)

    @property
    def lobby(self) -> RoomId:
        """The main room."""
        room = self.gateway.room_named(self.policy.main_room)
        assert room is not None
        return room.id

    def open(self, nick: str | None = None, *, view: FakeView | None = None) -> Guest:
        """Begin to bring somebody online."""
        self._guests += 1
        guest = Guest(self, view or FakeView(self.wire))
        client = Client("line", f"127.0.0.1:{50_000 + self._guests}", "127.0.0.1")
        guest.session = self.gateway.open(
            client, guest.view, nick=nick, on_answer=guest.answers.append
        )
        guest.view.session = guest.session
        return guest

    async def enter(self, nick: str | None = None, *, view: FakeView | None = None) -> Guest:
        """Bring somebody online, and have them forget what they heard on the way."""
        guest = self.open(nick, view=view)
        await self.settle()
        guest.hear_anew()
        return guest

    async def room(self, owner: Guest, name: str, *members: Guest) -> RoomId:
        """Have a room made and joined, and what was heard about it forgotten."""
        owner.ask(c.CreateRoom(name))
        for member in members:
            member.ask(c.JoinRoom(name))
        await self.settle()
        for guest in (owner, *members):
            guest.hear_anew()
        room = self.gateway.room_named(name)
        assert room is not None
        return room.id


def last_words(guest: Guest) -> list[str]:
    """Return the last word of everything that somebody heard."""
    return [line.split()[-1] for line in guest.heard]


def messages_to(guest: Guest) -> list[str]:
    """Return the last word of every message that somebody heard."""
    return [line.split()[-1] for line in guest.heard if " MessagePosted " in line]


async def say(guest: Guest, text: str, room: RoomId | None = None) -> EventId:
    """Say something, and return the id that it got."""
    guest.say(text, room)
    await guest.chat.settle()
    answer = guest.answers[-1]
    assert isinstance(answer, Done)
    return answer.entries[-1].id


async def missed_by(guest: Guest) -> list[str]:
    return [message.text for message in await guest.chat.gateway.missed(guest.session)]


async def settle(engine: Engine) -> None:
    """Wait until everything that has been submitted by now is stored or refused, and told."""
    done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    engine.submit(Submission(NOBODY, c.ShowTyping(RoomId(0)), on_answer=done.set_result))
    await done


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something is so."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to be so")


def line_of(entry: Entry, room: RoomState) -> str:
    """Return an entry as a line of text."""
    event = entry.event
    actor = actor_of(event)
    words = f" {event.text}" if isinstance(event, (MessagePosted, MessageEdited)) else ""
    return (
        f"{room.name or 'direct'} {entry.seq} {type(event).__name__}"
        f" {actor.nick if actor else '-'}{words}"
    )


_NO_SESSION: Final = LiveSession(
    NOBODY,
    Client("none", "nowhere", "nowhere"),
    FakeView(FakeFormat()),
    messages=UNLIMITED,
    actions=UNLIMITED,
)
