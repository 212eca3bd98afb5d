"""Tests of what is on its way: order, windows, slowing down, broken connections."""

from __future__ import annotations

import asyncio

import pytest

from tertulia.sdk.errors import ClientClosed, ConnectionLost, QueueFull
from tertulia.sdk.outgoing import WINDOW, WORDS, Errand, Outgoing
from tertulia.wire.events import requests as r
from tertulia.wire.events.events import Done, Event


class Desk:
    """Requests that are made and answered by hand."""

    def __init__(self, most: int = 10_000) -> None:
        self.outgoing = Outgoing(most)
        self.errands: list[Errand] = []

    def add(self, request: r.Request) -> Errand:
        future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        errand = self.outgoing.add(request, future)
        self.errands.append(errand)
        return errand

    def say(self, text: str) -> Errand:
        return self.add(r.SendMessage(room="lobby", text=text, key=text))

    def sent(self, now: float = 0.0) -> list[str]:
        """Send what may be sent; return what it is."""
        return [_name(errand.request) for errand in self.outgoing.sendable(now)]

    def answer(self, *errands: Errand) -> None:
        for errand in errands:
            assert self.outgoing.answered(errand.number) is errand
            errand.settle(Done())


def _name(request: r.Request) -> str:
    return request.text if isinstance(request, r.SendMessage) else type(request).__name__


async def test_requests_are_sent_once_and_in_order() -> None:
    desk = Desk()
    for text in ("a", "b", "c"):
        desk.say(text)
    assert desk.sent() == ["a", "b", "c"]
    assert desk.sent() == []


async def test_an_answer_is_for_one_request_and_only_once() -> None:
    desk = Desk()
    first, second = desk.say("a"), desk.say("b")
    desk.sent()
    assert desk.outgoing.answered(second.number) is second
    assert desk.outgoing.answered(second.number) is None
    assert desk.outgoing.answered(99) is None
    assert not desk.outgoing.is_empty
    desk.answer(first)
    assert desk.outgoing.is_empty


async def test_so_many_messages_may_be_without_an_answer() -> None:
    desk = Desk()
    errands = [desk.say(str(number)) for number in range(WINDOW + 10)]
    assert len(desk.sent()) == WINDOW
    desk.answer(errands[0], errands[1])
    assert desk.sent() == [str(WINDOW), str(WINDOW + 1)]


async def test_long_messages_are_sent_fewer_at_once() -> None:
    desk = Desk()
    half = "x" * (WORDS // 2)
    first, *_ = [desk.say(half) for _ in range(3)]
    tabs = desk.say("\t" * WORDS)
    assert desk.sent() == [half, half]
    desk.answer(first)
    assert desk.sent() == [half]
    desk.answer(*desk.errands[1:3])
    # One alone may always be sent.
    assert desk.sent() == [tabs.request.text if isinstance(tabs.request, r.SendMessage) else ""]


async def test_other_requests_do_not_wait_for_messages() -> None:
    desk = Desk()
    for number in range(WINDOW + 1):
        desk.say(str(number))
    desk.sent()
    desk.add(r.GetUsers())
    assert desk.sent() == ["GetUsers"]


async def test_what_came_too_early_goes_first_and_the_rest_waits() -> None:
    desk = Desk()
    a, b, c, d = (desk.say(text) for text in "abcd")
    desk.sent()
    desk.answer(a)
    for errand in (b, d, c):
        desk.outgoing.answered(errand.number)
        desk.outgoing.slow_down(errand, 5.0)
    assert desk.sent(4.9) == []
    assert desk.outgoing.wake_at(4.9) == 5.0
    assert desk.sent(5.0) == ["b"]
    assert desk.outgoing.wake_at(5.0) is None
    desk.answer(b)
    assert desk.sent(5.0) == ["c"]
    desk.answer(c)
    assert desk.sent(5.0) == ["d"]


async def test_nothing_overtakes_what_may_still_be_refused() -> None:
    desk = Desk()
    a, b, _ = desk.say("a"), desk.say("b"), desk.say("c")
    desk.sent()
    desk.outgoing.answered(a.number)
    desk.outgoing.slow_down(a, 1.0)
    # Of b and c it is not known yet whether they were taken.
    assert desk.sent(2.0) == []
    desk.outgoing.answered(b.number)
    desk.outgoing.slow_down(b, 1.5)
    assert desk.sent(2.0) == []


async def test_after_a_break_messages_are_sent_again_before_the_others() -> None:
    desk = Desk()
    a, b, c = (desk.say(text) for text in "abc")
    desk.sent()
    d = desk.say("d")
    desk.answer(b)
    desk.outgoing.break_off()
    assert desk.sent() == ["a", "c", "d"]
    assert [errand.is_doubtful for errand in (a, c, d)] == [True, True, False]
    assert desk.outgoing.doubtful == [a, c]


async def test_after_a_break_readings_are_asked_again_and_changes_given_up() -> None:
    desk = Desk()
    reading = desk.add(r.GetHistory(room="lobby"))
    change = desk.add(r.SetTopic(room="lobby", topic="x"))
    desk.sent()
    desk.outgoing.break_off()
    assert isinstance(change.future.exception(), ConnectionLost)
    assert not reading.future.done()
    assert desk.sent() == ["GetHistory"]


async def test_a_change_that_was_not_sent_waits_for_the_next_connection() -> None:
    desk = Desk()
    change = desk.add(r.JoinRoom(room="den"))
    desk.outgoing.break_off()
    assert not change.future.done()
    assert desk.sent() == ["JoinRoom"]


async def test_what_nobody_waits_for_any_more_is_not_sent() -> None:
    desk = Desk()
    a, b, c = (desk.say(text) for text in "abc")
    b.future.cancel()
    assert desk.sent() == ["a", "c"]
    a.future.cancel()
    desk.outgoing.break_off()
    assert desk.sent() == ["c"]
    assert c.is_doubtful


async def test_too_much_that_waits_is_refused() -> None:
    desk = Desk(most=2)
    desk.say("a")
    desk.add(r.GetUsers())
    with pytest.raises(QueueFull):
        desk.say("c")
    desk.sent()
    desk.say("c")


async def test_what_the_client_itself_needs_is_never_too_much() -> None:
    desk = Desk(most=1)
    desk.say("a")
    future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
    desk.outgoing.add(r.GetUsers(), future, is_bounded=False)
    assert desk.sent() == ["a", "GetUsers"]


async def test_held_messages_wait_and_the_rest_goes() -> None:
    desk = Desk()
    desk.say("a")
    desk.add(r.GetUsers())
    desk.outgoing.are_messages_held = True
    assert desk.sent() == ["GetUsers"]
    desk.outgoing.are_messages_held = False
    assert desk.sent() == ["a"]


async def test_when_all_is_over_everybody_is_told() -> None:
    desk = Desk()
    desk.say("a")
    desk.add(r.GetUsers())
    desk.sent()
    desk.say("b")
    desk.outgoing.give_up(ClientClosed("over"))
    assert all(isinstance(one.future.exception(), ClientClosed) for one in desk.errands)
    assert desk.outgoing.is_empty
