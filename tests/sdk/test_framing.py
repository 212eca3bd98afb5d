"""Tests of the client's end of what carries events, against the server's end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tertulia.doors.events.framing import FrameFraming, LineFraming, Reply
from tertulia.doors.events.framing import Framing as ServerFraming
from tertulia.sdk.address import parse_address
from tertulia.sdk.errors import CannotConnect
from tertulia.sdk.framing import MAX_EVENT, Framing, framing_for
from tertulia.wire.handshake import Terms

BOUND = 65_536
EVENTS = [b'["ping",{}]', '["send_message",{"room":"lobby","text":"olá ☕"}]'.encode(), b"[1]"]


def lines() -> tuple[Framing, ServerFraming]:
    return framing_for(parse_address("tcp://localhost")), LineFraming(BOUND)


def frames() -> tuple[Framing, ServerFraming]:
    client = framing_for(parse_address("ws://localhost:4444/events"))
    server = FrameFraming(BOUND, Terms("/events", (), ("tertulia.v1",)), is_local=True)
    [reply] = server.receive_data(client.begin())
    assert isinstance(reply, Reply)
    assert not client.is_open
    assert client.receive_data(reply.data) == []
    return client, server


Pair = Callable[[], tuple[Framing, ServerFraming]]
both = pytest.mark.parametrize("pair", [lines, frames])


@both
def test_events_reach_the_server(pair: Pair) -> None:
    client, server = pair()
    assert client.is_open
    assert server.receive_data(client.write(EVENTS)) == EVENTS


@both
def test_events_of_the_server_are_taken_whole_however_they_are_cut(pair: Pair) -> None:
    client, server = pair()
    wrap = server.format._wrap
    data = b"".join(map(wrap, EVENTS))
    got = [event for place in range(len(data)) for event in client.receive_data(data[place:][:1])]
    assert got == EVENTS
    assert list(client.receive_data(data * 3)) == EVENTS * 3


@both
def test_long_events_are_taken_whole(pair: Pair) -> None:
    client, server = pair()
    event = b'["' + b"x" * 500_000 + b'"]'
    data = server.format._wrap(event)
    assert client.receive_data(data[:1000]) == []
    assert list(client.receive_data(data[1000:])) == [event]


def test_a_line_without_end_is_not_taken_for_ever() -> None:
    client, _ = lines()
    with pytest.raises(CannotConnect):
        client.receive_data(b"x" * (MAX_EVENT + 1))


def test_a_message_in_fragments_is_one_event() -> None:
    client, _ = frames()
    data = b"\x01\x03[1," + b"\x80\x022]"
    assert list(client.receive_data(data)) == [b"[1,2]"]


def test_a_ping_is_answered() -> None:
    client, _ = frames()
    assert client.receive_data(b"\x89\x02hi") == []
    pong = client.data_to_send()
    assert pong[:2] == b"\x8a\x82"


def test_a_server_that_closes_is_sent_nothing_more() -> None:
    client, _ = frames()
    client.receive_data(b"\x88\x02\x03\xe8")
    assert not client.is_open
    assert client.data_to_send()[:1] == b"\x88"


def test_the_end_is_said_once() -> None:
    client, _ = frames()
    assert client.end()[:1] == b"\x88"
    assert client.end() == b""
    line, _ = lines()
    assert line.end() == b""


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"220 mail.example.org ESMTP\r\n\r\n",
        b'["server_error",{"code":"too_many_connections","text":"Too many."}]\n\n',
    ],
)
def test_who_speaks_no_websocket_is_told_apart(answer: bytes) -> None:
    client = framing_for(parse_address("ws://localhost:4444/events"))
    client.begin()
    with pytest.raises(CannotConnect):
        client.receive_data(answer)
        client.receive_eof()
        client.receive_data(b"")
