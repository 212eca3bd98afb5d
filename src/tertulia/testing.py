"""For authors of plugins: a running chat, and people in it, for tests with pytest.

pytest finds the fixture `tertulia_server` here by itself. The server runs in a process of its own,
as it would in earnest, and people come in through its line door. Imports nothing else of Tertulia,
so that it costs test runs nothing that do not use it.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import pytest

DEADLINE: Final = 20.0
"""Seconds for anything that a healthy machine does in far less."""


class Server:
    """`tertulia serve` with plugins and an empty store, until the `with` block ends."""

    def __init__(
        self, folder: Path, plugins: Sequence[str | Path], settings: Sequence[str] = ()
    ) -> None:
        """Prepare a server; its log goes to `folder`, `settings` are `KEY=VALUE`."""
        self._folder = folder
        self._command = [sys.executable, "-m", "tertulia", "serve", "--data", str(folder)]
        for listen in ("line=127.0.0.1:0", "events=127.0.0.1:0"):
            self._command += ["--listen", listen]
        for setting in ("store.kind=memory", "limits.enabled=false", *settings):
            self._command += ["--set", setting]
        for plugin in plugins:
            self._command += ["--plugin", str(plugin)]
        self._process: subprocess.Popen[bytes] | None = None
        self._people: list[Person] = []
        self._ports: dict[str, int] = {}

    @property
    def log(self) -> str:
        """What the server has logged, its plugins' tracebacks among it."""
        return (self._folder / "server.log").read_text(encoding="utf-8")

    def port(self, door: str = "line") -> int:
        """Return the port that a door listens on, such as one that a plugin has added."""
        return self._ports[door]

    @property
    def url(self) -> str:
        """Where programs connect (`tertulia.sdk.connect`)."""
        return f"ws://127.0.0.1:{self.port('events')}/events"

    def join(self, nick: str) -> Person:
        """Bring somebody online, who is in the main room from here on."""
        person = Person(self.port(), nick)
        self._people.append(person)
        return person

    def stop(self) -> int:
        """End the server as an operator would; return the exit status."""
        process = self._running()
        process.terminate()
        return process.wait(DEADLINE)

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the server was not started"
        return self._process

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TERTULIA_")}
        # What a test can import, its plugins can.
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        with open(self._folder / "server.log", "ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=kept,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._wait_ready()
        return self

    def _wait_ready(self) -> None:
        process = self._running()
        assert process.stdout is not None
        printed = _read_until(process.stdout.fileno(), b"ready\n")
        if not printed.endswith(b"ready\n"):
            self._end()
            raise AssertionError(f"the server has not started:\n{self.log}")
        for line in printed.decode().splitlines():
            if line.startswith("listening "):
                _, door, address = line.split(" ")
                self._ports[door] = int(address.rpartition(":")[2])

    def _end(self) -> None:
        process = self._running()
        if process.poll() is None:
            process.kill()
        process.wait(DEADLINE)
        if process.stdout is not None:
            process.stdout.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for person in self._people:
            person.leave()
        self._end()


class Person:
    """Somebody at the line door of a running server."""

    def __init__(self, port: int, nick: str) -> None:
        """Come in, and take `nick`."""
        self.nick = nick
        self._socket = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self._seen = ""
        self._waiting = b""
        self.hears("/help lists")
        self.ask(f"/nick {nick}", f"You are {nick} now")

    def say(self, line: str) -> None:
        """Type a line: a text, or a slash-command."""
        self._socket.sendall(f"{line}\n".encode())

    def hears(self, text: str) -> str:
        """Wait for a line with `text`, and return it; what came before it is passed over.

        Raises:
            AssertionError: there is none within `DEADLINE`.
        """
        deadline = time.monotonic() + DEADLINE
        while True:
            *lines, self._waiting = self._waiting.split(b"\n")
            for at, line in enumerate(lines):
                shown = line.decode().rstrip("\r")
                self._seen += f"{shown}\n"
                if text in shown:
                    self._waiting = b"\n".join((*lines[at + 1 :], self._waiting))
                    return shown
            self._waiting += self._receive(text, deadline)

    def ask(self, line: str, text: str) -> str:
        """Type a line, and return the line with `text` that follows."""
        self.say(line)
        return self.hears(text)

    def leave(self) -> None:
        """Hang up."""
        self._socket.close()

    def _receive(self, text: str, deadline: float) -> bytes:
        self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            data = self._socket.recv(65_536)
        except OSError as error:
            data = b""
            reason = str(error)
        else:
            reason = "the server has hung up"
        if not data:
            raise AssertionError(
                f"{self.nick} has not heard {text!r} ({reason}), but:\n{self._seen}"
            )
        return data


class StartServer(Protocol):
    """What the fixture `tertulia_server` is."""

    def __call__(self, *plugins: str | Path, settings: Sequence[str] = ()) -> Server:
        """Start a server with these plugins, by file or module; it ends with the test."""
        ...


@pytest.fixture
def tertulia_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start chats with plugins: `chat = tertulia_server("dice.py")`, then `chat.join("ana")`."""
    with ExitStack() as stack:
        count = 0

        def start(*plugins: str | Path, settings: Sequence[str] = ()) -> Server:
            nonlocal count
            count += 1
            folder = tmp_path / f"tertulia-{count}"
            return stack.enter_context(Server(folder, plugins, settings))

        yield start


def _read_until(descriptor: int, end: bytes) -> bytes:
    """Return what can be read from a pipe up to `end`, or for as long as there is time."""
    deadline = time.monotonic() + DEADLINE
    read = b""
    while not read.endswith(end):
        left = max(deadline - time.monotonic(), 0.0)
        data = os.read(descriptor, 65_536) if select.select([descriptor], [], [], left)[0] else b""
        if not data:
            break
        read += data
    return read
