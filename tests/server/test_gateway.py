"""The gateway: what somebody behind a door is told, in which order, and what they are not."""

from __future__ import annotations

import asyncio

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.events import LeaveReason
from tertulia.ports import Done
from tests.server.driving import (
    FULL,
    Chat,
    FakeFormat,
    FakeView,
    last_words,
    say,
)
from tests.server.virtual import in_virtual_time

# Coming and going


@in_virtual_time
async def test_somebody_who_arrives_is_in_the_main_room_and_has_been_told_once() -> None:
    async with Chat() as chat:
        ana = chat.open("ana")
        assert ana.answers == []
        await chat.settle()
        (answer,) = ana.answers
        assert isinstance(answer, Done)
        assert answer.room is not None
        assert (answer.room.name, ana.session.current) == ("lobby", chat.lobby)
        me = chat.gateway.me(ana.session)
        assert me is not None
        assert (me.person.nick, me.rooms) == ("ana", (chat.lobby,))


@in_virtual_time
async def test_somebody_without_a_nick_gets_one_that_is_free() -> None:
    async with Chat() as chat:
        guests = [chat.open() for _ in range(3)]
        await chat.settle()
        nicks = {user.person.nick for user in chat.gateway.users()}
        assert len(nicks) == len(guests)
        assert all(nick.startswith("guest") for nick in nicks)


@in_virtual_time
async def test_a_taken_nick_is_refused_once_and_leaves_no_session() -> None:
    async with Chat() as chat:
        await chat.enter("ana")
        other = chat.open("ANA")
        await chat.settle()
        assert other.answers == [e.NickInUse("ANA", "ANA2")]
        assert len(chat.gateway.sessions()) == 1
        assert chat.gateway.me(other.session) is None
        assert other.say("hello", chat.lobby) == e.ShuttingDown()
        chat.gateway.close(other.session, LeaveReason.QUIT)
        await chat.settle()
        assert other.heard == []


@in_virtual_time
async def test_an_arrival_is_told_to_those_inside_and_not_to_who_arrives() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ben = chat.open("ben")
        await chat.settle()
        assert ana.heard == ["lobby 3 MemberJoined ben"]
        assert ben.heard == []


@in_virtual_time
async def test_a_door_that_echoes_writes_the_entry_of_its_own_session_first() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ben = chat.open("ben", view=FakeView(chat.wire, echoes=True))
        ana.say("hello")
        await chat.settle()
        assert ben.heard == ["own lobby 3 MemberJoined ben", "lobby 4 MessagePosted ana hello"]


@in_virtual_time
async def test_a_farewell_is_told_once_however_often_the_door_says_it() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        ana.hear_anew()
        for _ in range(3):
            chat.gateway.close(ben.session, LeaveReason.QUIT, "bye")
        await chat.settle()
        chat.gateway.close(ben.session, LeaveReason.LOST)
        await chat.settle()
        assert ana.heard == ["lobby 4 MemberLeft ben", "UserGone"]
        assert len(chat.gateway.sessions()) == 1


@in_virtual_time
async def test_who_is_gone_is_sent_nothing_and_may_ask_nothing() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        ana.say("one")
        chat.gateway.close(ben.session, LeaveReason.LOST)
        assert ben.say("hello", chat.lobby) == e.ShuttingDown()
        await chat.settle()
        ana.say("two")
        await chat.settle()
        assert ben.heard == []


@in_virtual_time
async def test_who_is_gone_before_having_arrived_leaves_nothing_behind() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ben = chat.open("ben")
        chat.gateway.close(ben.session, LeaveReason.LOST)
        await chat.settle()
        assert ana.heard == ["lobby 3 MemberJoined ben", "lobby 4 MemberLeft ben", "UserGone"]
        assert len(ben.answers) == 1
        assert ben.heard == []
        assert len(chat.gateway.sessions()) == 1
        await chat.enter("ben")


@in_virtual_time
async def test_who_goes_while_a_room_is_being_entered_does_not_hear_it() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        tea = await chat.room(ana, "tea")
        chat.store.gate = asyncio.Event()
        ben.ask(c.JoinRoom("tea"))
        await asyncio.sleep(0)
        chat.gateway.close(ben.session, LeaveReason.LOST)
        chat.store.gate.set()
        await chat.settle()
        assert chat.hub.sessions(tea) == [ana.live]
        assert last_words(ana) == ["ben", "ben", "ben", "UserGone"]
        assert ben.heard == []


# Words


@in_virtual_time
async def test_words_reach_everybody_else_in_the_room_once() -> None:
    async with Chat() as chat:
        ana, ben, carl = [await chat.enter(nick) for nick in ("ana", "ben", "carl")]
        for guest in (ana, ben, carl):
            guest.hear_anew()
        await say(ben, "hello")
        assert (last_words(ana), last_words(ben), last_words(carl)) == (["hello"], [], ["hello"])


@in_virtual_time
async def test_an_answer_comes_before_what_it_led_to() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana", view=FakeView(chat.wire, echoes=True))
        heard_then: list[list[str]] = []
        for number in range(3):
            chat.gateway.submit(
                ana.session,
                c.PostMessage(chat.lobby, str(number)),
                lambda answer: heard_then.append(ana.heard),
            )
        await chat.settle()
        assert heard_then == [[], [], []]
        assert last_words(ana) == ["0", "1", "2"]


@in_virtual_time
async def test_an_answer_comes_before_what_came_after_it_in_other_rooms() -> None:
    # Ben's being away is told at once, and takes along what waits in the rooms that he shares.
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        await chat.room(ben, "tea")
        ana.hear_anew()
        heard_then: list[list[str]] = []
        chat.gateway.submit(
            ana.session, c.JoinRoom("tea"), lambda answer: heard_then.append(ana.heard)
        )
        ben.say("welcome")
        ben.ask(c.SetAway("at lunch"))
        await chat.settle()
        assert heard_then == [[]]
        assert [line.split()[-1] for line in ana.heard] == ["welcome", "AwayChanged"]


@in_virtual_time
async def test_a_refusal_answers_the_one_who_asked_and_tells_nobody_else() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        tea = await chat.room(ben, "tea")
        ana.say("hello", tea)
        ana.ask(c.JoinRoom("nowhere"))
        await chat.settle()
        assert ana.answers == [e.NotInRoom("tea"), e.NoSuchRoom("nowhere")]
        assert ben.heard == []


@in_virtual_time
async def test_nothing_is_heard_while_it_is_being_stored() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        ana.hear_anew()
        chat.store.gate = asyncio.Event()
        ben.say("hello")
        await asyncio.sleep(5.0)
        assert (ana.heard, ben.answers) == ([], [])
        chat.store.gate.set()
        await chat.settle()
        assert last_words(ana) == ["hello"]


@in_virtual_time
async def test_what_can_not_be_stored_is_heard_by_nobody() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        ana.hear_anew()
        chat.store.failure = FULL
        ben.say("hello")
        ben.ask(c.ChangeNick("bill"))
        await chat.settle()
        assert ben.answers == [e.StoreUnavailable()] * 2
        assert ana.heard == []
        chat.store.failure = None
        await say(ben, "again")
        assert last_words(ana) == ["again"]


@in_virtual_time
async def test_somebody_arrives_without_a_room_while_nothing_can_be_stored() -> None:
    async with Chat() as chat:
        chat.store.failure = FULL
        ana = chat.open("ana")
        await chat.settle()
        assert ana.answers == [e.StoreUnavailable()]
        assert chat.gateway.me(ana.session) is not None
        chat.store.failure = None
        ana.ask(c.JoinRoom("lobby"))
        await chat.settle()
        assert ana.session.current == chat.lobby


@in_virtual_time
async def test_who_hangs_up_while_nothing_can_be_stored_is_missed_later() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        ana.hear_anew()
        chat.store.failure = FULL
        chat.gateway.close(ben.session, LeaveReason.LOST)
        await chat.settle()
        assert ana.heard == []
        chat.store.failure = None
        await asyncio.sleep(2.0)
        await chat.settle()
        assert ana.heard == ["lobby 4 MemberLeft ben", "UserGone"]
        assert len(chat.gateway.sessions()) == 1


# Rooms


@in_virtual_time
async def test_the_current_room_is_the_last_one_entered_that_was_not_left() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        tea, milk = await chat.room(ana, "tea"), await chat.room(ana, "milk")
        current = [ana.session.current]
        for left in (tea, milk, chat.lobby):
            ana.ask(c.LeaveRoom(left))
            await chat.settle()
            current.append(ana.session.current)
        assert current == [milk, milk, chat.lobby, None]


@in_virtual_time
async def test_a_deleted_room_moves_everyone_to_another() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        tea = await chat.room(ana, "tea", ben)
        assert ben.session.current == tea
        ana.ask(c.DeleteRoom(tea))
        await chat.settle()
        assert ben.heard == ["tea 4 RoomDeleted ana"]
        assert (ana.session.current, ben.session.current) == (chat.lobby, chat.lobby)
        assert chat.gateway.room(tea) is None
        await say(ana, "hello")
        assert last_words(ben)[-1] == "hello"


@in_virtual_time
async def test_a_room_that_is_entered_and_deleted_at_once_was_heard() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana", view=FakeView(chat.wire, echoes=True))
        ben = await chat.enter("ben")
        tea = await chat.room(ana, "tea")
        ben.ask(c.JoinRoom("tea"))
        ana.ask(c.DeleteRoom(tea))
        await chat.settle()
        assert ben.heard == ["tea 4 RoomDeleted ana"]
        assert ana.heard == ["tea 3 MemberJoined ben", "own tea 4 RoomDeleted ana"]
        assert (ben.refusals, ben.session.current) == ([], chat.lobby)


@in_virtual_time
async def test_a_room_that_ends_in_the_turn_in_which_one_came_was_heard() -> None:
    async with Chat() as chat:
        ana = await chat.enter("ana")
        ben = await chat.enter("ben", view=FakeView(chat.wire, echoes=True))
        tea = await chat.room(ana, "tea")
        ben.ask(c.JoinRoom("tea"))
        chat.gateway.close(ana.session, LeaveReason.LOST)
        ben.ask(c.LeaveRoom(tea))
        await chat.settle()
        assert [line for line in ben.heard if "tea" in line] == [
            "own tea 3 MemberJoined ben",
            "tea 4 MemberLeft ana",
            "own tea 5 MemberLeft ben",
        ]
        assert chat.gateway.room(tea) is None


@in_virtual_time
async def test_who_left_a_room_does_not_hear_that_it_was_deleted_just_after() -> None:
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        tea = await chat.room(ana, "tea", ben)
        ben.ask(c.LeaveRoom(tea))
        ana.say("now that he is gone", tea)
        ana.ask(c.DeleteRoom(tea))
        await chat.settle()
        assert ben.heard == []


@in_virtual_time
async def test_the_first_to_enter_an_empty_room_hears_it_from_then_on() -> None:
    # They have left another one and are moved on to this one before they are inside.
    async with Chat() as chat:
        ana, ben = await chat.enter("ana"), await chat.enter("ben")
        ana.ask(c.LeaveRoom(chat.lobby))
        ana.ask(c.CreateRoom("tea"))
        await chat.settle()
        ana.hear_anew()
        ben.ask(c.JoinRoom("tea"))
        await chat.settle()
        assert ana.heard == ["tea 3 MemberJoined ben"]


@in_virtual_time
async def test_a_format_for_the_current_room_moves_along_with_it() -> None:
    async with Chat() as chat:
        view = FakeView(chat.wire)
        view.elsewhere = FakeFormat("[elsewhere] ")
        ana, ben = await chat.enter("ana", view=view), await chat.enter("ben")
        tea = await chat.room(ben, "tea", ana)
        await say(ben, "one", tea)
        await say(ben, "two", chat.lobby)
        chat.gateway.select_room(ana.session, chat.lobby)
        await say(ben, "three", tea)
        await say(ben, "four", chat.lobby)
        assert [line.split()[0] for line in ana.heard] == [
            *("tea", "[elsewhere]", "[elsewhere]", "lobby"),
        ]
        view.elsewhere = None
        chat.gateway.refresh(ana.session)
        await say(ben, "five", tea)
        assert ana.heard[-1] == "tea 6 MessagePosted ben five"
