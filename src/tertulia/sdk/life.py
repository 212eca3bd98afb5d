"""A client's life: from its first login to its end, and what its listeners hear meanwhile.

It puts the parts together: `session` stays online, `asking` asks, `catching_up` goes back to where
one was, `listeners` are called. What programs see of it is `client`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final

from tertulia.sdk.address import Address
from tertulia.sdk.asking import Asking
from tertulia.sdk.catching_up import CatchingUp
from tertulia.sdk.errors import ClientClosed, TertuliaError
from tertulia.sdk.happenings import HAPPENINGS, OWN_EVENTS
from tertulia.sdk.listeners import Listeners
from tertulia.sdk.mirror import Mirror
from tertulia.sdk.session import Session, Terms
from tertulia.wire.events import Envelope, name_of
from tertulia.wire.events import events as w
from tertulia.wire.events import requests as r

if TYPE_CHECKING:
    from tertulia.sdk.client import Client

logger = logging.getLogger(__name__)

DRAIN_WITHIN: Final = 5.0
"""Seconds that what is on its way has when a client is closed."""

EVENTS: Final = {**{name_of(kind): 1 for kind in HAPPENINGS}, **OWN_EVENTS}
"""The events that there are listeners for, and with how many arguments these are called."""


class Life:
    """Implements `session.Owner`."""

    def __init__(
        self, client: Client, mirror: Mirror, address: Address, terms: Terms, most_waiting: int
    ) -> None:
        """Prepare to live; listeners are told of things that belong to `client`."""
        self._client = client
        self.asking = Asking(most_waiting)
        self.listeners = Listeners(EVENTS)
        self.session = Session(address, terms, mirror, self.asking, self)
        self._catching_up = CatchingUp(mirror, self.asking, self._tell)
        self._task: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._closed: asyncio.Future[None] | None = None

    async def begin(self) -> None:
        """Come online.

        Raises:
            TertuliaError: that can't be done, or was done before.
        """
        if self._task is not None:
            raise ClientClosed("a client can be connected once only")
        loop = asyncio.get_running_loop()
        self._ready, self._closed = loop.create_future(), loop.create_future()
        self._task = loop.create_task(self._stay_online(self._ready, self._closed))
        try:
            await asyncio.shield(self._ready)
        except BaseException:
            await self._end(self._task, ClientClosed("the client was never online"))
            raise

    async def close(self, text: str) -> None:
        """Say what is waiting, then go offline; safe to repeat."""
        if self._task is None or self._closed is None or self._closed.done():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_WITHIN):
                await self.asking.wait_idle()
        await self.session.leave(text)
        await self._end(self._task, ClientClosed("the client is closed"))

    async def wait_closed(self) -> None:
        """Wait for the end.

        Raises:
            TertuliaError: it was not wanted.
        """
        if self._closed is None:
            raise ClientClosed("the client was never connected")
        await asyncio.shield(self._closed)

    def ask(self, request: r.Request) -> asyncio.Future[w.Event]:
        """Send a request; see `Asking.ask`."""
        if self._task is None:
            raise ClientClosed("the client is not connected yet")
        return self.asking.ask(request)

    async def _stay_online(self, ready: asyncio.Future[None], closed: asyncio.Future[None]) -> None:
        reason: TertuliaError = ClientClosed("the client is closed")
        try:
            await self.session.run()
        except TertuliaError as error:
            reason = error
        finally:
            self._catching_up.stop()
            self.asking.end(reason)
            if not ready.done():
                ready.set_exception(reason)
                # Whoever waited for it may have given up.
                ready.exception()
            if isinstance(reason, ClientClosed):
                closed.set_result(None)
            else:
                closed.set_exception(reason)
                # Nobody has to wait for the end.
                closed.exception()

    async def _end(self, task: asyncio.Task[None], reason: TertuliaError) -> None:
        task.cancel()
        await asyncio.wait([task])
        self.asking.end(reason)
        await self.listeners.close()

    # What the session tells

    def before_welcome(self, welcome: w.Welcome) -> None:
        """See `session.Owner.before_welcome`."""
        if not welcome.resumed:
            self._catching_up.note_place()

    def came_online(self, *, again: bool, resumed: bool) -> None:
        """See `session.Owner.came_online`."""
        if again:
            self.listeners.call("reconnected", resumed)
        else:
            self.listeners.call("ready")
            if self._ready is not None and not self._ready.done():
                self._ready.set_result(None)
        self._catching_up.start()

    def went_offline(self, error: TertuliaError) -> None:
        """See `session.Owner.went_offline`."""
        self._catching_up.stop()
        self.listeners.call("disconnected", error)

    def heard(self, envelope: Envelope[w.Event]) -> None:
        """See `session.Owner.heard`."""
        if not self._catching_up.holds(envelope):
            self._tell(envelope)

    def _tell(self, envelope: Envelope[w.Event]) -> None:
        """Tell the listeners."""
        content = envelope.content
        if self.listeners.has("event"):
            self.listeners.call("event", envelope)
        if self.listeners.has(envelope.name):
            happening = HAPPENINGS[type(content)](self._client, content)
            self.listeners.call(envelope.name, happening)
        elif isinstance(content, w.ServerError):
            logger.info("the server refused %s: %s", content.event, content.text)
