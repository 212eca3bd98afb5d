"""One connection: what is pushed arrives whole and in order, or the one reader is cut off."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest
from typing_extensions import override

from tertulia.core.errors import Refusal
from tertulia.core.events import Entry, LeaveReason, RoomDeleted
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.room import RoomState
from tertulia.doors.stream import StreamSettings
from tertulia.doors.stream.connection import LINGER, READ_SIZE
from tertulia.ports import Link, Outbox, WireFormat
from tertulia.server.hub import Hub, HubSettings
from tertulia.server.limits import UNLIMITED
from tertulia.server.session import LiveSession
from tests.doors.sockets import Hearing, Pair, close_pairs, on_both_loops, until
from tests.server.driving import FakeFormat
from tests.server.virtual import in_virtual_time, running_loop

MUCH = bytes(range(256)) * 4096
"""More than the buffers of a connection take."""


@pytest.fixture(autouse=True)
def _close_afterwards() -> Iterator[None]:
    yield
    close_pairs()


# Out


@on_both_loops
async def test_what_is_pushed_arrives_at_once() -> None:
    pair = Pair().start()
    pair.connection.push(b"one ")
    pair.connection.push(b"two")
    assert pair.connection.queued == 0
    assert await pair.peer.receive_exactly(7) == b"one two"


@on_both_loops
async def test_what_the_kernel_does_not_take_arrives_later_and_in_order() -> None:
    pair = Pair(StreamSettings(outbox_bytes=1 << 30), small=True).start()
    pieces = [MUCH, b"a", b"", b"b" * 1000, MUCH, *(b"%d," % number for number in range(1000))]
    for piece in pieces:
        pair.connection.push(piece)
    assert pair.connection.queued > 0
    expected = b"".join(pieces)
    assert await pair.peer.receive_exactly(len(expected)) == expected
    await until(lambda: pair.connection.queued == 0)
    pair.connection.push(b"and on")
    assert await pair.peer.receive_exactly(6) == b"and on"


@on_both_loops
async def test_a_reader_that_falls_too_far_behind_is_cut_off() -> None:
    pair = Pair(StreamSettings(outbox_bytes=1 << 16), small=True).start()
    pair.connection.push(MUCH)
    assert pair.hearing.lost == []
    pair.connection.push(b"x")
    assert pair.closed == [pair.connection]
    assert pair.hearing.lost == [], "a handler must not be called while outboxes are walked through"
    await until(lambda: bool(pair.hearing.lost))
    assert pair.hearing.lost == [LeaveReason.TOO_SLOW]
    assert pair.connection.queued == 0
    pair.connection.push(b"more")


class HearingRoom(Hearing):
    """A handler that hears no room any more once its connection is lost."""

    def __init__(self, hub: Hub, room: RoomState, wire: FakeFormat, link: Link) -> None:
        super().__init__()
        self._hub = hub
        self._room = room.id
        self._session = LiveSession(
            UserId(1),
            link.client,
            RoomView(wire, link.outbox),
            messages=UNLIMITED,
            actions=UNLIMITED,
        )
        hub.subscribe(self._session, room, wire)

    @override
    def connection_lost(self, reason: LeaveReason) -> None:
        super().connection_lost(reason)
        self._hub.drop(self._session, [self._room])


class RoomView:
    """Shows a room on an outbox; implements `ports.SessionView`."""

    def __init__(self, wire: WireFormat, outbox: Outbox) -> None:
        self.outbox = outbox
        self._wire = wire

    def format_for(self, room: RoomState | None) -> WireFormat:
        return self._wire

    def encode_own(self, entry: Entry, room: RoomState, request: object) -> bytes:
        return b""

    def evict(self, refusal: Refusal | None) -> None:
        raise AssertionError(refusal)


@on_both_loops
async def test_a_slow_reader_is_cut_off_alone() -> None:
    # The hub walks through its outboxes while one of them gives up.
    hub = Hub(asyncio.get_running_loop(), HubSettings())
    room, wire = RoomState(RoomId(1), "lobby"), FakeFormat()
    slow = Pair(StreamSettings(outbox_bytes=1 << 16), small=True)
    pairs = [Pair(), slow, Pair()]
    for pair in pairs:
        pair.hearing = HearingRoom(hub, room, wire, pair.connection)
        pair.start()
    slow.connection.push(MUCH)
    said = b""
    for seq in range(1, 4):
        entry = Entry(room.id, seq, EventId(seq), 0, RoomDeleted())
        said += wire.encode(entry, room)
        hub.publish(room, entry, None, None)
        hub.flush()
    assert [len(pair.closed) for pair in pairs] == [0, 1, 0]
    assert len(hub.sessions(room.id)) == 3
    for pair in (pairs[0], pairs[2]):
        assert await pair.peer.receive_exactly(len(said)) == said
    assert await slow.gone() == [LeaveReason.TOO_SLOW]
    assert len(hub.sessions(room.id)) == 2


@in_virtual_time
async def test_a_reader_that_takes_nothing_for_long_is_cut_off() -> None:
    pair = Pair(StreamSettings(outbox_bytes=1 << 30, stall_seconds=60.0), small=True).start()
    began = running_loop().time()
    pair.connection.push(MUCH)
    for _ in range(180):
        if not pair.hearing.lost:
            await asyncio.sleep(1.0)
    assert pair.hearing.lost == [LeaveReason.TOO_SLOW]
    assert 60.0 <= running_loop().time() - began <= 121.0


@in_virtual_time
async def test_a_reader_that_takes_a_little_now_and_then_may_stay() -> None:
    pair = Pair(StreamSettings(outbox_bytes=1 << 30, stall_seconds=60.0), small=True).start()
    pair.connection.push(MUCH)
    received = 0
    while received < len(MUCH):
        await asyncio.sleep(50.0)
        received += len(await pair.peer.receive())
    assert pair.hearing.lost == []
    await asyncio.sleep(1000.0)
    assert pair.hearing.lost == []


# In


@on_both_loops
async def test_what_arrives_is_handed_on() -> None:
    pair = Pair().start()
    await pair.peer.send(b"hello")
    await until(lambda: pair.hearing.text == b"hello")
    data = MUCH[: 3 * READ_SIZE + 1]
    sending = asyncio.create_task(pair.peer.send(data))
    await until(lambda: pair.hearing.text == b"hello" + data)
    await sending
    assert max(map(len, pair.hearing.received)) <= READ_SIZE


@on_both_loops
async def test_what_is_handed_on_stays_as_it_is_when_more_arrives() -> None:
    one, two = Pair().start(), Pair().start()
    await one.peer.send(b"11111")
    await until(lambda: bool(one.hearing.received))
    await two.peer.send(b"22222")
    await until(lambda: bool(two.hearing.received))
    assert (one.hearing.text, two.hearing.text) == (b"11111", b"22222")


@on_both_loops
async def test_a_peer_that_sends_no_more_may_go_on_reading() -> None:
    pair = Pair().start()
    await pair.peer.send(b"last")
    pair.peer.end()
    await until(lambda: pair.hearing.ends == 1)
    assert pair.hearing.text == b"last"
    pair.connection.push(b"answer")
    assert await pair.peer.receive_exactly(6) == b"answer"
    for _ in range(10):
        await asyncio.sleep(0)
    assert (pair.hearing.ends, pair.hearing.lost) == (1, [])
    pair.connection.close(LeaveReason.QUIT)
    assert await pair.peer.receive_all() == b""
    assert await pair.gone() == [LeaveReason.QUIT]


@on_both_loops
async def test_a_peer_that_resets_is_lost() -> None:
    pair = Pair().start()
    pair.peer.reset()
    assert await pair.gone() == [LeaveReason.LOST]
    pair.connection.push(b"nobody is there")
    pair.connection.close(LeaveReason.QUIT)
    await asyncio.sleep(0)
    assert pair.hearing.lost == [LeaveReason.LOST]


@on_both_loops
async def test_a_peer_that_resets_in_the_middle_of_a_write_is_lost() -> None:
    pair = Pair(small=True).start()
    pair.connection.push(MUCH[: 1 << 19])
    pair.peer.reset()
    assert await pair.gone() == [LeaveReason.LOST]
    assert pair.connection.queued == 0


@on_both_loops
async def test_a_push_to_a_peer_that_has_reset_loses_it_but_calls_nobody_at_once() -> None:
    pair = Pair()
    pair.peer.reset()
    for _ in range(3):
        pair.connection.push(b"hello")
    assert pair.closed == [pair.connection]
    pair.connection.start(pair.hearing)
    assert pair.hearing.lost == []
    assert await pair.gone() == [LeaveReason.LOST]


@on_both_loops
async def test_a_handler_that_closes_as_it_is_made_is_told_that_it_lost_its_connection() -> None:
    pair = Pair()
    pair.connection.push(b"we are full\n")
    pair.connection.close(LeaveReason.QUIT)
    pair.connection.start(pair.hearing)
    assert await pair.peer.receive_all() == b"we are full\n"
    await pair.peer.send(b"hello?")
    pair.peer.close()
    assert await pair.gone() == [LeaveReason.QUIT]
    assert pair.hearing.received == []


@pytest.mark.parametrize("what", ["bytes", "end"])
def test_a_handler_that_fails_loses_its_connection(
    what: str, caplog: pytest.LogCaptureFixture
) -> None:
    @in_virtual_time
    async def fail() -> None:
        pair = Pair().start()
        pair.hearing.fault = RuntimeError("a fault of this door")
        if what == "bytes":
            await pair.peer.send(b"hello")
        pair.peer.end()
        assert await pair.gone() == [LeaveReason.LOST]
        pair.peer.close()

    fail()
    assert [record.getMessage() for record in caplog.records] == ["a handler failed: door=test"]


# Pauses


@in_virtual_time
async def test_a_pause_lets_bytes_wait_and_then_calls_again() -> None:
    pair = Pair().start()
    pair.connection.pause(5.0)
    await pair.peer.send(b"hello")
    await asyncio.sleep(4.9)
    assert pair.hearing.received == []
    await asyncio.sleep(0.2)
    assert pair.hearing.received == [b"", b"hello"]


@in_virtual_time
async def test_a_pause_in_a_pause_takes_its_place() -> None:
    pair = Pair().start()
    pair.connection.pause(1.0)
    pair.connection.pause(5.0)
    await asyncio.sleep(4.0)
    assert pair.hearing.received == []
    await asyncio.sleep(100.0)
    assert pair.hearing.received == [b""]


@in_virtual_time
async def test_an_end_that_comes_in_a_pause_is_noticed_after_it() -> None:
    pair = Pair().start()
    pair.connection.pause(5.0)
    await pair.peer.send(b"last")
    pair.peer.end()
    await asyncio.sleep(1.0)
    assert (pair.hearing.received, pair.hearing.ends) == ([], 0)
    await asyncio.sleep(5.0)
    assert (pair.hearing.received, pair.hearing.ends) == ([b"", b"last"], 1)


@in_virtual_time
async def test_a_pause_after_the_end_does_not_bring_the_end_again() -> None:
    pair = Pair().start()
    pair.peer.end()
    await asyncio.sleep(0.1)
    pair.connection.pause(5.0)
    await asyncio.sleep(10.0)
    assert (pair.hearing.received, pair.hearing.ends) == ([b""], 1)


@in_virtual_time
async def test_a_pause_ends_with_the_connection() -> None:
    pair = Pair().start()
    pair.connection.pause(5.0)
    pair.connection.close(LeaveReason.QUIT)
    pair.connection.pause(5.0)
    await asyncio.sleep(10.0)
    assert (pair.hearing.received, pair.hearing.lost) == ([], [LeaveReason.QUIT])
    assert pair.closed == [pair.connection]


@in_virtual_time
async def test_something_can_be_called_later_or_called_off() -> None:
    pair = Pair().start()
    called: list[str] = []
    pair.connection.call_later(5.0, lambda: called.append("one"))
    call_off = pair.connection.call_later(5.0, lambda: called.append("two"))
    call_off()
    await asyncio.sleep(10.0)
    assert called == ["one"]


# The end


@on_both_loops
async def test_the_last_words_arrive_even_though_input_was_not_read() -> None:
    # Closing a socket with unread input resets it, and the last words could be lost.
    pair = Pair().start()
    pair.connection.pause(1000.0)
    await pair.peer.send(b"x" * 100_000)
    pair.connection.push(b"goodbye")
    pair.connection.close(LeaveReason.QUIT)
    await pair.peer.send(b"y" * 100_000)
    assert await pair.peer.receive_all() == b"goodbye"
    pair.peer.close()
    assert await pair.gone() == [LeaveReason.QUIT]
    assert pair.hearing.received == []


@on_both_loops
async def test_what_waits_is_sent_before_the_end() -> None:
    pair = Pair(StreamSettings(outbox_bytes=1 << 30), small=True).start()
    pair.connection.push(MUCH)
    pair.connection.push(b"goodbye")
    pair.connection.close(LeaveReason.QUIT)
    pair.connection.push(b"too late")
    assert await pair.peer.receive_all() == MUCH + b"goodbye"
    pair.peer.close()
    assert await pair.gone() == [LeaveReason.QUIT]


@on_both_loops
async def test_what_waits_is_sent_to_a_peer_that_has_said_its_last() -> None:
    # `printf 'hello\nQUIT\n' | nc -N`: everything that was asked for has to arrive.
    pair = Pair(StreamSettings(outbox_bytes=1 << 30), small=True).start()
    pair.connection.push(MUCH)
    pair.connection.close(LeaveReason.QUIT)
    pair.peer.end()
    for _ in range(5):
        await asyncio.sleep(0)
    assert await pair.peer.receive_all() == MUCH
    await until(lambda: pair.closed == [pair.connection])
    pair.peer.close()


@in_virtual_time
async def test_who_does_not_close_in_turn_is_closed_after_a_while() -> None:
    pair = Pair().start()
    pair.connection.close(LeaveReason.QUIT)
    await asyncio.sleep(LINGER - 0.1)
    assert pair.closed == []
    await asyncio.sleep(0.2)
    assert pair.closed == [pair.connection]


@in_virtual_time
async def test_who_does_not_read_the_last_words_is_closed_after_a_while() -> None:
    pair = Pair(StreamSettings(outbox_bytes=1 << 30), small=True).start()
    pair.connection.push(MUCH)
    pair.connection.close(LeaveReason.QUIT)
    await asyncio.sleep(LINGER + 0.1)
    assert pair.closed == [pair.connection]
    assert pair.hearing.lost == [LeaveReason.QUIT]


@on_both_loops
async def test_a_reset_over_the_last_words_is_the_end() -> None:
    waiting, lingering = Pair(small=True).start(), Pair().start()
    waiting.connection.push(MUCH[: 1 << 19])
    for pair in (waiting, lingering):
        pair.connection.close(LeaveReason.QUIT)
        pair.peer.reset()
        assert await pair.gone() == [LeaveReason.QUIT]


@on_both_loops
async def test_a_connection_that_is_closed_or_cut_off_again_is_closed_once() -> None:
    pair = Pair().start()
    pair.connection.close(LeaveReason.QUIT)
    pair.connection.close(LeaveReason.LOST)
    pair.connection.abort()
    pair.connection.abort()
    await asyncio.sleep(0)
    assert (pair.hearing.lost, pair.closed) == ([LeaveReason.QUIT], [pair.connection])


@on_both_loops
async def test_cutting_off_does_not_wait_for_anything() -> None:
    pair = Pair(small=True).start()
    pair.connection.push(MUCH[: 1 << 19])
    pair.connection.abort()
    assert pair.closed == [pair.connection]
    await asyncio.sleep(0)
    assert pair.hearing.lost == [LeaveReason.SHUTDOWN]


@in_virtual_time
async def test_a_peer_that_vanished_without_a_word_has_timed_out() -> None:
    class Dead(socket.socket):
        @override
        def recv_into(self, *_: object) -> int:
            raise TimeoutError(110, "Connection timed out")

    pair = Pair()
    dead = Dead(fileno=pair.connection._socket.detach())
    dead.setblocking(False)
    pair.connection._socket = dead
    pair.start()
    await pair.peer.send(b"anything")
    assert await pair.gone() == [LeaveReason.TIMEOUT]
