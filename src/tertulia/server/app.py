"""The composition root: builds the parts from the settings, starts them, and stops them.

What the parts do is theirs. Starting and stopping have an order, and stopping has deadlines:
whatever hangs, the process is gone within five seconds.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TextIO

from tertulia.config import Opening, Settings, parse_address
from tertulia.core.ids import EventId, first_id_at
from tertulia.doors.stream import Listener, bind
from tertulia.plugins.loading import LoadError
from tertulia.ports import StoreError, StreamDoor
from tertulia.server import parts
from tertulia.server.console import Console, TerminalReader
from tertulia.server.ending import Ending, signals_ask, within
from tertulia.server.engine import Engine
from tertulia.server.failure import CannotStart
from tertulia.server.gateway import Gateway
from tertulia.server.hub import Hub
from tertulia.server.logs import start_logging
from tertulia.server.process import end_within, loop_factory, prepare_process
from tertulia.server.status import ServerControls, welcome
from tertulia.slash.registry import Registry

logger = logging.getLogger(__name__)

END_WITHIN: Final = 4.5
"""Seconds from the wish to end until the process is ended from below; the steps take less."""
LAST_WORDS: Final = 1.5
LAST_TURN: Final = 0.8
LAST_STATES: Final = 0.6
CLOSE_STORE: Final = 1.0

HOUSEKEEPING: Final = 86_400.0
"""Seconds between saving the states of the rooms and erasing what is too old."""
DAY_MS: Final = 86_400_000


def run(settings: Settings, openings: Sequence[Opening]) -> int:
    """Run the server in this process until it is told to end; return the exit status.

    Raises:
        CannotStart: something is in the way; the message says what to do.
    """
    prepare_process()
    start_logging(settings.log.level, settings.log.format, sys.stderr)
    terminal = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else None
    ending = Ending(partial(end_within, END_WITHIN))
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(serve(settings, openings, ending, sys.stdout, terminal))
    except CannotStart:
        raise
    except Exception:
        logger.critical("the server ended by a fault of its own", exc_info=True)
        return 1


async def serve(
    settings: Settings,
    openings: Sequence[Opening],
    ending: Ending,
    stdout: TextIO,
    terminal: int | None = None,
) -> int:
    """Start, say so on `stdout`, wait for the end, stop; return the exit status.

    `terminal` is the descriptor that the operator's commands are read from, if any.

    Raises:
        CannotStart: something is in the way; the message says what to do.
    """
    loop = asyncio.get_running_loop()
    app = App(settings, loop, ending)
    with signals_ask(loop, ending):
        try:
            await app.start(openings)
            if not ending.is_asked:
                await _be_open(app, ending, stdout, terminal)
        finally:
            ending.begin()
            is_clean = await app.stop()
    return 0 if is_clean else 1


async def _be_open(app: App, ending: Ending, stdout: TextIO, terminal: int | None) -> None:
    """Tell people how to join, and obey the terminal until somebody asks for the end."""
    loop = asyncio.get_running_loop()
    write = partial(_write_line, stdout)
    reader: TerminalReader | None = None
    if terminal is not None:
        app.plugins.notify = write
        controls = ServerControls(app.gateway, app.engine, app.plugins, app.settings, ending)
        reader = TerminalReader(loop, terminal, Console(controls, write).take)
        reader.start()
    write(welcome(app.listening(), app.ways_in, with_console=terminal is not None))
    try:
        await ending.wait()
    finally:
        if reader is not None:
            reader.stop()


class App:
    """All parts of one server."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop, ending: Ending) -> None:
        self.settings = settings
        self._ending = ending
        self._loop = loop
        policy = parts.policy(settings)
        self._store = parts.store(settings)
        self.engine = Engine(self._store, policy, _now_ms)
        hub = Hub(loop, parts.hub_settings(settings))
        self.gateway = Gateway(
            self.engine,
            hub,
            self._store,
            policy,
            parts.gateway_settings(settings),
            monotonic=time.monotonic,
            draw=partial(secrets.randbits, 64),
            shut_down=partial(ending.ask, "an operator"),
        )
        self._registry = Registry()
        self.plugins = parts.plugins(
            settings, self.gateway, self.gateway, self._registry, self._open_door
        )
        self.ways_in: dict[str, str] = {}
        """How to join through the doors that plugins have added."""
        self._admission = parts.admission(settings, time.monotonic)
        self._doors: dict[str, parts.Door] = {}
        self._listeners: list[tuple[str, Listener]] = []
        self._has_failed = False
        self._turns: asyncio.Task[None] | None = None
        self._housekeeping: asyncio.Task[None] | None = None

    def listening(self) -> list[tuple[str, str, int]]:
        """Return door, host and port of everything that listens."""
        return [(door, *listener.address) for door, listener in self._listeners]

    async def start(self, openings: Sequence[Opening]) -> None:
        """Open the doors, once the store is open and everything it holds is taken in.

        Raises:
            CannotStart: something is in the way; the message says what to do.
        """
        self._bind(openings)
        try:
            await self.engine.recover(await self._store.open())
        except StoreError as error:
            raise CannotStart(str(error)) from error
        await self._keep_house()
        self._turns = self._loop.create_task(self._run_turns())
        self._housekeeping = self._loop.create_task(self._keep_house_daily())
        await self._start_plugins()
        for _, listener in self._listeners:
            listener.start()

    async def _start_plugins(self) -> None:
        """Start the plugins, unless the end is asked for before they are ready."""
        starting = self._loop.create_task(self.plugins.start())
        ending = self._loop.create_task(self._ending.wait())
        await asyncio.wait([starting, ending], return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if not starting.done():
            starting.cancel()
            await asyncio.wait([starting])
            return
        try:
            await starting
        except LoadError as error:
            raise CannotStart(str(error)) from error

    def _bind(self, openings: Sequence[Opening]) -> None:
        for name in {opening.door for opening in openings}:
            self._doors[name] = parts.DOORS[name].make(
                self.settings, self.gateway, self._registry, _now_ms
            )
        for opening in openings:
            try:
                sock = bind(opening.address.host, opening.address.port)
            except (OSError, UnicodeError) as error:
                raise parts.cannot_listen(opening, error) from error
            self._add_listener(sock, self._doors[opening.door])

    def _add_listener(self, sock: socket.socket, door: StreamDoor) -> Listener:
        bounds = parts.stream_settings(self.settings)
        listener = Listener(self._loop, sock, door, self._admission, bounds)
        self._listeners.append((door.name, listener))
        return listener

    def _open_door(self, door: StreamDoor, listen: str, way_in: str) -> Callable[[], None]:
        """See `plugins.doors.OpenDoor`."""
        address = parse_address(listen)
        listener = self._add_listener(bind(address.host, address.port), door)
        self.ways_in[door.name] = way_in or f"nc {{host}} {{port}}      ({door.name})"
        listener.start()

        def stop() -> None:
            listener.stop()
            if not listener.connections:
                self._listeners.remove((door.name, listener))

        return stop

    async def stop(self) -> bool:
        """Tell everyone, keep everything, close everything; tell whether nothing was left undone.

        Safe after a start that failed half-way.
        """
        listeners = [listener for _, listener in self._listeners]
        for listener in listeners:
            listener.stop()
        self.gateway.evict_all()
        for listener in listeners:
            listener.close_all()
        await asyncio.gather(
            self.plugins.stop(LAST_WORDS),
            *(listener.wait_closed(LAST_WORDS) for listener in listeners),
        )
        # Those that were cut off say so in the loop's next turn.
        await asyncio.sleep(0)
        for door in self._doors.values():
            await door.close()
        is_clean = not self._has_failed
        if self._housekeeping is not None:
            self._housekeeping.cancel()
            await asyncio.wait([self._housekeeping], timeout=LAST_STATES)
        if self._turns is not None:
            self.engine.finish()
            is_clean &= await within(LAST_TURN, self._turns, "the last turn")
            if is_clean:
                # A short cut for the next start, no more: the log has everything.
                await within(LAST_STATES, self._keep_house(erase=False), "saving the states")
        return await within(CLOSE_STORE, self._store.close(), "closing the store") and is_clean

    async def _run_turns(self) -> None:
        """Run the turns; without them there is no chat, so their fault is the end of it."""
        try:
            await self.engine.run(self.gateway)
        except Exception:
            self._has_failed = True
            logger.critical("the turns have ended by a fault of their own", exc_info=True)
            self._ending.ask("a fault")

    async def _keep_house_daily(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING)
            try:
                await self._keep_house()
            except Exception:
                logger.exception("keeping house failed; the next time is in a day")

    async def _keep_house(self, *, erase: bool = True) -> None:
        """Save the states of the rooms, and erase what is older than the settings allow."""
        keep_days = self.settings.history.keep_days
        before = _now_ms() - keep_days * DAY_MS if keep_days and erase else 0
        try:
            erased = await self._store.compact(self.engine.stored_rooms(), erase_before=before)
        except StoreError as error:
            logger.error("the states of the rooms can't be saved: %s", error)
            return
        if before:
            self.engine.forget_before(EventId(first_id_at(before)))
            logger.info("erased %s messages older than %s days", erased, keep_days)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _write_line(stdout: TextIO, text: str) -> None:
    """Write a line for people or programs; when nobody reads any more, write to nowhere."""
    try:
        stdout.write(text + "\n")
        stdout.flush()
    except BrokenPipeError:
        logger.warning("nobody reads the standard output any more")
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
