"""An engine alone: its turns, without hub and gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.events import (
    Entry,
)
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.policy import Policy
from tertulia.core.state import World
from tertulia.ports import Answer, Done, StoreUnavailable
from tertulia.server.engine import Engine, Submission
from tests.server.driving import NOON, settle
from tests.server.faulty import FaultyStore

ANA, BEN = UserId(1), UserId(2)
FULL = StoreUnavailable("disk full")


class Listening:
    """An audience that notes what it is told."""

    def __init__(self) -> None:
        self.turns: list[list[Submission]] = []

    def turn_kept(self, submissions: Sequence[Submission], world: World) -> None:
        self.turns.append(list(submissions))
        for submission in submissions:
            if submission.on_answer is not None:
                submission.on_answer(submission.answer)

    @property
    def entries(self) -> list[Entry]:
        return [entry for turn in self.turns for one in turn for entry in one.entries]


class Running:
    """An engine on a store, running, and somebody online in the main room."""

    def __init__(self, store: FaultyStore | None = None) -> None:
        self.store = store or FaultyStore()
        self.engine = Engine(self.store, Policy(), lambda: NOON)
        self.told = Listening()
        self.answers: list[Answer] = []
        self.task: asyncio.Task[None] | None = None

    async def begin(self) -> RoomId:
        """Start, and bring Ana online; return the main room."""
        await self.engine.recover(await self.store.open())
        self.task = asyncio.create_task(self.engine.run(self.told))
        self.ask(ANA, c.Connect(ANA, "ana:1", "ana"))
        self.ask(ANA, c.JoinRoom("lobby"))
        await settle(self.engine)
        self.answers.clear()
        self.told.turns.clear()
        self.store.appends.clear()
        (lobby,) = self.engine.world.room_names.values()
        return lobby

    async def end(self) -> None:
        assert self.task is not None
        self.engine.finish()
        await self.task

    def ask(self, actor: UserId, command: c.Command) -> None:
        self.engine.submit(Submission(actor, command, on_answer=self.answers.append))

    @property
    def refusals(self) -> list[e.Refusal]:
        return [answer for answer in self.answers if not isinstance(answer, Done)]


async def said(chat: Running, lobby: RoomId, text: str) -> EventId:
    chat.ask(ANA, c.PostMessage(lobby, text))
    await settle(chat.engine)
    chat.answers.clear()
    chat.told.turns.clear()
    chat.store.appends.clear()
    return (await chat.store.read_log(lobby))[-1].id
