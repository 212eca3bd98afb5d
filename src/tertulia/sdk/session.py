"""A session: keeps one user online, across as many connections as it takes.

It logs in, comes back with its token when the line breaks, and gives what it hears to its owner,
in order and once. Requests are `asking`'s; listeners and what programs call are `client`'s.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from msgspec import Struct

from tertulia.sdk.address import Address
from tertulia.sdk.asking import Asking
from tertulia.sdk.backoff import Backoff
from tertulia.sdk.connection import Connection, open_connection
from tertulia.sdk.errors import (
    CannotConnect,
    ConnectionLost,
    LoginRefused,
    NoAnswer,
    ServerError,
    SessionReplaced,
    TertuliaError,
)
from tertulia.sdk.mirror import Mirror
from tertulia.wire.events import Envelope, InvalidEvent, decode_event, encode
from tertulia.wire.events import events as w
from tertulia.wire.events import requests as r

logger = logging.getLogger(__name__)

LOGIN: Final = 0
"""The request id of a login; all others have greater ones."""
LOGINS: Final = 5
"""Logins that are tried on one connection."""
LOGIN_WITHIN: Final = 20.0
"""Seconds until one must be logged in, and told of the rooms one is in."""
HEARTBEAT: Final = 20.0
"""Seconds between two looks at whether the server is still there."""
SILENCE: Final = 45.0
"""Seconds without a word after which it is not."""
STEADY: Final = 5.0
"""Seconds that a connection must hold for the next one to be tried without much ado."""

TEMPORARY: Final = frozenset(
    {
        *("too_many_connections", "chat_full", "rate_limited"),
        *("store_unavailable", "shutting_down", "internal_error"),
    }
)
"""Refusals of a login that may pass."""


class Terms(Struct, frozen=True):
    """How a client wants to be online."""

    nick: str | None = None
    language: str | None = None
    watch_rooms: bool = True
    reconnect: bool = True
    """Whether to come back when the connection breaks."""
    tls: ssl.SSLContext | None = None


class Owner(Protocol):
    """Whom a session tells everything."""

    def before_welcome(self, welcome: w.Welcome) -> None:
        """Look at the mirror as it was, just before one is logged in again."""
        ...

    def came_online(self, *, again: bool, resumed: bool) -> None:
        """Take in that one is logged in; `resumed`: just as if one had never been away."""
        ...

    def heard(self, envelope: Envelope[w.Event]) -> None:
        """Take in an event, which the mirror knows of by now."""
        ...

    def went_offline(self, error: TertuliaError) -> None:
        """Take in that the connection broke; the next one is tried soon."""
        ...


class Session:
    """Keeps one user online."""

    def __init__(
        self,
        address: Address,
        terms: Terms,
        mirror: Mirror,
        asking: Asking,
        owner: Owner,
        *,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """Prepare to come online; `draw` gives random numbers between 0 and 1."""
        self._address = address
        self._terms = terms
        self._mirror = mirror
        self._asking = asking
        self._owner = owner
        self._draw = draw
        self._nick = terms.nick
        self._token: str | None = None
        self._connection: Connection | None = None
        self._login: asyncio.Future[None] | None = None
        """Done when one is logged in; there is one only until then."""
        self._logins = 0
        self._welcome: w.Welcome | None = None
        self._awaited: set[str] = set()
        """Rooms that one is in and has been told nothing of yet."""
        self._was_online = False
        self._is_leaving = False
        self._end: TertuliaError | None = None
        """Why there is no coming back."""

    # Staying online

    async def run(self) -> None:
        """Stay online until the end.

        Raises:
            CannotConnect, LoginRefused, ServerError: it never came online.
            SessionReplaced: somebody else goes on with it.
            ConnectionLost: the connection broke, and one does not want to come back.
        """
        backoff = Backoff()
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            failure = await self._stay_on_one_connection()
            if self._is_leaving:
                return
            if self._end is not None:
                raise self._end
            if not (self._was_online and self._terms.reconnect):
                raise failure
            if clock() - began > STEADY:
                backoff.reset()
            seconds = backoff.next(self._draw())
            logger.info("%s; trying again in %.1f s", failure, seconds)
            await asyncio.sleep(seconds)

    async def leave(self, text: str) -> None:
        """Go offline, with parting words."""
        self._is_leaving = True
        connection = self._connection
        if connection is not None:
            if self._asking.is_online:
                connection.send([encode(r.Logout(text=text))])
                await asyncio.wait([connection.closed], timeout=2.0)
            connection.close()
            await connection.wait_closed()

    async def _stay_on_one_connection(self) -> TertuliaError:
        """Be online for as long as one connection lasts; return why it ended."""
        try:
            connection = await open_connection(self._address, self._on_events, tls=self._terms.tls)
        except CannotConnect as failure:
            return failure
        self._connection = connection
        try:
            await self._log_in(connection)
            await self._watch(connection)
        except TertuliaError as failure:
            return failure
        finally:
            self._connection = self._login = None
            connection.abort()
            if self._asking.is_online:
                self._asking.break_off()
        lost = _lost("the connection to the server broke", connection)
        if not self._is_leaving:
            self._owner.went_offline(lost)
        return lost

    async def _watch(self, connection: Connection) -> None:
        """Wait until the connection is closed, and see now and then that somebody is there."""
        loop = asyncio.get_running_loop()
        while not connection.closed.done():
            await asyncio.wait([connection.closed], timeout=HEARTBEAT)
            silence = loop.time() - connection.heard_at
            if silence > SILENCE:
                connection.abort(NoAnswer("the server is silent"))
            elif silence >= HEARTBEAT:
                connection.send([encode(r.Ping())])

    # The login

    async def _log_in(self, connection: Connection) -> None:
        login = self._login = asyncio.get_running_loop().create_future()
        hung_up = _lost("the server hung up before the login was done", connection)
        connection.closed.add_done_callback(lambda _: _fail(login, hung_up))
        self._logins = 0
        self._send_login(connection)
        try:
            async with asyncio.timeout(LOGIN_WITHIN):
                await login
        except TimeoutError:
            raise NoAnswer("the server does not answer the login") from None
        finally:
            self._login = None

    def _send_login(self, connection: Connection) -> None:
        self._logins += 1
        terms, token = self._terms, self._token
        request = r.Login(
            nick=self._nick if token is None else None,
            token=token,
            cursors={} if token is None else self._mirror.heard(),
            language=terms.language,
            watch_rooms=terms.watch_rooms,
        )
        connection.send([encode(request, LOGIN)])

    def _take_login(self, envelope: Envelope[w.Event]) -> None:
        content = envelope.content
        if isinstance(content, w.Welcome):
            self._take_welcome(content)
        elif isinstance(content, w.ServerError) and envelope.request in (LOGIN, None):
            # A refusal of the connection as a whole answers no request.
            self._take_refusal(content)

    def _take_refusal(self, refusal: w.ServerError) -> None:
        suggestion = refusal.data.get("suggestion")
        if refusal.code == "resume_failed" and self._token is not None:
            self._token = None
        elif refusal.code == "nick_in_use" and self._was_online and suggestion:
            logger.warning("the nick %s is taken by now; going on as %s", self._nick, suggestion)
            self._nick = str(suggestion)
        elif refusal.code in TEMPORARY:
            self._fail_login(ServerError.of(refusal))
            return
        else:
            self._end = LoginRefused.of(refusal)
            self._fail_login(self._end)
            return
        if self._connection is not None and self._logins < LOGINS:
            self._send_login(self._connection)
        else:
            self._fail_login(ServerError.of(refusal))

    def _take_welcome(self, welcome: w.Welcome) -> None:
        self._owner.before_welcome(welcome)
        self._mirror.welcome(welcome)
        self._token = welcome.token
        self._nick = None if self._terms.nick is None else welcome.user.nick
        self._welcome = welcome
        self._awaited = set() if welcome.resumed else set(welcome.joined)

    def _be_online(self, welcome: w.Welcome) -> None:
        connection, self._welcome = self._connection, None
        if connection is None:
            return
        again, self._was_online = self._was_online, True
        self._owner.came_online(again=again, resumed=welcome.resumed)
        self._asking.begin(connection, welcome.max_event)
        if self._login is not None and not self._login.done():
            self._login.set_result(None)

    def _fail_login(self, failure: TertuliaError) -> None:
        if self._login is not None:
            _fail(self._login, failure)

    # Hearing

    def _on_events(self, events: Sequence[bytes]) -> None:
        for event in events:
            try:
                envelope = decode_event(event)
            except InvalidEvent as fault:
                # A newer server may tell more than this version knows.
                logger.debug("an event was passed over: %s", fault)
                continue
            self._take(envelope)

    def _take(self, envelope: Envelope[w.Event]) -> None:
        if self._login is not None:
            self._take_login(envelope)
        is_news = self._note(envelope.content)
        if self._asking.answered(envelope) and is_news:
            self._owner.heard(envelope)
        if self._welcome is not None and not self._awaited:
            self._be_online(self._welcome)

    def _note(self, content: w.Event) -> bool:
        """Take in what an event says of the rooms and of oneself; False when it is no news."""
        match content:
            case w.RoomEvent():
                return self._mirror.take(content)
            case w.RoomJoined():
                self._mirror.joined(content)
                self._awaited.discard(content.room)
            case w.RoomCreated() | w.RoomUpdated() | w.RoomDeleted():
                self._mirror.list(content)
            case w.Rooms():
                self._mirror.relist(content)
            case w.NickChanged():
                if self._mirror.rename(content):
                    self._nick = content.user.nick
            case w.Goodbye(reason="replaced"):
                self._end = SessionReplaced("somebody goes on with this session elsewhere")
            case w.Goodbye(reason="quit"):
                self._is_leaving = True
        return True


def _fail(login: asyncio.Future[None], failure: TertuliaError) -> None:
    if not login.done():
        login.set_exception(failure)


def _lost(text: str, connection: Connection) -> ConnectionLost:
    lost = ConnectionLost(text)
    lost.__cause__ = connection.failure
    return lost
