"""People in one conversation, each through another door, and what they are shown as plain values.

What differs from one run to the next is replaced: times are left out, and ids, addresses and
rooms are called by the names that the conversation has for them.
"""

from __future__ import annotations

import json
import re
import socket
from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import Any

from typing_extensions import override
from websockets.sync.client import ClientConnection, connect

from tests.e2e.naive import NaiveClient
from tests.e2e.visitors import arrive
from tests.running import DEADLINE, Peer, RunningServer


class Names:
    """The conversation's own names for what the server calls otherwise in every run."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._messages = 0

    def learn(self, called: str, name: str) -> None:
        """From here on, `called` is `name`."""
        self._known[called] = name

    def learn_address(self, sock: socket.socket, name: str) -> None:
        """The other end of the server's connection to `sock` is `name`'s."""
        host, port = sock.getsockname()[:2]
        self.learn(f"{host}:{port}", f"{name}'s address")

    def message(self, called: str) -> str:
        """Return the server's id of a message by its name."""
        return next(ident for ident, name in self._known.items() if name == called)

    def text(self, text: str) -> str:
        """Return what people read, with addresses replaced."""
        for called, name in self._known.items():
            text = text.replace(called, name)
        return text

    def event(self, event: list[Any]) -> list[Any]:
        """Return an event without times, with ids replaced; the main room goes without saying."""
        name, params, *request = event
        if name == "message" and params["id"] not in self._known:
            self._messages += 1
            self.learn(params["id"], f"m{self._messages}")
        if name == "room_opened":
            self.learn(params["room"], "a room of two")
        told = {key: self._value(value) for key, value in params.items() if key != "time"}
        if name != "message":
            told.pop("id", None)
        if told.get("room") == "lobby":
            del told["room"]
        return [name, told, *request]

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict) and "nick" in value:
            return value["nick"]
        return self._known.get(value, value) if isinstance(value, str) else value


class Guest(ABC):
    """Somebody in the conversation."""

    def __init__(self, name: str, names: Names) -> None:
        self.name = name
        self.names = names

    @abstractmethod
    def do(self, what: Any) -> None:
        """Send a text; or an event, which is a name and params of any kind."""

    @abstractmethod
    def read(self) -> Any:
        """Wait for the next thing that this one is shown: a line, a pair or an event."""

    @abstractmethod
    def rest(self) -> list[Any]:
        """Return what this one is still shown, up to the end."""

    @abstractmethod
    def close(self) -> None:
        """Hang up."""


class LineGuest(Guest):
    """Somebody with telnet: is shown lines."""

    def __init__(self, server: RunningServer, name: str, names: Names) -> None:
        super().__init__(name, names)
        self._peer: Peer = arrive(server, name)
        names.learn_address(self._peer.socket, name)

    @override
    def do(self, what: Any) -> None:
        self._peer.say(what)

    @override
    def read(self) -> str:
        line = self._peer.read_until("\n").rstrip("\r\n")
        return self.names.text(re.sub(r"^\d\d:\d\d ", "12:00 ", line))

    @override
    def rest(self) -> list[Any]:
        return self._peer.read_to_end().splitlines()

    @override
    def close(self) -> None:
        self._peer.close()


class FramesGuest(Guest):
    """Somebody with a client of the frames protocol: is shown names and texts."""

    def __init__(self, server: RunningServer, name: str, names: Names) -> None:
        super().__init__(name, names)
        self._client = NaiveClient(server)
        names.learn_address(self._client.socket, name)
        self._client.say(name)

    @override
    def do(self, what: Any) -> None:
        self._client.say(what)

    @override
    def read(self) -> tuple[str, str]:
        pair = self._client.receive()
        assert pair is not None, "closed"
        return pair[0], self.names.text(pair[1])

    @override
    def rest(self) -> list[Any]:
        return list(self._client.receive_all())

    @override
    def close(self) -> None:
        self._client.close()


class EventsGuest(Guest):
    """Somebody with a program that speaks in events."""

    def __init__(self, name: str, names: Names) -> None:
        super().__init__(name, names)
        self._requests = 0

    def log_in(self) -> None:
        """Come in, and learn what the server calls things."""
        self.send(["login", {"nick": self.name, "watch_rooms": False}, 0])
        _, welcome, _ = self.receive()
        self.names.learn(welcome["main_room"], "lobby")
        self.names.learn(welcome["user"]["label"], f"{self.name}'s address")
        event = self.receive()
        assert event[0] == "room_joined", event

    @override
    def do(self, what: Any) -> None:
        name, params = what
        message = params.get("message")
        if message is not None:
            params = {**params, "message": self.names.message(message)}
        self._requests += 1
        self.send([name, params, self._requests])

    @override
    def read(self) -> list[Any]:
        return self.names.event(self.receive())

    @abstractmethod
    def send(self, event: list[Any]) -> None:
        """Send one event."""

    @abstractmethod
    def receive(self) -> list[Any]:
        """Wait for one event."""


class TcpGuest(EventsGuest):
    """An event to a line."""

    def __init__(self, server: RunningServer, name: str, names: Names) -> None:
        super().__init__(name, names)
        self._socket = socket.create_connection(server.addresses["events"], DEADLINE)
        self._lines = self._socket.makefile("rb")
        self.log_in()

    @override
    def send(self, event: list[Any]) -> None:
        self._socket.sendall(json.dumps(event).encode() + b"\n")

    @override
    def receive(self) -> list[Any]:
        event: list[Any] = json.loads(self._lines.readline())
        return event

    @override
    def rest(self) -> list[Any]:
        return self._lines.readlines()

    @override
    def close(self) -> None:
        self._lines.close()
        self._socket.close()


class WebSocketGuest(EventsGuest):
    """An event to a text message."""

    def __init__(self, server: RunningServer, name: str, names: Names) -> None:
        super().__init__(name, names)
        host, port = server.addresses["events"]
        self._stack = ExitStack()
        self._connection: ClientConnection = self._stack.enter_context(
            connect(f"ws://{host}:{port}/events")
        )
        self.log_in()

    @override
    def send(self, event: list[Any]) -> None:
        self._connection.send(json.dumps(event))

    @override
    def receive(self) -> list[Any]:
        event: list[Any] = json.loads(self._connection.recv(DEADLINE))
        return event

    @override
    def rest(self) -> list[Any]:
        return list(self._connection)

    @override
    def close(self) -> None:
        self._stack.close()
