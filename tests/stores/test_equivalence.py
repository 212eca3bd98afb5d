"""The same story told to both stores: they must answer the same, whatever happens in it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.core.events import MessagePosted
from tertulia.core.ids import RoomId
from tertulia.ports import ReadMark, Store
from tertulia.stores.memory import MemoryStore
from tertulia.stores.sqlite import SqliteStore
from tests.contracts.logbook import Logbook

WORDS = ("tea", "Tea", "chá", "cha", "thé", "the", "l'eau", "東京", "京", "mate", "green-tea", "!")

Step: TypeAlias = tuple[str, int, str]
"""What happens, to which room or message (by any number), and a text."""

TEXTS = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ("say", "say", "say", "edit", "edit", "delete", "react", "join", "end", "flush",
             "look", "look", "compact", "erase", "reopen", "mark")
        ),
        st.integers(0, 30),
        TEXTS,
    ),
    max_size=60,
)  # fmt: skip


class Pair:
    """Both stores, and a logbook to fill them from."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tertulia.db"
        self.memory: Store = MemoryStore(recent=3)
        self.sqlite: Store = SqliteStore(self.path, recent=3, synchronous="NORMAL")
        self.book = Logbook()
        self.rooms = [self.book.create(name) for name in ("lobby", "attic", "cellar")]
        self.ended: set[RoomId] = set()
        self.bound = 0

    async def open(self) -> None:
        ours, theirs = await self.memory.open(), await self.sqlite.open()
        assert sorted(ours.rooms, key=lambda room: room.state.id) == list(theirs.rooms)
        assert ours.last_id == theirs.last_id

    async def close(self) -> None:
        await self.memory.close()
        await self.sqlite.close()

    async def flush(self, marks: Sequence[ReadMark] = ()) -> None:
        entries = self.book.take()
        for store in (self.memory, self.sqlite):
            await store.append(entries, marks)

    async def take(self, step: Step) -> None:
        what, number, text = step
        room = self.rooms[number % len(self.rooms)]
        if what in ("say", "join", "end") and room in self.ended:
            return
        if what == "say":
            self.book.say(room, text)
        elif what == "join":
            self.book.join(room)
        elif what == "end" and number % 3 == 1:
            self.book.end(room)
            self.ended.add(room)
        elif what in ("edit", "delete", "react"):
            self.amend(what, number, text)
        elif what == "flush":
            await self.flush()
        elif what == "mark":
            await self.flush([ReadMark("n:ana", room, number)])
        elif what == "look":
            await self.flush()
            await self.compare(text)
        elif what in ("compact", "erase"):
            await self.compact(number if what == "erase" else 0)
        elif what == "reopen":
            await self.flush()
            await self.close()
            self.sqlite = SqliteStore(self.path, recent=3, synchronous="NORMAL")
            await self.open()

    def amend(self, what: str, number: int, text: str) -> None:
        messages = [
            entry
            for entry in self.book.entries
            if entry.room not in self.ended and isinstance(entry.event, MessagePosted)
        ]
        if not messages:
            return
        message = messages[number % len(messages)]
        if what == "edit":
            self.book.edit(message, text)
        elif what == "delete":
            self.book.delete(message)
        else:
            self.book.react(message, "👍")

    async def compact(self, number: int) -> None:
        await self.flush()
        if number:
            self.bound = max(self.bound, self.book.now - number)
        living = [room for room in self.rooms if room not in self.ended]
        stored = [self.book.stored(room) for room in living[: 1 + number % 3]]
        erased = [
            await store.compact(stored, erase_before=self.bound)
            for store in (self.memory, self.sqlite)
        ]
        assert erased[0] == erased[1]

    async def compare(self, words: str) -> None:
        ours, theirs = self.memory, self.sqlite
        for room in self.rooms:
            assert await ours.read_log(room) == await theirs.read_log(room)
            assert await ours.read_messages(room) == await theirs.read_messages(room)
            page = await ours.read_messages(room, after=2, limit=3)
            assert page == await theirs.read_messages(room, after=2, limit=3)
            page = await ours.read_messages(room, before=9, limit=3)
            assert page == await theirs.read_messages(room, before=9, limit=3)
            assert await ours.search([room], words) == await theirs.search([room], words)
        for query in (words, f'"{words}"', *WORDS):
            found = await ours.search(self.rooms, query, limit=4)
            assert found == await theirs.search(self.rooms, query, limit=4)
        ids = [entry.id for entry in self.book.entries]
        assert await ours.find_messages(ids) == await theirs.find_messages(ids)
        assert await ours.read_marks("n:ana") == await theirs.read_marks("n:ana")


@settings(deadline=None, max_examples=60)
@given(STEPS)
def test_both_stores_tell_the_same_story(steps: list[Step]) -> None:
    async def tell() -> None:
        with tempfile.TemporaryDirectory() as folder:
            pair = Pair(Path(folder))
            await pair.open()
            for step in (*steps, ("look", 0, "tea"), ("reopen", 0, ""), ("look", 0, "the")):
                await pair.take(step)
            await pair.close()

    asyncio.run(tell())
