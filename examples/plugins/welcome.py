"""Welcome: a listener that greets whoever comes into a room, once.

tertulia serve --plugin examples/plugins/welcome.py
"""

from __future__ import annotations

from tertulia.core.events import MemberJoined
from tertulia.plugins import Heard, Plugin, listener

REMEMBERED = 10_000


class Welcome(Plugin):
    """A plugin that is a class, for it keeps something."""

    def __init__(self) -> None:
        self._greeted: set[tuple[str, str]] = set()

    @listener()
    async def on_user_joined(self, heard: Heard[MemberJoined]) -> None:
        """Greet somebody, unless they were here before."""
        nick = heard.event.user.nick
        who = (heard.room.name, nick)
        if who in self._greeted or len(self._greeted) >= REMEMBERED:
            return
        self._greeted.add(who)
        others = len(heard.room.members) - 1
        await heard.say(f"Welcome to {heard.room.name}, {nick}! {others} here to talk to.")
