"""One connection on a socket of our own: link, outbox and reader in one object.

There is no task, no transport and no buffer for a client that is idle. Bytes go to the kernel at
once; what it does not take waits in a bounded queue of shared references, and past the bound the
reader is cut off. It knows nothing of what the bytes mean.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable
from enum import Enum
from itertools import islice
from typing import Final, TypeAlias

from msgspec import Struct

from tertulia.core.events import LeaveReason
from tertulia.ports import Client, Outbox, StreamHandler

logger = logging.getLogger(__name__)

READ_SIZE: Final = 65_536
"""Bytes taken from a socket at once; the buffer is shared by all connections."""
VECTORS: Final = 64
"""Pieces handed to the kernel in one call; far below the usual IOV_MAX of 1024."""
LINGER: Final = 2.0
"""Seconds in which a closed peer may take its last bytes and close its own side."""

_buffer = bytearray(READ_SIZE)
_view = memoryview(_buffer)

Piece: TypeAlias = bytes | memoryview


class StreamSettings(Struct, frozen=True):
    """Bounds on one connection."""

    outbox_bytes: int = 1 << 20
    """Bytes that may wait for a reader; a single piece, which all readers share, may be larger."""
    stall_seconds: float = 60.0
    """How long a reader may take nothing while bytes wait."""


class _Phase(Enum):
    OPEN = "open"
    FLUSHING = "flushing"
    """No more input; the last bytes are on their way."""
    LINGERING = "lingering"
    """Everything is sent; what still comes in is thrown away until the peer closes."""
    CLOSED = "closed"


class Connection:
    """Implements `ports.Link` and `ports.Outbox` on a non-blocking socket."""

    __slots__ = (
        "_fd",
        "_handler",
        "_has_ended",
        "_is_reading",
        "_loop",
        "_on_closed",
        "_pause",
        "_phase",
        "_queue",
        "_queued",
        "_reason",
        "_settings",
        "_socket",
        "_taken",
        "_timer",
        "client",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        client: Client,
        settings: StreamSettings,
        on_closed: Callable[[Connection], None],
    ) -> None:
        """Take over `sock`; `on_closed` is called once, when it is closed."""
        self._loop = loop
        self._socket = sock
        self._fd = sock.fileno()
        self.client = client
        self._settings = settings
        self._on_closed = on_closed
        self._handler: StreamHandler | None = None
        self._phase = _Phase.OPEN
        self._reason = LeaveReason.LOST
        """Why the connection is no more, once it isn't open."""
        self._is_reading = False
        self._has_ended = False
        """The peer will send no more."""
        self._pause: asyncio.TimerHandle | None = None
        self._queue: deque[Piece] | None = None
        self._queued = 0
        self._taken = False
        """Whether the reader has taken anything since the last look at it."""
        self._timer: asyncio.TimerHandle | None = None

    def start(self, handler: StreamHandler) -> None:
        """Begin to read, for `handler`."""
        self._handler = handler
        if self._phase is _Phase.OPEN:
            self._read(True)
        else:
            # It was closed, or lost, while its handler was being made.
            self._lose_handler()

    @property
    def outbox(self) -> Outbox:
        """Itself: the bytes waiting for this reader."""
        return self

    @property
    def queued(self) -> int:
        """Bytes waiting for this reader."""
        return self._queued

    # Out

    def push(self, data: bytes) -> None:
        """See `ports.Outbox.push`."""
        if self._queue is None:
            if self._phase is not _Phase.OPEN:
                return
            try:
                sent = self._socket.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                self._give_up(_reason_of(error))
                return
            if sent != len(data):
                self._begin_queue(memoryview(data)[sent:] if sent else data)
        elif self._phase is _Phase.OPEN:
            self._queue.append(data)
            self._queued += len(data)
            if self._queued > self._settings.outbox_bytes:
                self._give_up(LeaveReason.TOO_SLOW)

    def _begin_queue(self, rest: Piece) -> None:
        self._queue = deque((rest,))
        self._queued = len(rest)
        self._taken = False
        self._loop.add_writer(self._fd, self._on_writable)
        self._set_timer(self._settings.stall_seconds, self._check_progress)

    def _on_writable(self) -> None:
        queue = self._queue
        if queue is None:
            return
        try:
            sent = self._socket.sendmsg(islice(queue, VECTORS))
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._give_up(_reason_of(error))
            return
        self._taken = True
        self._queued -= sent
        while queue and sent >= len(queue[0]):
            sent -= len(queue.popleft())
        if sent:
            queue[0] = memoryview(queue[0])[sent:]
        if not queue:
            self._end_queue()

    def _end_queue(self) -> None:
        self._queue = None
        self._queued = 0
        self._loop.remove_writer(self._fd)
        self._set_timer(None)
        if self._phase is _Phase.FLUSHING:
            self._linger()

    def _check_progress(self) -> None:
        if not self._taken:
            self._give_up(LeaveReason.TOO_SLOW)
            return
        self._taken = False
        self._set_timer(self._settings.stall_seconds, self._check_progress)

    # In

    def _on_readable(self) -> None:
        try:
            count = self._socket.recv_into(_buffer)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._give_up(_reason_of(error))
            return
        if count:
            if self._phase is _Phase.OPEN:
                self._deliver(bytes(_view[:count]))
            return
        self._has_ended = True
        self._read(False)
        if self._phase is _Phase.OPEN:
            self._deliver(None)
        elif self._phase is _Phase.LINGERING:
            self._finish()

    def _deliver(self, data: bytes | None) -> None:
        """Hand bytes to the handler, or None for their end."""
        handler = self._handler
        if handler is None:
            return
        try:
            if data is None:
                handler.receive_eof()
            else:
                handler.receive_data(data)
        except Exception:
            logger.exception("a handler failed: door=%s", self.client.door)
            self._give_up(LeaveReason.LOST)

    def pause(self, seconds: float) -> None:
        """See `ports.Link.pause`. A pause in a pause takes its place."""
        if self._phase is _Phase.OPEN:
            self._read(False)
            if self._pause is not None:
                self._pause.cancel()
            self._pause = self._loop.call_later(seconds, self._resume)

    def call_later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        """See `ports.Link.call_later`."""
        return self._loop.call_later(seconds, call).cancel

    def _resume(self) -> None:
        self._pause = None
        self._read(True)
        self._deliver(b"")

    def _read(self, on: bool) -> None:
        if on and not self._is_reading and not self._has_ended:
            self._loop.add_reader(self._fd, self._on_readable)
            self._is_reading = True
        elif self._is_reading and not on:
            self._loop.remove_reader(self._fd)
            self._is_reading = False

    # The end

    def close(self, reason: LeaveReason) -> None:
        """See `ports.Link.close`."""
        if self._phase is not _Phase.OPEN:
            return
        self._end(reason)
        if self._queue is None:
            self._linger()
        else:
            self._set_timer(LINGER, self._finish)
            # Whoever still sends must not be kept from reading by a full buffer.
            self._read(True)

    def _linger(self) -> None:
        """Close our side, and let the peer take what was sent.

        To close a socket with unread input sends a reset, which can destroy the last words on
        their way; so the input is read and thrown away for a little while.
        """
        self._phase = _Phase.LINGERING
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._finish()
            return
        if self._has_ended:
            self._finish()
            return
        self._set_timer(LINGER, self._finish)
        self._read(True)

    def _give_up(self, reason: LeaveReason) -> None:
        """Close at once, whatever waits: the peer is gone, or does not read."""
        if self._phase is _Phase.OPEN:
            self._end(reason)
        self._finish()

    def abort(self) -> None:
        """Close at once, whatever waits."""
        self._give_up(LeaveReason.SHUTDOWN)

    def _end(self, reason: LeaveReason) -> None:
        """Take no more input and no more pushes, and let the handler know."""
        self._phase = _Phase.FLUSHING
        self._reason = reason
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        self._lose_handler()

    def _lose_handler(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            # Later, for this may happen while the hub walks through its outboxes.
            self._loop.call_soon(handler.connection_lost, self._reason)

    def _finish(self) -> None:
        if self._phase is _Phase.CLOSED:
            return
        self._phase = _Phase.CLOSED
        self._set_timer(None)
        self._read(False)
        if self._queue is not None:
            self._loop.remove_writer(self._fd)
            self._queue = None
            self._queued = 0
        self._socket.close()
        self._on_closed(self)

    def _set_timer(self, seconds: float | None, call: Callable[[], None] | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds is not None and call is not None:
            self._timer = self._loop.call_later(seconds, call)


def _reason_of(error: OSError) -> LeaveReason:
    """Return what a failing socket says about its peer: silent for too long, or gone."""
    return LeaveReason.TIMEOUT if isinstance(error, TimeoutError) else LeaveReason.LOST
