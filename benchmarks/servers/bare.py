"""The bare cost of the sends: sockets, epoll, and a loop in Python that does nothing else.

The lines that a room gains in one turn are joined once and sent to each member in one call, the
same bytes to all; an author gets the join without its own lines. With `send`, each line goes to
each member at once. No log, no parsing but finding lines, no limits.
`python -m benchmarks.servers.bare [join|send]` takes a free port and says which.
"""

from __future__ import annotations

import itertools
import select
import socket
import sys

from benchmarks.servers.simple import announce, entered, joined, prefix

_READ_SIZE = 65536
_ACCEPTS_PER_TURN = 100
_BACKLOG = 4096


class Client:
    """One connection."""

    __slots__ = ("number", "partial", "prefix", "recv", "room", "sock", "unsent")

    def __init__(self, sock: socket.socket, number: int) -> None:
        """Take over a connected, non-blocking socket."""
        self.sock = sock
        self.recv = sock.recv
        self.number = number
        self.prefix = prefix(number)
        self.partial = b""
        self.unsent = b""
        self.room: Room | None = None


class Room:
    """Members, and the lines of this turn with their authors."""

    __slots__ = ("lines", "members", "name")

    def __init__(self, name: bytes) -> None:
        """Make an empty room."""
        self.name = name
        self.members: dict[int, Client] = {}
        self.lines: list[tuple[Client, bytes]] = []


class BareServer:
    """One epoll and the clients on it."""

    def __init__(self, *, joins: bool = True) -> None:
        """Listen on a free port of loopback; `joins` is whether a turn's lines go together."""
        self._joins = joins
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._listener.setblocking(False)
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._clients: dict[int, Client] = {}
        self._rooms: dict[bytes, Room] = {}
        self._dirty: list[Room] = []
        self._numbers = itertools.count(1)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._listener.getsockname()
        return host, port

    def run(self) -> None:
        """Serve until killed."""
        listener = self._listener.fileno()
        while True:
            for fd, events in self._epoll.poll(-1, 1024):
                if fd == listener:
                    self._accept()
                    continue
                client = self._clients[fd]
                if events & select.EPOLLOUT:
                    self._send_rest(client)
                if events & ~select.EPOLLOUT:
                    self._read(client)
            for room in self._dirty:
                self.flush(room)
            self._dirty.clear()

    def post(self, room: Room, author: Client, line: bytes) -> None:
        """Keep a line for the end of the turn, or send it at once to all but its author."""
        if not self._joins:
            for member in room.members.values():
                if member is not author:
                    self.send(member, line)
            return
        if not room.lines:
            self._dirty.append(room)
        room.lines.append((author, line))

    def flush(self, room: Room) -> None:
        """Send each member what the room gained in this turn."""
        shared = b"".join([line for _, line in room.lines])
        authors = {author for author, _ in room.lines}
        lines, room.lines = room.lines, []
        for member in room.members.values():
            if member in authors:
                self.send(member, b"".join([line for who, line in lines if who is not member]))
            else:
                self.send(member, shared)

    def send(self, client: Client, data: bytes) -> None:
        """Send without waiting; what the socket does not take is sent when it can."""
        if client.unsent:
            client.unsent += data
            return
        try:
            sent = client.sock.send(data) if data else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            return
        if sent < len(data):
            client.unsent = data[sent:]
            self._epoll.modify(client.sock, select.EPOLLIN | select.EPOLLOUT)

    def _send_rest(self, client: Client) -> None:
        data, client.unsent = client.unsent, b""
        self._epoll.modify(client.sock, select.EPOLLIN)
        self.send(client, data)

    def _accept(self) -> None:
        for _ in range(_ACCEPTS_PER_TURN):
            try:
                sock, _address = self._listener.accept()
            except BlockingIOError:
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._clients[sock.fileno()] = Client(sock, next(self._numbers))
            self._epoll.register(sock, select.EPOLLIN)

    def _read(self, client: Client) -> None:
        try:
            data = client.recv(_READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(client)
            return
        lines = (client.partial + data).split(b"\n")
        client.partial = lines.pop()
        for line in lines:
            if client.room is None:
                self._enter(client, line.strip())
            else:
                self.post(client.room, client, client.prefix + line + b"\n")

    def _enter(self, client: Client, name: bytes) -> None:
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = Room(name)
        client.room = room
        room.members[client.sock.fileno()] = client
        self.send(client, entered(name))
        self.post(room, client, joined(client.number))

    def _drop(self, client: Client) -> None:
        fd = client.sock.fileno()
        self._epoll.unregister(fd)
        del self._clients[fd]
        if client.room is not None:
            del client.room.members[fd]
        client.sock.close()


def main() -> None:
    """Serve in the way that the first argument says."""
    server = BareServer(joins="send" not in sys.argv[1:])
    announce(server.address)
    server.run()


if __name__ == "__main__":
    main()
