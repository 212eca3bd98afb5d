from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.running import DEADLINE, RunningServer


class Guest:
    """A client of IRC on a real socket; whatever it waits for has a deadline."""

    def __init__(self, address: tuple[str, int], nick: str, *caps: str) -> None:
        self.nick = nick
        self._socket = socket.create_connection(address, timeout=DEADLINE)
        self._rest = b""
        if caps:
            self.send(f"CAP REQ :{' '.join(caps)}")
        self.send(f"NICK {nick}", f"USER {nick} 0 * :{nick.title()}")
        if caps:
            self.send("CAP END")
        self.until(" 376 ", " 422 ")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()

    def send(self, *lines: str | bytes) -> None:
        raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
        self._socket.sendall(b"".join(line + b"\r\n" for line in raw))

    def until(self, *signs: str) -> list[str]:
        """Return the lines up to one that has any of `signs` in it."""
        lines: list[str] = []
        while True:
            while b"\r\n" not in self._rest:
                data = self._socket.recv(65_536)
                assert data, f"closed after {lines}"
                self._rest += data
            line, _, self._rest = self._rest.partition(b"\r\n")
            lines.append(line.decode())
            if any(sign in lines[-1] for sign in signs):
                return lines

    def settled(self) -> list[str]:
        """Return everything that is there once all that was sent is dealt with."""
        self.send("PING settled")
        return self.until(" PONG ")[:-1]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    listens = ("line=127.0.0.1:0", "irc=127.0.0.1:0")
    with RunningServer(tmp_path, listens=listens) as running:
        yield running


def test_what_is_said_at_one_door_is_heard_at_the_other(server: RunningServer) -> None:
    with Guest(("127.0.0.1", server.port("irc")), "ana") as ana, server.arrive() as line:
        ana.send("JOIN #lobby")
        ana.until(" 366 ")
        line.say("hello from a terminal")
        assert ana.until("hello from")[-1].endswith(" PRIVMSG #lobby :hello from a terminal")
        ana.send("PRIVMSG #lobby :\x01ACTION waves\x01", "PRIVMSG #lobby :hello")
        line.read_until("ana waves")
        line.read_until("hello")


def test_a_client_sees_its_own_joining_then_the_names(server: RunningServer) -> None:
    with Guest(("127.0.0.1", server.port("irc")), "ana") as ana:
        ana.send("JOIN #den")
        told = [line.split(" ")[1] for line in ana.settled()]
        assert told == ["JOIN", "353", "366"]


def test_quitting_is_told_once_to_who_shares_two_channels(server: RunningServer) -> None:
    with Guest(("127.0.0.1", server.port("irc")), "ana") as ana:
        ana.send("JOIN #den,#cave")
        with Guest(("127.0.0.1", server.port("irc")), "bob") as bob:
            bob.send("JOIN #den,#cave")
            bob.settled()
            bob.send("QUIT :bye")
        ana.until(" QUIT ")
        assert not [line for line in ana.settled() if "QUIT" in line]


def test_who_is_kicked_knows_it_and_may_be_kept_out(server: RunningServer) -> None:
    address = ("127.0.0.1", server.port("irc"))
    with Guest(address, "ana") as ana, Guest(address, "bob") as bob:
        ana.send("JOIN #den")
        ana.settled()
        bob.send("JOIN #den")
        bob.settled()
        ana.send("KICK #den bob :out", "MODE #den +b bob")
        assert bob.until(" KICK ")[-1].endswith(" KICK #den bob out")
        ana.settled()
        bob.send("JOIN #den")
        assert " 474 " in bob.settled()[-1]


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe PRIVMSG #lobby :x",
        b"@" + b"a" * 9000 + b" PING x",
        b"PRIVMSG #lobby :" + b"x" * 9000,
        b"PING " + b"a " * 10_000,
        b"\0\0\0",
        b": : :",
        b"@=;;= :",
        b"MODE #lobby " + b"+-" * 200,
        b"JOIN " + b"#a," * 100,
        b"PRIVMSG #lobby :one\rPRIVMSG #lobby :two",
        b"WHO %%%,,,",
        b"CHATHISTORY LATEST #lobby * 99999999999999999999",
        b"MONITOR + " + b"," * 300,
        b"METADATA * SET \xc3\xa9 :x",
        b"CAP REQ :" + b"- " * 100,
    ],
)
def test_rubbish_breaks_nothing_and_writes_nothing_to_the_log(
    server: RunningServer, line: bytes
) -> None:
    address = ("127.0.0.1", server.port("irc"))
    with Guest(address, "ana") as ana, Guest(address, "canary") as canary:
        ana.send(line)
        ana.settled()
        assert canary.settled() == []
    assert "Traceback" not in server.log
