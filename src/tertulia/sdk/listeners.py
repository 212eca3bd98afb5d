"""Listeners: coroutines that are called for each event of a name, in order, beside each other.

A listener that waits holds up nobody, not even its own next call; one that raises is logged with
its name, and the others never notice. What they are called with is `happenings`' business.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from difflib import get_close_matches
from itertools import count
from typing import Any, Final, TypeAlias, TypeVar

logger = logging.getLogger(__name__)

Listener: TypeAlias = Callable[..., Coroutine[Any, Any, object]]
"""A coroutine function; what it returns is of no interest. Arguments depend on the event."""
ListenerT = TypeVar("ListenerT", bound=Listener)

PREFIX: Final = "on_"
AT_ONCE: Final = 100
"""Calls of one listener that may be under way at once; the next ones wait."""
IN_A_ROW: Final = 100
"""Calls that one runner makes before everything else has its turn."""
LAST_TURNS: Final = 1000
"""Turns of the loop that waiting calls have for beginning when all is over."""
END_WITHIN: Final = 5.0
"""Seconds that listeners have for ending once they are called off."""
BACKLOG: Final = 10_000
"""Calls of one listener that may wait; past that it misses what comes, and the log says so."""


def event_of(listener: Listener, event: str | None, arguments: Mapping[str, int]) -> str:
    """Return the event that a listener is for, which its own name says if `event` does not.

    `arguments` has the known events, and how many arguments go with each.

    Raises:
        TypeError: it is no coroutine function, or can't be called with those arguments.
        ValueError: there is no such event.
    """
    name = event or name_of(listener)
    if not _is_coroutine_function(listener):
        raise TypeError(f"{name_of(listener)} must be a coroutine function: async def, not def")
    key = name.removeprefix(PREFIX)
    if key not in arguments or (event is None and not name.startswith(PREFIX)):
        near = get_close_matches(key, arguments, n=1)
        hint = f"; did you mean {PREFIX}{near[0]}?" if near else ""
        raise ValueError(f"there is no event called {name}{hint}")
    given = arguments[key]
    try:
        inspect.signature(listener).bind(*range(given))
    except TypeError as error:
        raise TypeError(f"{name_of(listener)} is called with {given} arguments: {error}") from None
    return key


def name_of(listener: Listener) -> str:
    """Return the name that a listener is logged under."""
    return str(getattr(listener, "__name__", None) or type(listener).__name__)


def _is_coroutine_function(listener: Listener) -> bool:
    return inspect.iscoroutinefunction(listener) or inspect.iscoroutinefunction(
        getattr(listener, "__call__", None)  # noqa: B004 - whether it can be called is known
    )


class Station:
    """Calls one listener. Calls begin in order; each goes on while earlier ones wait."""

    __slots__ = ("_calls", "_missed", "_next", "_runners", "listener")

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self._calls: deque[tuple[object, ...]] = deque()
        self._runners: set[asyncio.Task[None]] = set()
        self._next: asyncio.Task[None] | None = None
        """The runner that has not begun yet."""
        self._missed = 0

    @property
    def tasks(self) -> frozenset[asyncio.Task[None]]:
        """The calls that are under way."""
        return frozenset(self._runners)

    @property
    def is_behind(self) -> bool:
        """Whether calls wait to be begun."""
        return bool(self._calls)

    def put(self, arguments: tuple[object, ...]) -> None:
        """Call the listener with `arguments`, soon."""
        if len(self._calls) >= BACKLOG:
            if not self._missed:
                logger.error("%s is too slow and misses events", name_of(self.listener))
            self._missed += 1
            return
        self._calls.append(arguments)
        self._keep_running()

    def _keep_running(self) -> None:
        """See that somebody takes the next call, should the present ones have to wait."""
        if self._next is None and self._calls and len(self._runners) < AT_ONCE:
            task = asyncio.get_running_loop().create_task(self._run())
            self._next = task
            self._runners.add(task)
            task.add_done_callback(self._ended)

    async def _run(self) -> None:
        # One runner makes all calls that do not wait. As soon as one does, the next takes over.
        self._next = None
        for call in count(1):
            if not self._calls:
                break
            arguments = self._calls.popleft()
            if self._missed and len(self._calls) < BACKLOG // 2:
                logger.error("%s has missed %s events", name_of(self.listener), self._missed)
                self._missed = 0
            self._keep_running()
            try:
                await self.listener(*arguments)
            except Exception:
                logger.exception("%s failed", name_of(self.listener))
            if call % IN_A_ROW == 0:
                await asyncio.sleep(0)

    def stop(self) -> None:
        """Forget the calls that have not begun, and call off those that have but this one."""
        self._calls.clear()
        current = asyncio.current_task()
        for task in self._runners:
            if task is not current:
                task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._runners.discard(task)
        if self._next is task:
            self._next = None
        self._keep_running()


class Listeners:
    """All listeners, by the names of their events."""

    __slots__ = ("_arguments", "_stations")

    def __init__(self, arguments: Mapping[str, int]) -> None:
        """Know these events, and how many arguments go with each."""
        self._arguments = arguments
        self._stations: dict[str, list[Station]] = {}

    def add(self, listener: Listener, event: str | None = None) -> None:
        """Call `listener` from here on; see `event_of` for what is refused."""
        name = event_of(listener, event, self._arguments)
        self._stations.setdefault(name, []).append(Station(listener))

    def remove(self, listener: Listener) -> None:
        """Call `listener` no more.

        Raises:
            ValueError: it is none.
        """
        for event, stations in self._stations.items():
            left = [station for station in stations if station.listener != listener]
            if len(left) < len(stations):
                self._stations[event] = left
                return
        raise ValueError(f"{name_of(listener)} is no listener")

    def has(self, event: str) -> bool:
        """Tell whether anybody listens to an event."""
        return bool(self._stations.get(event))

    def call(self, event: str, *arguments: object) -> None:
        """Call all listeners of an event, soon."""
        for station in self._stations.get(event, ()):
            station.put(arguments)

    async def close(self) -> None:
        """Begin what waits; end what is still under way then, but for who calls this."""
        current = asyncio.current_task()
        stations = [one for several in self._stations.values() for one in several]
        for _ in range(LAST_TURNS):
            if not any(station.is_behind for station in stations):
                break
            await asyncio.sleep(0)
        for station in stations:
            station.stop()
        tasks = {task for station in stations for task in station.tasks if task is not current}
        if tasks:
            await asyncio.wait(tasks, timeout=END_WITHIN)
