"""Readings: what a session may look at. People, rooms, and what was said.

The present comes from the engine's world at once; the past comes from the store, with a deadline.
Nothing is ever changed here but how far somebody has read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

from tertulia.core import errors as e
from tertulia.core.errors import Refused
from tertulia.core.events import Entry, RoomKind
from tertulia.core.history import Message
from tertulia.core.ids import RoomId, UserId
from tertulia.core.names import folded_nick, nick_key
from tertulia.core.policy import Policy
from tertulia.core.room import RoomState
from tertulia.core.state import User
from tertulia.ports import Conversation, ReadMark, Session, Store, StoreError
from tertulia.server.engine import Engine
from tertulia.server.fanout import hides
from tertulia.server.session import LiveSession

logger = logging.getLogger(__name__)

T = TypeVar("T")

IN_FLIGHT: Final = 512
"""Commands and readings of one session that may wait for their end."""
PAGE: Final = 500
"""Messages in one page of history at the most."""
MISSED: Final = 100
"""Missed direct messages that are shown at the most."""
READ_WITHIN: Final = 30.0
"""Seconds that the store may take to read."""


class Readings:
    """The reading half of `ports.Gateway`."""

    def __init__(
        self, engine: Engine, store: Store, policy: Policy, monotonic: Callable[[], float]
    ) -> None:
        self._engine = engine
        self._store = store
        self._policy = policy
        self._monotonic = monotonic

    # The present

    def me(self, session: Session) -> User | None:
        """See `ports.Gateway.me`."""
        return self._engine.world.users.get(session.user)

    def user_called(self, nick: str) -> User | None:
        """See `ports.Gateway.user_called`."""
        world = self._engine.world
        found = world.nicks.get(nick_key(nick))
        return None if found is None else world.users.get(found)

    def users(self) -> Collection[User]:
        """See `ports.Gateway.users`."""
        return self._engine.world.users.values()

    def rooms(self) -> Sequence[RoomState]:
        """See `ports.Gateway.rooms`."""
        rooms = self._engine.world.rooms.values()
        return sorted(
            (room for room in rooms if room.kind is RoomKind.PUBLIC), key=lambda room: room.id
        )

    def room(self, room: RoomId) -> RoomState | None:
        """See `ports.Gateway.room`."""
        return self._engine.world.rooms.get(room)

    def room_named(self, name: str) -> RoomState | None:
        """See `ports.Gateway.room_named`."""
        return self._engine.world.room_named(name)

    def recent(self, room: RoomId, limit: int, *, until: int | None = None) -> Sequence[Message]:
        """See `ports.Gateway.recent`."""
        recent = self._engine.recent.get(room)
        return [] if recent is None else recent.newest(limit, until=until)

    def rooms_of(self, user: User) -> tuple[RoomId, ...]:
        """Return every room that a user is in, direct conversations included."""
        return (*user.rooms, *self._engine.world.directs.get(user.identity, ()))

    def conversations(self, session: Session) -> Sequence[Conversation]:
        """See `ports.Gateway.conversations`."""
        user, world = self.me(session), self._engine.world
        if user is None:
            return []
        return [
            Conversation(world.rooms[room], self._other_nick(world.rooms[room], user))
            for room in world.directs.get(user.identity, ())
        ]

    def _other_nick(self, room: RoomState, user: User) -> str:
        """Return who the other one of a direct conversation is."""
        world = self._engine.world
        other = next(party for party in room.parties if party != user.identity)
        name = other[2:]
        found = UserId(int(name)) if other.startswith("u:") else world.nicks.get(name)
        online = None if found is None else world.users.get(found)
        if online is not None:
            return online.person.nick
        return "" if other.startswith("u:") else name

    # The past

    async def history(
        self,
        session: Session,
        room: RoomId,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> Sequence[Message]:
        """See `ports.Gateway.history`."""
        self._check_reader(session, room)
        limit = max(1, min(limit, PAGE))
        with self._reading(live_session(session)):
            return await _within(
                self._store.read_messages(room, before=before, after=after, limit=limit)
            )

    async def entries_since(
        self, session: Session, room: RoomId, *, after: int, until: int
    ) -> Sequence[Entry]:
        """See `ports.Gateway.entries_since`."""
        live = live_session(session)
        self._check_reader(session, room)
        entries = await _within(self._store.read_log(room, after=after, limit=until - after))
        if [entry.seq for entry in entries] != list(range(after + 1, until + 1)):
            raise Refused(e.HistoryDamaged())
        return [entry for entry in entries if not hides(live, entry)]

    async def search(
        self,
        session: Session,
        words: str,
        *,
        room: RoomId | None = None,
        limit: int = 20,
    ) -> Sequence[Message]:
        """See `ports.Gateway.search`."""
        user = self.me(session)
        if user is None:
            return []
        if room is not None:
            self._check_reader(session, room)
        rooms = self.rooms_of(user) if room is None else (room,)
        words = words[: self._policy.text_length].strip()
        if not words:
            raise Refused(e.EmptyText())
        limit = max(1, min(limit, PAGE))
        with self._reading(live_session(session)):
            return await _within(self._store.search(rooms, words, limit=limit))

    async def missed(self, session: Session) -> Sequence[Message]:
        """See `ports.Gateway.missed`."""
        live = live_session(session)
        user = self.me(session)
        # In more rooms than that the rest stays unread, and is told another time.
        untold = [(room, seq) for room, seq in live.directs.items() if seq][-MISSED:]
        if user is None or not untold or not user.identity.startswith("n:"):
            return []
        marks = await _within(self._store.read_marks(user.identity))
        missed: list[Message] = []
        for room, seq in untold:
            mark = marks.get(room, 0)
            if seq > mark:
                reading = self._store.read_messages(room, before=seq + 1, limit=MISSED)
                missed += [one for one in await _within(reading) if one.seq > mark]
        if live.is_closed:
            return []
        self._note_told(live, user.identity, dict(untold))
        shown = [
            message
            for message in missed
            if not message.is_deleted and folded_nick(message.author.nick) != user.identity[2:]
        ]
        return sorted(shown, key=lambda message: message.id)[-MISSED:]

    def _note_told(self, live: LiveSession, identity: str, untold: Mapping[RoomId, int]) -> None:
        """Count as read what somebody missed, and what they have heard since then."""
        heads = self._engine.world.heads
        is_same = live.identity == identity
        for room, seq in untold.items():
            read = heads.get(room, seq) if is_same else seq
            self._engine.mark_read(ReadMark(identity, room, read))
        if is_same:
            told = dict.fromkeys(untold.keys() & live.directs.keys(), 0)
            live.directs = {**live.directs, **told}

    @contextmanager
    def _reading(self, live: LiveSession) -> Iterator[None]:
        """Count a reading among what a session asks for.

        Raises:
            Refused: it asks for too much at once.
        """
        wait = live.actions.take(self._monotonic())
        if wait or live.in_flight >= IN_FLIGHT:
            raise Refused(e.RateLimited(wait or 1.0))
        live.in_flight += 1
        try:
            yield
        finally:
            live.in_flight -= 1

    def _check_reader(self, session: Session, room: RoomId) -> None:
        user = self.me(session)
        state = self.room(room)
        if state is None or (
            state.parties and (user is None or user.identity not in state.parties)
        ):
            raise Refused(e.UnknownRoom())
        if not state.parties and (user is None or room not in user.rooms):
            raise Refused(e.NotInRoom(state.name))


def live_session(session: Session) -> LiveSession:
    """Return the session as made by `Gateway.open`; a door has no other kind."""
    if not isinstance(session, LiveSession):
        raise TypeError(f"not a session of this gateway: {session!r}")
    return session


async def _within(reading: Awaitable[T]) -> T:
    """Wait for the store.

    Raises:
        Refused: it can't be read, or not in time.
    """
    try:
        async with asyncio.timeout(READ_WITHIN):
            return await reading
    except (StoreError, TimeoutError) as error:
        logger.error("history can't be read: %r", error)
        raise Refused(e.HistoryDamaged()) from error
