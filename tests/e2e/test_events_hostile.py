"""Hostile peers at the events door of a real server, while two others go on talking."""

from __future__ import annotations

import pickle
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.bots import Bot, TcpCarrier, arrive, bot
from tests.running import DEADLINE, Peer, RunningServer

LISTENS = ("events=127.0.0.1:0",)
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(
        tmp_path_factory.mktemp("chat"),
        listens=LISTENS,
        settings=("limits.connect_burst=10000", "doors.events.login_seconds=2"),
    ) as running:
        yield running


class Canaries:
    """Two who talk to each other throughout."""

    def __init__(self, server: RunningServer) -> None:
        self.singer = arrive(server, "canary", resumable=False)
        self.listener = arrive(server, "listener", "websocket", resumable=False)
        self._songs = 0

    def sing(self, times: int = 1) -> None:
        """Say something and hear it, and again."""
        for _ in range(times):
            self._songs += 1
            song = f"tweet {self._songs}"
            self.singer.say(song)
            self.listener.wait_for(lambda event, song=song: event[1].get("text") == song)  # type: ignore[misc]

    def close(self) -> None:
        """Hang up; nothing of it was missing, doubled or out of order."""
        for client in (self.singer, self.listener):
            songs = [text for text in client.heard() if text.startswith("tweet ")]
            assert songs == [f"tweet {number}" for number in range(1, self._songs + 1)]
            client.ask("logout")
            client.close()


@pytest.fixture
def canaries(server: RunningServer) -> Iterator[Canaries]:
    pair = Canaries(server)
    pair.sing(3)
    yield pair
    pair.sing(3)
    pair.close()


def memory(server: RunningServer) -> int:
    """Return the bytes of memory that the server holds."""
    with open(f"/proc/{server.process.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


def tcp(client: Bot) -> socket.socket:
    assert isinstance(client.carrier, TcpCarrier)
    return client.carrier.socket


def upgraded(server: RunningServer) -> Peer:
    """Return a connection that is a WebSocket, and has sent nothing in it."""
    peer = server.connect("events")
    peer.send(
        "GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    peer.read_until("Sec-WebSocket-Accept")
    return peer


@pytest.mark.parametrize(
    "junk",
    [
        *(pickle.dumps(["login", {"nick": "x"}], protocol=at) for at in range(6)),
        b"[" * 60_000,
        b'["login",' + b"[" * 60_000 + b"]" * 60_000 + b"}]",
        b'["login",{"nick":' + b"9" * 60_000 + b"}]",
        b'["login",{"nick":1e999999}]',
        b'["login",{"nick":"\xff\xfe"}]',
        b'["login",{"nick":"\\ud800"}]',
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0" * 1000,
        "💥".encode() * 1000,
    ],
    ids=range(15),
)
def test_junk_is_told_and_the_connection_stays(
    server: RunningServer, canaries: Canaries, junk: bytes
) -> None:
    client = bot(server)
    tcp(client).sendall(junk + b"\n")
    canaries.sing()
    first = client.next()
    assert first is not None and first[0] == "server_error"
    assert client.ask("ping")[0] == "pong"
    client.close()


def test_ten_megabytes_without_an_end_leave_no_trace(
    server: RunningServer, canaries: Canaries
) -> None:
    before = memory(server)
    clients = [bot(server) for _ in range(5)]
    for client in clients:
        tcp(client).sendall(b"x" * (10 * MEGABYTE))
        canaries.sing()
    for client in clients:
        told = client.next()
        assert told is not None and told[1]["code"] == "event_too_long"
    assert memory(server) - before < 10 * MEGABYTE
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (b"\x81\x02{}", 1002),
        (b"\xff\xff\xff\xff\xff\xff", 1002),
        (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 1009),
        (b"\x81\x81\0\0\0\0\xff", 1007),
        (b"\x88\x82\0\0\0\0\x03\xee", 1002),
    ],
)
def test_frames_that_break_the_rules_end_that_connection_only(
    server: RunningServer, canaries: Canaries, broken: bytes, code: int
) -> None:
    with upgraded(server) as peer:
        peer.send(broken)
        canaries.sing()
        last = b""
        while data := peer.socket.recv(4096):
            last += data
        assert last[:1] == b"\x88"
        assert int.from_bytes(last[2:4], "big") == code


def test_who_says_nothing_is_closed_in_time(server: RunningServer, canaries: Canaries) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(server.connect("events")) for _ in range(20)]
        silent[1].send("GET /events HTTP/1.1\r\n")
        silent[2].send('["login",')
        half_open = [stack.enter_context(upgraded(server)) for _ in range(3)]
        canaries.sing(3)
        for peer in (*silent, *half_open):
            peer.socket.settimeout(DEADLINE)
            while peer.socket.recv(4096):
                pass
    canaries.sing()


def test_who_does_not_read_is_closed_alone(tmp_path: Path) -> None:
    settings = ("limits.enabled=false", "limits.outbox_bytes=65536")
    with RunningServer(tmp_path, listens=LISTENS, settings=settings) as server:
        canaries = Canaries(server)
        speaker, slow = arrive(server, "speaker"), arrive(server, "slow", resumable=False)
        speaker.ask("create_room", name="loud")
        slow.ask("join_room", room="loud")
        gone: list[str] = []
        for number in range(20_000):
            speaker.say("x" * 3900, "loud")
            gone = [event[1]["reason"] for event in speaker.seen if event[0] == "user_left"]
            speaker.seen.clear()
            if number % 100 == 0:
                canaries.sing()
            if gone:
                break
        assert set(gone) == {"too_slow"}
        canaries.sing(3)
        canaries.close()
        for client in (slow, speaker):
            client.close()


def test_a_flood_of_junk_and_of_connections_keeps_nobody_waiting(
    server: RunningServer, canaries: Canaries
) -> None:
    before = memory(server)
    with ExitStack() as stack:
        flooders = [stack.enter_context(server.connect("events")) for _ in range(10)]
        for peer in flooders:
            peer.socket.setblocking(False)
        for _ in range(20):
            for peer in flooders:
                try:
                    peer.socket.send(b'["ping",{}]\nx\n' * 5000)
                except OSError:
                    pass
            canaries.sing()
            for _ in range(10):
                peer = server.connect("events")
                peer.send(b'["login",{}]\n')
                peer.close()
    canaries.sing()
    assert memory(server) - before < 30 * MEGABYTE


def test_a_page_that_posts_to_the_port_gets_in_nowhere(
    server: RunningServer, canaries: Canaries
) -> None:
    with server.connect("events") as page:
        page.send(
            "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\n"
            '["login",{"nick":"page"}]\n["send_message",{"room":"lobby","text":"gotcha"}]\n'
        )
        assert page.read_to_end().startswith("HTTP/1.1 405 ")
    canaries.sing()
    assert "gotcha" not in canaries.listener.heard()


def test_no_fault_of_a_peers_is_a_fault_of_the_servers(server: RunningServer) -> None:
    assert "Traceback" not in server.log
    assert " error " not in server.log
