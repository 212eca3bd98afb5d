"""All plugins of one server: loading, watching, suspending and reloading them.

It lives on the server's loop and ties what plugins declare to the chat: rows to the registry of
slash-commands, filters in front of the turns, listeners behind them, doors to addresses. Without
plugins it costs nothing.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from typing import Final

from tertulia.core.events import Entry, LeaveReason
from tertulia.core.room import RoomState
from tertulia.plugins.builtin import SLASH_COMMANDS
from tertulia.plugins.doors import Doors, OpenDoor
from tertulia.plugins.filters import Filters
from tertulia.plugins.loading import LoadError, Source, installed_sources, source_of
from tertulia.plugins.plugin import LivePlugin, PluginSettings
from tertulia.plugins.voice import Voice
from tertulia.plugins.worker import LOOKS
from tertulia.ports import Backstage, Gateway
from tertulia.slash.registry import Registry

logger = logging.getLogger(__name__)

BUSY_SWITCH: Final = 0.0005
"""Seconds after which a plugin's busy thread lets go of the interpreter, while one is busy.

Usually it is 5 ms, and the server would wait as long after each of its system calls.
"""


class PluginManager:
    """The plugins of one server."""

    def __init__(
        self,
        gateway: Gateway,
        backstage: Backstage,
        registry: Registry,
        settings: PluginSettings,
        *,
        named: Sequence[str] = (),
        discovers: bool = False,
        open_door: OpenDoor,
    ) -> None:
        """Take the built-in slash-commands into `registry`; nothing is loaded before `start`.

        `named` are plugins by file or module; with `discovers`, those of installed packages are
        loaded as well. `open_door` is how doors are opened.
        """
        self._gateway = gateway
        self._backstage = backstage
        self._registry = registry
        self._settings = settings
        self._named = named
        self._discovers = discovers
        self._plugins: list[LivePlugin] = []
        self._listeners: list[LivePlugin] = []
        self._failed: dict[str, str] = {}
        self._lost: list[LivePlugin] = []
        """Those whose threads could not be ended."""
        self._voices: dict[str, Voice] = {}
        self._filters = Filters(gateway)
        self._doors = Doors(gateway, open_door)
        self._watch: asyncio.TimerHandle | None = None
        self._switch: float | None = None
        """How long threads may keep the interpreter usually, while it is less."""
        self._reloading: asyncio.Task[None] | None = None
        self._is_stopping = False
        self.notify: Callable[[str], None] | None = None
        """Tells the operator at the console something."""
        registry.add(SLASH_COMMANDS.rows)

    @property
    def plugins(self) -> Sequence[LivePlugin]:
        """The plugins that are loaded, suspended ones included."""
        return self._plugins

    # Life

    async def start(self) -> None:
        """Load and start all plugins.

        Raises:
            LoadError: one that the operator has named can't be loaded.
        """
        for source, error in (await self._bring_up()).items():
            logger.error("plugin %s stays out: %s", source.name, error)
            if source.where in self._named:
                raise LoadError(f"The plugin {source.where} can't be loaded: {error}")

    async def stop(self, seconds: float) -> None:
        """Stop all plugins, within `seconds`, whatever they do."""
        self._is_stopping = True
        if self._reloading is not None:
            self._reloading.cancel()
            await asyncio.wait([self._reloading])
        if self._watch is not None:
            self._watch.cancel()
        self._disconnect()
        await asyncio.gather(*(plugin.stop(seconds) for plugin in self._plugins))
        self._be_patient(True)

    def reload(self, tell: Callable[[str], None]) -> None:
        """Stop all plugins, and load and start them from their code as it is now.

        Nobody is disconnected by that. `tell` is told what came of it, when it is done.
        """
        if self._is_stopping:
            return
        if self._reloading is not None:
            tell("The plugins are being reloaded already.")
            return
        self._filters.hold()
        self._reloading = asyncio.get_running_loop().create_task(self._reload(tell))
        self._reloading.add_done_callback(self._note_reloaded)

    def _note_reloaded(self, task: asyncio.Task[None]) -> None:
        self._reloading = None
        if not task.cancelled() and task.exception() is not None:
            logger.error("reloading the plugins failed", exc_info=task.exception())

    async def _reload(self, tell: Callable[[str], None]) -> None:
        old, self._plugins = self._plugins, []
        try:
            await asyncio.gather(*(plugin.stop() for plugin in old))
            self._lost += [plugin for plugin in old if plugin.is_lost]
            failed = await self._bring_up(replacing=old)
        finally:
            self._filters.release()
        for source, error in failed.items():
            logger.error("plugin %s stays out: %s", source.name, error)
        lines = [f"{plugin.describe()}: reloaded" for plugin in self._plugins]
        lines += [f"{source.name} stays out: {error}" for source, error in failed.items()]
        logger.info("plugins reloaded: %s at work, %s stay out", len(self._plugins), len(failed))
        tell("\n".join(lines) or "There are no plugins.")

    # Loading

    def _sources(self) -> list[Source]:
        sources = [source_of(where) for where in dict.fromkeys(self._named)]
        return [*sources, *installed_sources()] if self._discovers else sources

    async def _bring_up(self, replacing: Sequence[LivePlugin] = ()) -> dict[Source, str]:
        """Load and start all plugins; return those that can't be, and why."""
        failed: dict[Source, str] = {}
        loaded = await self._load(failed)
        self._registry.remove([row for plugin in replacing for row in plugin.rows])
        for plugin in loaded:
            try:
                self._check_rows(plugin)
                await plugin.start()
                if plugin.is_running:
                    self._doors.open(plugin)
            except LoadError as error:
                failed[plugin.source] = str(error)
                self._doors.close(plugin.name)
                await plugin.stop()
                continue
            self._registry.add(plugin.rows)
            self._plugins.append(plugin)
        self._failed = {source.name: error for source, error in failed.items()}
        self._connect()
        return failed

    async def _load(self, failed: dict[Source, str]) -> list[LivePlugin]:
        """Run the code of all plugins, beside each other."""
        plugins: list[LivePlugin] = []
        taken: set[str] = set()
        for source in self._sources():
            if source.name in taken:
                failed[source] = f"there is another plugin called {source.name}"
                continue
            taken.add(source.name)
            plugins.append(
                LivePlugin(
                    source, self._gateway, self._voice(source), self._settings, self._note_suspended
                )
            )
        outcomes = await asyncio.gather(
            *(plugin.load() for plugin in plugins), return_exceptions=True
        )
        for plugin, outcome in zip(plugins, outcomes, strict=True):
            if isinstance(outcome, LoadError):
                failed[plugin.source] = str(outcome)
                if plugin.is_lost:
                    self._lost.append(plugin)
            elif outcome is not None:
                raise outcome
        return [plugin for plugin in plugins if plugin.source not in failed]

    def _voice(self, source: Source) -> Voice:
        """Return whom a plugin speaks as; the same one after a reload."""
        return self._voices.setdefault(source.name, Voice(self._gateway, source.name))

    def _check_rows(self, plugin: LivePlugin) -> None:
        """Make sure that a plugin's commands can be taken in.

        Raises:
            LoadError: one has the word of another command.
        """
        try:
            Registry([*self._registry.rows(operator=True), *plugin.rows])
        except ValueError as error:
            raise LoadError(str(error)) from None

    # Ties to the chat

    def _connect(self) -> None:
        """Put the plugins at work where the chat meets them."""
        self._reconnect_filters()
        self._listeners = [plugin for plugin in self._plugins if plugin.hooks.listeners]
        self._backstage.follow_entries(self._hear if self._listeners else None)
        self._doors.close_others(
            {one.name: {door.listen for door in one.hooks.doors} for one in self._plugins}
        )
        names = {plugin.name for plugin in self._plugins}
        for name in self._voices.keys() - names:
            self._voices.pop(name).close()
        if (self._plugins or self._lost) and self._watch is None:
            self._look()

    def _reconnect_filters(self) -> None:
        self._filters.use(self._plugins)
        self._backstage.filter_commands(self._filters if self._filters.has_any else None)

    def _disconnect(self) -> None:
        self._backstage.follow_entries(None)
        self._filters.use(())
        self._filters.release()
        self._backstage.filter_commands(None)
        self._doors.close_others({})
        for voice in self._voices.values():
            voice.close(LeaveReason.SHUTDOWN)

    def _hear(self, entry: Entry, room: RoomState) -> None:
        for plugin in self._listeners:
            plugin.hear(entry, room)

    # Watching

    def _look(self) -> None:
        """Look after the plugins' threads, again and again."""
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(self._settings.budget_seconds / LOOKS, self._look)
        for plugin in [*self._plugins, *self._lost]:
            plugin.look()
        self._lost = [plugin for plugin in self._lost if plugin.is_lost]
        self._be_patient(not any(one.is_busy for one in (*self._plugins, *self._lost)))

    def _be_patient(self, is_patient: bool) -> None:
        """Let threads keep the interpreter as long as usual, or less while a plugin is busy."""
        if not is_patient and self._switch is None:
            self._switch = sys.getswitchinterval()
            sys.setswitchinterval(BUSY_SWITCH)
        elif is_patient and self._switch is not None:
            sys.setswitchinterval(self._switch)
            self._switch = None

    def _note_suspended(self, plugin: LivePlugin) -> None:
        told = f"The plugin {plugin.name} is suspended: {plugin.reason}. `reload` tries it again."
        logger.error("%s", told)
        if self.notify is not None:
            self.notify(told)
        self._reconnect_filters()
        self._doors.close(plugin.name)

    # What the operator sees

    def describe(self) -> list[str]:
        """Return all plugins, one in each line."""
        lines = [plugin.describe() for plugin in self._plugins]
        lines += [f"{name} (stays out: {error})" for name, error in self._failed.items()]
        lost = sum(plugin.is_lost for plugin in (*self._plugins, *self._lost))
        if lost:
            lines.append(f"threads left alone: {lost}")
        return lines
