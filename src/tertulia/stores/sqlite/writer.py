"""The writer thread: the one place where the database is written, one transaction at a time.

Jobs come in by a queue and their results go back to the event loop, one wake-up each. Long work
is given as steps, and upkeep goes on by itself; both give way to every job that comes in between.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from tertulia.ports import StoreUnavailable

T = TypeVar("T")

logger = logging.getLogger(__name__)

_PAUSE: Final = 0.1
"""Seconds between two steps of other work for as long as jobs keep coming."""
_RETRY: Final = 2.0
"""Seconds before upkeep that failed is tried again."""

Steps: TypeAlias = Generator[None, None, T]
"""Work in steps: it yields between two transactions, and returns its result."""


class Upkeep(Protocol):
    """What the thread does when it has no job."""

    def is_due(self) -> bool:
        """Tell whether there is anything to do."""
        ...

    def is_urgent(self) -> bool:
        """Tell whether somebody waits for it."""
        ...

    def step(self) -> bool:
        """Do a little of it in one short transaction; False when that was not possible now."""
        ...


class Writer:
    """A thread with a queue of jobs; what they return or raise is awaited on the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._long: deque[tuple[Steps[Any], asyncio.Future[Any]]] = deque()
        self._upkeep: Upkeep | None = None
        self._is_busy = False
        """A job came since the last step of other work."""
        self._is_failing = False
        """Upkeep failed, and waits before it is tried again."""
        self._is_stopped = False
        self._rest_until = self._retry_at = 0.0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Have `work` done after everything submitted before."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(partial(self._do, work, future))
        return future

    def submit_steps(self, steps: Steps[T]) -> asyncio.Future[T]:
        """Have `steps` done one after the other, in between jobs, until nobody waits any more."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(partial(self._long.append, (steps, future)))
        return future

    def stop(self, work: Callable[[], None]) -> asyncio.Future[None]:
        """Have `work` done as the last job of all and end the thread; steps are broken off."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._jobs.put(partial(self._do_last, work, future))
        return future

    def keep_up(self, upkeep: Upkeep) -> None:
        """Do `upkeep` from here on. Called in the thread itself."""
        self._upkeep = upkeep

    def wake(self, waiting: asyncio.Future[None]) -> None:
        """Answer a future of the event loop. Called in the thread itself."""
        self._call(_settle, waiting, None)

    def _run(self) -> None:
        while not self._is_stopped:
            job = self._next_job()
            if job is None:
                self._do_other()
            else:
                job()
                self._is_busy = True

    def _next_job(self) -> Callable[[], None] | None:
        patience = self._patience()
        try:
            if patience == 0:
                return self._jobs.get_nowait()
            return self._jobs.get(timeout=patience)
        except queue.Empty:
            return None

    def _patience(self) -> float | None:
        """Return how long to wait for a job before doing other work; None: for ever."""
        moments: list[float] = []
        if self._long:
            moments.append(self._rest_until)
        if self._upkeep is not None and self._upkeep.is_due():
            usual = self._retry_at if self._is_failing else self._rest_until
            moments.append(0 if self._is_urgent() else usual)
        return max(0, min(moments) - time.monotonic()) if moments else None

    def _do_other(self) -> None:
        if self._long and not self._is_urgent():
            self._do_step()
        elif self._upkeep is not None:
            self._is_failing = not self._keep_up(self._upkeep)
            self._retry_at = time.monotonic() + _RETRY
        self._rest_until = time.monotonic() + (_PAUSE if self._is_busy else 0)
        self._is_busy = False

    def _is_urgent(self) -> bool:
        return not self._is_failing and self._upkeep is not None and self._upkeep.is_urgent()

    def _keep_up(self, upkeep: Upkeep) -> bool:
        try:
            return upkeep.step()
        except Exception:
            # A fault in what can wait must not take the thread down, and all appends with it.
            logger.exception("upkeep of the store failed")
            return False

    def _do_step(self) -> None:
        steps, future = self._long[0]
        try:
            if future.cancelled():
                steps.close()
            else:
                next(steps)
                return
        except StopIteration as end:
            self._call(_settle, future, end.value)
        except Exception as error:
            self._call(_settle_failed, future, error)
        self._long.popleft()

    def _do(self, work: Callable[[], T], future: asyncio.Future[T]) -> None:
        try:
            result = work()
        except Exception as error:
            self._call(_settle_failed, future, error)
        else:
            self._call(_settle, future, result)

    def _do_last(self, work: Callable[[], None], future: asyncio.Future[None]) -> None:
        self._is_stopped = True
        for steps, waiting in self._long:
            steps.close()
            self._call(_settle_failed, waiting, StoreUnavailable("The store is being closed."))
        self._long.clear()
        self._do(work, future)

    def _call(self, settle: Callable[..., None], future: asyncio.Future[T], value: object) -> None:
        try:
            self._loop.call_soon_threadsafe(settle, future, value)
        except RuntimeError:
            # The loop is closed and whoever asked is gone; the work is done all the same.
            return


def _settle(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _settle_failed(future: asyncio.Future[T], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
