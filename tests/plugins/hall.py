"""A whole chat with plugins, without sockets: engine, hub, gateway, and the manager of plugins.

Plugins run in real threads, so time is real here; waiting is for something to be so, with a
deadline.
"""

from __future__ import annotations

import asyncio
import textwrap
import time
from collections.abc import Callable, Sequence
from datetime import UTC
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tertulia.core.errors import Refusal
from tertulia.core.language import English
from tertulia.plugins.manager import PluginManager
from tertulia.plugins.plugin import LivePlugin, PluginSettings
from tertulia.ports import StreamDoor
from tertulia.slash import Call, Registry, Typed, cut, run
from tests.fakes import FakeReply
from tests.server.driving import Chat, FakeView, Guest, settle

DEADLINE: Final = 20.0
HEAD: Final = """\
import asyncio
import time
from tertulia.core.commands import *
from tertulia.core.events import *
from tertulia.plugins import *
"""
"""What the plugins of tests begin with."""


class Hall:
    """The chat and its plugins, until the `async with` block ends."""

    def __init__(
        self, folder: Path, *, budget: float = 5.0, strikes: int = 3, backlog: int = 10_000
    ) -> None:
        self._folder = folder
        self._settings = PluginSettings(budget, strikes, backlog)
        self.chat = Chat()
        self.registry = Registry()
        self.names: list[str] = []
        self.discovers = False
        self.opened: list[tuple[str, StreamDoor]] = []
        """The doors that are open, with where they listen."""
        self.notices: list[str] = []
        self.told: list[str] = []
        """What the console was told of reloads."""
        self._manager: PluginManager | None = None

    @property
    def manager(self) -> PluginManager:
        """The manager; what it loads has to be written before it is first asked for."""
        if self._manager is None:
            gateway = self.chat.gateway
            self._manager = PluginManager(
                gateway,
                gateway,
                self.registry,
                self._settings,
                named=self.names,
                discovers=self.discovers,
                open_door=self._open_door,
            )
            self._manager.notify = self.notices.append
        return self._manager

    def write(self, name: str, *pieces: str) -> None:
        """Write a plugin, or write it anew."""
        path = self._folder / f"{name}.py"
        code = "\n".join((HEAD, *map(textwrap.dedent, pieces)))
        path.write_text(code, encoding="utf-8")
        if str(path) not in self.names:
            self.names.append(str(path))

    def plugin(self, name: str) -> LivePlugin:
        """Return a plugin that is loaded."""
        [found] = [one for one in self.manager.plugins if one.name == name]
        return found

    async def reload(self) -> str:
        """Reload all plugins; return what the console is told."""
        before = len(self.told)
        self.manager.reload(self.told.append)
        await eventually(lambda: len(self.told) > before)
        return self.told[-1]

    async def enter(self, nick: str) -> Guest:
        """Bring somebody online."""
        guest = self.chat.open(nick, view=FakeView(self.chat.wire))
        await self.settle()
        guest.hear_anew()
        return guest

    async def settle(self) -> None:
        """Wait until what was submitted is done."""
        await settle(self.chat.engine)

    async def typed(self, guest: Guest, line: str) -> Sequence[str | Refusal]:
        """Type a command; return the lines and the refusals that it is answered with."""
        reply = FakeReply()
        call = Call(
            self.chat.gateway, guest.session, reply, self.registry, English(), self.chat.now, UTC
        )
        parsed = cut(line)
        assert isinstance(parsed, Typed)
        async with asyncio.timeout(DEADLINE):
            pending = run(call, parsed)
            if pending is not None:
                await pending
        return [*reply.lines, *reply.refusals]

    async def hears(self, guest: Guest, text: str) -> str:
        """Wait until somebody hears a line with `text`, and return it."""
        await eventually(lambda: any(text in line for line in guest.heard))
        return next(line for line in guest.heard if text in line)

    def _open_door(self, door: StreamDoor, listen: str, way_in: str) -> Callable[[], None]:
        if listen == "taken":
            raise OSError("Address already in use")
        self.opened.append((listen, door))
        return lambda: self.opened.remove((listen, door))

    async def __aenter__(self) -> Self:
        await self.chat.__aenter__()
        try:
            await self.manager.start()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._end()

    async def _end(self) -> None:
        await self.manager.stop(2.0)
        await self.chat.end()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it never came to be so"
        await asyncio.sleep(0.002)
