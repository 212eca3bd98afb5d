"""Real sockets on loopback, and somebody at each end who notes what arrives."""

from __future__ import annotations

import asyncio
import functools
import inspect
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import pytest
import uvloop

from tertulia.core.errors import Refusal, TooManyConnections
from tertulia.core.events import LeaveReason
from tertulia.doors.stream import Connection, StreamSettings
from tertulia.ports import Client, Link

SMALL: Final = 16_384
"""Bytes of a socket's buffers, where a test wants them to be full soon."""
PATIENCE: Final = 20.0
"""Seconds for what a healthy machine does in far less."""


class Peer:
    """The client's end of a connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sock.setblocking(False)

    async def receive(self) -> bytes:
        """Return what has arrived; nothing at the end."""
        async with asyncio.timeout(PATIENCE):
            return await asyncio.get_running_loop().sock_recv(self.sock, 1 << 20)

    async def receive_exactly(self, count: int) -> bytes:
        """Return so many bytes."""
        data = b""
        while len(data) < count:
            more = await self.receive()
            assert more, f"the end came after {len(data)} bytes"
            data += more
        assert len(data) == count
        return data

    async def receive_all(self) -> bytes:
        """Return everything up to the end."""
        data = b""
        while more := await self.receive():
            data += more
        return data

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.get_running_loop().sock_sendall(self.sock, data)

    def end(self) -> None:
        """Send no more, but go on reading."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Vanish with a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        """Close."""
        self.sock.close()


class Hearing:
    """A handler that notes what arrives; implements `ports.StreamHandler`."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.ends = 0
        self.lost: list[LeaveReason] = []
        self.fault: Exception | None = None
        """What taking in bytes, or their end, raises."""

    def receive_data(self, data: bytes) -> None:
        self.received.append(data)
        if self.fault is not None:
            raise self.fault

    def receive_eof(self) -> None:
        self.ends += 1
        if self.fault is not None:
            raise self.fault

    def connection_lost(self, reason: LeaveReason) -> None:
        self.lost.append(reason)

    @property
    def text(self) -> bytes:
        """All bytes that arrived."""
        return b"".join(self.received)


_pairs: Final[list[Pair]] = []


class Pair:
    """A connection, its peer, and its handler."""

    def __init__(self, settings: StreamSettings | None = None, *, small: bool = False) -> None:
        """Connect; `small` gives both ends small buffers."""
        server, client = _connect(small=small)
        self.closed: list[Connection] = []
        self.peer = Peer(client)
        self.hearing = Hearing()
        self.connection = Connection(
            asyncio.get_running_loop(),
            server,
            Client("test", "127.0.0.1:1", "127.0.0.1"),
            settings or StreamSettings(),
            self.closed.append,
        )
        _pairs.append(self)

    def start(self) -> Pair:
        """Begin to read."""
        self.connection.start(self.hearing)
        return self

    async def gone(self) -> list[LeaveReason]:
        """Wait until the connection is closed, and return why its handler was told it is."""
        await until(lambda: bool(self.closed and self.hearing.lost))
        assert self.closed == [self.connection]
        return self.hearing.lost


def close_pairs() -> None:
    """Close both ends of all pairs, whatever became of them; for the end of a test."""
    for pair in _pairs:
        pair.peer.close()
        pair.connection._socket.close()
    _pairs.clear()


class HearingDoor:
    """A door whose handlers note what arrives; implements `ports.StreamDoor`."""

    name: Final = "test"

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.handlers: list[Hearing] = []
        self.greeting = b"welcome\n"
        self.fault: Exception | None = None
        """What making a handler raises."""

    def make(self, link: Link) -> Hearing:
        if self.fault is not None:
            raise self.fault
        self.links.append(link)
        self.handlers.append(Hearing())
        link.outbox.push(self.greeting)
        return self.handlers[-1]

    def refuse(self, refusal: Refusal) -> bytes:
        return f"{refusal.code}\n".encode()


class Counting:
    """Admits so many at once; implements `ports.Admission`."""

    def __init__(self, limit: int = 1_000_000) -> None:
        self.limit = limit
        self.held: list[str] = []

    def admit(self, address: str) -> Refusal | None:
        if len(self.held) >= self.limit:
            return TooManyConnections()
        self.held.append(address)
        return None

    def release(self, address: str) -> None:
        self.held.remove(address)


def _connect(*, small: bool) -> tuple[socket.socket, socket.socket]:
    """Return both ends of a connection over loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        if small:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        client = socket.socket()
        if small:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        client.connect(listening.getsockname())
        server, _ = listening.accept()
    server.setblocking(False)
    return server, client


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something is so."""
    for _ in range(200_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to be so")


def on_both_loops(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an asynchronous test on asyncio's own loop, and again on uvloop."""

    @functools.wraps(test)
    def run(loop_factory: Callable[[], asyncio.AbstractEventLoop], **fixtures: Any) -> None:
        async def whole() -> None:
            await test(**fixtures)

        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(whole())

    own = inspect.Parameter("loop_factory", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(test).parameters.values()
    run.__signature__ = inspect.Signature([own, *parameters])  # type: ignore[attr-defined]
    loops = [
        pytest.param(asyncio.SelectorEventLoop, id="asyncio"),
        pytest.param(uvloop.new_event_loop, id="uvloop"),
    ]
    return cast(Callable[..., None], pytest.mark.parametrize("loop_factory", loops)(run))
