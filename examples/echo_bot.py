"""A bot that says again what is said to it: in a room after its nick, or to it alone.

    python examples/echo_bot.py tcp://127.0.0.1:4444 [NICK]

Shows listeners, replies, and that a bot hears itself too.
"""

from __future__ import annotations

import sys

from tertulia.sdk import Client, Message
from tertulia.sdk.happenings import UserJoined


class EchoBot(Client):
    """Methods called `on_…` are listeners."""

    async def on_ready(self) -> None:
        """Say hello once, when the rooms are known."""
        await self.main_room.say(f"Say “{self.user.nick}: hello”, and I say it again.")

    async def on_message(self, message: Message) -> None:
        """Answer what is meant for this bot, but never itself."""
        if message.is_own:
            return
        called = f"{self.user.nick}:"
        if message.is_direct:
            await message.reply(message.text)
        elif message.text.startswith(called):
            await message.reply(message.text.removeprefix(called).strip())

    async def on_user_joined(self, event: UserJoined) -> None:
        """Greet who comes in, to them alone."""
        await self.direct(event.user, f"Welcome to {event.room.name}!")


def main(url: str, nick: str = "echo") -> None:
    """Run the bot until it is interrupted."""
    EchoBot(url, nick=nick).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
