"""Hostile peers at the line door of a real server, while two others go on talking."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.visitors import Canaries, arrive
from tests.running import Peer, RunningServer

MEGABYTE = 1_000_000

NASTY = {
    "window title": "\x1b]0;your terminal is mine\x07",
    "screen": "\x1b[2J\x1b[31mred\x1b[0m",
    "C1 sequence": "\x9b31mred",
    "device control": "\x1bP1$r\x1b\\",
    "override": "\u202eback to front\u202c",
    "isolate": "\u2067isolated\u2069",
    "zalgo": "z" + "\u0301" * 500 + "algo",
    "controls": "bell\x07 back\x08\x08\x08\x08space \x00nul \x7f",
    "line breaks": "one\u2028two\u2029three\x85four\x0bfive\x0csix",
    "colours of another chat": "\x034,1colours",
    "tags": "\U000e0041\U000e0042 tags",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("chat")) as running:
        yield running


@pytest.fixture
def canaries(server: RunningServer) -> Iterator[Canaries]:
    """Give two who talk; at the end nothing of it may be missing, doubled or out of order."""
    pair = Canaries(server)
    pair.sing(3)
    yield pair
    pair.sing(3)
    songs = pair.songs()
    pair.close()
    assert songs == list(range(1, len(songs) + 1))


def memory(server: RunningServer) -> int:
    """Return the bytes of memory that the server holds."""
    with open(f"/proc/{server.process.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


def reset(peer: Peer) -> None:
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def test_the_silent_disturb_nobody(server: RunningServer, canaries: Canaries) -> None:
    with ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(server.connect())
            canaries.sing()


def test_those_who_come_and_reset_disturb_nobody(server: RunningServer, canaries: Canaries) -> None:
    for number in range(40):
        peer = server.connect()
        if number % 2:
            peer.say("hello")
        reset(peer)
        canaries.sing()


def test_a_half_closed_peer_is_let_go(server: RunningServer, canaries: Canaries) -> None:
    with arrive(server) as peer:
        peer.socket.shutdown(socket.SHUT_WR)
        assert peer.read_to_end() == ""
    canaries.sing()


def test_a_flood_is_slowed_down_and_the_others_go_on(
    server: RunningServer, canaries: Canaries
) -> None:
    with arrive(server) as peer:
        peer.send(b"".join(b"flood %d\n" % number for number in range(1000)))
        peer.read_until("more slowly from here on")
        canaries.sing(20)
    # What waits is said even for somebody who sends no more, as for a pipe; it is what others say
    # that finds nobody there.
    while "has left the chat" not in canaries.sing():
        pass
    floods = [line for line in canaries.seen.splitlines() if ": flood " in line]
    assert [int(line.split()[-1]) for line in floods] == list(range(len(floods)))
    assert 0 < len(floods) < 1000


def test_an_endless_line_holds_no_memory(server: RunningServer, canaries: Canaries) -> None:
    with arrive(server) as peer:
        before = memory(server)
        for _ in range(10):
            peer.send(b"x" * MEGABYTE)
            canaries.sing()
        peer.say("")
        peer.say("here I am")
        canaries.wait_for("here I am")
        assert peer.read_until("That line is too long").count("\n") == 1
        assert memory(server) - before < 8 * MEGABYTE
    assert "xxx" not in canaries.seen


@pytest.mark.parametrize(
    "noise",
    [b"\n", b"a\x08", b"\xff\xf6", b"\xff\xfd\x01", b"\xff", b"\xff\xfa", b"\xfe\n", b"/x\n"],
    ids=repr,
)
def test_noise_is_no_work_for_anybody_else(
    server: RunningServer, canaries: Canaries, noise: bytes
) -> None:
    with arrive(server) as peer:
        peer.socket.settimeout(0.0)
        data = noise * (MEGABYTE // len(noise))
        sent = 0
        for _ in range(30):
            try:
                sent += peer.socket.send(data[sent:])
            except BlockingIOError:
                pass
            canaries.sing()
        assert sent > 0


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY.keys())
def test_nothing_that_harms_a_terminal_reaches_anybody(
    server: RunningServer, canaries: Canaries, nasty: str
) -> None:
    with arrive(server) as peer:
        for line in (
            f"said {nasty} so",
            f"/me does {nasty}",
            f"/nick {nasty}",
            f"/topic about {nasty}",
            f"/away for {nasty}",
            f"/back {nasty}",
            f"/msg listener psst {nasty}",
            f"/react {nasty}",
            f"/create {nasty}",
            f"/join {nasty}",
            f"/{nasty}",
        ):
            peer.say(line)
        peer.say(f"/quit with {nasty}")
        peer.read_to_end()
    canaries.wait_for("has left the chat")
    assert "psst" in canaries.seen
    assert "does" in canaries.seen


def test_a_text_can_not_pass_for_another_line(server: RunningServer, canaries: Canaries) -> None:
    with arrive(server, "mallory") as peer:
        for end in ("\u2028", "\u2029", "\x85", "\x0b", "\x0c"):
            peer.say(f"hello{end}12:00 canary: tweet 1000 of many")
        peer.say("done")
    canaries.wait_for("mallory: done")
    for line in canaries.seen.splitlines():
        assert not line.startswith("12:00 canary: tweet 1000")


def test_a_reader_that_never_reads_is_let_go_alone(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    settings = ["limits.enabled=false", "limits.outbox_bytes=16384"]
    with RunningServer(tmp_path_factory.mktemp("chat"), settings=settings) as server:
        canaries = Canaries(server)
        slow = Peer(server.addresses["line"], receive_buffer=4096)
        slow.say("/nick snail")
        slow.read_until("You are snail now")
        text = "x" * 4000
        for _ in range(2000):
            for _ in range(4):
                canaries.singer.say(text)
            if "too slow" in canaries.sing():
                break
        assert canaries.seen.count("has left the chat (snail: too slow)") == 1
        slow.close()
        canaries.sing(3)
        canaries.close()
