"""The gateway at its limits: the end of the chat, doors at fault, and many at once."""

from __future__ import annotations

import asyncio

import pytest
from typing_extensions import override

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.events import Entry, LeaveReason, MessagePosted
from tertulia.core.policy import Policy
from tertulia.core.room import RoomState
from tertulia.ports import Answer, Client, WireFormat
from tertulia.server.gateway import GatewaySettings
from tests.server.driving import (
    Chat,
    FakeView,
    last_words,
    missed_by,
    say,
    settle,
)
from tests.server.faulty import FaultyStore
from tests.server.virtual import in_virtual_time

# The end


@in_virtual_time
async def test_at_the_end_everyone_is_evicted_and_nobody_gets_in() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        ana.hear_anew()
        ben.say("last words")
        await chat.settle()
        chat.gateway.evict_all()
        assert ana.view.evictions == ben.view.evictions == [e.ShuttingDown()]
        assert ana.say("one more") == e.ShuttingDown()
        late = chat.open("late")
        await chat.settle()
        assert late.answers == [e.ShuttingDown()]
        for guest in (ana, ben):
            chat.gateway.close(guest.session, LeaveReason.SHUTDOWN)
        await chat.settle()
        assert last_words(ana) == ["words"]
        assert len(chat.gateway.sessions()) == 0
        assert not chat.engine.world.users


@in_virtual_time
async def test_what_a_crowd_waits_for_is_sent_before_the_end() -> None:
    async with Chat() as chat:
        people = [chat.open() for _ in range(60)]
        await settle(chat.engine)
        heard = len(people[0].heard)
        chat.gateway.evict_all()
        assert len(people[0].heard) == 59 > heard
        for guest in people:
            chat.gateway.close(guest.session, LeaveReason.SHUTDOWN)


@in_virtual_time
async def test_a_view_that_can_not_be_evicted_does_not_keep_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Stubborn(FakeView):
        @override
        def evict(self, refusal: e.Refusal | None) -> None:
            raise RuntimeError("a fault of this door")

    async with Chat() as chat:
        await chat.enter("ana", view=Stubborn(chat.wire))
        ben = await chat.enter("ben")
        chat.gateway.evict_all()
        assert ben.view.evictions == [e.ShuttingDown()]
        assert len(caplog.records) == 1


@in_virtual_time
async def test_only_those_who_may_can_end_the_chat() -> None:
    async with Chat(settings=GatewaySettings(shutdown_doors=frozenset({"open"}))) as chat:
        ana = await chat.enter("ana")
        assert chat.gateway.request_shutdown(ana.session) == e.OperatorsOnly()
        assert chat.shutdowns == 0
        ana.live.is_operator = True
        assert chat.gateway.request_shutdown(ana.session) is None
        ana.live.is_operator = False
        ana.live.client = Client("open", "x", "y")
        assert chat.gateway.request_shutdown(ana.session) is None
        assert chat.shutdowns == 2


@in_virtual_time
async def test_the_operator_tells_everyone_once_and_after_what_was_said_before() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        await chat.room(ana, "tea", ben)
        chat.store.gate = asyncio.Event()
        arriving = chat.open("carl")
        await asyncio.sleep(0)
        chat.gateway.announce("tea is ready")
        assert ana.heard == ben.heard == ["Announced"]
        assert arriving.heard == []
        chat.store.gate.set()


# Doors at fault


@in_virtual_time
async def test_a_door_that_fails_at_its_answer_loses_that_session_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(answer: Answer) -> None:
        raise RuntimeError("a fault of this door")

    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        ana.hear_anew()
        chat.gateway.submit(ana.session, c.PostMessage(chat.lobby, "one"), fail)
        ben.say("two")
        await chat.settle()
        assert last_words(ana) == ["two"]
        assert last_words(ben) == ["one"]
        assert len(ben.answers) == 1
        assert (ana.view.evictions, ben.view.evictions) == ([e.InternalError()], [])
        assert len(caplog.records) == 1


@in_virtual_time
async def test_a_door_that_fails_at_its_formats_loses_that_session_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Clueless(FakeView):
        @override
        def format_for(self, room: RoomState | None) -> WireFormat:
            raise RuntimeError("a fault of this door")

    async with Chat() as chat:
        ana = await chat.enter("ana")
        lost = chat.open("lost", view=Clueless(chat.wire))
        await chat.settle()
        assert ana.heard == ["lobby 3 MemberJoined lost"]
        assert lost.view.evictions == [e.InternalError()]
        assert len(caplog.records) == 1


@in_virtual_time
async def test_only_sessions_of_this_gateway_are_taken() -> None:
    class Stranger:
        user = None

    async with Chat() as chat:
        with pytest.raises(TypeError, match="not a session of this gateway"):
            chat.gateway.submit(Stranger(), c.SetAway(None))  # type: ignore[arg-type]


# Many at once


@in_virtual_time
async def test_a_crowd_hears_every_arrival_after_its_own_and_none_twice() -> None:
    async with Chat(policy=Policy(main_room="plaza")) as chat:
        people = [chat.open() for _ in range(250)]
        await chat.settle()
        for place, guest in enumerate(people):
            seqs = [int(line.split()[1]) for line in guest.heard]
            assert seqs == list(range(place + 3, len(people) + 2))


@in_virtual_time
async def test_a_crowd_that_goes_at_once_is_few_writes_for_those_who_stay() -> None:
    async with Chat(policy=Policy(main_room="plaza")) as chat:
        stays = await chat.enter("ana")
        crowd = [chat.open() for _ in range(90)]
        await chat.settle()
        stays.hear_anew()
        for guest in crowd:
            chat.gateway.close(guest.session, LeaveReason.LOST)
        await chat.settle()
        assert len(stays.heard) == 180
        assert len(stays.view.outbox.pushed) == 2


@in_virtual_time
async def test_whoever_had_a_nick_is_gone_for_all_before_somebody_else_has_it() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        ana.hear_anew()
        chat.gateway.close(ben.session, LeaveReason.LOST)
        chat.open("ben")
        await chat.settle()
        assert ana.heard == ["lobby 4 MemberLeft ben", "UserGone", "lobby 5 MemberJoined ben"]


@in_virtual_time
async def test_two_chats_on_one_store_after_each_other_share_what_was_said() -> None:
    store = FaultyStore()
    async with Chat(store) as chat:
        ana = await chat.enter("ana")
        await say(ana, "before")
        ana.ask(c.PostDirect("ben", "psst"))
        await chat.settle()
    async with Chat(store) as chat:
        ben = await chat.enter("ben")
        assert [one.text for one in chat.gateway.recent(chat.lobby, 10)] == ["before"]
        assert await missed_by(ben) == ["psst"]
        log: list[Entry] = await store.read_log(chat.lobby)
        assert [entry.seq for entry in log] == list(range(1, len(log) + 1))
        assert sum(isinstance(entry.event, MessagePosted) for entry in log) == 1
