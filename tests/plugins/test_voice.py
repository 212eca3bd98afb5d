"""The user that a plugin speaks as: how it comes online, and that nothing is ever sent to it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.commands import PostMessage
from tertulia.core.events import Announced
from tertulia.core.ids import RoomId
from tertulia.plugins import chat as chat_module
from tertulia.plugins.voice import Voice, ask
from tests.fakes import FakeGateway
from tests.plugins.hall import Hall


def refused(gateway: FakeGateway, refusal: e.Refusal | None) -> FakeGateway:
    gateway.arrival = refusal
    return gateway


async def test_it_comes_online_once_for_all_who_ask_at_once() -> None:
    gateway = FakeGateway()
    gateway.answers_later = True
    voice = Voice(gateway, "dice")
    assert (voice.user, voice.identity) == (None, "")
    asking = [asyncio.create_task(voice.session()) for _ in range(3)]
    await asyncio.sleep(0)
    gateway.answer_all()
    sessions = await asyncio.gather(*asking)
    assert len({id(session) for session in sessions}) == 1
    assert await voice.session() is sessions[0]
    assert [user.person.nick for user in gateway.users()] == ["dice"]
    assert voice.identity == "n:dice"


@pytest.mark.parametrize("refusal", [e.ShuttingDown(), e.StoreUnavailable()])
async def test_when_nobody_can_come_online_it_says_why_and_tries_again_next_time(
    refusal: e.Refusal,
) -> None:
    gateway = refused(FakeGateway(), refusal)
    voice = Voice(gateway, "dice")
    with pytest.raises(e.Refused) as caught:
        await voice.session()
    assert caught.value.refusal == refusal
    refused(gateway, None)
    assert (await voice.session()).user == voice.user


async def test_it_is_online_even_where_the_main_room_can_t_be_entered() -> None:
    gateway = FakeGateway()
    gateway.arrival_room = e.StoreUnavailable()
    voice = Voice(gateway, "dice")
    session = await voice.session()
    assert gateway.me(session) is not None
    lobby = gateway.rooms()[0].id
    await voice.enter(lobby)
    await voice.enter(lobby)
    done = await voice.submit(PostMessage(lobby, "hello"))
    assert len(done.entries) == 1


async def test_what_it_may_not_do_is_refused() -> None:
    gateway = FakeGateway()
    voice = Voice(gateway, "dice")
    with pytest.raises(e.Refused) as caught:
        await voice.submit(PostMessage(RoomId(7), "hello"))
    assert caught.value.refusal == e.UnknownRoom()
    gateway.submit(gateway.enter(), c.CreateRoom("tea"))
    other = gateway.rooms()[-1]
    gateway.refusal = e.RateLimited(1.0)
    with pytest.raises(e.Refused) as caught:
        await voice.enter(other.id)
    assert caught.value.refusal == e.RateLimited(1.0)


async def test_who_is_evicted_is_gone_until_there_is_something_to_say() -> None:
    gateway = FakeGateway()
    voice = Voice(gateway, "dice")
    for refusal in (e.ShuttingDown(), None):
        await voice.session()
        voice.evict(refusal)
        assert (voice.user, list(gateway.users())) == (None, [])
    voice.close()


async def test_nothing_is_ever_written_for_it() -> None:
    gateway = FakeGateway()
    voice = Voice(gateway, "dice")
    session = await voice.session()
    entry, room = gateway.log[-1], gateway.rooms()[0]
    wire = voice.format_for(room)
    assert wire is voice.format_for(None)
    assert wire.encode(entry, room) + wire.join([entry], [b""], room) == b""
    assert wire.encode_signal(Announced("x"), None) + voice.encode_own(entry, room, None) == b""
    voice.outbox.push(b"lost")
    assert session.user == voice.user


async def test_coming_and_going_can_t_be_asked_for() -> None:
    gateway = FakeGateway()
    with pytest.raises(TypeError, match="no plugin can ask for Connect"):
        await ask(gateway, gateway.enter(), c.Connect(gateway.enter().user, "x"))


async def test_too_much_asked_of_the_chat_at_once_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_module, "ASKED", 0)
    hall = Hall(tmp_path)
    hall.write(
        "asks",
        """
        @command(description="Asks.")
        async def ask(call) -> str:
            return str(await call.chat.rooms())
        """,
    )
    async with hall:
        ana = await hall.enter("ana")
        assert await hall.typed(ana, "/ask") == [e.RateLimited(1.0)]
