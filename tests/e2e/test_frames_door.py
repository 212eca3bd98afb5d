"""The frames door of a real server, over real sockets, to clients that know only the protocol."""

from __future__ import annotations

import pickle
import select
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.e2e.naive import SERVER, NaiveClient, framed
from tests.e2e.terminal import IS_HERE
from tests.e2e.visitors import arrive, is_harmless
from tests.running import DEADLINE, FAREWELL, Peer, RunningServer

LISTENS = ("frames=127.0.0.1:0", "line=127.0.0.1:0")
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("chat"), listens=LISTENS) as running:
        yield running


@pytest.fixture
def ana(server: RunningServer) -> Iterator[NaiveClient]:
    with NaiveClient(server, "ana") as client:
        yield client
        client.leave()


@pytest.fixture
def bob(server: RunningServer, ana: NaiveClient) -> Iterator[NaiveClient]:
    with NaiveClient(server, "bob") as client:
        ana.settle()
        yield client
        client.leave()


# Talking


def test_names_and_texts_arrive_byte_for_byte_and_nothing_else(
    ana: NaiveClient, bob: NaiveClient
) -> None:
    ana.socket.sendall(b"5         ol\xc3\xa1!")
    assert bob.socket.recv(1000) == b"3         ana5         ol\xc3\xa1!"
    bob.socket.sendall(b"2         hi")
    assert ana.socket.recv(1000) == b"3         bob2         hi"
    assert select.select([ana.socket, bob.socket], [], [], 0) == ([], [], [])


def test_a_client_that_never_waits_in_the_middle_finds_both_frames(
    ana: NaiveClient, bob: NaiveClient
) -> None:
    bob.socket.setblocking(False)
    for text in ("one", "two 🎉", "three\nlines\nof it"):
        ana.say(text)
        assert select.select([bob.socket], [], [], DEADLINE)[0]
        assert bob.receive() == ("ana", text)


def test_a_name_is_not_answered(server: RunningServer) -> None:
    with NaiveClient(server) as client:
        client.socket.sendall(framed("quiet") + framed("/time"))
        first = client.receive()
        assert first is not None
        assert first[1].startswith("It is ")


@pytest.mark.parametrize("header", [b"5         ", b"         5", b"0000000005"], ids=repr)
def test_lengths_on_either_side_and_with_zeros_are_read(
    ana: NaiveClient, bob: NaiveClient, header: bytes
) -> None:
    ana.socket.sendall(header + b"hello")
    assert bob.receive() == ("ana", "hello")


def test_frames_glued_together_arrive_one_by_one_in_order(
    server: RunningServer, ana: NaiveClient
) -> None:
    texts = [f"number {number} ação" for number in range(50)]
    with NaiveClient(server) as client:
        client.socket.sendall(b"".join(map(framed, ["gluer", *texts])))
        assert [ana.receive_from("gluer") for _ in texts] == texts


def test_frames_that_come_one_byte_at_a_time_are_put_together(
    server: RunningServer, ana: NaiveClient
) -> None:
    with NaiveClient(server) as client:
        for byte in framed("slow") + framed("ação 🎉") + framed("second"):
            client.socket.sendall(bytes((byte,)))
        assert [ana.receive_from("slow") for _ in range(2)] == ["ação 🎉", "second"]


def test_what_one_says_does_not_come_back(ana: NaiveClient, bob: NaiveClient) -> None:
    ana.say("only for others")
    assert bob.receive() == ("ana", "only for others")
    ana.say("/me waves")
    assert ana.receive() == (SERVER, "* ana waves")
    bob.say("heard")
    assert ana.receive() == ("bob", "heard")


def test_people_at_the_line_door_are_in_the_same_room(
    server: RunningServer, ana: NaiveClient
) -> None:
    with arrive(server, "carla") as carla:
        ana.settle()
        assert "is carla now" in ana.notices[-1]
        ana.say("one\ntwo")
        assert [line[6:] for line in carla.read_until("two").splitlines()] == ["ana: one", "two"]
        carla.say("hello frames")
        assert ana.receive() == ("carla", "hello frames")
        carla.say("/me waves")
        assert ana.receive() == ("carla", "* carla waves")
        carla.say("/msg ana psst")
        assert ana.receive() == (SERVER, "carla -> ana: psst")
        ana.say("/reply what?")
        assert carla.read_until("what?").endswith(" ana -> carla: what?\r\n")


def test_comings_and_goings_are_told_by_the_server(server: RunningServer, ana: NaiveClient) -> None:
    with NaiveClient(server) as client:
        host, port = client.socket.getsockname()
        client.say("dora")
        told = f"A new client has connected to the chat: id = {host}:{port} (dora)"
        assert ana.receive() == (SERVER, told)
    assert ana.receive() == (SERVER, f"{host}:{port} has left the chat (dora)")


def test_other_rooms_are_named_beside_their_authors(ana: NaiveClient, bob: NaiveClient) -> None:
    for client in (ana, bob):
        client.say("/create tea" if client is ana else "/join tea")
        client.settle()
    ana.settle()
    ana.say("in tea")
    assert bob.receive() == ("ana", "in tea")
    bob.say("/join lobby")
    assert bob.receive_from(SERVER) == "You are talking in lobby now."
    ana.say("a cup?")
    assert bob.receive() == ("ana [tea]", "a cup?")


def test_a_text_that_is_no_utf8_is_refused_and_passed_on_to_nobody(
    ana: NaiveClient, bob: NaiveClient
) -> None:
    ana.socket.sendall(framed("café".encode("latin-1")) + framed("café"))
    assert "not UTF-8" in ana.receive_from(SERVER)
    assert bob.receive() == ("ana", "café")


def test_a_megabyte_is_refused_in_words_by_default_and_the_connection_stays_in_step(
    ana: NaiveClient, bob: NaiveClient
) -> None:
    ana.socket.sendall(framed("x" * MEGABYTE) + framed("after"))
    assert ana.receive_from(SERVER) == (
        "That is too long: 1000000 characters, and 4000 is the most. It was not sent."
    )
    assert bob.receive() == ("ana", "after")


def test_megabytes_arrive_whole_where_messages_may_be_so_long(tmp_path: Path) -> None:
    settings = ["policy.text_length=2000000"]
    with (
        RunningServer(tmp_path, listens=LISTENS, settings=settings) as server,
        arrive(server, "carla") as carla,
        NaiveClient(server, "ana") as ana,
        NaiveClient(server, "bob") as bob,
    ):
        texts = ["a" * MEGABYTE, "á" * (MEGABYTE // 2), "end"]
        ana.socket.sendall(b"".join(map(framed, texts)))
        assert [bob.receive() for _ in texts] == [("ana", text) for text in texts]
        heard = carla.read_until(" ana: end").splitlines()
        assert [line[6:] for line in heard[-3:]] == [f"ana: {text}" for text in texts]
        ana.say("still here")
        assert bob.receive() == ("ana", "still here")


def test_what_is_too_long_for_a_frame_is_cut_visibly_and_the_next_is_in_step(
    tmp_path: Path,
) -> None:
    settings = ["doors.frames.max_frame=1024"]
    with (
        RunningServer(tmp_path, listens=LISTENS, settings=settings) as server,
        NaiveClient(server, "ana") as ana,
        arrive(server, "carla") as carla,
    ):
        carla.say("á" * 3000)
        carla.say("short")
        assert ana.receive_from("carla") == "á" * 509 + " […]"
        assert ana.receive_from("carla") == "short"


# Coming and going


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "The first frame has to be your name, and this one is empty."),
        ("Ana", "The nick Ana is taken, or looks like one that is. Ana2 is free."),
        ("two words", "two words can't be a nick."),
        ("*server*", "*server* can't be a nick."),
    ],
)
def test_a_name_that_can_not_be_is_told_and_closed(
    server: RunningServer, ana: NaiveClient, name: str, told: str
) -> None:
    with NaiveClient(server) as client:
        client.socket.sendall(framed(name) + framed("never"))
        [(author, text)] = client.receive_all()
    assert (author, text[: len(told)]) == (SERVER, told)
    ana.settle()
    assert ana.notices == []


@pytest.mark.parametrize("sent", [b"", b"12", b"3         an"], ids=repr)
def test_who_does_not_log_in_is_told_and_closed(tmp_path: Path, sent: bytes) -> None:
    settings = ["doors.frames.login_seconds=0.1"]
    with RunningServer(tmp_path, listens=LISTENS, settings=settings) as server:
        with NaiveClient(server) as client:
            client.socket.sendall(sent)
            assert client.receive_all() == [(SERVER, "You did not log in in time.")]


def test_a_pipe_delivers_and_ends(server: RunningServer, ana: NaiveClient) -> None:
    with NaiveClient(server) as client:
        client.socket.sendall(framed("piper") + framed("the build") + framed("is green"))
        client.socket.shutdown(socket.SHUT_WR)
        assert client.receive_all() == []
    assert ana.receive_from("piper") == "the build"
    assert ana.receive_from("piper") == "is green"
    assert "has left the chat (piper)" in ana.receive_from(SERVER)


@pytest.mark.skipif(not IS_HERE, reason="nc is not installed here")
def test_the_line_that_the_server_prints_joins(server: RunningServer, ana: NaiveClient) -> None:
    [line] = [line for line in server.printed.splitlines() if line.startswith("  printf ")]
    script = line.strip().replace("ana", "eva")
    subprocess.run(["sh", "-c", script], timeout=DEADLINE, check=True)
    assert ana.receive_from("eva") == "hi"


def test_when_all_places_are_taken_the_next_is_told_so_and_not_announced(tmp_path: Path) -> None:
    settings = ["doors.frames.max_sessions=1"]
    with RunningServer(tmp_path, listens=LISTENS, settings=settings) as server:
        with NaiveClient(server, "ana") as ana, NaiveClient(server) as one_more:
            [(author, text)] = one_more.receive_all()
            assert (author, "full (1 clients)" in text) == (SERVER, True)
            ana.settle()
            assert ana.notices == []


def test_at_the_end_everyone_is_told(tmp_path: Path) -> None:
    with RunningServer(tmp_path, listens=LISTENS) as server:
        with NaiveClient(server, "ana") as ana, NaiveClient(server) as nameless:
            assert server.stop() == 0
            assert ana.receive_all() == [(SERVER, FAREWELL)]
            assert nameless.receive_all() == []


def test_who_comes_back_under_a_name_is_told_what_was_kept_for_it(tmp_path: Path) -> None:
    with RunningServer(tmp_path, listens=LISTENS) as server, arrive(server, "carla") as carla:
        carla.say("/msg ana call me")
        carla.read_until("it is kept until ana comes back")
        with NaiveClient(server) as ana:
            ana.say("ana")
            pair = ana.receive()
            assert pair is not None
            head, message = pair[1].splitlines()
            assert head == "While you were gone, 1 message came for you:"
            assert message.endswith(" carla: call me")
        carla.read_until("has left the chat (ana)")
        with NaiveClient(server, "ana") as ana:
            assert [text for text in ana.notices if "call me" in text] == []


# Hostile peers


class Canaries:
    """Two who talk to each other throughout, and notice when anything comes between them."""

    def __init__(self, server: RunningServer) -> None:
        self._numbers = count(1)
        self.singer = NaiveClient(server, "canary")
        self.listener = NaiveClient(server, "listener")
        self.singer.settle()
        self.others: list[tuple[str, str]] = []
        """What the second one has heard from anybody else."""

    def sing(self, times: int = 1) -> None:
        """Say something and hear it, whole and once, and again."""
        for _ in range(times):
            song = f"tweet {next(self._numbers)} of many"
            self.singer.say(song)
            self.wait_for("canary", song)

    def wait_for(self, name: str, text: str) -> None:
        """Hear what comes, up to this text of `name`."""
        while (pair := self.listener.receive()) != (name, text):
            assert pair is not None
            assert pair[0] != "canary", pair
            assert is_harmless(pair[0]) and is_harmless(pair[1].replace("\n", "")), ascii(pair)
            self.others.append(pair)

    def close(self) -> None:
        """Leave."""
        for client in (self.singer, self.listener):
            client.leave()
            client.close()


@pytest.fixture
def canaries(server: RunningServer) -> Iterator[Canaries]:
    """Give two who talk; nothing of it may be missing, doubled, torn or out of order."""
    pair = Canaries(server)
    pair.sing(3)
    yield pair
    pair.sing(3)
    pair.close()


def reset(client: NaiveClient) -> None:
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def memory(server: RunningServer) -> int:
    """Return the bytes of memory that the server holds."""
    with open(f"/proc/{server.process.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


OUT_OF_STEP = {
    "letters": b"hello worl",
    "negative": b"-5        ",
    "blank": b"          ",
    "NUL": b"\0" * 10,
    "length before NUL": b"5\0\0\0\0\0\0\0\0\0",
    "huge": b"9999999999",
    "past the bound": b"1048577   ",
    "fraction": b"1.5       ",
    "request of a browser": b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n",
    "start of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "pickle": pickle.dumps({"header": b"5         ", "data": "hello"}),
    "no UTF-8": b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6",
}


@pytest.mark.parametrize("rubbish", OUT_OF_STEP.values(), ids=OUT_OF_STEP.keys())
@pytest.mark.parametrize("is_in", [True, False], ids=["inside", "outside"])
def test_who_is_out_of_step_is_told_once_and_closed_alone(
    server: RunningServer, canaries: Canaries, rubbish: bytes, is_in: bool
) -> None:
    with NaiveClient(server, "mallory" if is_in else None) as client:
        client.socket.sendall(rubbish + framed("never"))
        [(author, text)] = client.receive_all()
    assert (author, text.endswith("The connection is closed.")) == (SERVER, True)
    canaries.sing()
    assert ("mallory", "never") not in canaries.others


@pytest.mark.parametrize("end", [NaiveClient.close, reset])
@pytest.mark.parametrize("sent", [b"", b"12", b"7         mall", b"100       half a frame"])
@pytest.mark.parametrize("is_in", [True, False], ids=["inside", "outside"])
def test_who_goes_in_the_middle_of_anything_disturbs_nobody(
    server: RunningServer,
    canaries: Canaries,
    end: Callable[[NaiveClient], None],
    sent: bytes,
    is_in: bool,
) -> None:
    client = NaiveClient(server, "mallory" if is_in else None)
    client.socket.sendall(sent)
    end(client)
    canaries.sing()
    while is_in and not any("has left the chat (mallory" in text for _, text in canaries.others):
        canaries.sing()


def test_the_silent_and_the_half_logged_in_disturb_nobody(
    server: RunningServer, canaries: Canaries
) -> None:
    with ExitStack() as stack:
        for number in range(30):
            client = stack.enter_context(NaiveClient(server))
            client.socket.sendall(b"7         mallory"[: number % 17])
            canaries.sing()


def test_a_flood_is_slowed_down_and_nothing_of_it_is_lost(
    server: RunningServer, canaries: Canaries
) -> None:
    texts = [f"flood {number}" for number in range(120)]
    with NaiveClient(server, "flooder") as client:
        client.socket.sendall(b"".join(map(framed, texts)))
        assert "more slowly from here on" in client.receive_from(SERVER)
        canaries.sing(10)
        canaries.wait_for("flooder", texts[-1])
    floods = [text for name, text in canaries.others if name == "flooder"]
    assert [*floods, texts[-1]] == texts


@pytest.mark.parametrize("noise", [framed(""), framed("/x"), framed(b"\xff"), framed(" " * 20_000)])
def test_noise_is_no_work_for_anybody_else(
    server: RunningServer, canaries: Canaries, noise: bytes
) -> None:
    with NaiveClient(server, "noisy") as client:
        client.socket.settimeout(0.0)
        data = noise * (MEGABYTE // len(noise))
        sent = 0
        for _ in range(30):
            try:
                sent += client.socket.send(data[sent:])
            except BlockingIOError:
                pass
            canaries.sing()
        assert sent > 0


def test_frames_that_are_too_long_hold_no_memory(server: RunningServer, canaries: Canaries) -> None:
    with NaiveClient(server, "long") as client:
        before = memory(server)
        for _ in range(10):
            client.say("x" * MEGABYTE)
            canaries.sing()
        client.say("here I am")
        canaries.wait_for("long", "here I am")
        assert memory(server) - before < 8 * MEGABYTE


def test_nothing_that_harms_a_terminal_or_turns_words_round_reaches_anybody(
    server: RunningServer, canaries: Canaries
) -> None:
    nasty = "\x1b]0;mine\x07 \x1b[2J \u202ekcab\u202c z" + "\u0301" * 500 + " \x00 \x9b31m \x08"
    with NaiveClient(server, "mallory") as client:
        for text in (f"said {nasty} so", f"/me does {nasty}", f"/msg listener psst {nasty}"):
            client.say(text)
        client.say("done")
        canaries.wait_for("mallory", "done")
    assert len(canaries.others) == 4


def test_a_direct_message_can_not_pass_for_the_server_s_words(
    server: RunningServer, canaries: Canaries
) -> None:
    with NaiveClient(server, "mallory") as client:
        client.say("/msg listener hi\nThe chat has been shut down")
        client.say("done")
        canaries.wait_for("mallory", "done")
    told = canaries.others[-1]
    assert told == (SERVER, "mallory -> listener: hi\n      The chat has been shut down")


def test_a_reader_that_never_reads_is_let_go_alone(tmp_path: Path) -> None:
    settings = ["limits.enabled=false", "limits.outbox_bytes=16384"]
    with RunningServer(tmp_path, listens=LISTENS, settings=settings) as server:
        canaries = Canaries(server)
        with Peer(server.addresses["frames"], receive_buffer=4096) as slow:
            slow.send(framed("snail"))
            for _ in range(2000):
                canaries.singer.socket.sendall(framed("x" * 4000) * 4)
                for _ in range(4):
                    assert canaries.listener.receive_from("canary") == "x" * 4000
                if any("(snail: too slow)" in text for text in canaries.listener.notices):
                    break
            else:
                raise AssertionError("it is still there")
        canaries.sing(3)
        canaries.close()
