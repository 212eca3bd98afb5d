"""A bot that looks after a room of its own: it marks what is not wanted, warns, and keeps count.

    python examples/moderation_bot.py tcp://127.0.0.1:4444 ROOM WORD [WORD ...]

Shows creating a room, reactions, direct messages, search, and commands that only some may use.
Everybody can take back only what they said themselves, so it asks them to.
"""

from __future__ import annotations

import sys
from collections import Counter

from tertulia.core.language import fold
from tertulia.declare import command
from tertulia.sdk import Client, Message, Room, ServerError, User
from tertulia.sdk.commands import Commands, Context
from tertulia.sdk.happenings import MessageEdited

WARNINGS = 3
"""After so many, a person is ignored and the room is told."""


class Moderation(Commands):
    """What people may ask of the bot; each command begins with `!`."""

    prefix = "!"

    def __init__(self, bot: ModerationBot) -> None:
        super().__init__()
        self.bot = bot

    @command(description="Lists the words that are not wanted.")
    async def rules(self, context: Context) -> str:
        return "Not wanted here: " + ", ".join(sorted(self.bot.words))

    @command(description="Says how often somebody was warned.")
    async def warnings(self, context: Context, nick: str) -> str:
        return f"{nick}: {self.bot.warnings[fold(nick)]}"

    @command(description="Forgets somebody's warnings; for the owner of the room.")
    async def forgive(self, context: Context, nick: str) -> str:
        if context.message is None or not self.bot.is_trusted(context.message.author):
            return "That is for the one who runs me."
        self.bot.warnings.pop(fold(nick), None)
        try:
            await self.bot.unignore(nick)
        except ServerError:
            pass  # They were not ignored.
        return f"{nick} starts anew."


class ModerationBot(Client):
    """Looks after one room."""

    def __init__(self, url: str, room: str, words: list[str], *, trusted: str = "owner") -> None:
        super().__init__(url, nick="moderator-bot")
        self.words = {fold(word) for word in words}
        self.warnings: Counter[str] = Counter()
        self._name = room
        self._room: Room | None = None
        self._trusted = trusted
        Moderation(self).answer_messages(self, lambda message: message.room == self._room)

    def is_trusted(self, user: User) -> bool:
        """Tell whether somebody may steer this bot."""
        return user.nick == self._trusted

    async def on_ready(self) -> None:
        """Make the room, or enter it when it is there already."""
        found = self.rooms.get(self._name)
        topic = "Looked after by a bot: !rules"
        self._room = await (found.join() if found else self.create_room(self._name, topic))

    async def on_message(self, message: Message) -> None:
        """Look at what is said in the room."""
        if message.room == self._room and not message.is_own:
            await self.look_at(message.id, message.author, message.text)

    async def on_message_edited(self, event: MessageEdited) -> None:
        """Look again: words can be put in afterwards."""
        if event.room == self._room and not self.is_me(event.by):
            await self.look_at(event.message_id, event.by, event.text)

    async def look_at(self, message: str, author: User, text: str) -> None:
        """Mark a message and warn its author, if there is something not wanted in it."""
        found = self.words.intersection(fold(text).replace(",", " ").split())
        if not found or self._room is None:
            return
        await self.react(message, "⚠")
        self.warnings[fold(author.nick)] += 1
        count = self.warnings[fold(author.nick)]
        if count < WARNINGS:
            await self.direct(
                author, f"Please take that back: {', '.join(found)} ({count}/{WARNINGS})"
            )
        elif count == WARNINGS:
            await self.ignore(author)
            await self._room.say(f"{author.nick} was warned {count} times; I hear them no more.")


def main(url: str, room: str, *words: str) -> None:
    """Run the bot until it is interrupted."""
    ModerationBot(url, room, list(words)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
