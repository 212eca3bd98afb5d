"""A follower that writes what is said in some rooms to a file, a line of JSON for each message.

    python examples/log_follower.py tcp://127.0.0.1:4444 FILE [ROOM ...]

Shows history and cursors: it begins where the file ends, so that it can be stopped and started at
any time, and each message is in the file once. Without a room it follows the main room.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import closing
from pathlib import Path

from tertulia.sdk import Client, Message, connect


class LogFile:
    """What was written so far, and how far each room is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: dict[str, int] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                written = json.loads(line)
                self._last[written["room"]] = written["seq"]
        self._file = path.open("a", encoding="utf-8")

    def last_of(self, room: str) -> int:
        """Return the `seq` of the last message of a room; 0 when there is none."""
        return self._last.get(room, 0)

    def write(self, message: Message) -> None:
        """Write a message, unless it is there already."""
        room = message.room
        if message.seq <= self.last_of(room.id):
            return
        line = {
            "room": room.id,
            "name": room.name,
            "seq": message.seq,
            "time": message.time.isoformat(),
            "nick": message.author.nick,
            "text": message.text,
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()
        self._last[room.id] = message.seq

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


async def follow(client: Client, log: LogFile, name: str) -> None:
    """Write what a room has that the file has not, then what is said from now on."""
    room = client.rooms[name]
    waiting: list[Message] = []
    is_caught_up = False

    @client.listener()
    async def on_message(message: Message) -> None:
        if message.room != room:
            return
        if is_caught_up:
            log.write(message)
        else:
            # It belongs behind what is still being read.
            waiting.append(message)

    if not room.is_joined:
        await room.join()
    async for message in room.history(after=log.last_of(room.id), limit=None):
        log.write(message)
    for message in waiting:
        log.write(message)
    is_caught_up = True


async def main(url: str, path: str, *rooms: str) -> None:
    """Follow the rooms until the program is interrupted."""
    with closing(LogFile(Path(path))) as log:
        async with connect(url) as client:
            for name in rooms or (client.main_room.name,):
                await follow(client, log, name)
            sys.stdout.write("following\n")
            sys.stdout.flush()
            await client.wait_closed()


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        pass
