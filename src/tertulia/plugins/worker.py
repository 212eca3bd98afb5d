"""A worker: the thread of one plugin, with an event loop on which everything of that plugin runs.

What blocks there blocks that plugin alone, and its functions never run at the same time as each
other. The server's loop hands calls over and is handed their replies; neither waits for the other,
and everything that may wait in between is bounded. A worker that does not come back is given up.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

from tertulia.core.errors import PluginFailed, PluginNotRunning, RateLimited, Refused
from tertulia.plugins.cleaning import clean_refusal
from tertulia.plugins.errand import Errand, Fault, Function, Reply
from tertulia.plugins.faults import FaultLog
from tertulia.plugins.stuck import Ended, ask_to_end, where

logger = logging.getLogger(__name__)

T = TypeVar("T")
CALLS: Final = 1000
"""Calls of one plugin that may be under way; more are refused."""
LOOKS: Final = 4
"""How often within its time budget a worker is looked at."""


class Worker:
    """Runs the functions of one plugin."""

    def __init__(
        self,
        name: str,
        server: asyncio.AbstractEventLoop,
        budget: float,
        *,
        on_overrun: Callable[[str], None],
        on_end: Callable[[], None],
    ) -> None:
        """`budget` is what each call may take, in seconds.

        `on_overrun` is called with a function's name when it took longer, `on_end` when the thread
        has come to its end; both on the `server`'s loop.
        """
        self.name = name
        self.budget = budget
        self.roots: Sequence[str] = ()
        """The files, or folders, that the plugin's code is in."""
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(self._note_fault)
        self.faults = FaultLog(name)
        self._server = server
        self._on_overrun = on_overrun
        self._on_end = on_end
        self._thread = threading.Thread(target=self._run, name=f"plugin {name}", daemon=True)
        self._calls: set[Errand] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._is_given_up = False
        self._is_refusing = False
        self._beats = 0
        """Rises whenever the thread gets on; written there, and read by the server's loop."""
        self._beats_seen = 0
        self._is_asked = False
        """Whether it owes a beat."""
        self._silence = 0

    # On the server's loop

    def start(self) -> None:
        """Begin to run."""
        self._thread.start()

    @property
    def is_lost(self) -> bool:
        """Whether the thread was given up and goes on all the same."""
        return self._is_given_up and self._thread.is_alive()

    @property
    def is_own_thread(self) -> bool:
        """Whether this is called from the worker's thread."""
        return threading.get_ident() == self._thread.ident

    def ask(self, function: Function, *args: object, **named: object) -> asyncio.Future[Reply]:
        """Have a function called, and its reply in the future, within about the time budget.

        Calls begin in order. To cancel the future calls it off.
        """
        answer: asyncio.Future[Reply] = self._server.create_future()
        if self._is_refusing:
            answer.set_result(Reply(refusal=PluginNotRunning(self.name)))
        elif len(self._calls) >= CALLS:
            answer.set_result(Reply(refusal=RateLimited(1.0)))
        else:
            call = Errand(self, answer, function, args, named)
            self._calls.add(call)
            self.post(call.begin)
            call.watch(self._server, self.budget)
        return answer

    async def run(self, coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
        """Run a coroutine in the thread, outside of any budget; for starting.

        Raises:
            TimeoutError: it took more than `seconds`.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(future)

    def look(self) -> int:
        """Return how many looks ago the thread last got on; 0 for one that is well."""
        if self._beats != self._beats_seen:
            self._beats_seen, self._silence = self._beats, 0
        elif self._is_asked:
            self._silence += 1
        if not self._is_asked:
            self._is_asked = True
            self.post(self._answer_look)
        return self._silence

    @property
    def is_silent(self) -> bool:
        """Whether the thread did not get on between the last looks."""
        return self._silence > 0

    def refuse_calls(self) -> None:
        """Take no more calls, and answer those under way."""
        self._is_refusing = True
        for call in list(self._calls):
            call.settle(Reply(refusal=PluginNotRunning(self.name)))

    async def stop(self, last: Callable[[], Coroutine[Any, Any, None]], seconds: float) -> bool:
        """Call off what is under way, run `last` in the thread, and end it; tell whether it ended.

        A thread that overruns its budget, or has not ended in time, is given up.
        """
        self.refuse_calls()
        if self._silence >= LOOKS:
            self.give_up()
        else:
            self.post(lambda: self._wind_up(last))
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            self.give_up()
        return self._ended.is_set()

    def give_up(self) -> None:
        """Leave the thread alone, and ask it to end as soon as that can be asked."""
        self.refuse_calls()
        self._is_given_up = True
        self.post(self.loop.stop)
        ask_to_end(self._thread, self.roots)

    def ask_again_to_end(self) -> None:
        """Ask a thread that was given up to end, if it has not."""
        if self.is_lost:
            ask_to_end(self._thread, self.roots)

    def whereabouts(self) -> str:
        """Return where in the plugin's code the thread is."""
        return where(self._thread, self.roots)

    # From either thread to the other

    def post(self, call: Callable[[], object]) -> None:
        """Have something called in the thread, soon; nothing happens once it has ended."""
        try:
            self.loop.call_soon_threadsafe(call)
        except RuntimeError:
            logger.debug("plugin %s has ended", self.name)

    def tell_server(self, call: Callable[..., object], *args: object) -> None:
        """Have something called on the server's loop, soon; nothing happens once that has ended."""
        try:
            self._server.call_soon_threadsafe(call, *args)
        except RuntimeError:
            logger.debug("the server has ended before the plugin %s", self.name)

    def forget(self, call: Errand) -> None:
        """Take in that a call is settled."""
        self._calls.discard(call)

    # In the thread

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self._run_loop()
            self._clear_up()
        except Ended:
            logger.debug("plugin %s was ended", self.name)
        finally:
            self.tell_server(self._note_end)
            self.loop.close()

    def _run_loop(self) -> None:
        try:
            self.loop.run_forever()
        except SystemExit as error:
            self.faults.note("a task", error, time.monotonic())

    def _note_end(self) -> None:
        self._ended.set()
        self.refuse_calls()
        self._on_end()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> Callable[[], object]:
        """Start a task, and return what calls it off; it is called off when the plugin stops."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task.cancel

    async def call(self, function: Function, *args: object) -> Reply:
        """Call a function that nobody waits for."""
        reply = await self.carry_out(function, *args)
        self.report(reply, function)
        return reply

    def report(self, reply: Reply, function: Function) -> None:
        """Tell the server of a call that took too long."""
        if reply.fault is Fault.OVERRAN:
            self.tell_server(self._on_overrun, _name_of(function))

    async def carry_out(self, function: Function, *args: object, **named: object) -> Reply:
        """Call a function and wait for its end within the budget; faults are logged."""
        if self._is_given_up:
            return Reply(refusal=PluginNotRunning(self.name))
        self._beats += 1
        name = _name_of(function)
        deadline = asyncio.timeout(self.budget)
        try:
            async with deadline:
                value = function(*args, **named)
                return Reply(await value if inspect.isawaitable(value) else value)
        except Refused as refused:
            return Reply(refusal=clean_refusal(refused.refusal))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return self._failed(name, error)
        except (Exception, SystemExit) as error:
            if isinstance(error, TimeoutError) and deadline.expired():
                return Reply(refusal=PluginFailed(self.name), fault=Fault.OVERRAN)
            return self._failed(name, error)
        finally:
            self._beats += 1

    def _failed(self, name: str, error: BaseException) -> Reply:
        self.faults.note(name, error, time.monotonic())
        return Reply(refusal=PluginFailed(self.name), fault=Fault.RAISED)

    def _note_fault(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log what went wrong in a task of the plugin's own, which nobody looked at."""
        error = context.get("exception")
        if isinstance(error, Exception):
            self.faults.note("a task", error, time.monotonic())
        elif error is None:
            logger.warning("plugin %s: %s", self.name, context.get("message"))

    def _answer_look(self) -> None:
        self._beats += 1
        self._is_asked = False

    def _wind_up(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def wind_up() -> None:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            try:
                await last()
            except Exception as error:
                self.faults.note("stopping", error, time.monotonic())
            self.loop.stop()

        self._last = self.loop.create_task(wind_up())

    def _clear_up(self) -> None:
        """End what the plugin has left running on its loop."""
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())


def _name_of(function: Function) -> str:
    return str(getattr(function, "__name__", function))
