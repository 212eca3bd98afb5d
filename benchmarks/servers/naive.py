"""The chat that everybody writes first: asyncio streams, each message awaited to each client.

A client's first line names its room; every further line is said to it. It has no log, no limits and
no commands. `python -m benchmarks.servers.naive` takes a free port and says which.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections import defaultdict

from benchmarks.servers.simple import announce, entered, joined, prefix

_BACKLOG = 1024


class NaiveChat:
    """Rooms of stream writers."""

    def __init__(self) -> None:
        """Make a chat with no rooms yet."""
        self._rooms: defaultdict[bytes, set[asyncio.StreamWriter]] = defaultdict(set)
        self._numbers = itertools.count(1)

    async def broadcast(
        self, members: set[asyncio.StreamWriter], author: asyncio.StreamWriter, line: bytes
    ) -> None:
        """Write a line to all members but its author, one after another."""
        for member in list(members):
            if member is not author:
                member.write(line)
                await member.drain()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client until it goes."""
        room = (await reader.readline()).strip()
        members = self._rooms[room]
        number = next(self._numbers)
        said = prefix(number)
        members.add(writer)
        writer.write(entered(room))
        try:
            await self.broadcast(members, writer, joined(number))
            while line := await reader.readline():
                await self.broadcast(members, writer, said + line)
        except ConnectionError:
            pass
        finally:
            members.discard(writer)
            writer.close()


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.start_server(NaiveChat().serve, "127.0.0.1", 0, backlog=_BACKLOG)
    announce(server.sockets[0].getsockname())
    await server.serve_forever()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
