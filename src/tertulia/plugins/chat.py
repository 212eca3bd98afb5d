"""The chat as a plugin's functions see it, from the plugin's own thread.

Whatever is asked here happens on the server's loop and is awaited in the plugin's: nothing of the
server is ever touched by two threads. Rooms and people are snapshots, as they were when asked for.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

from tertulia.core.commands import Command, PostDirect, PostMessage
from tertulia.core.errors import NoSuchRoom, RateLimited, Refused, UnknownRoom
from tertulia.core.history import Message
from tertulia.core.ids import EventId, RoomId
from tertulia.core.room import RoomState
from tertulia.core.state import User
from tertulia.plugins.voice import Voice
from tertulia.plugins.worker import Worker
from tertulia.ports import Done, Gateway

T = TypeVar("T")

ASKED: Final = 1000
"""What one plugin may have asked of the chat and not been answered yet; more is refused."""
ANSWER_WITHIN: Final = 30.0
"""Seconds that the chat may take to answer."""


class Chat:
    """The chat, for one plugin. Everything is awaited, in an `async def` function."""

    def __init__(
        self, gateway: Gateway, voice: Voice, worker: Worker, server: asyncio.AbstractEventLoop
    ) -> None:
        self._gateway = gateway
        self._voice = voice
        self._worker = worker
        self._server = server
        self._places = threading.BoundedSemaphore(ASKED)

    # Speaking, as the plugin's own user

    async def say(
        self,
        room: RoomState | RoomId | str,
        text: str,
        *,
        action: bool = False,
        reply_to: EventId | None = None,
    ) -> Done:
        """Say something in a room, which may be given by name; the plugin's user enters it first.

        Raises:
            Refused: there is no such room, or it may not be said.
        """

        async def say() -> Done:
            found = self._find(room)
            await self._voice.enter(found)
            return await self._voice.submit(PostMessage(found, text, action, reply_to))

        return await self.ask(say())

    async def tell(self, nick: str, text: str) -> Done:
        """Write to one person directly; kept for them if they are not here.

        Raises:
            Refused: it may not be said.
        """
        return await self.submit(PostDirect(nick, text))

    async def submit(self, command: Command) -> Done:
        """Ask for anything in the name of the plugin's user.

        Raises:
            Refused: it is not to be.
        """
        return await self.ask(self._voice.submit(command))

    # Looking

    async def rooms(self) -> Sequence[RoomState]:
        """Return all public rooms, oldest first."""
        return await self.ask(_now(self._gateway.rooms))

    async def room(self, name: str) -> RoomState | None:
        """Return the public room called `name`."""
        return await self.ask(_now(lambda: self._gateway.room_named(name)))

    async def users(self) -> Sequence[User]:
        """Return everyone online."""
        return await self.ask(_now(lambda: list(self._gateway.users())))

    async def user(self, nick: str) -> User | None:
        """Return who is online under a nick that compares equal."""
        return await self.ask(_now(lambda: self._gateway.user_called(nick)))

    async def recent(self, room: RoomState | RoomId | str, limit: int = 50) -> Sequence[Message]:
        """Return the newest messages of a room that are at hand, without a look into the log.

        Raises:
            Refused: there is no such room.
        """
        return await self.ask(_now(lambda: self._gateway.recent(self._find(room), limit)))

    async def history(
        self,
        room: RoomState | RoomId | str,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> Sequence[Message]:
        """Return a page of a room's messages by `seq`, in order; the plugin's user enters it first.

        With `after`, the oldest ones past it; otherwise the newest ones, those before `before`.

        Raises:
            Refused: there is no such room, or its history can't be read.
        """

        async def read() -> Sequence[Message]:
            found = self._find(room)
            session = await self._voice.enter(found)
            return await self._gateway.history(
                session, found, before=before, after=after, limit=limit
            )

        return await self.ask(read())

    # Between the threads

    async def ask(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop, and wait for what it returns.

        Raises:
            Refused: it raised that, or too much is asked at once.
            RuntimeError: called in another thread than the plugin's.
        """
        if not self._worker.is_own_thread:
            coroutine.close()
            raise RuntimeError("the chat can only be asked in the plugin's own thread")
        if not self._places.acquire(blocking=False):
            coroutine.close()
            raise Refused(RateLimited(1.0))
        future = asyncio.run_coroutine_threadsafe(_within_time(coroutine), self._server)
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)

    def tell_server(self, call: Callable[..., object], *args: object) -> None:
        """Have something called on the server's loop, in the order of these calls."""
        self._worker.tell_server(call, *args)

    def _find(self, room: RoomState | RoomId | str) -> RoomId:
        """Return a room's id; on the server's loop.

        Raises:
            Refused: there is no such room.
        """
        if isinstance(room, str):
            found = self._gateway.room_named(room)
            if found is None:
                raise Refused(NoSuchRoom(room))
        else:
            found = self._gateway.room(room.id if isinstance(room, RoomState) else room)
            if found is None:
                raise Refused(UnknownRoom())
        return found.id


async def _now(look: Callable[[], T]) -> T:
    return look()


async def _within_time(coroutine: Coroutine[Any, Any, T]) -> T:
    async with asyncio.timeout(ANSWER_WITHIN):
        return await coroutine
