"""The client, as programs see it: listeners, coming and going, and everything in `calls`.

One client is one user. How it stays online and what it has heard is `life`'s and `mirror`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import ssl
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from msgspec.structs import replace
from typing_extensions import override

from tertulia.sdk.address import Address, parse_address
from tertulia.sdk.calls import Calls
from tertulia.sdk.errors import ClientClosed, NoAnswer
from tertulia.sdk.life import Life
from tertulia.sdk.listeners import PREFIX, Listener, ListenerT
from tertulia.sdk.mirror import Mirror
from tertulia.sdk.models import Message, Room, Rooms, Said
from tertulia.sdk.outgoing import MOST_WAITING
from tertulia.sdk.session import Terms
from tertulia.wire.events import events as w
from tertulia.wire.events import name_of
from tertulia.wire.events import requests as r
from tertulia.wire.events.objects import OwnUser, User

logger = logging.getLogger(__name__)

ANSWER_WITHIN: Final = 60.0
"""Seconds that a request may take, but for messages."""
PATIENCE: Final = 900.0
"""Seconds that a message may wait to be said."""

_MESSAGES: Final = (r.SendMessage, r.SendDirect)

Check = Callable[..., bool]


class Client(Calls):
    """One user of a chat, from its first login to its end.

        client = Client("tcp://127.0.0.1:4444", nick="parrot")

        @client.listener()
        async def on_message(message):
            if not message.is_own:
                await message.reply(message.text)

        client.run()

    Methods of a subclass that are called `on_…` are listeners too.
    """

    def __init__(
        self,
        url: str,
        *,
        nick: str | None = None,
        language: str | None = None,
        watch_rooms: bool = True,
        reconnect: bool = True,
        patience: float | None = PATIENCE,
        most_waiting: int = MOST_WAITING,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare a client; nothing is connected yet.

        Args:
            url: Where the server's events door is: `tcp://HOST:PORT`, `tertulia://HOST`,
                `ws://HOST:PORT/events` or `wss://HOST/events`.
            nick: The nick to have; without it, the server draws a guest's.
            language: The language of texts for people: `en`, `pt` or `es`.
            watch_rooms: Whether to be told of every change in the list of rooms.
            reconnect: Whether to come back when the connection breaks.
            patience: Seconds that a message may wait to be said; None for ever.
            most_waiting: How many requests may wait to be sent.
            tls: How to check the server of a `wss` address; the system's way without it.

        Raises:
            ValueError: `url` is no address.
            TypeError: a method that is to be a listener can't be one.
        """
        self.address: Address = parse_address(url)
        self.mirror = Mirror()
        terms = Terms(nick, language, watch_rooms, reconnect, tls)
        # Two underscores, so that subclasses may call their own things as they like.
        self.__life = Life(self, self.mirror, self.address, terms, most_waiting)
        self.__patience = patience
        self.__keys = secrets.token_hex(8)
        self.__messages = 0
        for name in dir(type(self)):
            if name.startswith(PREFIX):
                self.add_listener(getattr(self, name))

    # What is known

    @property
    def rooms(self) -> Rooms:
        """All public rooms, as the server has them: `client.rooms["lobby"].member_count`."""
        return Rooms(self)

    @property
    def joined(self) -> tuple[Room, ...]:
        """The rooms one is in, and one's direct conversations."""
        return tuple(Room(self, room) for room in self.mirror.states)

    @property
    def main_room(self) -> Room:
        """The room that everybody enters first."""
        return Room(self, self.mirror.main_room)

    @property
    def user(self) -> OwnUser:
        """Oneself.

        Raises:
            ClientClosed: one was never online.
        """
        if self.mirror.me is None:
            raise ClientClosed("the client was never connected")
        return self.mirror.me

    @property
    def is_online(self) -> bool:
        """Whether there is a connection just now."""
        return self.__life.asking.is_online

    def is_me(self, user: User) -> bool:
        """Tell whether somebody is oneself."""
        return self.mirror.is_me(user)

    # Listeners

    def listener(self, event: str | None = None) -> Callable[[ListenerT], ListenerT]:
        """Declare that a coroutine function is called for each event of a kind.

            @client.listener()
            async def on_user_joined(event): ...

        Args:
            event: Such as `message`; without it, the function's name says it.

        Raises:
            TypeError: it is no coroutine function, or can't be called with what it is told.
            ValueError: there is no such event.
        """
        if event is not None and not isinstance(event, str):
            raise TypeError("a listener is declared with @client.listener(), brackets included")

        def declare(listener: ListenerT) -> ListenerT:
            self.__life.listeners.add(listener, event)
            return listener

        return declare

    def add_listener(self, listener: Listener, event: str | None = None) -> None:
        """Call `listener` from here on; see `listener`."""
        self.__life.listeners.add(listener, event)

    def remove_listener(self, listener: Listener) -> None:
        """Call `listener` no more.

        Raises:
            ValueError: it is none.
        """
        self.__life.listeners.remove(listener)

    def wait_for(
        self,
        event: str,
        check: Check | None = None,
        *,
        timeout: float | None = ANSWER_WITHIN,
    ) -> Coroutine[Any, Any, Any]:
        """Wait for the next event of a kind, and return what a listener is called with.

        It is listened for from the moment of the call, not only once it is awaited:

            answer = client.wait_for("message", lambda message: not message.is_own)
            await room.say("Who is there?")
            message = await answer

        Args:
            event: Such as `message`.
            check: Called with the same; False lets it pass.
            timeout: Seconds from when it is awaited; None for no deadline.

        Raises:
            TimeoutError: none came in time.
            ValueError: there is no such event.
        """
        found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def look(*arguments: Any) -> None:
            try:
                is_it = check is None or check(*arguments)
            except Exception as error:
                if not found.done():
                    found.set_exception(error)
                return
            if is_it and not found.done():
                found.set_result(arguments[0] if arguments else None)

        self.__life.listeners.add(look, event)
        return self.__wait(found, look, timeout)

    async def __wait(
        self,
        found: asyncio.Future[Any],
        look: Listener,
        timeout: float | None,  # noqa: ASYNC109 - passed on
    ) -> Any:
        try:
            return await asyncio.wait_for(found, timeout)
        finally:
            self.__life.listeners.remove(look)

    # Coming and going

    async def connect(self) -> None:
        """Come online, and be in the main room when this returns.

        Raises:
            CannotConnect: nobody is there, or they do not speak this protocol.
            LoginRefused: the server does not let one in like this.
            ServerError: it does not let anybody in just now.
            ConnectionLost, NoAnswer: the connection broke, or nothing came.
            ClientClosed: this client was connected before.
        """
        await self.__life.begin()

    async def close(self, text: str = "") -> None:
        """Say what is waiting, then go offline, with parting words or without. Safe to repeat."""
        await self.__life.close(text)

    async def wait_closed(self) -> None:
        """Wait until the client is closed.

        Raises:
            TertuliaError: it was not closed, but can't come back for this reason.
        """
        await self.__life.wait_closed()

    def run(self) -> None:
        """Come online and stay there, until `close` is called or the program is interrupted.

        For programs that do nothing else; it has an event loop of its own.
        """
        with (
            contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError),
            asyncio.Runner(loop_factory=_loop_factory()) as runner,
        ):
            runner.run(self.__run())

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def __run(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None, "run by a task"
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
        async with self:
            await self.wait_closed()

    # Asking

    @override
    async def ask(self, request: r.Request) -> w.Event:
        """See `Calls.ask`."""
        seconds = self.__patience if isinstance(request, _MESSAGES) else ANSWER_WITHIN
        answer = self.__send(request)
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            raise NoAnswer(f"no answer to {name_of(type(request))} in {seconds:g} s") from None

    def emit(self, event: str, **params: object) -> asyncio.Future[w.Event]:
        """Send any request of the protocol by its name, such as `emit("set_away", text="tea")`.

        It is on its way at once. The answer can be awaited, or not: what is refused is told to
        `on_server_error` in any case.

        Raises:
            ValueError: there is no such request, or its params are not right.
            QueueFull: too much is waiting to be sent.
            ClientClosed: the client is not connected, or not any more.
        """
        kind = r.REQUESTS.get(event)
        if kind is None or kind in (r.Login, r.Logout):
            raise ValueError(f"there is no request called {event} to be sent")
        plain = {
            name: value.id if isinstance(value, (Room, Message)) else value
            for name, value in params.items()
        }
        try:
            request = msgspec.convert(plain, kind)
        except msgspec.ValidationError as error:
            raise ValueError(f"{event}: {error}") from None
        return self.__send(request)

    def __send(self, request: r.Request) -> asyncio.Future[w.Event]:
        if isinstance(request, _MESSAGES) and request.key is None:
            self.__messages += 1
            request = replace(request, key=f"{self.__keys}-{self.__messages}")
        return self.__life.ask(request)

    @override
    def _room_of(self, room: str) -> Room:
        return Room(self, room)

    @override
    def _message_of(self, said: Said) -> Message:
        return Message(self, said)


def connect(url: str, *, nick: str | None = None, **options: Any) -> Client:
    """Return a client to be used as `async with connect(url, nick="ana") as client:`.

    It comes online where the block begins, and goes where it ends. The options are those of
    `Client`.
    """
    return Client(url, nick=nick, **options)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the event loop: uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
