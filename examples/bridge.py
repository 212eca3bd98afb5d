"""A bridge between two servers: what is said in a room of one is said in a room of the other.

    python examples/bridge.py URL ROOM OTHER_URL OTHER_ROOM

Shows two clients in one program. When a line breaks, the client comes back and is told what it
missed, and what it has to say waits; so the bridge loses nothing and says nothing twice.
"""

from __future__ import annotations

import asyncio
import sys

from tertulia.sdk import Client, Message, ServerError, connect

NICK = "bridge"


class Bank:
    """One end of the bridge: a client in a room."""

    def __init__(self, client: Client, room: str) -> None:
        self.client = client
        self.room = room

    async def enter(self) -> None:
        """Be in the room; make it if there is none."""
        found = self.client.rooms.get(self.room)
        if found is None:
            await self.client.create_room(self.room)
        elif not found.is_joined:
            await found.join()

    def carry_to(self, other: Bank) -> None:
        """Say at the other end what is said at this one."""
        # One after the other, so that the order stays; a line that is too long is not carried.
        lock = asyncio.Lock()

        @self.client.listener()
        async def on_message(message: Message) -> None:
            if message.is_own or message.is_direct or message.room.name != self.room:
                return
            line = f"<{message.author.nick}> {message.text}"
            if message.is_action:
                line = f"* {message.author.nick} {message.text}"
            async with lock:
                try:
                    await other.client.say(other.room, line)
                except ServerError as error:
                    await message.reply(f"That did not get across: {error}")


async def main(url: str, room: str, other_url: str, other_room: str) -> None:
    """Bridge two rooms until the program is interrupted."""
    async with connect(url, nick=NICK) as here, connect(other_url, nick=NICK) as there:
        near, far = Bank(here, room), Bank(there, other_room)
        await near.enter()
        await far.enter()
        near.carry_to(far)
        far.carry_to(near)
        await near.client.say(near.room, f"bridged to {other_room}")
        ends = [asyncio.create_task(client.wait_closed()) for client in (here, there)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        pass
