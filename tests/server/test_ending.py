"""Tests of `tertulia.server.ending`: who may ask for the end, and waiting with a bound."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

import pytest

from tertulia.server.ending import Ending, signals_ask, within


async def test_the_end_is_asked_for_once() -> None:
    calls: list[str] = []
    ending = Ending(lambda: calls.append("asked"))
    ending.ask("the console")
    ending.ask("an operator")
    await ending.wait()
    assert ending.is_asked
    assert calls == ["asked"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_asks_for_the_end(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    ending = Ending()
    try:
        with signals_ask(asyncio.get_running_loop(), ending):
            os.kill(os.getpid(), number)
            await asyncio.wait_for(ending.wait(), 10)
    finally:
        signal.signal(number, before)


async def test_after_the_first_sigint_the_next_is_the_kernel_s() -> None:
    before = signal.getsignal(signal.SIGINT)
    ending = Ending()
    try:
        with signals_ask(asyncio.get_running_loop(), ending):
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.wait_for(ending.wait(), 10)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)


async def test_a_hang_up_that_was_to_be_ignored_is_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_ask(asyncio.get_running_loop(), Ending()):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_what_ends_in_time_is_done() -> None:
    assert await within(10, asyncio.sleep(0), "nothing")


async def test_what_hangs_is_left_and_told_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert not await within(0.001, asyncio.Event().wait(), "the last turn")
    assert caplog.messages == ["the last turn took more than 0.001 s"]
