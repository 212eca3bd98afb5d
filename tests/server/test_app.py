"""Tests of `tertulia.server.app`: the order of starting and stopping, whatever the store does."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Collection, Mapping, Sequence

import pytest
from typing_extensions import override

from tertulia.config import Opening, Settings, load, openings
from tertulia.core.events import Entry
from tertulia.core.history import Message
from tertulia.core.ids import EventId, RoomId
from tertulia.ports import ReadMark, Recovery, StoredRoom, StoreMisfit, StoreUnavailable
from tertulia.server import app, parts
from tertulia.server.ending import Ending
from tertulia.server.failure import CannotStart
from tertulia.server.gateway import Gateway
from tests.running import FAREWELL, WELCOME

NOW = 1_795_176_000_000
DAYS = 86_400_000


class ScriptedStore:
    """Keeps nothing; notes what is asked of it, and fails or hangs where a test says so."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.erased_before: list[int] = []
        self.compacted = asyncio.Event()
        self.compactions_awaited = 1
        self.open_fault: Exception | None = None
        self.compact_fault: Exception | None = None
        self.append_fault: Exception | None = None
        self.append_hangs = False
        self.compact_hangs = False

    async def open(self) -> Recovery:
        self.calls.append("open")
        if self.open_fault is not None:
            raise self.open_fault
        return Recovery()

    async def close(self) -> None:
        self.calls.append("close")

    async def append(self, entries: Sequence[Entry], marks: Sequence[ReadMark] = ()) -> None:
        self.calls.append("append")
        if self.append_hangs:
            await asyncio.Event().wait()
        if self.append_fault is not None:
            raise self.append_fault

    async def compact(self, rooms: Sequence[StoredRoom], *, erase_before: int = 0) -> int:
        self.calls.append(f"compact {len(rooms)}")
        self.erased_before.append(erase_before)
        if len(self.erased_before) >= self.compactions_awaited:
            self.compacted.set()
        if self.compact_hangs:
            await asyncio.Event().wait()
        if self.compact_fault is not None:
            raise self.compact_fault
        return 0

    async def read_log(self, room: RoomId, *, after: int = 0, limit: int = 1000) -> list[Entry]:
        return []

    async def read_messages(
        self, room: RoomId, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> list[Message]:
        return []

    async def find_messages(self, ids: Collection[EventId]) -> Mapping[EventId, Message]:
        return {}

    async def search(
        self,
        rooms: Collection[RoomId],
        words: str,
        *,
        limit: int = 20,
        before: EventId | None = None,
    ) -> list[Message]:
        return []

    async def read_marks(self, identity: str) -> Mapping[RoomId, int]:
        return {}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> ScriptedStore:
    scripted = ScriptedStore()
    monkeypatch.setattr(parts, "store", lambda settings: scripted)
    monkeypatch.setattr(app, "_now_ms", lambda: NOW)
    return scripted


def settings(*overrides: str) -> Settings:
    return load(None, {}, ["store.kind=memory", *overrides])


def opened(asked: Settings) -> list[Opening]:
    return openings(asked, ["line=127.0.0.1:0"])


class Output(io.StringIO):
    """A standard output that tells when the server is ready."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = asyncio.Event()

    @override
    def write(self, text: str, /) -> int:
        if text.endswith("ready\n"):
            self.ready.set()
        return super().write(text)


class Served:
    """A server in this process, for the length of a test."""

    def __init__(self, asked: Settings) -> None:
        self.ending = Ending()
        self.output = Output()
        self.task = asyncio.create_task(app.serve(asked, opened(asked), self.ending, self.output))

    async def end(self) -> int:
        self.ending.ask("the test")
        return await asyncio.wait_for(self.task, 20)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the line door, as soon as it listens."""
        await asyncio.wait_for(self.output.ready.wait(), 20)
        [line] = [line for line in self.output.getvalue().splitlines() if "listening" in line]
        return await asyncio.open_connection("127.0.0.1", int(line.rpartition(":")[2]))


async def test_the_store_is_opened_first_and_closed_last(store: ScriptedStore) -> None:
    assert await Served(settings()).end() == 0
    assert store.calls == ["open", "append", "compact 1", "compact 1", "close"]


async def test_everyone_is_told_of_the_end_and_stored_as_gone(store: ScriptedStore) -> None:
    served = Served(settings())
    reader, writer = await served.connect()
    await reader.readuntil(WELCOME.encode())
    served.ending.ask("the test")
    assert (await reader.read()).decode().rstrip().endswith(FAREWELL)
    writer.close()
    assert await served.end() == 0
    assert store.calls[-3:] == ["append", "compact 1", "close"]


async def test_what_is_too_old_is_erased_at_the_start_and_every_day(
    store: ScriptedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "HOUSEKEEPING", 0.001)
    store.compactions_awaited = 3
    served = Served(settings("history.keep_days=30"))
    await asyncio.wait_for(store.compacted.wait(), 20)
    assert await served.end() == 0
    assert store.erased_before[:3] == [NOW - 30 * DAYS] * 3
    assert store.erased_before[-1] == 0


async def test_a_day_on_which_keeping_house_fails_is_not_the_last(
    store: ScriptedStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(app, "HOUSEKEEPING", 0.001)
    store.compactions_awaited = 4
    served = Served(settings())
    await asyncio.wait_for(served.output.ready.wait(), 20)
    store.compact_fault = ValueError("a bug")
    await asyncio.wait_for(store.compacted.wait(), 20)
    store.compact_fault = None
    assert await served.end() == 0
    assert "keeping house failed; the next time is in a day" in caplog.messages


async def test_nothing_is_erased_when_everything_is_kept(store: ScriptedStore) -> None:
    assert await Served(settings()).end() == 0
    assert store.erased_before == [0, 0]


async def test_states_that_can_t_be_saved_are_no_reason_to_end(
    store: ScriptedStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.compact_fault = StoreUnavailable("The disk is full.")
    assert await Served(settings()).end() == 0
    assert "the states of the rooms can't be saved: The disk is full." in caplog.messages


async def test_a_store_that_can_t_be_opened_is_why_the_server_can_t_start(
    store: ScriptedStore,
) -> None:
    store.open_fault = StoreMisfit("Another server is using the data.")
    with pytest.raises(CannotStart, match="Another server is using the data"):
        await Served(settings()).task
    assert store.calls == ["open", "close"]


async def test_a_store_that_can_keep_nothing_is_why_the_server_can_t_start(
    store: ScriptedStore,
) -> None:
    store.append_fault = StoreUnavailable("The disk is full.")
    with pytest.raises(CannotStart, match="The disk is full"):
        await Served(settings()).task
    assert store.calls == ["open", "append", "close"]


async def test_a_store_that_hangs_is_given_up_at_the_end(
    store: ScriptedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "LAST_TURN", 0.01)
    served = Served(settings())
    reader, writer = await served.connect()
    await reader.readuntil(WELCOME.encode())
    store.append_hangs = True
    writer.close()
    assert await served.end() == 1
    assert store.calls[-2:] == ["append", "close"]


async def test_states_that_take_too_long_to_save_are_left_to_the_log(
    store: ScriptedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "LAST_STATES", 0.01)
    served = Served(settings())
    _, writer = await served.connect()
    writer.close()
    store.compact_hangs = True
    assert await served.end() == 0
    assert store.calls[-2:] == ["compact 1", "close"]


async def test_a_fault_of_the_turns_ends_the_server_and_is_logged(
    store: ScriptedStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(Gateway, "turn_kept", fail)
    monkeypatch.setattr(app, "LAST_WORDS", 0.01)
    served = Served(settings())
    _, writer = await served.connect()
    with caplog.at_level(logging.CRITICAL):
        assert await asyncio.wait_for(served.task, 20) == 1
    writer.close()
    assert caplog.messages == ["the turns have ended by a fault of their own"]
    assert store.calls[-1] == "close"


async def test_an_end_asked_for_while_starting_opens_nothing(store: ScriptedStore) -> None:
    served = Served(settings())
    served.ending.ask("the test")
    assert await asyncio.wait_for(served.task, 20) == 0
    assert served.output.getvalue() == ""
