"""Appends to a database under load until it is killed; prints each `seq` that is acknowledged.

Run as `python -m tests.stores.sqlite.appender DATABASE`.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from tertulia.core.events import Entry, MessageDeleted, MessageEdited, MessagePosted, RoomCreated
from tertulia.core.ids import EventId, IdSource, RoomId
from tertulia.ports import StoredRoom
from tertulia.stores.sqlite import SqliteStore
from tests.contracts.logbook import ANA, START

ROOM = RoomId(1)


async def append_for_ever(database: Path) -> None:
    """Append batches of all sizes, with searches and compactions in between."""
    store = SqliteStore(database)
    recovery = await store.open()
    ids = IdSource(last=recovery.last_id)
    head = recovery.rooms[0].head if recovery.rooms else 0
    posts: list[EventId] = []
    dice = random.Random(head)
    others: list[asyncio.Task[object]] = []
    while True:
        batch: list[Entry] = []
        for _ in range(dice.choice((1, 1, 3, 20, 300))):
            head += 1
            entry = Entry(ROOM, head, EventId(ids.next(START)), START, event(head, posts, dice))
            if isinstance(entry.event, MessagePosted):
                posts.append(entry.id)
            batch.append(entry)
        await store.append(batch)
        sys.stdout.write(f"{head}\n")
        sys.stdout.flush()
        others = [task for task in others if not task.done()]
        if not others:
            others.append(asyncio.create_task(store.search([ROOM], "number")))
            if recovery.rooms:
                state = StoredRoom(recovery.rooms[0].state, head)
                others.append(asyncio.create_task(store.compact([state])))


def event(
    seq: int, posts: list[EventId], dice: random.Random
) -> RoomCreated | MessagePosted | MessageEdited | MessageDeleted:
    """Return what happens next: mostly messages, and some that are edited or deleted."""
    if seq == 1:
        return RoomCreated("lobby")
    if posts and dice.random() < 0.1:
        target = posts.pop(dice.randrange(len(posts)))
        if dice.random() < 0.5:
            return MessageDeleted(ANA, target)
        return MessageEdited(ANA, target, f"edited number {seq}")
    return MessagePosted(ANA, f"number {seq}")


if __name__ == "__main__":
    asyncio.run(append_for_ever(Path(sys.argv[1])))
