"""A client of the frames protocol, as people write them: it knows nothing of this server."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Final, Self

from tests.running import DEADLINE, RunningServer

HEADER_LENGTH: Final = 10
SERVER: Final = "*server*"

Pair = tuple[str, str]


def framed(text: str | bytes) -> bytes:
    """Return a frame."""
    data = text.encode() if isinstance(text, str) else text
    return f"{len(data):<{HEADER_LENGTH}}".encode() + data


class NaiveClient:
    """One connection to the frames door."""

    def __init__(self, server: RunningServer, name: str | None = None) -> None:
        """Connect, and log in under `name`."""
        self.socket = socket.create_connection(server.addresses["frames"], DEADLINE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.notices: list[str] = []
        """What the server has told while something else was waited for."""
        if name is not None:
            try:
                self.say(name)
                self.settle()
            except BaseException:
                self.close()
                raise

    def say(self, text: str) -> None:
        """Send a frame."""
        self.socket.sendall(framed(text))

    def receive(self) -> Pair | None:
        """Return the next name and text; None at the end."""
        header = self._read(HEADER_LENGTH)
        if not header:
            return None
        name = self._read(int(header.decode().strip())).decode()
        header = self._read(HEADER_LENGTH)
        text = self._read(int(header.decode().strip())).decode()
        return name, text

    def receive_from(self, name: str) -> str:
        """Return the next text of `name`, and keep what the server tells before it."""
        while (pair := self.receive()) is not None:
            if pair[0] == name:
                return pair[1]
            assert pair[0] == SERVER, pair
            self.notices.append(pair[1])
        raise AssertionError(f"closed before {name} said anything; told were {self.notices}")

    def settle(self) -> None:
        """Wait until everything that was sent is dealt with."""
        self.say("/time")
        while not (text := self.receive_from(SERVER)).startswith("It is "):
            self.notices.append(text)

    def receive_all(self) -> list[Pair]:
        """Return all that still comes, until the server closes."""
        pairs: list[Pair] = []
        while (pair := self.receive()) is not None:
            pairs.append(pair)
        return pairs

    def leave(self) -> None:
        """Send no more, and wait until the server has taken leave, too."""
        self.socket.settimeout(DEADLINE)
        self.socket.shutdown(socket.SHUT_WR)
        while self.socket.recv(65_536):
            pass

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

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                assert not data, f"closed within a frame: {data[-100:]!r}"
                break
            data += more
        return data
