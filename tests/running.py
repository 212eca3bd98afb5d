"""A real server in a process of its own, and real connections to it, for end-to-end tests.

Every wait has a deadline; nothing sleeps.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

DEADLINE: Final = 20.0
"""Seconds for anything that a healthy machine does in far less."""
LOG: Final = "server.log"
WELCOME: Final = "Congratulations! You've successfully joined the chat server."
FAREWELL: Final = "The chat has been shut down"


class NotReady(AssertionError):
    """The server ended, or did not say `ready` in time."""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without any setting of Tertulia, and with `extra`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TERTULIA_")}
    return {**kept, **(extra or {})}


def tertulia(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `tertulia` with `arguments` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tertulia", *arguments],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


class RunningServer:
    """`tertulia serve`, running until the `with` block ends."""

    def __init__(
        self,
        folder: Path,
        *,
        listens: Sequence[str] = ("line=127.0.0.1:0",),
        settings: Sequence[str] = (),
        arguments: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare a server whose data and log are kept in `folder`.

        `settings` are given with `--set`, `listens` with `--listen`. A server in a folder that
        another one has used takes up its data.
        """
        self._folder = folder
        self._environ = environment(environ)
        self._command = [sys.executable, "-m", "tertulia", "serve", "--data", str(folder / "data")]
        for listen in listens:
            self._command += ["--listen", listen]
        for setting in settings:
            self._command += ["--set", setting]
        self._command += arguments
        self._process: subprocess.Popen[bytes] | None = None
        self.printed = ""
        """What the server wrote to its standard output until it was ready."""
        self.addresses: dict[str, tuple[str, int]] = {}
        """Where each door listens; of a door that listens twice, the last."""

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The server's process."""
        assert self._process is not None, "not started"
        return self._process

    @property
    def log(self) -> str:
        """What the server has written to its standard error."""
        return (self._folder / LOG).read_text(encoding="utf-8")

    def port(self, door: str = "line") -> int:
        """Return the port that a door listens on."""
        return self.addresses[door][1]

    # Life

    def start(self) -> Self:
        """Start the server and wait until it is ready.

        Raises:
            NotReady: it is not, and won't be.
        """
        with open(self._folder / LOG, "ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._wait_ready()
        return self

    def stop(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = DEADLINE) -> int:
        """Send a signal, wait for the end, and return the exit status."""
        self.process.send_signal(number)
        return self.wait(seconds)

    def wait(self, seconds: float = DEADLINE) -> int:
        """Wait for the server to end by itself, and return the exit status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server has not ended:\n{self.log}") from None

    def kill(self) -> None:
        """End the server at once, as a crash would."""
        self.process.kill()
        self.process.wait(DEADLINE)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                self.kill()
            if self._process.stdout is not None:
                self._process.stdout.close()

    def _wait_ready(self) -> None:
        pipe = self.process.stdout
        assert pipe is not None
        deadline = time.monotonic() + DEADLINE
        printed = b""
        while not (printed == b"ready\n" or printed.endswith(b"\nready\n")):
            left = deadline - time.monotonic()
            readable = select.select([pipe], [], [], max(0.0, left))[0]
            data = os.read(pipe.fileno(), 65_536) if readable else b""
            if not data:
                self.kill()
                pipe.close()
                raise NotReady(f"exit status {self.process.returncode}\n{self.log}")
            printed += data
        self.printed = printed.decode()
        for line in self.printed.splitlines():
            if line.startswith("listening "):
                _, door, address = line.split(" ")
                host, _, port = address.rpartition(":")
                self.addresses[door] = (host.strip("[]"), int(port))

    # Connections

    def connect(self, door: str = "line") -> Peer:
        """Connect to a door."""
        return Peer(self.addresses[door])

    def arrive(self) -> Peer:
        """Connect to the line door, and wait for the welcome: from there on the room is heard."""
        peer = self.connect()
        peer.read_until(WELCOME)
        return peer


class Peer:
    """One connection to a server, from the outside."""

    def __init__(self, address: tuple[str, int], *, receive_buffer: int | None = None) -> None:
        """Connect; with a small `receive_buffer` (bytes) little fits in on its way."""
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(DEADLINE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(address)
        self._seen = b""

    def send(self, text: str | bytes) -> None:
        """Send text or bytes as they are."""
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def say(self, text: str) -> None:
        """Send a line."""
        self.send(text + "\r\n")

    def read_until(self, text: str) -> str:
        """Return what has come, up to the end of the line with `text`; keep the rest for later."""
        wanted = text.encode()
        while True:
            at = self._seen.find(wanted)
            end = self._seen.find(b"\n", at) if at >= 0 else -1
            if end >= 0:
                found, self._seen = self._seen[: end + 1], self._seen[end + 1 :]
                return found.decode()
            data = self._receive()
            assert data, f"closed before {text!r}; the last were {self._seen[-500:]!r}"
            self._seen += data

    def read_to_end(self) -> str:
        """Return everything that still comes, until the server closes."""
        while data := self._receive():
            self._seen += data
        rest, self._seen = self._seen, b""
        return rest.decode()

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _receive(self) -> bytes:
        try:
            return self.socket.recv(65_536)
        except ConnectionResetError:
            return b""
