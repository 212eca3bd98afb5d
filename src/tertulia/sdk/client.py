"""The client: listeners, the life of a connection, and everything in `calls`.

It puts the parts together: `session` keeps it online, `mirror` knows the rooms, `listeners` calls
the program's coroutines. One client is one user.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import msgspec
from msgspec.structs import replace
from typing_extensions import override

from tertulia.sdk.address import Address, parse_address
from tertulia.sdk.asking import Asking
from tertulia.sdk.calls import Calls
from tertulia.sdk.catching_up import CatchingUp
from tertulia.sdk.errors import ClientClosed, NoAnswer, TertuliaError
from tertulia.sdk.happenings import HAPPENINGS, OWN_EVENTS
from tertulia.sdk.listeners import PREFIX, Listener, Listeners, ListenerT
from tertulia.sdk.mirror import Mirror
from tertulia.sdk.models import Message, Room, Rooms, Said
from tertulia.sdk.outgoing import MOST_WAITING
from tertulia.sdk.session import Session, Terms
from tertulia.wire.events import Envelope, name_of
from tertulia.wire.events import events as w
from tertulia.wire.events import requests as r
from tertulia.wire.events.objects import OwnUser, User

logger = logging.getLogger(__name__)

ANSWER_WITHIN: Final = 60.0
"""Seconds that a request may take, but for messages."""
PATIENCE: Final = 900.0
"""Seconds that a message may wait to be said."""
DRAIN_WITHIN: Final = 5.0
"""Seconds that what is on its way has when the client is closed."""

EVENTS: Final = {**{name_of(kind): 1 for kind in HAPPENINGS}, **OWN_EVENTS}
"""The events that there are listeners for, and with how many arguments these are called."""

_MESSAGES: Final = (r.SendMessage, r.SendDirect)
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

Check = Callable[..., bool]
ResultT = TypeVar("ResultT")


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
        self._patience = patience
        self._asking = Asking(most_waiting)
        self._catching_up = CatchingUp(self.mirror, self._asking, self._tell)
        self._session = Session(
            self.address,
            Terms(nick, language, watch_rooms, reconnect, tls),
            self.mirror,
            self._asking,
            self,
        )
        self._listeners = Listeners(EVENTS)
        self._task: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._closed: asyncio.Future[None] | None = None
        self._keys = secrets.token_hex(8)
        self._messages = 0
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
        return self._asking.is_online

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
            self._listeners.add(listener, event)
            return listener

        return declare

    def add_listener(self, listener: Listener, event: str | None = None) -> None:
        """Call `listener` from here on; see `listener`."""
        self._listeners.add(listener, event)

    def remove_listener(self, listener: Listener) -> None:
        """Call `listener` no more.

        Raises:
            ValueError: it is none.
        """
        self._listeners.remove(listener)

    async def wait_for(
        self,
        event: str,
        check: Check | None = None,
        *,
        timeout: float | None = ANSWER_WITHIN,  # noqa: ASYNC109 - as bot authors know it
    ) -> Any:
        """Wait for the next event of a kind, and return what a listener is called with.

        Args:
            event: Such as `message`.
            check: Called with the same; False lets it pass.
            timeout: Seconds; None for no deadline.

        Raises:
            TimeoutError: none came in time.
            ValueError: there is no such event.
        """
        found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def look(*arguments: Any) -> None:
            if not found.done() and (check is None or check(*arguments)):
                found.set_result(arguments[0] if arguments else None)

        self._listeners.add(look, event)
        try:
            return await asyncio.wait_for(found, timeout)
        finally:
            self._listeners.remove(look)

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
        if self._task is not None:
            raise ClientClosed("a client can be connected once only")
        loop = asyncio.get_running_loop()
        self._ready, self._closed = loop.create_future(), loop.create_future()
        self._task = loop.create_task(self._stay_online())
        try:
            await asyncio.shield(self._ready)
        except BaseException:
            await self._end(ClientClosed("the client was never online"))
            raise

    async def close(self, text: str = "") -> None:
        """Say what is waiting, then go offline, with parting words or without. Safe to repeat."""
        if self._task is None or self._closed is None or self._closed.done():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_WITHIN):
                await self._asking.wait_idle()
        await self._session.leave(text)
        await self._end(ClientClosed("the client is closed"))

    async def wait_closed(self) -> None:
        """Wait until the client is closed.

        Raises:
            TertuliaError: it was not closed, but can't come back for this reason.
        """
        if self._closed is None:
            raise ClientClosed("the client was never connected")
        await asyncio.shield(self._closed)

    def run(self) -> None:
        """Come online and stay there, until `close` is called or the program is interrupted.

        For programs that do nothing else; it has an event loop of its own.
        """
        with (
            contextlib.suppress(KeyboardInterrupt),
            asyncio.Runner(loop_factory=_loop_factory()) as runner,
        ):
            runner.run(self._run())

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

    async def _run(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None, "run by a task"
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
        async with self:
            await self.wait_closed()

    async def _stay_online(self) -> None:
        ready, closed = self._ready, self._closed
        assert ready is not None and closed is not None, "made by connect"
        reason: TertuliaError = ClientClosed("the client is closed")
        try:
            await self._session.run()
        except TertuliaError as error:
            reason = error
        finally:
            self._catching_up.stop()
            self._asking.end(reason)
            if not ready.done():
                ready.set_exception(reason)
            if not closed.done():
                self._note_closed(closed, reason)

    def _note_closed(self, closed: asyncio.Future[None], reason: TertuliaError) -> None:
        if isinstance(reason, ClientClosed):
            closed.set_result(None)
        else:
            closed.set_exception(reason)
            # Nobody has to wait for the end.
            closed.exception()

    async def _end(self, reason: TertuliaError) -> None:
        assert self._task is not None and self._closed is not None, "made by connect"
        self._task.cancel()
        await asyncio.wait([self._task])
        self._asking.end(reason)
        await self._listeners.close()

    # Asking

    @override
    async def ask(self, request: r.Request) -> w.Event:
        """See `Calls.ask`."""
        seconds = self._patience if isinstance(request, _MESSAGES) else ANSWER_WITHIN
        answer = self._send(request)
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
        return self._send(request)

    def _send(self, request: r.Request) -> asyncio.Future[w.Event]:
        if self._task is None:
            raise ClientClosed("the client is not connected yet")
        if isinstance(request, _MESSAGES) and request.key is None:
            self._messages += 1
            request = replace(request, key=f"{self._keys}-{self._messages}")
        return self._asking.ask(request)

    @override
    def _room(self, room: str) -> Room:
        return Room(self, room)

    @override
    def _message(self, said: Said) -> Message:
        return Message(self, said)

    # What the session tells (`session.Owner`)

    def before_welcome(self, welcome: w.Welcome) -> None:
        """See `session.Owner.before_welcome`."""
        if not welcome.resumed:
            self._catching_up.note_place()

    def came_online(self, *, again: bool, resumed: bool) -> None:
        """See `session.Owner.came_online`."""
        if again:
            self._listeners.call("reconnected", resumed)
        else:
            self._listeners.call("ready")
            if self._ready is not None and not self._ready.done():
                self._ready.set_result(None)
        self._catching_up.start()

    def went_offline(self, error: TertuliaError) -> None:
        """See `session.Owner.went_offline`."""
        self._catching_up.stop()
        self._listeners.call("disconnected", error)

    def heard(self, envelope: Envelope[w.Event]) -> None:
        """See `session.Owner.heard`."""
        if not self._catching_up.holds(envelope):
            self._tell(envelope)

    def _tell(self, envelope: Envelope[w.Event]) -> None:
        """Tell the listeners."""
        content = envelope.content
        if self._listeners.has("event"):
            self._listeners.call("event", envelope)
        if self._listeners.has(envelope.name):
            self._listeners.call(envelope.name, HAPPENINGS[type(content)](self, content))
        elif isinstance(content, w.ServerError):
            logger.info("the server refused %s: %s", content.event, content.text)


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
