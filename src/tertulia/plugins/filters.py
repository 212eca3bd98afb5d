"""Filters: commands on their way past the plugins that want to see them, one plugin at a time.

A filter that fails or is too slow is no reason to let a command pass unseen: it is refused. A
plugin whose filter goes on like that is suspended, and then nobody has to pass it any more.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from tertulia.core import commands as c
from tertulia.core.commands import Command
from tertulia.core.errors import PluginFailed, PluginNotRunning
from tertulia.core.room import RoomState
from tertulia.plugins.contexts import Asked
from tertulia.plugins.errand import Fault, Function, Reply
from tertulia.plugins.plugin import LivePlugin
from tertulia.ports import Gateway, Session, Verdict

logger = logging.getLogger(__name__)

HOLD: Final = 5.0
"""Seconds that commands wait at the most while plugins are being reloaded."""

OnVerdict = Callable[[Verdict], None]


class Filters:
    """Implements `ports.CommandFilter` with the filters of all plugins."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._plugins: tuple[LivePlugin, ...] = ()
        self._kinds: frozenset[type[Command]] = frozenset()
        self._held: deque[Callable[[], None]] | None = None
        """What waits for the end of a reload; None when there is none."""
        self._hold_ends: asyncio.TimerHandle | None = None

    @property
    def has_any(self) -> bool:
        """Whether there is any filter."""
        return bool(self._plugins)

    def use(self, plugins: Iterable[LivePlugin]) -> None:
        """Ask the filters of these plugins from here on, in this order."""
        self._plugins = tuple(one for one in plugins if one.is_running and one.hooks.filters)
        self._kinds = frozenset(
            kind for one in self._plugins for each in one.hooks.filters for kind in each.kinds
        )

    def hold(self) -> None:
        """Let the commands that would be judged wait, until `release`."""
        if self._held is None:
            self._held = deque()
            self._hold_ends = asyncio.get_running_loop().call_later(HOLD, self.release)

    def release(self) -> None:
        """Judge what has waited, by the filters that there are now."""
        held, self._held = self._held, None
        if self._hold_ends is not None:
            self._hold_ends.cancel()
            self._hold_ends = None
        for judge in held or ():
            judge()

    # As a command filter

    def wants(self, command: Command) -> bool:
        """See `ports.CommandFilter.wants`."""
        return type(command) in self._kinds

    def judge(self, session: Session, command: Command, on_verdict: OnVerdict) -> None:
        """See `ports.CommandFilter.judge`."""
        if self._held is not None:
            self._held.append(partial(self._pass, session, command, on_verdict, 0))
        else:
            self._pass(session, command, on_verdict, 0)

    def _pass(self, session: Session, command: Command, on_verdict: OnVerdict, start: int) -> None:
        """Ask the plugins from the one at `start` on."""
        for at in range(start, len(self._plugins)):
            plugin = self._plugins[at]
            functions = _wanting(plugin, command)
            # What a plugin says itself it need not be asked about.
            if functions and plugin.is_running and plugin.voice.user != session.user:
                asked = self._asked(plugin, session, command)
                future = plugin.ask(command_filters, functions, asked, command)
                step = _Step(self, plugin, session, command, on_verdict)
                future.add_done_callback(step.take)
                return
        on_verdict(command)

    @property
    def is_holding(self) -> bool:
        """Whether the plugins are being reloaded."""
        return self._held is not None

    def go_on(
        self, after: LivePlugin, session: Session, command: Command, on_verdict: OnVerdict
    ) -> None:
        """Ask the plugins past `after`; when that is gone, the filters have changed meanwhile."""
        start = self._plugins.index(after) + 1 if after in self._plugins else 0
        self._pass(session, command, on_verdict, start)

    def _asked(self, plugin: LivePlugin, session: Session, command: Command) -> Asked:
        room = self._room_of(command)
        user = self._gateway.me(session)
        return Asked(plugin.chat, plugin.name, session.client, user, room)

    def _room_of(self, command: Command) -> RoomState | None:
        if isinstance(command, c.JoinRoom) and isinstance(command.room, str):
            return self._gateway.room_named(command.room)
        if isinstance(
            command,
            (c.PostMessage, c.JoinRoom, c.LeaveRoom, c.DeleteRoom, c.SetTopic, c.ShowTyping),
        ):
            return None if isinstance(command.room, str) else self._gateway.room(command.room)
        return None


class _Step:
    """One plugin's look at one command."""

    __slots__ = ("_command", "_filters", "_on_verdict", "_plugin", "_session")

    def __init__(
        self,
        filters: Filters,
        plugin: LivePlugin,
        session: Session,
        command: Command,
        on_verdict: OnVerdict,
    ) -> None:
        self._filters = filters
        self._plugin = plugin
        self._session = session
        self._command = command
        self._on_verdict = on_verdict

    def take(self, future: asyncio.Future[Reply]) -> None:
        """Go on with what the plugin said."""
        reply = future.result()
        if isinstance(reply.refusal, PluginNotRunning) and self._filters.is_holding:
            # It was stopped in the middle of this, and its new code will be asked.
            self._filters.judge(self._session, self._command, self._on_verdict)
        elif reply.refusal is not None:
            if reply.fault is Fault.RAISED:
                self._plugin.strike()
            self._on_verdict(reply.refusal)
        elif isinstance(reply.value, Command):
            self._filters.go_on(self._plugin, self._session, reply.value, self._on_verdict)
        else:
            self._on_verdict(PluginFailed(self._plugin.name))


def _wanting(plugin: LivePlugin, command: Command) -> Sequence[Function]:
    return [one.function for one in plugin.hooks.filters if type(command) in one.kinds]


async def command_filters(functions: Sequence[Function], asked: Asked, command: Command) -> Command:
    """Ask one plugin's functions one after the other; in the plugin's thread."""
    for function in functions:
        answer = function(asked, command)
        if inspect.isawaitable(answer):
            answer = await answer
        if answer is None:
            continue
        if type(answer) is not type(command):
            name = type(command).__name__
            raise TypeError(f"{function.__name__} must return None or another {name}")
        command = answer
    return command
