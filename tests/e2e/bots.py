"""Programs at the events door of a real server, over TCP or a WebSocket, for end-to-end tests."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from itertools import count
from typing import Any, Final, Protocol

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.running import DEADLINE, RunningServer

Event = list[Any]
"""An event as JSON has it."""


class Carrier(Protocol):
    """What carries events."""

    def send(self, event: str) -> None: ...

    def receive(self) -> str | None:
        """Return the next event; None when the server has closed."""
        ...

    def break_off(self) -> None:
        """Lose the connection, without a word."""
        ...

    def close(self) -> None: ...


class TcpCarrier:
    """Lines over TCP."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=DEADLINE)
        self._file = self.socket.makefile("rb")

    def send(self, event: str) -> None:
        self.socket.sendall(event.encode() + b"\n")

    def receive(self) -> str | None:
        try:
            line = self._file.readline()
        except ConnectionResetError:
            return None
        return line.decode() if line else None

    def break_off(self) -> None:
        # With a reset, which destroys what is on its way.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self._file.close()
        self.socket.close()


class WebSocketCarrier:
    """Text messages of a WebSocket."""

    def __init__(self, address: tuple[str, int]) -> None:
        host, port = address
        self._stack = ExitStack()
        self.socket = self._stack.enter_context(
            connect(
                f"ws://{host}:{port}/events", max_size=None, compression=None, open_timeout=DEADLINE
            )
        )

    def send(self, event: str) -> None:
        self.socket.send(event)

    def receive(self) -> str | None:
        try:
            text = self.socket.recv(DEADLINE)
        except ConnectionClosed:
            return None
        assert isinstance(text, str)
        return text

    def break_off(self) -> None:
        self.socket.socket.shutdown(socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        self._stack.close()


CARRIERS: Final[Mapping[str, Callable[[tuple[str, int]], Carrier]]] = {
    "tcp": TcpCarrier,
    "websocket": WebSocketCarrier,
}


class Bot:
    """One client, and what it has been sent."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.seen: list[Event] = []
        self.welcome: Mapping[str, Any] = {}
        self._numbers = count(1)

    def send(self, name: str, request: str | int | None = None, /, **params: object) -> None:
        """Send a request."""
        array = [name, params] if request is None else [name, params, request]
        self.carrier.send(json.dumps(array))

    def next(self) -> Event | None:
        """Return the next event; None when the server has closed."""
        text = self.carrier.receive()
        if text is None:
            return None
        event: Event = json.loads(text)
        self.seen.append(event)
        return event

    def wait_for(self, wanted: Callable[[Event], bool]) -> Event:
        """Return the next event that is `wanted`."""
        while True:
            event = self.next()
            assert event is not None, f"closed; the last were {self.seen[-3:]}"
            if wanted(event):
                return event

    def named(self, name: str) -> Event:
        """Return the next event of this name."""
        return self.wait_for(lambda event: event[0] == name)

    def ask(self, name: str, /, **params: object) -> Event:
        """Send a request, and return its answer."""
        number = next(self._numbers)
        self.send(name, number, **params)
        return self.wait_for(lambda event: event[2:] == [number])

    def log_in(self, nick: str | None = None, **params: object) -> Mapping[str, Any]:
        """Log in, and return what the `welcome` says."""
        if nick is not None:
            params["nick"] = nick
        answer = self.ask("login", **params)
        assert answer[0] == "welcome", answer
        self.welcome = answer[1]
        return self.welcome

    def say(self, text: str, room: str = "lobby") -> Mapping[str, Any]:
        """Say something, and return the acknowledgement."""
        answer = self.ask("send_message", room=room, text=text)
        assert answer[0] == "message", answer
        message: Mapping[str, Any] = answer[1]
        return message

    def heard(self) -> list[str]:
        """Return the texts of all messages that were seen."""
        return [event[1]["text"] for event in self.seen if event[0] == "message"]

    def close(self) -> None:
        """Hang up."""
        self.carrier.close()


def bot(server: RunningServer, carrier: str = "tcp") -> Bot:
    """Connect a client that has not logged in."""
    return Bot(CARRIERS[carrier](server.addresses["events"]))


def arrive(server: RunningServer, nick: str, carrier: str = "tcp", **params: object) -> Bot:
    """Connect a client, log it in, and wait until it is in the main room."""
    client = bot(server, carrier)
    client.log_in(nick, **params)
    client.named("room_joined")
    return client
