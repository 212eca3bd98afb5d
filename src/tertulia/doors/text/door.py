"""A door of text: its places, and what all of its sessions share.

A wire format exists once for each language and kind of room, whoever reads it, for the hub
encodes once per instance.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Final

from msgspec import Struct

from tertulia.core.errors import ChatFull, Refusal, describe
from tertulia.core.events import LeaveReason
from tertulia.core.ids import RoomId
from tertulia.core.language import Catalog
from tertulia.doors.text.voice import Voice
from tertulia.ports import Gateway, Link, StreamHandler, WireFormat
from tertulia.slash.call import Reading
from tertulia.slash.registry import Registry

READING: Final = 20.0
"""Seconds that a look into the log may take."""


class TextSettings(Struct, frozen=True):
    """What the operator may choose about any door of text."""

    max_sessions: int = 50
    """How many may be connected at once."""
    history: int = 10
    """How many earlier messages somebody is shown who enters a room."""
    language: str = "en"
    """The language of those who have not chosen one."""
    main_room: str = "lobby"


class TextDoor(ABC):
    """Implements `ports.StreamDoor`, and is what its handlers share."""

    name: str

    def __init__(
        self,
        gateway: Gateway,
        settings: TextSettings,
        *,
        registry: Registry,
        catalog: Callable[[str], Catalog],
        zone: tzinfo,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        """Lead to `gateway`.

        `catalog` returns the texts of a language, `now_ms` the milliseconds of Unix time,
        `monotonic` seconds that only ever rise.
        """
        self.gateway = gateway
        self.settings = settings
        self.registry = registry
        self.zone = zone
        self.now_ms = now_ms
        self.monotonic = monotonic
        self._catalog = catalog
        self._voices: dict[str, Voice] = {}
        self._taken = 0
        self._readings: set[asyncio.Task[None]] = set()

    # What a door adds

    @abstractmethod
    def handle(self, link: Link) -> StreamHandler:
        """Return the handler of a connection that has a place."""

    @abstractmethod
    def write(self, lines: Sequence[str]) -> bytes:
        """Write what the server says to one person; nothing when there are no lines."""

    @abstractmethod
    def format(self, catalog: Catalog, main_room: RoomId, *, is_current: bool) -> WireFormat:
        """Make the wire format of a language, for the rooms that people talk in or for others."""

    # Places

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return self._taken

    def make(self, link: Link) -> StreamHandler:
        """Return the handler of a new connection; without a place, one that says so."""
        if self._taken >= self.settings.max_sessions:
            link.outbox.push(self.refuse(ChatFull(self.settings.max_sessions)))
            link.close(LeaveReason.LOST)
            return _TURNED_AWAY
        self._taken += 1
        return self.handle(link)

    def refuse(self, refusal: Refusal) -> bytes:
        """Write a refusal for somebody who does not even get in."""
        texts = self._catalog(self.settings.language)
        return self.write([describe(refusal, texts.gettext)])

    def free_place(self) -> None:
        """Take in that one who was here is gone."""
        self._taken -= 1

    # Voices

    def voice(self, code: str) -> Voice:
        """Return what speaks a language, the same one every time."""
        known = self._voices.get(code)
        if known is None:
            known = self._voices[code] = self._new_voice(self._catalog(code))
        return known

    def _new_voice(self, catalog: Catalog) -> Voice:
        main_room = self._main_room()
        here = self.format(catalog, main_room, is_current=True)
        elsewhere = self.format(catalog, main_room, is_current=False)
        return Voice(catalog, self.zone, here, elsewhere)

    def _main_room(self) -> RoomId:
        room = self.gateway.room_named(self.settings.main_room)
        # The chat makes its main room before it opens a door, and never deletes it.
        assert room is not None
        return room.id

    # Looking into the log

    def read(
        self, reading: Reading, on_end: Callable[[BaseException | None], None]
    ) -> asyncio.Task[None]:
        """Look into the log beside everything else, within a deadline.

        `on_end` is called once, with what went wrong: a `TimeoutError` when it was given up.
        """
        loop = asyncio.get_running_loop()
        task = loop.create_task(reading)
        deadline = loop.call_later(READING, task.cancel)
        self._readings.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            deadline.cancel()
            self._readings.discard(task)
            on_end(TimeoutError() if task.cancelled() else task.exception())

        task.add_done_callback(ended)
        return task

    def give_up(self, task: asyncio.Task[None]) -> None:
        """Give up a look into the log."""
        # Not before it has begun: what awaits another coroutine can be ended cleanly only then.
        asyncio.get_running_loop().call_soon(task.cancel)

    async def close(self) -> None:
        """Give up what is still being read, and wait until that is done."""
        for task in self._readings:
            self.give_up(task)
        await asyncio.gather(*self._readings, return_exceptions=True)


class _TurnedAway:
    """The handler of a connection that found no place: it hears nothing."""

    __slots__ = ()

    def receive_data(self, data: bytes) -> None:
        """Drop it."""

    def receive_eof(self) -> None:
        """The connection is being closed anyway."""

    def connection_lost(self, reason: LeaveReason) -> None:
        """It never took a place."""


_TURNED_AWAY: Final = _TurnedAway()
