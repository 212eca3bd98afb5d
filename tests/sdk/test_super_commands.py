"""Tests of the super commands against a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from typing_extensions import override

from tertulia.declare import command
from tertulia.sdk import Client, Room, connect
from tertulia.sdk.commands import Context
from tertulia.sdk.super_commands import SuperCommands


class Desk(SuperCommands):
    """A face that notes what it is told, with a command of its own."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client
        self.room: Room | None = client.main_room
        self.shown: list[str] = []

    @command(description="Says where one is.")
    async def where(self, context: Context) -> str:
        return "nowhere" if context.room is None else context.room.name

    @override
    def room_changed(self, context: Context, room: Room | None) -> None:
        self.room = room

    @override
    def clear_screen(self) -> None:
        self.shown.clear()

    async def type(self, line: str) -> list[str]:
        """Carry out a line; return what is shown then."""
        assert await self.run(Typed(self, line))
        return self.shown


class Typed(Context):
    def __init__(self, desk: Desk, line: str) -> None:
        super().__init__(desk.client, line, desk.room)
        self._desk = desk

    @override
    async def reply(self, text: str) -> None:
        self._desk.shown += text.splitlines()


@pytest.fixture
async def desk(url: str) -> AsyncIterator[Desk]:
    async with connect(url) as client:
        yield Desk(client)


async def test_one_talks_in_the_room_that_one_makes_or_joins(desk: Desk) -> None:
    await desk.type("/create workshop Tools and such")
    assert await desk.type("/where") == ["workshop"]
    assert desk.client.rooms["workshop"].topic == "Tools and such"
    await desk.type("/join lobby")
    await desk.type("/clear")
    assert await desk.type("/where") == ["lobby"]
    await desk.type("/JOIN #workshop")
    await desk.type("/leave")
    await desk.type("/clear")
    assert await desk.type("/where") == ["lobby"]
    assert not [room for room in desk.client.joined if room.name == "workshop"]


async def test_the_rooms_are_listed(desk: Desk) -> None:
    await desk.type("/create listed With a topic")
    shown = await desk.type("/list TOPIC")
    assert shown == ["* listed (1): With a topic"]
    await desk.type("/clear")
    assert await desk.type("/list nothing-like-it") == ["There are no such rooms."]


async def test_without_a_room_one_talks_nowhere(desk: Desk) -> None:
    await desk.type("/leave lobby")
    assert desk.room is None
    assert await desk.type("/leave") == ["You are in no such room."]
    await desk.type("/clear")
    assert await desk.type("/where") == ["nowhere"]


async def test_what_is_refused_is_shown(desk: Desk) -> None:
    assert await desk.type("/join nowhere") == [
        "There is no room called nowhere. /rooms lists them, /create nowhere makes it."
    ]


async def test_exit_closes_the_client(desk: Desk) -> None:
    await desk.type("/exit so long")
    assert not desk.client.is_online
    assert await desk.type("/join elsewhere") == ["the client is closed"]


def test_everything_that_is_built_in_is_there() -> None:
    names = {one.name for one in SuperCommands.declared}
    assert names == {"exit", "join", "leave", "list", "create", "help", "clear"}
