"""Super commands: what whoever sits in front of a client types. They act on the client itself.

A face (a terminal, a window) subclasses them, adds its own, and hands in the lines. They are not
for strangers: a bot answers others with `Commands` of its own.
"""

from __future__ import annotations

from typing import Never

from typing_extensions import override

from tertulia.core.errors import N_
from tertulia.declare import command
from tertulia.sdk.client import Client
from tertulia.sdk.commands import Check, Commands, Context
from tertulia.sdk.models import Room


class SuperCommands(Commands):
    """`exit`, `join`, `leave`, `list`, `create`, `help` and `clear`."""

    @override
    def answer_messages(self, client: Client, check: Check | None = None) -> Never:
        """Refused: strangers would steer the client.

        Raises:
            TypeError: always.
        """
        raise TypeError("super commands are for who runs the client; answer others with Commands")

    # For faces to override

    def room_changed(self, context: Context, room: Room | None) -> None:
        """Take in that plain text goes to `room` from here on; None: nowhere."""

    def clear_screen(self) -> None:
        """Clear the screen, where there is one."""

    # The commands

    @command(
        name="join",
        usage=N_("join ROOM"),
        description=N_("Takes you into a room, or back to one of yours."),
        aliases=("j", "ir", "participar", "unirse"),
    )
    async def join(self, context: Context, room: str) -> None:
        """Enter a room, or talk in one that one is in."""
        name = room.removeprefix("#")
        found = context.client.rooms.get(name)
        if found is None or not found.is_joined:
            found = await context.client.join(name)
        self.room_changed(context, found)

    @command(
        name="leave",
        usage=N_("leave [ROOM]"),
        description=N_("Leaves ROOM, or the one you talk in."),
        aliases=("part", "deixar", "dejar"),
    )
    async def leave(self, context: Context, room: str | None = None) -> str | None:
        """Leave a room."""
        left = context.room if room is None else context.client.rooms.get(room.removeprefix("#"))
        if left is None:
            return self.translate(N_("You are in no such room."))
        await context.client.leave(left)
        if left == context.room:
            others = [one for one in context.client.joined if not one.is_direct]
            self.room_changed(context, others[-1] if others else None)
        return None

    @command(
        name="create",
        usage=N_("create ROOM [TOPIC]"),
        description=N_("Makes a room, which you then own."),
        aliases=("criar", "crear"),
    )
    async def create(self, context: Context, room: str, *, topic: str = "") -> None:
        """Make a room and talk in it."""
        self.room_changed(context, await context.client.create_room(room, topic))

    @command(
        name="list",
        usage=N_("list [WORD]"),
        description=N_("Lists the rooms, or those about WORD."),
        aliases=("rooms", "salas"),
    )
    async def list(self, context: Context, word: str = "") -> str:
        """List the rooms."""
        wanted = word.casefold()
        rooms = [
            room
            for room in context.client.rooms
            if wanted in room.name.casefold() or wanted in room.topic.casefold()
        ]
        if not rooms:
            return self.translate(N_("There are no such rooms."))
        return "\n".join(map(self._listed, rooms))

    @command(
        name="clear",
        usage=N_("clear"),
        description=N_("Clears the screen."),
        aliases=("limpar", "limpiar"),
    )
    async def clear(self, context: Context) -> None:
        """Clear the screen."""
        self.clear_screen()

    @command(
        name="exit",
        usage=N_("exit [TEXT]"),
        description=N_("Leaves the chat, with parting words or without."),
        aliases=("quit", "sair", "salir"),
    )
    async def exit(self, context: Context, *, text: str = "") -> None:
        """Go offline and end."""
        await context.client.close(text)

    def _listed(self, room: Room) -> str:
        mark = "*" if room.is_joined else " "
        line = f"{mark} {room.name} ({room.member_count})"
        return f"{line}: {room.topic}" if room.topic else line
