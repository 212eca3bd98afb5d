"""Tests of losing a connection and coming back: nothing missed, nothing doubled."""

from __future__ import annotations

import random

import pytest

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.events import Entry, LeaveReason, MemberLeft
from tertulia.core.ids import RoomId
from tertulia.ports import Client, Place, Resumed, SessionView, StoreDamaged
from tertulia.server.hub import HubSettings
from tests.server.driving import Chat, FakeView, Guest
from tests.server.virtual import in_virtual_time

CLIENT = Client("events", "127.0.0.1:60000", "127.0.0.1")


async def resume(guest: Guest, token: str, view: SessionView | None = None) -> Resumed:
    """Come back to a session."""
    view = view or FakeView(guest.chat.wire, echoes=True)
    resumed = guest.chat.gateway.resume(token, CLIENT, view)
    assert isinstance(resumed, Resumed), resumed
    if isinstance(view, FakeView):
        view.session = resumed.session
        guest.view = view
    return resumed


def place_of(resumed: Resumed, room: RoomId) -> Place:
    [found] = [place for place in resumed.places if place.room.id == room]
    return found


def refusal(chat: Chat, token: str) -> e.Refusal:
    refused = chat.gateway.resume(token, CLIENT, FakeView(chat.wire))
    assert isinstance(refused, e.Refusal)
    return refused


def leavings(chat: Chat) -> list[MemberLeft]:
    return [entry.event for entry in kept(chat) if isinstance(entry.event, MemberLeft)]


def kept(chat: Chat) -> list[Entry]:
    return [entry for turn in chat.store.appends for entry in turn]


# Being away


@in_virtual_time
async def test_who_lost_the_connection_stays_in_their_rooms_and_nobody_is_told() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        ana.hear_anew()
        chat.gateway.detach(ana.session, LeaveReason.LOST, 60.0)
        bob.say("where is ana?")
        await chat.settle()
        assert chat.gateway.me(ana.session) is not None
        assert ana.heard == []
        assert leavings(chat) == []


@in_virtual_time
async def test_who_does_not_come_back_leaves_once_for_the_reason_there_was() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        token = chat.gateway.issue_token(ana.session)
        chat.gateway.detach(ana.session, LeaveReason.TOO_SLOW, 60.0)
        chat.gateway.detach(ana.session, LeaveReason.LOST, 60.0)
        for _ in range(61):
            await chat.settle()
        assert [left.reason for left in leavings(chat)] == [LeaveReason.TOO_SLOW]
        assert [line for line in bob.heard if "MemberLeft" in line]
        assert refusal(chat, token) == e.ResumeFailed()


@in_virtual_time
async def test_who_was_not_online_yet_or_may_not_come_back_is_gone_at_once() -> None:
    async with Chat() as chat:
        ana, early = await chat.enter("ana"), chat.open("early")
        chat.gateway.detach(early.session, LeaveReason.LOST, 60.0)
        chat.gateway.detach(ana.session, LeaveReason.LOST, 0.0)
        await chat.settle()
        assert chat.gateway.me(early.session) is None
        assert chat.gateway.me(ana.session) is None


@in_virtual_time
async def test_when_the_chat_ends_those_who_are_away_leave_with_everybody() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        token = chat.gateway.issue_token(ana.session)
        chat.gateway.detach(ana.session, LeaveReason.LOST, 60.0)
        chat.gateway.evict_all()
        assert refusal(chat, token) == e.ResumeFailed()
        await chat.settle()
        assert [left.reason for left in leavings(chat)] == [LeaveReason.SHUTDOWN]
        late = await chat.enter("late")
        chat.gateway.detach(late.session, LeaveReason.LOST, 60.0)


# Coming back


@in_virtual_time
async def test_who_comes_back_hears_what_is_published_from_then_on_and_can_read_the_rest() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        token = chat.gateway.issue_token(ana.session)
        chat.gateway.detach(ana.session, LeaveReason.LOST, 60.0)
        bob.say("one")
        bob.say("two")
        await chat.settle()
        resumed = await resume(ana, token)
        bob.say("three")
        await chat.settle()
        place = place_of(resumed, chat.lobby)
        assert (place.room.name, place.head) == ("lobby", 5)
        missed = await chat.gateway.entries_since(
            resumed.session, chat.lobby, after=3, until=place.head
        )
        assert [entry.seq for entry in missed] == [4, 5]
        assert [line.split()[-1] for line in ana.heard] == ["three"]
        assert resumed.session is ana.session
        assert resumed.session.client == CLIENT


@in_virtual_time
async def test_what_a_crowd_has_waiting_is_not_doubled() -> None:
    async with Chat(hub=HubSettings(crowd=1, crowd_delay=5.0)) as chat:
        ana = await chat.enter("ana")
        token = chat.gateway.issue_token(ana.session)
        chat.gateway.detach(ana.session, LeaveReason.LOST, 60.0)
        chat.open("bob")
        await chat.settle()
        resumed = await resume(ana, token)
        assert place_of(resumed, chat.lobby).head == 3
        for _ in range(6):
            await chat.settle()
        assert ana.heard == []


@in_virtual_time
async def test_the_connection_that_still_stands_is_replaced() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        ana.hear_anew()
        token, before = chat.gateway.issue_token(ana.session), ana.view
        await resume(ana, token)
        bob.say("hi")
        await chat.settle()
        assert before.evictions == [e.SessionReplaced()]
        assert before.outbox.lines == []
        assert len(ana.heard) == 1
        assert leavings(chat) == []


@in_virtual_time
async def test_a_token_counts_until_its_successor_has_arrived() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        first = chat.gateway.issue_token(ana.session)
        await resume(ana, first)
        second = chat.gateway.issue_token(ana.session)
        await resume(ana, first)
        third = chat.gateway.issue_token(ana.session)
        assert refusal(chat, second) == e.ResumeFailed()
        chat.gateway.confirm_token(ana.session)
        assert refusal(chat, first) == e.ResumeFailed()
        await resume(ana, third)


@in_virtual_time
async def test_what_was_asked_for_before_is_answered_to_the_new_view() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        token = chat.gateway.issue_token(ana.session)
        ana.ask(c.PostMessage(chat.lobby, "late"), request=7)
        chat.gateway.detach(ana.session, LeaveReason.LOST, 60.0)
        resumed = await resume(ana, token)
        await chat.settle()
        assert place_of(resumed, chat.lobby).head == 2
        assert ana.heard == ["own lobby 3 MessagePosted ana late"]
        assert ana.view.requests == [7]


@in_virtual_time
async def test_a_room_entered_or_left_while_away_is_known_on_coming_back() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        dev = await chat.room(bob, "dev", ana)
        token = chat.gateway.issue_token(ana.session)
        ana.ask(c.LeaveRoom(dev))
        ana.ask(c.CreateRoom("new"))
        chat.gateway.detach(ana.session, LeaveReason.LOST, 60.0)
        await chat.settle()
        resumed = await resume(ana, token)
        assert [place.room.name for place in resumed.places] == ["lobby", "new"]
        assert ana.session.current == resumed.places[1].room.id
        ana.say("hello")
        await chat.settle()
        assert ana.heard == ["own new 3 MessagePosted ana hello"]


# What can be read


@in_virtual_time
async def test_only_who_is_in_a_room_reads_its_log() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        dev = await chat.room(bob, "dev")
        with pytest.raises(e.Refused):
            await chat.gateway.entries_since(ana.session, dev, after=0, until=1)


@in_virtual_time
async def test_a_log_that_is_not_all_there_is_refused() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        with pytest.raises(e.Refused):
            await chat.gateway.entries_since(ana.session, chat.lobby, after=1, until=9)
        chat.store.read_failure = StoreDamaged("damaged")
        with pytest.raises(e.Refused):
            await chat.gateway.entries_since(ana.session, chat.lobby, after=1, until=2)


@in_virtual_time
async def test_whom_one_ignores_is_left_out_of_what_was_missed() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        chat.gateway.ignore(ana.session, "bob")
        token = chat.gateway.issue_token(ana.session)
        chat.gateway.detach(ana.session, LeaveReason.LOST, 60.0)
        bob.say("psst")
        bob.ask(c.ChangeNick("bert"))
        await chat.settle()
        resumed = await resume(ana, token)
        missed = await chat.gateway.entries_since(resumed.session, chat.lobby, after=3, until=5)
        assert [type(entry.event).__name__ for entry in missed] == ["MemberRenamed"]


# Direct conversations


@in_virtual_time
async def test_a_direct_message_while_away_is_among_what_was_missed() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        token = chat.gateway.issue_token(ana.session)
        chat.gateway.detach(ana.session, LeaveReason.LOST, 60.0)
        bob.ask(c.PostDirect("ana", "psst"))
        await chat.settle()
        resumed = await resume(ana, token)
        [direct] = [place for place in resumed.places if place.room.parties]
        assert (direct.since, direct.head) == (0, 2)
        bob.ask(c.PostDirect("ana", "again"))
        await chat.settle()
        assert [line.split()[-1] for line in ana.heard] == ["again"]
        assert await chat.gateway.missed(ana.session) == []


@in_virtual_time
async def test_a_direct_message_to_one_who_never_comes_back_is_told_at_the_next_login() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        bob.ask(c.PostDirect("ana", "first"))
        await chat.settle()
        chat.gateway.detach(ana.session, LeaveReason.LOST, 60.0)
        bob.ask(c.PostDirect("ana", "psst"))
        for _ in range(62):
            await chat.settle()
        again = await chat.enter("ana")
        missed = await chat.gateway.missed(again.session)
        assert [message.text for message in missed] == ["psst"]


@in_virtual_time
async def test_a_conversation_is_heard_from_where_one_came_in() -> None:
    async with Chat() as chat:
        bob = await chat.enter("bob")
        bob.ask(c.PostDirect("ana", "one"))
        bob.ask(c.PostDirect("ana", "two"))
        await chat.settle()
        ana = chat.open("ana")
        bob.ask(c.PostDirect("ana", "in the same turn"))
        await chat.settle()
        token = chat.gateway.issue_token(ana.session)
        chat.gateway.detach(ana.session, LeaveReason.LOST, 60.0)
        resumed = await resume(ana, token)
        [direct] = [place for place in resumed.places if place.room.parties]
        assert (direct.since, direct.head) == (3, 4)
        [one] = chat.gateway.conversations(ana.session)
        assert (one.nick, one.room) == ("bob", direct.room)


@in_virtual_time
async def test_a_conversation_has_the_name_of_the_other_one_as_far_as_it_is_known() -> None:
    async with Chat() as chat:
        ana, guest = await chat.enter("ana"), await chat.enter()
        ana.ask(c.PostDirect("Carla", "later"))
        me = chat.gateway.me(guest.session)
        assert me is not None
        ana.ask(c.PostDirect(me.person.nick, "now"))
        await chat.settle()
        names = [one.nick for one in chat.gateway.conversations(ana.session)]
        assert sorted(names) == sorted(["carla", me.person.nick])
        chat.gateway.close(guest.session, LeaveReason.QUIT)
        await chat.settle()
        assert "" in [one.nick for one in chat.gateway.conversations(ana.session)]
        assert chat.gateway.conversations(guest.session) == []


# Keys


@in_virtual_time
async def test_a_message_sent_again_with_its_key_is_kept_once() -> None:
    async with Chat() as chat:
        ana, bob = await chat.enter("ana"), await chat.enter("bob")
        send = c.PostMessage(chat.lobby, "hi")
        for _ in range(2):
            refused = chat.gateway.submit(ana.session, send, ana.answers.append, key="k")
            assert refused is None
        await chat.settle()
        token = chat.gateway.issue_token(ana.session)
        chat.gateway.detach(ana.session, LeaveReason.LOST, 60.0)
        await resume(ana, token)
        chat.gateway.submit(ana.session, send, ana.answers.append, key="k")
        await chat.settle()
        assert bob.heard == ["lobby 4 MessagePosted ana hi"]
        repeats = [getattr(answer, "is_repeat", None) for answer in ana.answers]
        assert repeats == [False, True, True]


# All of it at once


@pytest.mark.parametrize("seed", range(12))
def test_whoever_comes_and_goes_in_a_storm_has_heard_exactly_what_was_said(seed: int) -> None:
    @in_virtual_time
    async def storm() -> None:
        dice = random.Random(seed)
        async with Chat(hub=HubSettings(crowd=2, crowd_delay=0.5, room_share=seed % 2)) as chat:
            ana = await chat.enter("ana", view=FakeView(chat.wire, echoes=True))
            others = [await chat.enter(f"user{number}") for number in range(3)]
            dev = await chat.room(others[0], "dev", ana, *others[1:])
            rooms = (chat.lobby, dev)
            heads = chat.engine.world.heads
            heard: dict[RoomId, list[int]] = {room: [] for room in rooms}
            start = {room: heads[room] for room in rooms}
            names = {"lobby": chat.lobby, "dev": dev}
            token = chat.gateway.issue_token(ana.session)

            def take(lines: list[str]) -> None:
                for line in lines:
                    words = line.removeprefix("own ").split()
                    heard[names[words[0]]].append(int(words[1]))

            for step in range(60):
                for _ in range(dice.randrange(4)):
                    dice.choice([ana, *others]).say(str(step), dice.choice(rooms))
                if dice.random() < 0.2:
                    chat.open(f"extra{step}")
                if dice.random() < 0.3:
                    await chat.settle()
                if dice.random() < 0.5:
                    continue
                take(ana.heard)
                if dice.random() < 0.7:
                    chat.gateway.detach(ana.session, LeaveReason.LOST, 60.0)
                    if dice.random() < 0.5:
                        await chat.settle()
                resumed = await resume(ana, token)
                token = chat.gateway.issue_token(ana.session)
                for room in rooms:
                    place = place_of(resumed, room)
                    after = heard[room][-1] if heard[room] else start[room]
                    missed = await chat.gateway.entries_since(
                        ana.session, room, after=after, until=place.head
                    )
                    heard[room] += [entry.seq for entry in missed]
            await chat.settle()
            take(ana.heard)
            for room in rooms:
                assert heard[room] == list(range(start[room] + 1, heads[room] + 1))

    storm()
