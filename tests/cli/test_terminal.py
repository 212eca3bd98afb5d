"""Tests of `tertulia serve` on a terminal: what the operator types, and what that does."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import DEADLINE, FAREWELL, WELCOME, Peer, environment


class OnTerminal:
    """`tertulia serve` with a terminal in front of it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._terminal, theirs = pty.openpty()
        command = [sys.executable, "-m", "tertulia", "serve", "--data", str(folder / "data")]
        self.process = subprocess.Popen(
            [*command, "--listen", "line=127.0.0.1:0", *arguments],
            env=environment(),
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        self._seen = ""
        self.printed = self.read_until("ready\r\n")

    def connect(self) -> Peer:
        """Connect to the line door, and wait for the welcome."""
        [line] = [line for line in self.printed.splitlines() if line.startswith("listening line")]
        peer = Peer(("127.0.0.1", int(line.rpartition(":")[2])))
        peer.read_until(WELCOME)
        return peer

    def type(self, text: str) -> None:
        """Type some keys."""
        os.write(self._terminal, text.encode())

    def read_until(self, text: str) -> str:
        """Return what was shown up to and with `text`."""
        while text not in self._seen:
            assert select.select([self._terminal], [], [], DEADLINE)[0], self._seen
            self._seen += os.read(self._terminal, 65_536).decode()
        before, found, self._seen = self._seen.partition(text)
        return before + found

    def close(self) -> None:
        """End the server, if it has not ended, and take the terminal away."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE)
        os.close(self._terminal)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[OnTerminal]:
    on_terminal = OnTerminal(tmp_path)
    yield on_terminal
    on_terminal.close()


def test_who_starts_the_server_is_told_how_to_end_it(terminal: OnTerminal) -> None:
    assert "To end: q and Enter, or Ctrl+C. More: help\r\n" in terminal.printed


def test_q_tells_everyone_and_ends(terminal: OnTerminal) -> None:
    with terminal.connect() as ana:
        terminal.type("q\n")
        terminal.read_until("The chat is being shut down.")
        assert ana.read_to_end().rstrip().endswith(FAREWELL)
        assert terminal.process.wait(DEADLINE) == 0


def test_ctrl_c_tells_everyone_and_ends(terminal: OnTerminal) -> None:
    with terminal.connect() as ana:
        terminal.process.send_signal(2)
        assert ana.read_to_end().rstrip().endswith(FAREWELL)
        assert terminal.process.wait(DEADLINE) == 0


def test_say_is_heard_by_everyone(terminal: OnTerminal) -> None:
    with terminal.connect() as ana:
        terminal.type("say the cake is ready\n")
        terminal.read_until("Told to 1.")
        ana.read_until("the cake is ready")


def test_status_tells_how_the_server_is_doing(terminal: OnTerminal) -> None:
    with terminal.connect():
        terminal.type("status\n")
        shown = terminal.read_until("MiB\r\n") + terminal.read_until("MiB\r\n")
    names = [line.split(" ")[0] for line in shown.splitlines()[1:]]
    assert names == ["up", "sessions", "rooms", "events", "store", "memory"]
    assert "sessions  1 (line 1)" in shown
    assert "rooms     1" in shown


def test_the_end_of_the_input_is_not_the_end_of_the_chat(terminal: OnTerminal) -> None:
    terminal.type("\x04")
    with terminal.connect():
        terminal.type("help\n")
        terminal.read_until("this list")
