"""Listening: newcomers are taken in together, and calmly when there is no room for more."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typing_extensions import override

from tertulia.core.events import LeaveReason
from tertulia.doors.stream import Listener, StreamSettings, bind
from tertulia.doors.stream.listener import ACCEPTS, PAUSE, REFUSED_AT_ONCE, REMIND_AFTER, label_of
from tests.doors import starving_server
from tests.doors.sockets import PATIENCE, Counting, HearingDoor, Peer, on_both_loops, until
from tests.server.virtual import in_virtual_time

_peers: list[socket.socket] = []


@pytest.fixture(autouse=True)
def _close_afterwards() -> Iterator[None]:
    yield
    for sock in _peers:
        sock.close()
    _peers.clear()


class Listening:
    """A listener on a free port, its door, and who tries to get in."""

    def __init__(self, *, limit: int = 1_000_000, sock: socket.socket | None = None) -> None:
        self.sock = sock or bind("127.0.0.1", 0)
        self.door = HearingDoor()
        self.admission = Counting(limit)
        self.listener = Listener(
            asyncio.get_running_loop(), self.sock, self.door, self.admission, StreamSettings()
        )

    def start(self) -> Listening:
        self.listener.start()
        return self

    def come(self) -> Peer:
        """Connect; the kernel takes it in before the listener does."""
        sock = socket.create_connection(self.listener.address)
        _peers.append(sock)
        return Peer(sock)

    async def end(self) -> None:
        """Close everything at once."""
        self.listener.stop()
        self.listener.close_all()
        await self.listener.wait_closed(0)
        await asyncio.sleep(0)
        assert self.listener.connections == 0
        assert self.admission.held == []


@on_both_loops
async def test_newcomers_are_taken_in_and_get_what_their_door_says() -> None:
    here = Listening().start()
    peers = [here.come() for _ in range(3)]
    for peer in peers:
        assert await peer.receive() == b"welcome\n"
    assert here.listener.connections == len(here.admission.held) == 3
    await peers[1].send(b"hello")
    await until(lambda: any(handler.text == b"hello" for handler in here.door.handlers))
    await here.end()


@on_both_loops
async def test_many_are_taken_in_at_once_but_not_all() -> None:
    here = Listening()
    for _ in range(ACCEPTS + 30):
        here.come()
    here.start()
    counts = [0]
    while counts[-1] < ACCEPTS + 30:
        await asyncio.sleep(0)
        if here.listener.connections != counts[-1]:
            counts.append(here.listener.connections)
    assert counts == [0, ACCEPTS, ACCEPTS + 30]
    await here.end()


@on_both_loops
async def test_who_goes_makes_place() -> None:
    here = Listening(limit=1).start()
    first = here.come()
    assert await first.receive() == b"welcome\n"
    refused = here.come()
    assert await refused.receive_all() == b"too_many_connections\n"
    first.close()
    await until(lambda: bool(here.door.handlers[0].ends))
    here.door.links[0].close(LeaveReason.LOST)
    await until(lambda: here.admission.held == [])
    second = here.come()
    assert await second.receive() == b"welcome\n"
    assert len(here.door.handlers) == 2
    await here.end()


@in_virtual_time
async def test_those_turned_away_do_not_take_up_place_without_bound() -> None:
    here = Listening(limit=0).start()
    peers = [here.come() for _ in range(REFUSED_AT_ONCE + 20)]
    said = [await peer.receive_all() for peer in peers]
    assert said == [b"too_many_connections\n"] * REFUSED_AT_ONCE + [b""] * 20
    assert here.listener.connections == 0
    await asyncio.sleep(5.0)
    assert await here.come().receive() == b"too_many_connections\n"
    await here.end()


@on_both_loops
async def test_a_door_that_fails_loses_the_newcomer_alone(caplog: pytest.LogCaptureFixture) -> None:
    here = Listening().start()
    here.door.fault = RuntimeError("a fault of this door")
    assert await here.come().receive_all() == b""
    assert here.admission.held == []
    here.door.fault = None
    assert await here.come().receive() == b"welcome\n"
    assert [record.getMessage() for record in caplog.records] == [
        "door=test failed to take somebody in"
    ]
    await here.end()


@on_both_loops
async def test_who_has_gone_before_being_taken_in_leaves_nothing_behind() -> None:
    here = Listening()
    here.come().reset()
    here.come().close()
    stays = here.come()
    here.start()
    assert await stays.receive() == b"welcome\n"
    await until(lambda: all(one.ends or one.lost for one in here.door.handlers[:-1]))
    await here.end()


# No descriptors left


class Starving(socket.socket):
    """A listening socket that can't accept anybody while `failure` is set."""

    failure: int | None = None
    attempts = 0

    @override
    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        self.attempts += 1
        if self.failure is not None:
            raise OSError(self.failure, os.strerror(self.failure))
        return super().accept()


def _starving() -> Starving:
    sock = Starving(fileno=bind("127.0.0.1", 0).detach())
    sock.setblocking(False)
    return sock


@pytest.mark.parametrize("failure", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
def test_without_descriptors_the_server_neither_spins_nor_fills_its_log(
    failure: int, caplog: pytest.LogCaptureFixture
) -> None:
    @in_virtual_time
    async def starve() -> None:
        sock = _starving()
        here = Listening(sock=sock).start()
        sock.failure = failure
        waiting = [here.come() for _ in range(5)]
        await asyncio.sleep(10.0)
        assert sock.attempts <= 10.0 / PAUSE + 1
        assert len(caplog.records) == 1
        sock.failure = None
        await asyncio.sleep(PAUSE)
        for peer in waiting:
            assert await peer.receive() == b"welcome\n"
        await here.end()

    starve()
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "Raise the limit of open files" in record.getMessage()


@in_virtual_time
async def test_at_the_edge_of_the_limit_the_log_stays_calm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sock = _starving()
    here = Listening(sock=sock).start()
    for _ in range(20):
        sock.failure = errno.EMFILE
        here.come()
        await asyncio.sleep(PAUSE)
        sock.failure = None
        await asyncio.sleep(PAUSE)
    assert len(caplog.records) == 1
    assert here.listener.connections == 20
    await asyncio.sleep(REMIND_AFTER)
    sock.failure = errno.EMFILE
    here.come()
    await asyncio.sleep(PAUSE)
    assert len(caplog.records) == 2
    await here.end()


@in_virtual_time
async def test_another_fault_of_accepting_is_told_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sock = _starving()
    here = Listening(sock=sock).start()
    sock.failure = errno.EPROTO
    peer = here.come()
    await asyncio.sleep(PAUSE / 2)
    sock.failure = None
    assert await peer.receive() == b"welcome\n"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    await here.end()


@in_virtual_time
async def test_a_listener_that_stops_while_it_holds_off_stays_stopped() -> None:
    sock = _starving()
    here = Listening(sock=sock).start()
    sock.failure = errno.EMFILE
    here.come()
    await asyncio.sleep(PAUSE / 2)
    here.listener.stop()
    sock.failure = None
    await asyncio.sleep(10 * PAUSE)
    assert here.listener.connections == 0
    here.listener.stop()


def test_at_a_real_descriptor_limit_newcomers_get_in_when_others_go() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", starving_server.__name__],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        address = ("127.0.0.1", int(server.stdout.readline()))
        peers = [socket.create_connection(address, PATIENCE) for _ in range(60)]
        _peers.extend(peers)
        # They get in one after the other, in the order in which they came.
        for place, peer in enumerate(peers):
            assert peer.recv(100) == b"welcome\n"
            if place >= 10:
                peers[place - 10].close()
        server.stdin.write("\n")
        server.stdin.flush()
        attempts, lines = json.loads(server.stdout.readline())
        server.stdin.close()
        assert server.wait(PATIENCE) == 0
    assert len(lines) == 1
    assert attempts < 300


# The end


@in_virtual_time
async def test_at_the_end_those_who_close_in_turn_are_not_waited_for() -> None:
    here = Listening().start()
    peers = [here.come() for _ in range(3)]
    for peer in peers:
        await peer.receive()
    here.listener.stop()
    here.listener.close_all()
    waiting = asyncio.create_task(here.listener.wait_closed(5.0))
    for peer in peers:
        assert await peer.receive_all() == b""
        peer.close()
    began = asyncio.get_running_loop().time()
    await waiting
    assert asyncio.get_running_loop().time() - began < 0.1
    assert {tuple(handler.lost) for handler in here.door.handlers} == {(LeaveReason.SHUTDOWN,)}


@in_virtual_time
async def test_at_the_end_those_who_do_not_read_are_cut_off() -> None:
    here = Listening(limit=1).start()
    stubborn, refused = here.come(), here.come()
    await stubborn.receive()
    await refused.receive()
    here.door.links[0].outbox.push(b"x" * (1 << 24))
    here.listener.stop()
    here.listener.close_all()
    began = asyncio.get_running_loop().time()
    await here.listener.wait_closed(1.0)
    assert asyncio.get_running_loop().time() - began <= 1.0
    assert (here.listener.connections, here.admission.held) == (0, [])


# Addresses


@on_both_loops
async def test_a_free_port_is_told() -> None:
    here = Listening()
    host, port = here.listener.address
    assert host == "127.0.0.1"
    assert port > 0
    await here.end()


def test_a_port_in_use_is_refused() -> None:
    with bind("127.0.0.1", 0) as sock:
        with pytest.raises(OSError) as refused:
            bind("127.0.0.1", sock.getsockname()[1])
    assert refused.value.errno == errno.EADDRINUSE


def test_an_ipv6_address_is_labelled_in_brackets() -> None:
    assert label_of(("192.0.2.1", 50_000)) == "192.0.2.1:50000"
    assert label_of(("2001:db8::1", 50_000)) == "[2001:db8::1]:50000"
