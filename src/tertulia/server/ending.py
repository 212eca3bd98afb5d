"""The wish to end: asked by a signal, the console or an operator, and waited for in one place."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


class Ending:
    """Whether the server has been asked to end."""

    def __init__(self, on_asked: Callable[[], None] = lambda: None) -> None:
        """`on_asked` is called once, when somebody asks."""
        self._asked = asyncio.Event()
        self._on_asked = on_asked

    @property
    def is_asked(self) -> bool:
        """Tell whether somebody has asked."""
        return self._asked.is_set()

    def ask(self, why: str) -> None:
        """Ask the server to end; asking again changes nothing."""
        if not self.is_asked:
            logger.info("ending: %s", why)
            self.begin()

    def begin(self) -> None:
        """End without a word in the log, for whoever has told of the reason already."""
        if not self.is_asked:
            self._asked.set()
            self._on_asked()

    async def wait(self) -> None:
        """Wait until somebody asks."""
        await self._asked.wait()


@contextmanager
def signals_ask(loop: asyncio.AbstractEventLoop, ending: Ending) -> Iterator[None]:
    """Let SIGINT, SIGTERM and a closed terminal ask for the end while this lasts.

    After the first SIGINT the next one is the kernel's own, which no busy loop can put off.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)

    def on_signal(number: signal.Signals) -> None:
        ending.ask(number.name)
        if number is signal.SIGINT:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in numbers:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def within(seconds: float, doing: Awaitable[object], what: str) -> bool:
    """Wait for `doing` for so long at the most; tell whether it came to its end, and log if not."""
    try:
        async with asyncio.timeout(seconds):
            await doing
    except TimeoutError:
        logger.error("%s took more than %s s", what, seconds)
        return False
    return True
