"""A plugin's life in its thread: its lifespans around everything, and its periodic functions.

One task enters and leaves all lifespans, as task groups and their like ask for.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from tertulia.plugins.chat import Chat
from tertulia.plugins.errand import Function
from tertulia.plugins.hooks import Hooks, Periodic
from tertulia.plugins.worker import Worker


class Life:
    """Starts and stops what a plugin does of its own accord; all of it in the plugin's thread."""

    def __init__(
        self, worker: Worker, hooks: Hooks, chat: Chat, on_broken: Callable[[], None]
    ) -> None:
        """`on_broken` is called in the thread when a lifespan fails between start and stop."""
        self._worker = worker
        self._on_broken = on_broken
        self._hooks = hooks
        self._chat = chat
        self._task: asyncio.Task[None] | None = None
        self._stopping: asyncio.Event | None = None

    async def begin(self) -> None:
        """Enter the lifespans, then let the periodic functions run.

        Raises:
            Exception: whatever a lifespan raises on its way to its `yield`.
        """
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stopping = asyncio.Event()
        self._task = asyncio.create_task(self._live(self._hooks.lifespans, started))
        await asyncio.wait([self._task, started], return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            await self._task
            raise RuntimeError("a lifespan has ended before its yield")
        self._task.add_done_callback(self._note_end)
        for periodic in self._hooks.periodic:
            self._worker.spawn(self._repeat(periodic))

    async def end(self) -> None:
        """Leave the lifespans; the last to be entered is left first.

        Raises:
            Exception: whatever a lifespan raises after its `yield`.
        """
        if self._task is not None and self._stopping is not None and not self._task.done():
            self._stopping.set()
            await self._task

    def _note_end(self, task: asyncio.Task[None]) -> None:
        """Tell of an end that nobody has asked for."""
        if self._stopping is None or self._stopping.is_set() or task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._worker.faults.note("a lifespan", error, time.monotonic())
        self._on_broken()

    async def _live(self, lifespans: Sequence[Function], started: asyncio.Future[None]) -> None:
        assert self._stopping is not None
        async with AsyncExitStack() as stack:
            for lifespan in lifespans:
                if inspect.isasyncgenfunction(lifespan):
                    await stack.enter_async_context(asynccontextmanager(lifespan)(self._chat))
                else:
                    stack.enter_context(contextmanager(lifespan)(self._chat))
            started.set_result(None)
            await self._stopping.wait()

    async def _repeat(self, periodic: Periodic) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + periodic.seconds
        while True:
            await asyncio.sleep(due - loop.time())
            await self._worker.call(periodic.function, self._chat)
            # What was missed meanwhile is not made up for.
            due = max(due + periodic.seconds, loop.time())
