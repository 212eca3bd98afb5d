"""The programs that people use at the line door: telnet, netcat, a terminal in raw mode."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.terminal import IS_HERE, Terminal
from tests.e2e.visitors import LAST_OF_WELCOME, arrive
from tests.running import DEADLINE, Peer, RunningServer

pytestmark = pytest.mark.skipif(not IS_HERE, reason="telnet, nc or tmux is not installed here")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("chat")) as running:
        yield running


@pytest.fixture
def ana(server: RunningServer) -> Iterator[Peer]:
    with arrive(server, "ana") as peer:
        yield peer


def netcat(server: RunningServer, *options: str) -> list[str]:
    host, port = server.addresses["line"]
    return ["nc", *options, host, str(port)]


@pytest.mark.parametrize("text", ["hello", "hello\n", "hello\r\n"])
def test_a_pipe_into_netcat_delivers_and_ends(server: RunningServer, ana: Peer, text: str) -> None:
    done = subprocess.run(
        netcat(server, "-N"), input=text.encode(), capture_output=True, timeout=DEADLINE, check=True
    )
    assert done.stdout.startswith(b"Congratulations! You've successfully joined the chat server.")
    assert b"\xff" not in done.stdout
    assert ana.read_until("hello").splitlines()[-1].endswith(": hello")
    ana.read_until("has left the chat")


def test_a_pipe_with_commands_is_carried_out_in_order(server: RunningServer, ana: Peer) -> None:
    typed = "/nick piper\n/create pipes\none\n/me plays\n/history\n/join lobby\nback\nQUIT\nnever\n"
    done = subprocess.run(
        netcat(server, "-N"), input=typed, encoding="utf-8", capture_output=True, timeout=DEADLINE
    )
    lines = [line[6:] for line in done.stdout.splitlines() if " #" in line]
    assert lines[-2:] == ["#3 piper: one", "#4 * piper plays"]
    assert done.stdout.splitlines()[-1] == "Goodbye."
    assert "never" not in ana.read_until("has left the chat")


def test_a_follower_behind_netcat_sees_everything_at_once(server: RunningServer, ana: Peer) -> None:
    with subprocess.Popen(
        netcat(server), stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as follower:
        assert follower.stdout is not None
        while LAST_OF_WELCOME not in follower.stdout.readline():
            pass
        ana.say("olá")
        assert follower.stdout.readline()[6:] == "ana: olá\n"
        follower.terminate()


def test_telnet_shows_the_chat_as_it_is(server: RunningServer, ana: Peer) -> None:
    host, port = server.addresses["line"]
    with Terminal("telnet", f"telnet {host} {port}") as terminal:
        screen = terminal.wait_for(LAST_OF_WELCOME)
        at = screen.index("Congratulations! You've successfully joined the chat server.")
        assert screen[at + 1].startswith("Your id is: '127.0.0.1:")
        assert screen[at + 2] == "There are 2 client(s) connected to this server."
        terminal.write("olá de telnet")
        terminal.press("Enter")
        assert ana.read_until("telnet").splitlines()[-1].endswith(": olá de telnet")
        ana.say("bem-vindo, ação 🎉")
        assert terminal.wait_for("bem-vindo")[-1:] != ["Connection closed by foreign host."]
        terminal.write("QUIT")
        terminal.press("Enter")
        screen = terminal.wait_for("Connection closed by foreign host.")
        assert [line[6:] for line in screen if "bem-vindo" in line] == ["ana: bem-vindo, ação 🎉"]
        assert "Goodbye." in screen


def test_an_interrupted_telnet_goes_on(server: RunningServer, ana: Peer) -> None:
    host, port = server.addresses["line"]
    with Terminal("interrupted", f"telnet {host} {port}") as terminal:
        terminal.wait_for(LAST_OF_WELCOME)
        terminal.write("thrown away")
        terminal.press("C-c")
        terminal.write("kept")
        terminal.press("Enter")
        assert "thrown" not in ana.read_until("kept")
        ana.say("do you read me?")
        terminal.wait_for("ana: do you read me?")


def test_a_telnet_that_negotiates_goes_on(server: RunningServer, ana: Peer) -> None:
    host, port = server.addresses["line"]
    with Terminal("eight", f"telnet -8 {host} {port}") as terminal:
        terminal.wait_for(LAST_OF_WELCOME)
        terminal.write("ação")
        terminal.press("Enter")
        ana.read_until("ação")
        ana.say("coração")
        terminal.wait_for("ana: coração")


def test_a_raw_terminal_can_take_letters_back(server: RunningServer, ana: Peer) -> None:
    host, port = server.addresses["line"]
    with Terminal("raw", f"stty raw -echo; nc {host} {port}") as terminal:
        terminal.wait_for(LAST_OF_WELCOME)
        terminal.write("not this")
        terminal.press("C-u")
        terminal.write("helpé")
        terminal.press("BSpace", "BSpace")
        terminal.write("lo")
        terminal.press("Enter")
        assert ana.read_until("hello").splitlines()[-1].endswith(": hello")
        ana.say("hi")
        terminal.wait_for("ana: hi")
