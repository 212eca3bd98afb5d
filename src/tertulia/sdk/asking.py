"""Asking: sends what is asked over the connection there is, and hands out the answers.

What waits, what may be sent again and what is given up is `outgoing`'s; whether there is a
connection is `session`'s.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from tertulia.sdk.connection import Connection
from tertulia.sdk.errors import ClientClosed, ServerError, TertuliaError
from tertulia.sdk.outgoing import MOST_WAITING, Errand, Outgoing
from tertulia.wire.events import Envelope, encode
from tertulia.wire.events import events as w
from tertulia.wire.events import requests as r

logger = logging.getLogger(__name__)

SMALLEST_BOUND: Final = 65_536
"""Bytes of an event that any server takes in, before it has said how many."""


class Asking:
    """Requests and their answers."""

    __slots__ = ("_connection", "_end", "_idle", "_is_flushing", "_max_event", "_wake", "outgoing")

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        """Let at most `most_waiting` requests wait to be sent."""
        self.outgoing = Outgoing(most_waiting)
        self._connection: Connection | None = None
        self._max_event = SMALLEST_BOUND
        self._is_flushing = False
        self._wake: asyncio.TimerHandle | None = None
        self._idle: list[asyncio.Future[None]] = []
        self._end: TertuliaError | None = None

    @property
    def is_online(self) -> bool:
        """Whether requests are sent at once."""
        return self._connection is not None

    # The connection

    def begin(self, connection: Connection, max_event: int) -> None:
        """Send over `connection` from here on; the server takes in `max_event` bytes at most."""
        self._connection = connection
        self._max_event = max_event
        self.flush()

    def break_off(self) -> None:
        """Take in that the connection is no more; what waits, waits for the next."""
        self._connection = None
        self.outgoing.break_off()

    def end(self, reason: TertuliaError) -> None:
        """Give up everything: there will be no connection any more."""
        self._connection = None
        self._end = reason
        self.outgoing.give_up(reason)
        self._note_idle()

    # Requests

    def ask(self, request: r.Request, *, is_own: bool = False) -> asyncio.Future[w.Event]:
        """Send a request as soon as that can be; the answer comes through the future.

        `is_own`: the client itself needs it, however much is waiting.

        Raises:
            QueueFull: too many wait already.
            ClientClosed: it is all over.
        """
        if self._end is not None:
            raise ClientClosed(str(self._end) or "the client is closed") from self._end
        future: asyncio.Future[w.Event] = asyncio.get_running_loop().create_future()
        # Who asked may not wait for the answer; listeners are told what went wrong all the same.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.outgoing.add(request, future, is_bounded=not is_own)
        self.flush()
        return future

    def flush(self) -> None:
        """Send what may be sent, once for all that is asked in this turn of the loop."""
        if self._connection is not None and not self._is_flushing:
            self._is_flushing = True
            asyncio.get_running_loop().call_soon(self._send_waiting)

    async def wait_idle(self) -> None:
        """Wait until everything is answered."""
        if not self.outgoing.is_empty and self._end is None:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._idle.append(future)
            await future

    def _send_waiting(self) -> None:
        self._is_flushing = False
        connection = self._connection
        if connection is None:
            return
        now = asyncio.get_running_loop().time()
        events = [self._write(errand) for errand in self.outgoing.sendable(now)]
        connection.send([event for event in events if event])
        self._wake_later(now)
        self._note_idle()

    def _write(self, errand: Errand) -> bytes:
        event = encode(errand.request, errand.number)
        if len(event) <= self._max_event:
            return event
        # The server would pass over it without a look at whose it is.
        self.outgoing.answered(errand.number)
        text = f"An event may have {self._max_event} bytes; this one has {len(event)}."
        errand.settle(ServerError("event_too_long", text))
        return b""

    def _wake_later(self, now: float) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        at = self.outgoing.wake_at(now)
        if at is not None:
            self._wake = asyncio.get_running_loop().call_at(at, self._send_waiting)

    def _note_idle(self) -> None:
        if self._idle and (self.outgoing.is_empty or self._end is not None):
            idle, self._idle = self._idle, []
            for future in idle:
                if not future.done():
                    future.set_result(None)

    # Answers

    def answered(self, envelope: Envelope[w.Event]) -> bool:
        """Hand out an answer; False when it was only a "not yet", and is asked again."""
        number = envelope.request
        errand = self.outgoing.answered(number) if isinstance(number, int) else None
        if errand is None:
            return True
        content = envelope.content
        if not isinstance(content, w.ServerError):
            errand.settle(content)
        else:
            error = ServerError.of(content)
            if error.retry_after is not None and not errand.future.done():
                self._ask_later(errand, error.retry_after)
                return False
            errand.settle(error)
        self._after_answer()
        return True

    def _ask_later(self, errand: Errand, seconds: float) -> None:
        logger.info("the server asks to wait %.1f s", seconds)
        self.outgoing.slow_down(errand, asyncio.get_running_loop().time() + seconds)
        self.flush()

    def _after_answer(self) -> None:
        if self.outgoing.is_empty:
            self._note_idle()
        else:
            self.flush()
