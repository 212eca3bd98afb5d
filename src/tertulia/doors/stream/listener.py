"""Listening sockets: many connections accepted in one turn, and calm at the descriptor limit.

An event loop's own server takes one connection a turn and, when descriptors run out, fails and
fails again. This one takes up to a hundred a turn; when there are no descriptors left it stops
accepting for a while, says so once, and lets newcomers wait in the kernel's queue.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from typing import Final

from tertulia.core.errors import Refusal
from tertulia.core.events import LeaveReason
from tertulia.doors.stream.connection import Connection, StreamSettings
from tertulia.ports import Admission, Client, StreamDoor

logger = logging.getLogger(__name__)

BACKLOG: Final = 4096
ACCEPTS: Final = 100
"""Connections taken in one turn of the loop."""
PAUSE: Final = 0.5
"""Seconds without accepting after the descriptors ran out."""
REMIND_AFTER: Final = 60.0
"""Seconds until the log tells again that descriptors ran out."""
REFUSED_AT_ONCE: Final = 100
"""Refused connections that may be lingering over their refusal."""

_TCP_OPTIONS: Final = (
    ("TCP_KEEPIDLE", 60),
    ("TCP_KEEPINTVL", 20),
    ("TCP_KEEPCNT", 3),
    ("TCP_USER_TIMEOUT", 120_000),
)
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def bind(host: str, port: int) -> socket.socket:
    """Return a bound and listening TCP socket; port 0 takes a free one.

    Raises:
        OSError: the address is in use, or not this machine's.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


class Listener:
    """Accepts connections for a door, and owns them until they close."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        door: StreamDoor,
        admission: Admission,
        settings: StreamSettings,
    ) -> None:
        self._loop = loop
        self._socket = sock
        self._door = door
        self._admission = admission
        self._settings = settings
        self._connections: set[Connection] = set()
        self._refused: set[Connection] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._remind_at = loop.time()
        self._is_open = False
        # Bound once: a bound method for each connection would be kept for each.
        self._on_closed = self._forget
        self._on_refused_closed = self._refused.discard

    @property
    def address(self) -> tuple[str, int]:
        """The host and port that it listens on."""
        host, port = self._socket.getsockname()[:2]
        return host, port

    @property
    def connections(self) -> int:
        """Connections that are open."""
        return len(self._connections)

    def start(self) -> None:
        """Begin to accept."""
        self._is_open = True
        self._loop.add_reader(self._socket.fileno(), self._accept_some)

    def stop(self) -> None:
        """Accept no more; open connections stay."""
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def close_all(self) -> None:
        """Begin to close every connection, giving each a little time for its last words."""
        for connection in list(self._connections):
            connection.close(LeaveReason.SHUTDOWN)

    async def wait_closed(self, seconds: float) -> None:
        """Wait until all connections are closed; after `seconds`, cut off those that are left."""
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            pass
        for connection in [*self._connections, *self._refused]:
            connection.abort()

    def _accept_some(self) -> None:
        for _ in range(ACCEPTS):
            try:
                sock, address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._hold_off(error)
                return
            self._welcome(sock, address)

    def _hold_off(self, error: OSError) -> None:
        """Accept nobody for a while: the error would only come again, at once."""
        now = self._loop.time()
        if error.errno not in _EXHAUSTED:
            logger.error("door=%s can't accept: %s", self._door.name, error)
        elif now >= self._remind_at:
            self._remind_at = now + REMIND_AFTER
            logger.warning(
                "door=%s takes nobody in for now: %s. Raise the limit of open files.",
                self._door.name,
                error.strerror,
            )
        self._loop.remove_reader(self._socket.fileno())
        self._loop.call_later(PAUSE, self._try_again)

    def _try_again(self) -> None:
        if self._is_open:
            self._loop.add_reader(self._socket.fileno(), self._accept_some)

    def _welcome(self, sock: socket.socket, address: tuple[str, int]) -> None:
        try:
            _prepare(sock)
        except OSError:
            sock.close()
            return
        client = Client(self._door.name, label_of(address), address[0])
        refusal = self._admission.admit(client.address)
        if refusal is not None:
            self._turn_away(sock, client, refusal)
            return
        connection = Connection(self._loop, sock, client, self._settings, self._on_closed)
        self._connections.add(connection)
        self._empty.clear()
        try:
            connection.start(self._door.make(connection))
        except Exception:
            logger.exception("door=%s failed to take somebody in", self._door.name)
            connection.abort()

    def _turn_away(self, sock: socket.socket, client: Client, refusal: Refusal) -> None:
        if len(self._refused) >= REFUSED_AT_ONCE:
            sock.close()
            return
        connection = Connection(self._loop, sock, client, self._settings, self._on_refused_closed)
        self._refused.add(connection)
        connection.push(self._door.refuse(refusal))
        connection.close(LeaveReason.LOST)

    def _forget(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._admission.release(connection.client.address)
        if not self._connections:
            self._empty.set()


def label_of(address: tuple[str, int]) -> str:
    """Return the public id of a connection, `HOST:PORT`, an IPv6 host in brackets."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _prepare(sock: socket.socket) -> None:
    """Set what a chat's socket needs: no delay for small writes, and a dead peer noticed.

    With these figures a peer that vanished without a word is noticed after two minutes: an idle
    one by the probes, one that was being written to by the time-out (tcp(7), TCP_USER_TIMEOUT).
    """
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _TCP_OPTIONS:
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
