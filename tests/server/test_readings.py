"""Readings: people, rooms and history, for those who may see them."""

from __future__ import annotations

import asyncio

import pytest

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.events import LeaveReason
from tertulia.core.ids import RoomId
from tertulia.ports import StoreDamaged
from tertulia.server.readings import PAGE, READ_WITHIN
from tests.server.driving import (
    FULL,
    Chat,
    say,
)
from tests.server.virtual import in_virtual_time

# Reading


@in_virtual_time
async def test_what_is_at_hand_are_the_newest_messages_up_to_a_place() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        for number in range(5):
            await say(ana, str(number))
        shown = chat.gateway.recent(chat.lobby, 2)
        assert [message.text for message in shown] == ["3", "4"]
        until = chat.gateway.recent(chat.lobby, 2, until=shown[0].seq)
        assert [message.text for message in until] == ["2", "3"]
        assert chat.gateway.recent(RoomId(999), 2) == []


@in_virtual_time
async def test_history_is_read_in_pages() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        for number in range(6):
            await say(ana, str(number))
        newest = await chat.gateway.history(ana.session, chat.lobby, limit=2)
        before = await chat.gateway.history(ana.session, chat.lobby, before=newest[0].seq, limit=2)
        after = await chat.gateway.history(ana.session, chat.lobby, after=before[0].seq, limit=2)
        pages = [[message.text for message in page] for page in (newest, before, after)]
        assert pages == [["4", "5"], ["2", "3"], ["3", "4"]]
        everything = await chat.gateway.history(ana.session, chat.lobby, limit=10**9)
        assert len(everything) == 6 <= PAGE


@in_virtual_time
async def test_history_is_for_those_inside() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        tea = await chat.room(ana, "tea")
        ana.ask(c.PostDirect("ana2", "secret"))
        await chat.settle()
        direct = next(iter(chat.engine.world.directs.values()))[0]
        for room, refusal in (
            (tea, e.NotInRoom("tea")),
            (direct, e.UnknownRoom()),
            (RoomId(999), e.UnknownRoom()),
        ):
            with pytest.raises(e.Refused) as refused:
                await chat.gateway.history(ben.session, room)
            assert refused.value.refusal == refusal
            with pytest.raises(e.Refused):
                await chat.gateway.search(ben.session, "secret", room=room)
        assert len(await chat.gateway.history(ana.session, direct)) == 1


@in_virtual_time
async def test_a_search_looks_into_the_rooms_one_is_in() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        tea = await chat.room(ana, "tea")
        await say(ana, "green tea", tea)
        await say(ana, "black tea", chat.lobby)
        ana.ask(c.PostDirect("carl", "tea?"))
        await chat.settle()
        found = await chat.gateway.search(ana.session, "tea")
        assert [message.text for message in found] == ["tea?", "black tea", "green tea"]
        found = await chat.gateway.search(ana.session, "tea", room=tea)
        assert [message.text for message in found] == ["green tea"]
        found = await chat.gateway.search(ben.session, "tea")
        assert [message.text for message in found] == ["black tea"]
        with pytest.raises(e.Refused) as refused:
            await chat.gateway.search(ana.session, "  ")
        assert refused.value.refusal == e.EmptyText()
        chat.gateway.close(ben.session, LeaveReason.QUIT)
        await chat.settle()
        assert await chat.gateway.search(ben.session, "tea") == []


@pytest.mark.parametrize("failure", [FULL, StoreDamaged("a page is gone")])
def test_a_history_that_can_not_be_read_is_refused(failure: Exception) -> None:
    @in_virtual_time
    async def read() -> None:
        async with Chat() as chat:
            ana = await chat.enter("ana")
            chat.store.read_failure = failure
            for reading in (
                chat.gateway.history(ana.session, chat.lobby),
                chat.gateway.search(ana.session, "word"),
            ):
                with pytest.raises(e.Refused) as refused:
                    await reading
                assert refused.value.refusal == e.HistoryDamaged()
            assert ana.live.in_flight == 0

    read()


@in_virtual_time
async def test_nobody_waits_for_a_history_for_ever() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        chat.store.read_gate = asyncio.Event()
        began = chat.loop.time()
        with pytest.raises(e.Refused) as refused:
            await chat.gateway.history(ana.session, chat.lobby)
        assert refused.value.refusal == e.HistoryDamaged()
        assert chat.loop.time() - began == READ_WITHIN


@in_virtual_time
async def test_people_and_rooms_are_found_by_names_that_compare_equal() -> None:
    async with Chat() as chat:
        ana = await chat.enter("Ana")
        tea = await chat.room(ana, "Tea")
        found = chat.gateway.user_called("aNA")
        assert found is not None
        assert found.person.nick == "Ana"
        assert chat.gateway.user_called("ben") is None
        named = chat.gateway.room_named("#tea")
        assert named is not None
        assert named.id == tea
        assert [room.name for room in chat.gateway.rooms()] == ["lobby", "Tea"]
        assert len(chat.gateway.users()) == 1
