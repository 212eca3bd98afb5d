"""One plugin at work: its code, its thread and its chat in one piece, on the server's loop.

It is loaded, started, and at last stopped or suspended; a reload makes another one in its place.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from enum import Enum
from typing import Final

from msgspec import Struct

from tertulia.core.errors import Refused
from tertulia.core.events import Entry, Event, RoomKind, actor_of
from tertulia.core.room import RoomState
from tertulia.declare import Declared, Parsed
from tertulia.plugins.chat import Chat
from tertulia.plugins.cleaning import clean_lines
from tertulia.plugins.contexts import Call, Heard
from tertulia.plugins.errand import Function, Reply
from tertulia.plugins.faults import Strikes
from tertulia.plugins.hooks import Hooks
from tertulia.plugins.life import Life
from tertulia.plugins.listening import Listening
from tertulia.plugins.loading import Loaded, LoadError, Source, load
from tertulia.plugins.rows import row_of
from tertulia.plugins.voice import Voice
from tertulia.plugins.worker import LOOKS, Worker
from tertulia.ports import Gateway
from tertulia.slash.call import Call as SlashCall
from tertulia.slash.registry import Row

logger = logging.getLogger(__name__)

START_WITHIN: Final = 10.0
"""Seconds that loading a plugin may take, and then again starting it."""
STOP_WITHIN: Final = 2.0
"""Seconds that stopping it may take."""


class PluginSettings(Struct, frozen=True):
    """What the operator may choose about plugins."""

    budget_seconds: float = 2.0
    """What one call of a plugin's function may take."""
    strikes: int = 3
    """So many times too long within a minute, and it is suspended."""
    backlog: int = 10_000
    """Events that may wait for a plugin's listeners; more are missed."""


class State(Enum):
    """How a plugin is."""

    LOADING = "loading"
    RUNNING = "running"
    SUSPENDED = "suspended"
    STOPPED = "stopped"


class LivePlugin:
    """One plugin, from being loaded to being stopped."""

    def __init__(
        self,
        source: Source,
        gateway: Gateway,
        voice: Voice,
        settings: PluginSettings,
        on_suspended: Callable[[LivePlugin], None],
    ) -> None:
        """`voice` is whom it speaks as; `on_suspended` is called when it is suspended."""
        server = asyncio.get_running_loop()
        self.source = source
        self.name = source.name
        self.voice = voice
        self.state = State.LOADING
        self.reason = ""
        """Why it is suspended."""
        self.hooks = Hooks()
        self.rows: tuple[Row, ...] = ()
        self._gateway = gateway
        self._settings = settings
        self._on_suspended = on_suspended
        self._strikes = Strikes(settings.strikes)
        self._worker = Worker(
            self.name,
            server,
            settings.budget_seconds,
            on_overrun=self._note_overrun,
            on_end=self._note_end,
        )
        self._worker.roots = (source.file,) if source.file else ()
        self._chat = Chat(gateway, voice, self._worker, server)
        self._life: Life | None = None
        self._listening: Listening | None = None
        self._suspending: asyncio.Task[None] | None = None

    # Life

    async def load(self) -> None:
        """Run its code, in its own thread, and take in what it declares.

        Raises:
            LoadError: it can't be loaded.
        """

        async def run() -> Loaded:
            return load(self.source)

        self._worker.start()
        try:
            loaded = await self._worker.run(run(), START_WITHIN)
        except TimeoutError:
            self.state = State.STOPPED
            self._worker.give_up()
            raise LoadError(f"loading it took more than {START_WITHIN:.0f} s") from None
        except LoadError:
            await self.stop()
            raise
        self.hooks = loaded.hooks
        self.rows = tuple(row_of(one, self._answer) for one in loaded.hooks.commands)
        self._worker.roots = loaded.roots

    async def start(self) -> None:
        """Enter its lifespans; from here on it is called.

        Raises:
            LoadError: it can't be started.
        """
        self._life = Life(self._worker, self.hooks, self._chat, self._note_broken)
        try:
            await self._worker.run(self._life.begin(), START_WITHIN)
        except TimeoutError:
            self.state = State.STOPPED
            self._worker.give_up()
            raise LoadError(f"starting it took more than {START_WITHIN:.0f} s") from None
        except Exception as error:
            logger.error("plugin %s can't be started", self.name, exc_info=error)
            await self.stop()
            raise LoadError(f"its lifespan failed: {type(error).__name__}: {error}") from error
        self._listening = self._listen()
        self.state = State.RUNNING
        if self.reason:
            self.suspend(self.reason)

    def _listen(self) -> Listening:
        listeners: dict[type[Event], list[Function]] = {}
        for kind, function in self.hooks.listeners:
            listeners.setdefault(kind, []).append(function)
        return Listening(self._worker, listeners, self._settings.backlog, self._make_heard)

    async def stop(self, seconds: float | None = None) -> None:
        """Call off what is under way, leave its lifespans, end its thread.

        That may take `seconds`, or `STOP_WITHIN`.
        """
        seconds = STOP_WITHIN if seconds is None else seconds
        if self._suspending is not None:
            await asyncio.wait([self._suspending], timeout=seconds)
        if self.state is State.SUSPENDED:
            self.state = State.STOPPED
            return
        self.state = State.STOPPED
        await self._end_worker(seconds)

    async def _end_worker(self, seconds: float) -> None:
        if not await self._worker.stop(self._last, seconds):
            logger.error(
                "plugin %s does not stop, and its thread is left alone, in %s",
                self.name,
                self._worker.whereabouts(),
            )

    async def _last(self) -> None:
        if self._life is not None:
            await self._life.end()

    # Going wrong

    @property
    def is_running(self) -> bool:
        """Whether it is at work."""
        return self.state is State.RUNNING

    @property
    def is_lost(self) -> bool:
        """Whether it is out of service, and yet its thread goes on."""
        return self._worker.is_lost

    @property
    def is_busy(self) -> bool:
        """Whether its thread is at something that does not come to an end."""
        return self._worker.is_lost or (self.is_running and self._worker.is_silent)

    def look(self) -> None:
        """See whether its thread gets on; called `LOOKS` times within a time budget."""
        if not self.is_running:
            self._worker.ask_again_to_end()
            return
        silence = self._worker.look()
        if silence and silence % LOOKS == 0:
            seconds = silence * self._settings.budget_seconds / LOOKS
            logger.warning(
                "plugin %s has held up its thread for %.1f s, in %s",
                self.name,
                seconds,
                self._worker.whereabouts(),
            )
            self.strike()
            # One call as long as that is as bad as several, however far apart they are counted.
            if silence >= LOOKS * self._settings.strikes:
                self.suspend(f"it has held up its thread for {seconds:.1f} s")

    def _note_overrun(self, function: str) -> None:
        logger.warning(
            "plugin %s: %s took more than %.1f s", self.name, function, self._worker.budget
        )
        if not self._worker.is_silent:
            self.strike()

    def strike(self) -> None:
        """Count that it took too long, or failed as a filter; once too often is the end of it."""
        if self._strikes.note(time.monotonic()):
            times = self._settings.strikes
            self.suspend(f"{times} times within a minute it took too long or failed as a filter")

    def _note_broken(self) -> None:
        self._worker.tell_server(self.suspend, "its lifespan has failed")

    def _note_end(self) -> None:
        self.suspend("its thread has ended")

    def suspend(self, reason: str) -> None:
        """Take it out of service until it is reloaded."""
        if self.state is State.LOADING:
            # It has gone wrong before it was at work; `start` comes back to that.
            self.reason = reason
        if not self.is_running:
            return
        self.state, self.reason = State.SUSPENDED, reason
        self._worker.refuse_calls()
        self._suspending = asyncio.get_running_loop().create_task(self._end_worker(STOP_WITHIN))
        self._on_suspended(self)

    # Being called

    def ask(self, function: Function, *args: object, **named: object) -> asyncio.Future[Reply]:
        """Have one of its functions called; see `Worker.ask`."""
        return self._worker.ask(function, *args, **named)

    @property
    def chat(self) -> Chat:
        """The chat as it sees it."""
        return self._chat

    def hear(self, entry: Entry, room: RoomState) -> None:
        """Hand an entry to its listeners, if it is theirs to hear."""
        if self._listening is None or not self.is_running:
            return
        if room.kind is not RoomKind.PUBLIC and self.voice.identity not in room.parties:
            return
        actor = actor_of(entry.event)
        if actor is None or actor.id != self.voice.user:
            self._listening.hear(entry, room)

    def _make_heard(self, entry: Entry, room: RoomState) -> Heard[Event]:
        return Heard(self._chat, self.name, room, entry, entry.event)

    async def _answer(self, declared: Declared, call: SlashCall, parsed: Parsed) -> None:
        """Carry out a command that somebody typed."""
        current = call.session.current
        room = None if current is None else self._gateway.room(current)
        asked = Call(self._chat, self.name, call.me(), room, call.catalog.code, call)
        reply = await self.ask(declared.function, asked, *parsed.positional, **parsed.named)
        if reply.refusal is not None:
            raise Refused(reply.refusal)
        if isinstance(reply.value, str) and reply.value:
            call.reply.say(clean_lines([reply.value]))

    def describe(self) -> str:
        """Return the plugin in one line, for the operator."""
        hooks = self.hooks
        counts = {
            "command": len(hooks.commands),
            "listener": len(hooks.listeners),
            "filter": len(hooks.filters),
            "periodic function": len(hooks.periodic),
            "door": len(hooks.doors),
        }
        parts = [f"{count} {what}{'s' * (count > 1)}" for what, count in counts.items() if count]
        if self._listening is not None and self._listening.missed:
            parts.append(f"{self._listening.missed} events missed")
        if self.state is State.SUSPENDED:
            parts.append(f"suspended: {self.reason}")
        return f"{self.name} ({', '.join(parts)})" if parts else self.name
