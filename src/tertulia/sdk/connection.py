"""One connection to a server: a socket of asyncio's, a framing, and events in both directions.

It lives once; coming back is `session`'s business. Everything is given to its owner as it comes,
in order, without a task or a queue in between.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import Final, cast

from typing_extensions import override

from tertulia.sdk.address import Address
from tertulia.sdk.errors import CannotConnect
from tertulia.sdk.framing import Framing, framing_for

CONNECT_WITHIN: Final = 15.0
"""Seconds until a server must have accepted, and shaken hands."""
CLOSE_WITHIN: Final = 2.0
"""Seconds that a connection has for sending its last bytes."""

OnEvents = Callable[[Sequence[bytes]], None]


class Connection(asyncio.Protocol):
    """Sends and receives events; made by `open_connection`."""

    def __init__(self, framing: Framing, on_events: OnEvents) -> None:
        loop = asyncio.get_running_loop()
        self._framing = framing
        self._on_events = on_events
        self._transport: asyncio.Transport | None = None
        self._failure: Exception | None = None
        self.opened: asyncio.Future[None] = loop.create_future()
        """Done when events may be sent."""
        # Whoever waited for it may have given up.
        self.opened.add_done_callback(lambda opened: opened.cancelled() or opened.exception())
        self.closed: asyncio.Future[None] = loop.create_future()
        """Done when the connection is no more."""
        self.heard_at = loop.time()
        """When something was received last, by the clock of the loop."""

    @property
    def failure(self) -> Exception | None:
        """Why the connection broke, if that is known."""
        return self._failure

    # What the loop calls

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        # A stream's transport; uvloop's is no subclass of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._write(self._framing.begin())
        self._note_opened()

    @override
    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self.heard_at = asyncio.get_running_loop().time()
        try:
            events = self._framing.receive_data(data)
        except CannotConnect as failure:
            self.abort(failure)
            return
        self._write(self._framing.data_to_send())
        self._note_opened()
        if events:
            self._on_events(events)

    @override
    def eof_received(self) -> None:
        """See `asyncio.Protocol`."""
        self._framing.receive_eof()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._failure = self._failure or exc
        if not self.opened.done():
            self.opened.set_exception(self._failure or CannotConnect("the server hung up"))
        self.closed.set_result(None)

    # What its owner calls

    def send(self, events: Sequence[bytes]) -> None:
        """Send events; does nothing once closed."""
        if self._framing.is_open:
            self._write(self._framing.write(events))

    def close(self) -> None:
        """Send what is waiting, then close."""
        if self._transport is not None:
            self._write(self._framing.end())
            self._transport.close()

    def abort(self, failure: Exception | None = None) -> None:
        """Close at once; what is waiting is lost."""
        self._failure = self._failure or failure
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the connection is closed; cut it off when that takes too long."""
        await asyncio.wait([self.closed], timeout=CLOSE_WITHIN)
        if not self.closed.done():
            self.abort()
            await asyncio.wait([self.closed], timeout=CLOSE_WITHIN)

    def _write(self, data: bytes) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _note_opened(self) -> None:
        if self._framing.is_open and not self.opened.done():
            self.opened.set_result(None)


async def open_connection(
    address: Address, on_events: OnEvents, *, tls: ssl.SSLContext | None = None
) -> Connection:
    """Connect; `on_events` is called with events as they come, in order.

    Raises:
        CannotConnect: nobody is there, or they do not speak this.
    """
    try:
        async with asyncio.timeout(CONNECT_WITHIN):
            return await _open(address, on_events, tls)
    except TimeoutError:
        raise CannotConnect(f"{address.authority} does not answer") from None
    except (OSError, CannotConnect) as error:
        raise CannotConnect(f"{address.authority}: {_words(error)}") from error


async def _open(address: Address, on_events: OnEvents, tls: ssl.SSLContext | None) -> Connection:
    context = (tls or ssl.create_default_context()) if address.is_secure else None
    _, connection = await asyncio.get_running_loop().create_connection(
        lambda: Connection(framing_for(address), on_events),
        address.host,
        address.port,
        ssl=context,
    )
    try:
        await connection.opened
    except BaseException:
        connection.abort()
        raise
    return connection


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
