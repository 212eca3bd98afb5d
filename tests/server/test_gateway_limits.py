"""The gateway's bounds: how fast, how much at once, and whom one does not want to hear."""

from __future__ import annotations

import asyncio

import pytest

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.events import LeaveReason
from tertulia.server import gateway as gateway_module
from tertulia.server.gateway import GatewaySettings
from tertulia.server.limits import Rate
from tertulia.server.readings import IN_FLIGHT
from tests.server.driving import (
    Chat,
    last_words,
    messages_to,
    say,
)
from tests.server.virtual import in_virtual_time

# Ignoring


@in_virtual_time
async def test_an_ignored_person_is_not_heard_in_rooms_nor_directly() -> None:
    async with Chat() as chat:
        ana, troll = await chat.enter("ana"), await chat.enter("troll")
        ana.hear_anew()
        assert chat.gateway.ignore(ana.session, "TROLL") is None
        assert chat.gateway.ignored(ana.session) == ["troll"]
        troll.say("one")
        troll.ask(c.PostDirect("ana", "two"))
        troll.ask(c.CreateRoom("tea"))
        ana.ask(c.JoinRoom("tea"))
        await chat.settle()
        await say(troll, "three")
        assert messages_to(ana) == []
        assert chat.gateway.unignore(ana.session, "troll") is None
        await say(troll, "four")
        assert messages_to(ana) == ["four"]
        assert chat.gateway.ignored(ana.session) == []


@in_virtual_time
async def test_ignoring_follows_a_person_to_another_nick_and_a_nick_to_another_person() -> None:
    async with Chat() as chat:
        ana, troll = await chat.enter("ana"), await chat.enter("troll")
        chat.gateway.ignore(ana.session, "troll")
        troll.ask(c.ChangeNick("angel"))
        await chat.settle()
        ana.hear_anew()
        await say(troll, "hello")
        chat.gateway.close(troll.session, LeaveReason.QUIT)
        back = await chat.enter("troll")
        ana.hear_anew()
        await say(back, "hello")
        assert ana.heard == []
        assert chat.gateway.unignore(ana.session, "troll") is None
        await say(back, "again")
        assert last_words(ana) == ["again"]


@in_virtual_time
async def test_nobody_ignores_themselves_or_somebody_who_is_not_there() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        assert chat.gateway.ignore(ana.session, "Ana") == e.ToYourself()
        assert chat.gateway.ignore(ana.session, "no\x1b[31mbody") == e.NoSuchUser("nobody")
        assert chat.gateway.unignore(ana.session, "nobody") == e.NoSuchUser("nobody")


# Limits


LIMITS = GatewaySettings(messages=Rate(2, 1.0), actions=Rate(3, 0.5))


@in_virtual_time
async def test_who_is_too_fast_is_told_how_long_to_wait() -> None:
    async with Chat(settings=LIMITS) as chat:
        ana = await chat.enter("ana")
        assert [ana.say(str(number)) for number in range(3)] == [None, None, e.RateLimited(1.0)]
        chat.seconds += 1.0
        assert ana.say("3") is None
        await chat.settle()
        assert len(ana.answers) == 3


@in_virtual_time
async def test_messages_and_other_commands_are_limited_apart() -> None:
    async with Chat(settings=LIMITS) as chat:
        ana = await chat.enter("ana")
        for number in range(2):
            ana.say(str(number))
        asked = [ana.ask(c.SetAway(str(number))) for number in range(4)]
        assert asked == [None, None, None, e.RateLimited(2.0)]


@in_virtual_time
async def test_reading_counts_as_a_command() -> None:
    async with Chat(settings=LIMITS) as chat:
        ana = await chat.enter("ana")
        await chat.gateway.history(ana.session, chat.lobby)
        await chat.gateway.search(ana.session, "word")
        await chat.gateway.search(ana.session, "word")
        with pytest.raises(e.Refused) as refused:
            await chat.gateway.history(ana.session, chat.lobby)
        assert refused.value.refusal == e.RateLimited(2.0)


@in_virtual_time
async def test_a_session_may_not_have_too_much_under_way() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        chat.store.gate = asyncio.Event()
        answers = [ana.say("hello") for _ in range(IN_FLIGHT + 1)]
        assert answers == [*[None] * IN_FLIGHT, e.RateLimited(0.1)]
        with pytest.raises(e.Refused):
            await chat.gateway.history(ana.session, chat.lobby)
        assert ben.say("hello") is None
        chat.store.gate.set()
        await chat.settle()
        assert ana.say("again") is None


@in_virtual_time
async def test_all_together_may_not_have_too_much_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway_module, "INBOX", 10)
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        chat.store.gate = asyncio.Event()
        ana.say("first")
        await asyncio.sleep(0)
        for number in range(10):
            assert ana.say(str(number)) is None
        assert ben.say("hello") == e.RateLimited(0.1)
        carl = chat.open("carl")
        assert carl.answers == []
        await asyncio.sleep(0)
        assert carl.answers == [e.StoreUnavailable()]
        chat.gateway.close(carl.session, LeaveReason.LOST)
        chat.store.gate.set()
        await chat.settle()
        assert ben.say("hello") is None
