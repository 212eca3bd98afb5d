"""The engine on a store that does as it likes: nothing is told that was not kept."""

from __future__ import annotations

import asyncio

import pytest

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.decide import Decision, carry_out
from tertulia.core.events import (
    LeaveReason,
    MemberLeft,
    RoomCreated,
)
from tertulia.core.ids import UserId
from tertulia.core.state import Turn
from tertulia.ports import Done, ReadMark
from tertulia.server import engine as engine_module
from tertulia.server.engine import SILENCE
from tests.server.driving import settle
from tests.server.turning import ANA, BEN, FULL, Running
from tests.server.virtual import in_virtual_time

# A store that fails


@pytest.mark.parametrize("failure", [FULL, OSError("a fault of the store's")])
async def test_a_store_that_fails_refuses_the_commands_and_nothing_is_told(
    failure: Exception,
) -> None:
    chat = Running()
    lobby = await chat.begin()
    before = dict(chat.engine.world.rooms)
    chat.store.failure = failure
    chat.ask(ANA, c.PostMessage(lobby, "hello"))
    chat.ask(ANA, c.SetTopic(lobby, "news"))
    chat.ask(ANA, c.CreateRoom("tea"))
    await settle(chat.engine)
    assert chat.answers == [e.StoreUnavailable()] * 3
    assert chat.told.entries == []
    assert chat.engine.world.rooms == before
    assert chat.engine.statistics().failed_turns == 1
    await chat.end()


async def test_after_a_failure_the_log_goes_on_without_a_gap() -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.store.failure = FULL
    chat.ask(ANA, c.PostMessage(lobby, "lost"))
    await settle(chat.engine)
    chat.store.failure = None
    chat.ask(ANA, c.PostMessage(lobby, "kept"))
    await settle(chat.engine)
    assert [entry.seq for entry in await chat.store.read_log(lobby)] == [1, 2, 3]
    await chat.end()


async def test_what_needs_no_storing_happens_even_though_the_store_fails() -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.store.failure = FULL
    chat.ask(ANA, c.PostMessage(lobby, "hello"))
    chat.ask(ANA, c.SetAway("at lunch"))
    chat.ask(BEN, c.Connect(BEN, "ben:1", "ben"))
    chat.ask(BEN, c.JoinRoom(lobby))
    await settle(chat.engine)
    assert chat.refusals == [e.StoreUnavailable()] * 2
    assert chat.engine.world.users[ANA].away == "at lunch"
    assert chat.engine.world.users[BEN].rooms == ()
    await chat.end()


async def test_a_command_that_led_to_nothing_in_a_lost_draft_is_not_kept_unstored() -> None:
    # The second one asks for the topic that the first one would have set: it leads to nothing
    # beside it, and to an entry without it.
    chat = Running()
    lobby = await chat.begin()
    chat.store.failure = FULL
    chat.ask(ANA, c.SetTopic(lobby, "news"))
    chat.ask(ANA, c.SetTopic(lobby, "news"))
    await settle(chat.engine)
    assert chat.answers == [e.StoreUnavailable()] * 2
    assert chat.told.entries == []
    assert chat.engine.world.rooms[lobby].topic == ""
    await chat.end()


@in_virtual_time
async def test_a_farewell_that_follows_a_lost_leave_is_not_told_unstored() -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.store.failure = FULL
    chat.ask(ANA, c.LeaveRoom(lobby))
    chat.ask(ANA, c.Disconnect(LeaveReason.QUIT))
    await settle(chat.engine)
    assert chat.told.entries == []
    assert ANA in chat.engine.world.users
    chat.store.failure = None
    await asyncio.sleep(engine_module.RETRY_AFTER)
    await settle(chat.engine)
    assert [type(entry.event) for entry in chat.told.entries] == [MemberLeft]
    assert ANA not in chat.engine.world.users
    await chat.end()


@in_virtual_time
async def test_a_farewell_is_tried_until_it_is_stored_and_told_once() -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.store.failure = FULL
    chat.ask(ANA, c.Disconnect(LeaveReason.LOST, "bye"))
    await asyncio.sleep(10 * engine_module.RETRY_AFTER)
    assert chat.told.entries == []
    assert chat.answers == [e.StoreUnavailable()]
    chat.store.failure = None
    await asyncio.sleep(2 * engine_module.RETRY_AFTER)
    left = [entry.event for entry in chat.told.entries]
    assert [type(event) for event in left] == [MemberLeft]
    assert [entry.event for entry in await chat.store.read_log(lobby)][2:] == left
    await chat.end()


@in_virtual_time
async def test_at_the_end_a_farewell_that_can_not_be_stored_is_let_go() -> None:
    chat = Running()
    await chat.begin()
    chat.store.failure = FULL
    chat.ask(ANA, c.Disconnect(LeaveReason.SHUTDOWN))
    await chat.end()
    assert chat.told.entries == []
    again = Running(chat.store)
    chat.store.failure = None
    await again.engine.recover(await chat.store.open())
    assert [entry.event for entry in chat.store.appends[-1]] == [
        MemberLeft(chat.engine.world.users[ANA].person, LeaveReason.RESTART)
    ]


async def test_a_failing_store_is_told_of_once_and_so_is_its_recovery(
    caplog: pytest.LogCaptureFixture,
) -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.store.failure = FULL
    for _ in range(5):
        chat.ask(ANA, c.PostMessage(lobby, "hello"))
        await settle(chat.engine)
    chat.store.failure = None
    chat.ask(ANA, c.PostMessage(lobby, "hello"))
    await settle(chat.engine)
    assert [record.getMessage() for record in caplog.records] == [
        "nothing can be stored: disk full",
        "storing works again, after 5 turns that failed",
    ]
    assert all(record.exc_info is None for record in caplog.records)
    await chat.end()


@in_virtual_time
async def test_a_store_that_keeps_failing_is_told_of_now_and_then(
    caplog: pytest.LogCaptureFixture,
) -> None:
    chat = Running()
    await chat.begin()
    chat.store.failure = FULL
    chat.ask(ANA, c.Disconnect(LeaveReason.LOST))
    await asyncio.sleep(2.5 * engine_module.REMIND_AFTER)
    assert len(caplog.records) == 3
    chat.engine.finish()


@in_virtual_time
async def test_a_silent_store_is_told_of_and_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.store.gate = asyncio.Event()
    chat.ask(ANA, c.PostMessage(lobby, "hello"))
    await asyncio.sleep(2.5 * SILENCE)
    assert [record.getMessage() for record in caplog.records] == [
        "the store has not answered for 10 s",
        "the store has not answered for 20 s",
    ]
    assert chat.answers == []
    chat.store.gate.set()
    await settle(chat.engine)
    assert [type(answer) for answer in chat.answers] == [Done]
    await chat.end()


@in_virtual_time
async def test_a_store_that_answers_is_not_called_silent(caplog: pytest.LogCaptureFixture) -> None:
    chat = Running()
    lobby = await chat.begin()
    for _ in range(100):
        chat.ask(ANA, c.PostMessage(lobby, "hello"))
        await asyncio.sleep(SILENCE / 7)
    assert caplog.records == []
    await chat.end()


# Read marks


@in_virtual_time
async def test_read_marks_wait_for_company_but_not_for_long() -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.engine.mark_read(ReadMark("n:ana", lobby, 4))
    chat.engine.mark_read(ReadMark("n:ana", lobby, 3))
    await settle(chat.engine)
    assert chat.store.marks == [ReadMark("n:ana", lobby, 4)]
    chat.engine.mark_read(ReadMark("n:ana", lobby, 7))
    assert chat.store.marks == [ReadMark("n:ana", lobby, 4)]
    await asyncio.sleep(engine_module.MARKS_AFTER)
    await asyncio.sleep(0)
    assert chat.store.marks == [ReadMark("n:ana", lobby, 4), ReadMark("n:ana", lobby, 7)]
    await chat.end()


@in_virtual_time
async def test_read_marks_survive_a_store_that_fails_for_a_while() -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.store.failure = FULL
    chat.engine.mark_read(ReadMark("n:ana", lobby, 4))
    await asyncio.sleep(3 * engine_module.MARKS_AFTER)
    chat.store.failure = None
    await asyncio.sleep(2 * engine_module.MARKS_AFTER)
    assert chat.store.marks == [ReadMark("n:ana", lobby, 4)]
    await chat.end()


@in_virtual_time
async def test_at_the_end_read_marks_do_not_wait() -> None:
    chat = Running()
    lobby = await chat.begin()
    began = asyncio.get_running_loop().time()
    chat.engine.mark_read(ReadMark("n:ana", lobby, 4))
    await chat.end()
    assert chat.store.marks == [ReadMark("n:ana", lobby, 4)]
    assert asyncio.get_running_loop().time() == began


@in_virtual_time
async def test_at_the_end_read_marks_that_can_not_be_stored_are_let_go() -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.store.failure = FULL
    chat.engine.mark_read(ReadMark("n:ana", lobby, 4))
    await chat.end()
    assert chat.store.marks == []


# Faults of our own


async def test_a_command_that_breaks_in_the_middle_leaves_nothing_half_done(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    chat = Running()
    lobby = await chat.begin()

    def break_creation(turn: Turn, actor: UserId, decision: Decision) -> None:
        carry_out(turn, actor, decision)
        if any(isinstance(event, RoomCreated) for _, event in decision.facts):
            raise RuntimeError("a bug")

    monkeypatch.setattr(engine_module, "carry_out", break_creation)
    chat.ask(ANA, c.PostMessage(lobby, "before"))
    chat.ask(ANA, c.CreateRoom("tea"))
    chat.ask(ANA, c.PostMessage(lobby, "after"))
    await settle(chat.engine)
    assert chat.refusals == [e.InternalError()]
    assert [entry.seq for entry in chat.told.entries] == [3, 4]
    assert chat.engine.world.room_named("tea") is None
    assert [record.getMessage() for record in caplog.records] == ["CreateRoom failed"]
    await chat.end()
