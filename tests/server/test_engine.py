"""The engine: turns, in which everything is decided in order, stored together and then told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from typing_extensions import override

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.events import (
    MemberJoined,
    MemberLeft,
    MessagePosted,
    RoomCreated,
    RoomDeleted,
    TopicChanged,
)
from tertulia.core.ids import UserId
from tertulia.core.policy import Policy
from tertulia.core.state import World
from tertulia.ports import Answer, Done, StoreUnavailable
from tertulia.server.engine import LARGEST_TURN, MOST_ENTRANCES, Engine, Submission
from tests.server.driving import NOON, settle, until
from tests.server.faulty import FaultyStore
from tests.server.turning import ANA, BEN, FULL, Listening, Running, said
from tests.server.virtual import in_virtual_time


async def test_commands_submitted_together_are_stored_in_one_append() -> None:
    chat = Running()
    lobby = await chat.begin()
    for number in range(3):
        chat.ask(ANA, c.PostMessage(lobby, f"word {number}"))
    await settle(chat.engine)
    (kept,) = chat.store.appends
    assert [entry.event.text for entry in kept if isinstance(entry.event, MessagePosted)] == [
        "word 0",
        "word 1",
        "word 2",
    ]
    assert chat.told.entries == kept
    await chat.end()


async def test_an_answer_holds_the_entries_of_its_own_command_alone() -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.ask(ANA, c.PostMessage(lobby, "one"))
    chat.ask(ANA, c.SetTopic(lobby, "two"))
    await settle(chat.engine)
    kinds = [
        [type(entry.event) for entry in answer.entries]
        for answer in chat.answers
        if isinstance(answer, Done)
    ]
    assert kinds == [[MessagePosted], [TopicChanged]]
    await chat.end()


async def test_an_answer_shows_the_room_as_it_was_right_after_entering() -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.ask(BEN, c.Connect(BEN, "ben:1", "ben"))
    chat.ask(BEN, c.JoinRoom(lobby))
    chat.ask(ANA, c.SetTopic(lobby, "later"))
    await settle(chat.engine)
    entered = chat.answers[1]
    assert isinstance(entered, Done)
    assert entered.room is not None
    assert (entered.room.topic, set(entered.room.members)) == ("", {ANA, BEN})
    await chat.end()


async def test_a_command_sees_what_those_before_it_in_the_same_turn_led_to() -> None:
    chat = Running()
    await chat.begin()
    chat.ask(BEN, c.Connect(BEN, "ben:1", "ANA"))
    chat.ask(ANA, c.ChangeNick("carol"))
    chat.ask(BEN, c.Connect(BEN, "ben:1", "ana"))
    await settle(chat.engine)
    assert chat.refusals == [e.NickInUse("ANA", "ANA2")]
    assert len(chat.store.appends) == 1
    await chat.end()


async def test_what_a_turn_led_to_is_not_told_before_it_is_stored() -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.store.gate = asyncio.Event()
    chat.ask(ANA, c.PostMessage(lobby, "hello"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert (chat.told.turns, chat.answers, chat.engine.recent.get(lobby)) == ([], [], None)
    assert chat.engine.world.heads[lobby] == 2
    chat.store.gate.set()
    await settle(chat.engine)
    assert [type(entry.event) for entry in chat.told.entries] == [MessagePosted]
    await chat.end()


async def test_while_a_turn_is_stored_the_next_one_gathers() -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.store.gate = asyncio.Event()
    for number in range(4):
        chat.ask(ANA, c.PostMessage(lobby, str(number)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert chat.engine.waiting == 3
    chat.store.gate.set()
    await settle(chat.engine)
    assert [len(kept) for kept in chat.store.appends] == [1, 3]
    assert [entry.seq for entry in chat.told.entries] == [3, 4, 5, 6]
    await chat.end()


async def test_a_turn_lets_only_so_many_into_rooms_and_keeps_the_order() -> None:
    chat = Running()
    lobby = await chat.begin()
    people = [UserId(number) for number in range(100, 101 + MOST_ENTRANCES)]
    for person in people:
        chat.ask(person, c.Connect(person, "x:1"))
        chat.ask(person, c.JoinRoom(lobby))
        chat.ask(person, c.PostMessage(lobby, "hello"))
    await settle(chat.engine)
    assert [len(kept) for kept in chat.store.appends] == [2 * MOST_ENTRANCES, 2]
    said = [entry.event for entry in chat.told.entries if isinstance(entry.event, MessagePosted)]
    assert [event.author.id for event in said] == people
    await chat.end()


async def test_a_turn_has_a_bound() -> None:
    chat = Running()
    lobby = await chat.begin()
    for number in range(LARGEST_TURN + 1):
        chat.ask(ANA, c.PostMessage(lobby, str(number)))
    await settle(chat.engine)
    assert [len(kept) for kept in chat.store.appends] == [LARGEST_TURN, 1]
    await chat.end()


# Commands about earlier messages


async def test_many_commands_about_one_message_take_one_turn() -> None:
    chat = Running()
    lobby = await chat.begin()
    target = await said(chat, lobby, "what do you think?")
    for number in range(5):
        chat.ask(ANA, c.AddReaction(target, f"r{number}"))
        chat.ask(ANA, c.PostMessage(lobby, "this", reply_to=target))
    await settle(chat.engine)
    assert [len(kept) for kept in chat.store.appends] == [10]
    await chat.end()


async def test_commands_about_one_message_see_each_other() -> None:
    chat = Running()
    lobby = await chat.begin()
    target = await said(chat, lobby, "one")
    chat.ask(ANA, c.AddReaction(target, "+1"))
    chat.ask(ANA, c.AddReaction(target, "+1"))
    chat.ask(ANA, c.EditMessage(target, "two"))
    chat.ask(ANA, c.EditMessage(target, "two"))
    chat.ask(ANA, c.DeleteMessage(target))
    chat.ask(ANA, c.EditMessage(target, "three"))
    await settle(chat.engine)
    assert [len(answer.entries) for answer in chat.answers if isinstance(answer, Done)] == [
        *(1, 1),
        *(0, 1),
    ]
    assert chat.refusals == [e.AlreadyReacted("+1"), e.MessageGone()]
    await chat.end()


@pytest.mark.parametrize("failure", [FULL, OSError("a fault of the store's")])
async def test_without_a_look_at_the_message_commands_about_it_are_refused_alone(
    failure: Exception,
) -> None:
    chat = Running()
    lobby = await chat.begin()
    target = await said(chat, lobby, "one")
    chat.store.read_failure = failure
    chat.ask(ANA, c.EditMessage(target, "two"))
    chat.ask(ANA, c.PostMessage(lobby, "hello"))
    chat.ask(ANA, c.PostMessage(lobby, "yes", reply_to=target))
    await settle(chat.engine)
    assert chat.refusals == [e.HistoryDamaged()] * 2
    assert [type(entry.event) for entry in chat.told.entries] == [MessagePosted]
    await chat.end()


@in_virtual_time
async def test_a_turn_does_not_wait_for_ever_for_a_look_at_a_message() -> None:
    chat = Running()
    lobby = await chat.begin()
    target = await said(chat, lobby, "one")
    chat.store.read_gate = asyncio.Event()
    chat.ask(ANA, c.EditMessage(target, "two"))
    chat.ask(ANA, c.PostMessage(lobby, "hello"))
    await settle(chat.engine)
    assert chat.refusals == [e.HistoryDamaged()]
    assert [type(entry.event) for entry in chat.told.entries] == [MessagePosted]
    await chat.end()


async def test_an_edit_that_changes_nothing_is_done_even_though_the_store_fails() -> None:
    chat = Running()
    lobby = await chat.begin()
    target = await said(chat, lobby, "one")
    chat.store.failure = FULL
    chat.ask(ANA, c.EditMessage(target, "one"))
    chat.ask(ANA, c.PostMessage(lobby, "hello"))
    await settle(chat.engine)
    assert chat.answers == [Done(), e.StoreUnavailable()]
    await chat.end()


# The beginning and the end


async def test_the_end_comes_after_everything_that_was_submitted() -> None:
    chat = Running()
    lobby = await chat.begin()
    for number in range(LARGEST_TURN + 5):
        chat.ask(ANA, c.PostMessage(lobby, str(number)))
    await chat.end()
    assert len(chat.answers) == LARGEST_TURN + 5
    assert chat.refusals == []


async def test_the_engine_lets_the_loop_turn_even_if_the_store_never_waits() -> None:
    chat = Running()
    lobby = await chat.begin()
    turns = 0

    def again(answer: Answer) -> None:
        if turns < 50:
            chat.engine.submit(Submission(ANA, c.PostMessage(lobby, "on"), on_answer=again))

    again(Done())
    for _ in range(120):
        await asyncio.sleep(0)
        turns += 1
    await until(lambda: chat.engine.waiting == 0)
    assert turns == 120
    await chat.end()


async def test_a_crash_leaves_nobody_inside() -> None:
    chat = Running()
    lobby = await chat.begin()
    chat.ask(ANA, c.CreateRoom("tea"))
    await settle(chat.engine)
    assert chat.task is not None
    chat.task.cancel()

    again = Running(chat.store)
    await again.engine.recover(await chat.store.open())
    world = again.engine.world
    assert not world.rooms[lobby].members
    assert world.room_named("tea") is None
    assert [type(entry.event) for entry in chat.store.appends[-1]] == [
        MemberLeft,
        MemberLeft,
        RoomDeleted,
    ]


async def test_recovery_goes_on_where_the_log_ended() -> None:
    chat = Running()
    lobby = await chat.begin()
    last = await said(chat, lobby, "one")
    await chat.end()

    again = Running(chat.store)
    again.engine.now_ms = lambda: NOON - 86_400_000
    await again.engine.recover(await chat.store.open())
    entries = await chat.store.read_log(lobby)
    assert [type(entry.event) for entry in entries] == [
        RoomCreated,
        MemberJoined,
        MessagePosted,
        MemberLeft,
    ]
    assert entries[-1].id > last
    assert [message.text for message in again.engine.recent[lobby].newest(10)] == ["one"]


async def test_a_store_that_fails_at_the_start_is_no_beginning() -> None:
    store = FaultyStore()
    store.failure = FULL
    engine = Engine(store, Policy(), lambda: NOON)
    with pytest.raises(StoreUnavailable):
        await engine.recover(await store.open())


async def test_a_deleted_room_leaves_nothing_at_hand() -> None:
    chat = Running()
    await chat.begin()
    chat.ask(ANA, c.CreateRoom("tea"))
    await settle(chat.engine)
    tea = chat.engine.world.room_names["tea"]
    await said(chat, tea, "hello")
    chat.ask(ANA, c.DeleteRoom(tea))
    await settle(chat.engine)
    assert tea not in chat.engine.recent
    assert tea not in {stored.state.id for stored in chat.engine.stored_rooms()}
    await chat.end()


async def test_what_was_erased_is_not_at_hand_any_more() -> None:
    chat = Running()
    lobby = await chat.begin()
    await said(chat, lobby, "old")
    new = await said(chat, lobby, "new")
    chat.engine.forget_before(new)
    assert [message.text for message in chat.engine.recent[lobby].newest(10)] == ["new"]
    await chat.end()


class Deaf(Listening):
    @override
    def turn_kept(self, submissions: Sequence[Submission], world: World) -> None:
        raise RuntimeError("a bug")


async def test_a_fault_of_the_audience_ends_the_turns_for_all_to_see() -> None:
    store = FaultyStore()
    engine = Engine(store, Policy(), lambda: NOON)
    await engine.recover(await store.open())
    engine.submit(Submission(ANA, c.Connect(ANA, "ana:1", "ana")))
    with pytest.raises(RuntimeError, match="a bug"):
        await engine.run(Deaf())


async def test_statistics_count_what_was_done() -> None:
    chat = Running()
    lobby = await chat.begin()
    before = chat.engine.statistics()
    await said(chat, lobby, "one")
    after = chat.engine.statistics()
    assert (after.turns - before.turns, after.entries - before.entries) == (1, 1)
    assert (after.waiting, after.failed_turns) == (0, 0)
    await chat.end()
