"""Direct conversations: kept for who is away, told once, and nobody else's business."""

from __future__ import annotations

import asyncio

import pytest

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.events import LeaveReason
from tertulia.ports import Done
from tertulia.server.readings import MISSED
from tests.server.driving import (
    FULL,
    Chat,
    last_words,
    messages_to,
    missed_by,
    settle,
)
from tests.server.virtual import in_virtual_time

# Direct conversations


@in_virtual_time
async def test_a_direct_message_reaches_the_one_it_is_for_and_nobody_else() -> None:
    async with Chat() as chat:
        ana, ben, carl = [await chat.enter(nick) for nick in ("ana", "ben", "carl")]
        carl.hear_anew()
        ana.ask(c.PostDirect("ben", "psst"))
        await chat.settle()
        ben.ask(c.PostDirect("ana", "what?"))
        await chat.settle()
        assert last_words(ben)[-1] == "psst"
        assert last_words(ana)[-1] == "what?"
        assert carl.heard == []
        direct = ana.answers[-1]
        assert isinstance(direct, Done)
        assert direct.room is not None
        assert carl.say("let me in", direct.room.id) is None
        await chat.settle()
        assert carl.refusals == [e.UnknownRoom()]


@in_virtual_time
async def test_a_direct_message_is_kept_for_somebody_who_is_not_there() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ana.ask(c.PostDirect("ben", "one"))
        ana.ask(c.PostDirect("ben", "two"))
        await chat.settle()
        ben = await chat.enter("ben")
        assert ben.heard == []
        assert [message.text for message in await chat.gateway.missed(ben.session)] == [
            "one",
            "two",
        ]
        assert await chat.gateway.missed(ben.session) == []
        ana.ask(c.PostDirect("ben", "three"))
        await chat.settle()
        assert last_words(ben) == ["three"]


@in_virtual_time
async def test_what_was_heard_or_shown_once_is_not_missed_the_next_time() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ana.ask(c.PostDirect("ben", "one"))
        await chat.settle()
        ben = await chat.enter("ben")
        await chat.gateway.missed(ben.session)
        ana.ask(c.PostDirect("ben", "two"))
        await chat.settle()
        chat.gateway.close(ben.session, LeaveReason.QUIT)
        await chat.settle()
        ana.ask(c.PostDirect("ben", "three"))
        await chat.settle()
        again = await chat.enter("ben")
        assert [message.text for message in await chat.gateway.missed(again.session)] == ["three"]


@in_virtual_time
async def test_what_is_heard_before_asking_is_not_among_what_was_missed() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ana.ask(c.PostDirect("ben", "missed"))
        await chat.settle()
        ben = await chat.enter("ben")
        ana.ask(c.PostDirect("ben", "heard"))
        await chat.settle()
        await asyncio.sleep(5.0)
        assert last_words(ben) == ["heard"]
        shown = await chat.gateway.missed(ben.session)
        assert [message.text for message in shown] == ["missed"]
        chat.gateway.close(ben.session, LeaveReason.QUIT)
        again = await chat.enter("ben")
        assert await chat.gateway.missed(again.session) == []


@in_virtual_time
async def test_what_is_missed_is_not_lost_if_nobody_asks_or_can_be_told() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ana.ask(c.PostDirect("ben", "one"))
        await chat.settle()
        silent = await chat.enter("ben")
        chat.gateway.close(silent.session, LeaveReason.LOST)
        hasty = await chat.enter("ben")
        chat.store.read_gate = asyncio.Event()
        asked = asyncio.create_task(missed_by(hasty))
        await asyncio.sleep(1.0)
        chat.gateway.close(hasty.session, LeaveReason.LOST)
        chat.store.read_gate.set()
        assert await asked == []
        ben = await chat.enter("ben")
        assert await missed_by(ben) == ["one"]


@in_virtual_time
async def test_a_message_just_before_an_arrival_is_missed_and_one_just_after_is_heard() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ana.ask(c.PostDirect("ben", "first"))
        await chat.settle()
        ana.ask(c.PostDirect("ben", "before"))
        ben = chat.open("ben")
        ana.ask(c.PostDirect("ben", "after"))
        await chat.settle()
        assert last_words(ben) == ["after"]
        assert await missed_by(ben) == ["first", "before"]
        ana.ask(c.PostDirect("ben", "later"))
        await chat.settle()
        assert last_words(ben) == ["after", "later"]
        chat.gateway.close(ben.session, LeaveReason.QUIT)
        again = await chat.enter("ben")
        assert await missed_by(again) == []


@in_virtual_time
async def test_the_first_message_ever_to_somebody_who_arrives_in_the_same_turn() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ana.ask(c.PostDirect("ben", "before"))
        ben = chat.open("ben")
        ana.ask(c.PostDirect("ben", "after"))
        carl = chat.open("carl")
        ana.ask(c.PostDirect("carl", "hello"))
        await chat.settle()
        assert (messages_to(ben), await missed_by(ben)) == (["after"], ["before"])
        assert (messages_to(carl), await missed_by(carl)) == (["hello"], [])


@in_virtual_time
async def test_of_many_missed_messages_the_newest_are_told() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        for number in range(MISSED + 20):
            ana.ask(c.PostDirect("ben", str(number)))
        await chat.settle()
        ben = await chat.enter("ben")
        assert await missed_by(ben) == [str(number) for number in range(20, MISSED + 20)]
        assert await missed_by(ben) == []


@in_virtual_time
async def test_ones_own_and_deleted_messages_are_not_missed() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ben = await chat.enter("ben")
        ben.ask(c.PostDirect("ana", "to ana"))
        await settle(chat.engine)
        chat.store.failure = FULL
        chat.gateway.close(ben.session, LeaveReason.QUIT)
        await chat.settle()
        chat.store.failure = None
        await asyncio.sleep(2.0)
        ana.ask(c.PostDirect("ben", "oops"))
        await chat.settle()
        said = ana.answers[-1]
        assert isinstance(said, Done)
        ana.ask(c.DeleteMessage(said.entries[-1].id))
        ana.ask(c.PostDirect("ben", "kept"))
        await chat.settle()
        again = await chat.enter("ben")
        assert await missed_by(again) == ["kept"]


@in_virtual_time
async def test_another_nick_has_other_conversations() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        ana.ask(c.PostDirect("ben", "to ben"))
        ana.ask(c.PostDirect("bill", "to bill"))
        await chat.settle()
        ben.hear_anew()
        ben.ask(c.ChangeNick("bill"))
        await chat.settle()
        assert await missed_by(ben) == ["to bill"]
        ben.hear_anew()
        ana.ask(c.PostDirect("ben", "still for ben"))
        ana.ask(c.PostDirect("bill", "for bill"))
        await chat.settle()
        assert last_words(ben) == ["bill"]
        ben.ask(c.ChangeNick("ben"))
        await chat.settle()
        assert await missed_by(ben) == ["still for ben"]


@in_virtual_time
async def test_what_was_told_under_one_name_is_told_again_under_the_other() -> None:
    # A conversation of Ana's and Ben's is read by each name for itself, whoever has it.
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ana.ask(c.PostDirect("ben", "one"))
        await chat.settle()
        assert await missed_by(ana) == []
        ana.ask(c.ChangeNick("ben"))
        await chat.settle()
        assert await missed_by(ana) == ["one"]


@in_virtual_time
async def test_who_takes_a_nick_in_the_turn_of_a_message_hears_or_misses_it() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        ana.ask(c.PostDirect("bill", "old"))
        await chat.settle()
        ben.hear_anew()
        ana.ask(c.PostDirect("bill", "before"))
        ben.ask(c.ChangeNick("bill"))
        ana.ask(c.PostDirect("bill", "after"))
        await chat.settle()
        assert last_words(ben)[-1] == "after"
        assert "before" not in last_words(ben)
        assert await missed_by(ben) == ["old", "before"]


@in_virtual_time
async def test_nothing_is_kept_for_guests_and_they_miss_nothing() -> None:
    async with Chat() as chat:
        ana, guest = await chat.enter("ana"), await chat.enter()
        me = chat.gateway.me(guest.session)
        assert me is not None
        ana.ask(c.PostDirect(me.person.nick, "hello"))
        await chat.settle()
        assert messages_to(guest) == ["hello"]
        assert await missed_by(guest) == []


@in_virtual_time
async def test_a_conversation_of_guests_that_ends_as_it_begins_was_heard() -> None:
    # Once both have taken names nobody can come back to it, and it is gone.
    async with Chat() as chat:
        one, two = await chat.enter(), await chat.enter()
        nick = chat.gateway.me(two.session)
        assert nick is not None
        one.hear_anew()
        one.ask(c.PostDirect(nick.person.nick, "hello"))
        two.ask(c.ChangeNick("ben"))
        one.ask(c.ChangeNick("ana"))
        await chat.settle()
        assert [line for line in two.heard if line.startswith("direct")] == [
            "direct 1 RoomCreated guest1001",
            "direct 2 MessagePosted guest1001 hello",
        ]
        assert [line for line in one.heard if line.startswith("direct")] == []
        assert not chat.engine.world.directs


@in_virtual_time
async def test_missed_messages_that_can_not_be_read_are_told_another_time() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ana.ask(c.PostDirect("ben", "one"))
        await chat.settle()
        ben = await chat.enter("ben")
        chat.store.read_failure = FULL
        with pytest.raises(e.Refused) as refused:
            await chat.gateway.missed(ben.session)
        assert refused.value.refusal == e.HistoryDamaged()
        chat.store.read_failure = None
        assert await missed_by(ben) == ["one"]
