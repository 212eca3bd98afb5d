"""Tests of listeners: what is refused, in which order calls begin, and what disturbs nobody."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tertulia.sdk import listeners as listeners_module
from tertulia.sdk.listeners import Listeners

EVENTS = {"message": 1, "ready": 0}


class Noted:
    """Listeners, and what they note."""

    def __init__(self) -> None:
        self.listeners = Listeners(EVENTS)
        self.notes: list[str] = []

    async def settle(self) -> None:
        for _ in range(400):
            await asyncio.sleep(0)


@pytest.fixture
def noted() -> Noted:
    return Noted()


def test_a_plain_function_is_refused_where_it_is_declared(noted: Noted) -> None:
    def on_message(message: str) -> None:
        """Not a coroutine function."""

    with pytest.raises(TypeError, match="on_message must be a coroutine function"):
        noted.listeners.add(on_message)  # type: ignore[arg-type]  # what is tested


def test_a_listener_must_take_what_it_is_told(noted: Noted) -> None:
    async def on_message() -> None: ...

    async def on_ready(what: str) -> None: ...

    for wrong in (on_message, on_ready):
        with pytest.raises(TypeError, match="is called with"):
            noted.listeners.add(wrong)


def test_an_unknown_event_is_refused_with_the_nearest_one(noted: Noted) -> None:
    async def on_mesage(message: str) -> None: ...

    with pytest.raises(ValueError, match="did you mean on_message"):
        noted.listeners.add(on_mesage)
    with pytest.raises(ValueError, match="no event called dance"):
        noted.listeners.add(on_mesage, "dance")


def test_the_name_must_say_that_it_is_a_listener(noted: Noted) -> None:
    async def message(message: str) -> None: ...

    with pytest.raises(ValueError, match="no event called message"):
        noted.listeners.add(message)
    noted.listeners.add(message, "message")
    assert noted.listeners.has("message")


async def test_methods_and_callable_objects_can_listen(noted: Noted) -> None:
    class Caller:
        async def __call__(self, message: str) -> None:
            noted.notes.append(f"object {message}")

        async def on_message(self, message: str) -> None:
            noted.notes.append(f"method {message}")

    caller = Caller()
    noted.listeners.add(caller, "message")
    noted.listeners.add(caller.on_message)
    noted.listeners.call("message", "hi")
    await noted.settle()
    assert noted.notes == ["object hi", "method hi"]


async def test_all_listeners_of_an_event_are_called_in_order(noted: Noted) -> None:
    async def first(message: str) -> None:
        noted.notes.append(f"first {message}")

    async def second(message: str) -> None:
        noted.notes.append(f"second {message}")

    noted.listeners.add(first, "message")
    noted.listeners.add(second, "on_message")
    noted.listeners.call("message", "a")
    noted.listeners.call("message", "b")
    await noted.settle()
    assert [note for note in noted.notes if "first" in note] == ["first a", "first b"]
    assert [note for note in noted.notes if "second" in note] == ["second a", "second b"]


async def test_one_that_raises_is_logged_by_name_and_stops_nobody(
    noted: Noted, caplog: pytest.LogCaptureFixture
) -> None:
    async def on_message(message: str) -> None:
        raise RuntimeError(f"no {message}")

    async def quiet(message: str) -> None:
        noted.notes.append(message)

    noted.listeners.add(on_message)
    noted.listeners.add(quiet, "message")
    for message in ("a", "b"):
        noted.listeners.call("message", message)
    await noted.settle()
    assert noted.notes == ["a", "b"]
    assert [record.getMessage() for record in caplog.records] == ["on_message failed"] * 2


async def test_a_call_that_waits_does_not_hold_up_the_next(noted: Noted) -> None:
    gate = asyncio.Event()

    async def on_message(message: str) -> None:
        noted.notes.append(f"begin {message}")
        if message == "a":
            await gate.wait()
        noted.notes.append(f"end {message}")

    noted.listeners.add(on_message)
    for message in ("a", "b", "c"):
        noted.listeners.call("message", message)
    await noted.settle()
    assert noted.notes == ["begin a", "begin b", "end b", "begin c", "end c"]
    gate.set()
    await noted.settle()
    assert noted.notes[-1] == "end a"


async def test_calls_begin_in_order_even_when_all_wait(noted: Noted) -> None:
    gate = asyncio.Event()

    async def on_message(message: str) -> None:
        noted.notes.append(message)
        await gate.wait()

    noted.listeners.add(on_message)
    for number in range(300):
        noted.listeners.call("message", str(number))
    await noted.settle()
    assert noted.notes == [str(number) for number in range(listeners_module.AT_ONCE)]
    gate.set()
    await noted.settle()
    await noted.settle()
    assert noted.notes == [str(number) for number in range(300)]


async def test_one_that_is_too_slow_misses_events_and_the_log_says_so(
    noted: Noted, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listeners_module, "BACKLOG", 4)
    caplog.set_level(logging.ERROR)

    async def on_message(message: int) -> None:
        noted.notes.append(str(message))

    noted.listeners.add(on_message)
    for number in range(10):
        noted.listeners.call("message", number)
    await noted.settle()
    assert noted.notes == ["0", "1", "2", "3"]
    assert [record.getMessage() for record in caplog.records] == [
        "on_message is too slow and misses events",
        "on_message has missed 6 events",
    ]


async def test_a_removed_listener_hears_nothing_more(noted: Noted) -> None:
    async def on_message(message: str) -> None:
        noted.notes.append(message)

    noted.listeners.add(on_message)
    noted.listeners.remove(on_message)
    noted.listeners.call("message", "a")
    await noted.settle()
    assert noted.notes == []
    with pytest.raises(ValueError, match="on_message is no listener"):
        noted.listeners.remove(on_message)


async def test_at_the_end_what_waits_is_begun_and_what_hangs_is_called_off(noted: Noted) -> None:
    async def on_message(message: str) -> None:
        noted.notes.append(f"begin {message}")
        if message == "hang":
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                noted.notes.append("called off")

    noted.listeners.add(on_message)
    for message in ("a", "hang", "b"):
        noted.listeners.call("message", message)
    await noted.listeners.close()
    assert noted.notes == ["begin a", "begin hang", "begin b", "called off"]


async def test_a_listener_may_end_everything_itself(noted: Noted) -> None:
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def on_message(message: str) -> None:
        await noted.listeners.close()
        done.set_result(message)

    noted.listeners.add(on_message)
    noted.listeners.call("message", "end")
    assert await asyncio.wait_for(done, 5) == "end"


async def test_many_calls_in_a_row_let_everything_else_have_its_turn(noted: Noted) -> None:
    async def on_message(message: int) -> None:
        noted.notes.append(str(message))

    noted.listeners.add(on_message)
    for number in range(1000):
        noted.listeners.call("message", number)
    await asyncio.sleep(0)
    assert 0 < len(noted.notes) < 1000
    await noted.settle()
    assert noted.notes == [str(number) for number in range(1000)]
