"""The line door of a real server, over real sockets."""

from __future__ import annotations

import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tertulia.i18n import LANGUAGE_NAMES, catalog
from tests.e2e.visitors import LAST_OF_WELCOME, arrive
from tests.running import Peer, RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("chat")) as running:
        yield running


@pytest.fixture
def ana(server: RunningServer) -> Iterator[Peer]:
    with arrive(server, "ana") as peer:
        yield peer


@pytest.fixture
def bob(server: RunningServer, ana: Peer) -> Iterator[Peer]:
    with arrive(server, "bob") as peer:
        ana.read_until("is bob now")
        yield peer


def label(peer: Peer) -> str:
    host, port = peer.socket.getsockname()
    return f"{host}:{port}"


def test_the_welcome_is_what_it_has_always_been(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server, ExitStack() as stack:
        for number in (1, 2):
            peer = stack.enter_context(server.connect())
            assert peer.read_until("connected to this server").splitlines() == [
                "Congratulations! You've successfully joined the chat server.",
                f"Your id is: '{label(peer)}'.",
                f"There are {number} client(s) connected to this server.",
            ]
            rest = peer.read_until(LAST_OF_WELCOME).splitlines()
            assert rest[0].startswith("You are guest")
            assert rest[1].startswith("You are in lobby")


def test_a_newcomer_is_announced_with_id_and_nick_and_a_leaver_with_the_same(
    server: RunningServer, ana: Peer
) -> None:
    with server.connect() as peer:
        nick = peer.read_until(LAST_OF_WELCOME).split("You are ")[1].split(";")[0]
        assert ana.read_until("has connected").splitlines()[-1] == (
            f"A new client has connected to the chat: id = {label(peer)} ({nick})"
        )
        gone = label(peer)
        peer.say("QUIT")
        assert peer.read_to_end() == "Goodbye.\r\n"
    assert ana.read_until("has left").splitlines() == [f"{gone} has left the chat ({nick})"]


@pytest.mark.parametrize("way", ["hang up", "reset", "quit", "end of input"])
def test_leaving_is_told_once_however_it_is_done(
    server: RunningServer, ana: Peer, way: str
) -> None:
    peer = arrive(server)
    gone = label(peer)
    if way == "reset":
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif way == "quit":
        peer.say("/quit")
    elif way == "end of input":
        peer.socket.shutdown(socket.SHUT_WR)
        peer.read_to_end()
    peer.close()
    ana.read_until(f"{gone} has left the chat")
    ana.say("/time")
    assert gone not in ana.read_until("It is")


def test_a_text_reaches_the_others_once_with_its_author_and_does_not_come_back(
    server: RunningServer, ana: Peer, bob: Peer
) -> None:
    with arrive(server, "carla") as carla:
        ana.say("olá a todos 🎉")
        ana.say("/time")
        for other in (bob, carla):
            heard = other.read_until("olá")
            assert heard.splitlines()[-1][5:] == " ana: olá a todos 🎉"
        bob.say("second")
        assert ana.read_until("second").count("olá") == 0
        assert carla.read_until("second").count("olá") == 0


def test_letters_and_line_ends_that_the_network_cuts_are_put_together(ana: Peer, bob: Peer) -> None:
    for byte in "ação 🎉\r\nação dois\r\n".encode():
        ana.send(bytes((byte,)))
    assert [line[6:] for line in bob.read_until("dois").splitlines()[-2:]] == [
        "ana: ação 🎉",
        "ana: ação dois",
    ]


def test_who_never_negotiates_sees_no_telnet(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server, server.connect() as peer:
        peer.say("/help")
        peer.say("QUIT")
        received = b""
        while data := peer.socket.recv(65_536):
            received += data
        assert b"\xff" not in received


def test_telnet_negotiation_is_answered(ana: Peer, bob: Peer) -> None:
    ana.send(b"\xff\xfb\x1f\xff\xfd\x01he\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0llo\r\0")
    assert bob.read_until("hello").splitlines()[-1][6:] == "ana: hello"
    assert ana.socket.recv(100) == b"\xff\xfe\x1f\xff\xfc\x01"


def test_a_room_of_ones_own_and_back(ana: Peer, bob: Peer) -> None:
    ana.say("/create tea All about tea")
    ana.read_until("Topic: All about tea")
    bob.say("/join tea")
    bob.read_until("Topic: All about tea")
    assert ana.read_until("bob").endswith("bob has joined [tea]\r\n")
    ana.say("a cup?")
    assert bob.read_until("a cup?")[6:] == "ana: a cup?\r\n"
    bob.say("/join lobby")
    bob.read_until("You are talking in lobby now.")
    ana.say("another?")
    assert bob.read_until("another?")[6:] == "[tea] ana: another?\r\n"
    bob.say("/leave tea")
    assert ana.read_until("has left") == "bob has left [tea]\r\n"


def test_the_words_of_a_deleted_room_go_nowhere_else(ana: Peer, bob: Peer) -> None:
    ana.say("/create den")
    ana.read_until("You are in den")
    bob.say("/join den")
    bob.read_until("You are in den")
    ana.say("/close den")
    bob.read_until("ana has deleted [den]")
    bob.say("a secret of the den")
    bob.read_until("that line was not sent")
    bob.say("hello lobby")
    assert "secret" not in ana.read_until("hello lobby")


def test_a_direct_message_is_for_one_and_can_be_answered(
    server: RunningServer, ana: Peer, bob: Peer
) -> None:
    with arrive(server) as other:
        ana.say("/msg bob psst")
        assert bob.read_until("psst").endswith(" ana -> bob: psst\r\n")
        bob.say("/reply what?")
        ana.read_until("bob -> ana: what?")
        ana.say("aloud")
        assert "psst" not in other.read_until("aloud")


@pytest.mark.parametrize(
    ("code", "help_word", "users_word", "quit_word"),
    [
        ("en", "/HELP", "/Users", "/quit"),
        ("pt", "/AJUDA", "/USUARIOS", "/SAIR"),
        ("es", "/ayuda", "/usuarios", "/SALIR"),
    ],
)
def test_commands_are_understood_and_answered_in_three_languages(
    server: RunningServer, code: str, help_word: str, users_word: str, quit_word: str
) -> None:
    texts = catalog(code)
    with arrive(server, "nomade") as peer:
        peer.say(f"/lang {code}")
        peer.read_until(LANGUAGE_NAMES[code])
        peer.say(help_word)
        peer.read_until(texts.gettext("Leaves the chat, with a last word if you like."))
        peer.say(users_word)
        assert "nomade" in peer.read_until("(1): ")
        peer.say("/nosuchthing")
        told = texts.gettext("There is no command /{word}. /help lists them all.")
        peer.read_until(told.format(word="nosuchthing"))
        peer.say(quit_word)
        assert peer.read_to_end().splitlines()[-1] == texts.gettext("Goodbye.")


def test_a_mistyped_command_gets_the_nearest_suggestion(ana: Peer) -> None:
    ana.say("/usres")
    ana.read_until("Did you mean /users?")


def test_a_line_that_is_too_long_is_refused_in_words_and_the_connection_stays(
    ana: Peer, bob: Peer
) -> None:
    ana.say("x" * 100_000)
    ana.say("short")
    ana.read_until("That line is too long: 8192 bytes is the most.")
    assert "xxx" not in bob.read_until("short")


def test_bytes_that_are_no_utf8_are_refused_and_passed_on_to_nobody(ana: Peer, bob: Peer) -> None:
    ana.send("café\n".encode("latin-1"))
    ana.read_until("That was not UTF-8")
    ana.say("café")
    assert bob.read_until("café").count(": ") == 1


def test_shutdown_is_refused_to_everybody_by_default(ana: Peer, bob: Peer) -> None:
    ana.say("SHUTDOWN")
    ana.read_until("Only an operator of this server may do that.")
    ana.say("still here")
    assert "SHUTDOWN" not in bob.read_until("still here")


def test_shutdown_ends_the_chat_where_anyone_may(tmp_path: Path) -> None:
    with RunningServer(tmp_path, settings=["doors.line.anyone_may_shutdown=true"]) as server:
        with arrive(server) as one, arrive(server) as two:
            one.say("SHUTDOWN")
            for peer in (one, two):
                assert peer.read_to_end().endswith("The chat has been shut down\r\n")
        assert server.wait() == 0


def test_who_is_online_at_the_end_is_told_in_their_language(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server, arrive(server) as peer:
        peer.say("/lang es")
        server.process.send_signal(signal.SIGTERM)
        assert server.wait() == 0
        assert peer.read_to_end().endswith(
            catalog("es").gettext("The chat has been shut down") + "\r\n"
        )


def test_fifty_find_a_place_and_the_next_is_told_so_and_not_announced(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server, ExitStack() as stack:
        peers = [stack.enter_context(arrive(server)) for _ in range(50)]
        one_more = stack.enter_context(server.connect())
        assert one_more.read_to_end() == (
            "Apologies: the chat server is full (50 clients). Please try again later.\r\n"
        )
        peers[1].say("QUIT")
        peers[1].read_to_end()
        told = peers[0].read_until(f"{label(peers[1])} has left the chat")
        assert label(one_more) not in told
        arrive(server).close()


def test_what_was_said_is_there_after_a_restart(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server, arrive(server, "ana") as ana:
        ana.say("remember me")
        ana.say("/history")
        ana.read_until("ana: remember me")
        server.kill()
    with RunningServer(tmp_path) as server, server.connect() as peer:
        assert " ana: remember me\r\n" in peer.read_until(LAST_OF_WELCOME)
