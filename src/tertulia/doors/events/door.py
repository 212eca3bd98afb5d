"""The events door itself: what all of its connections share, and who looks through which view."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import tzinfo
from typing import TYPE_CHECKING, Final

from msgspec import Struct, structs

from tertulia.core.errors import Refusal, describe
from tertulia.core.ids import UserId
from tertulia.core.language import Catalog
from tertulia.doors.events.handler import EventsHandler
from tertulia.ports import Client, Gateway, Link, Session, StreamHandler
from tertulia.slash.registry import Registry
from tertulia.wire.events import events as w
from tertulia.wire.events.format import LINES
from tertulia.wire.events.objects import SUBPROTOCOL
from tertulia.wire.events.snapshots import room_id_of
from tertulia.wire.handshake import Terms, is_this_machine

if TYPE_CHECKING:
    from tertulia.doors.events.view import View

COMEBACKS: Final = 32
"""People who are told at once what they missed; the others wait, for it takes memory."""
READING: Final = 20.0
"""Seconds that one look into the log may take."""
PATH: Final = "/events"


class EventsSettings(Struct, frozen=True):
    """What the operator may choose about this door."""

    max_event: int = 65_536
    """The longest event taken in, in bytes."""
    login_seconds: float = 10.0
    """How long a connection may take to log in."""
    resume_seconds: float = 60.0
    """How long somebody stays in their rooms whose connection is lost; 0: not at all."""
    resume_entries: int = 1000
    """How much of a room's log somebody is told who comes back; past that, the room as it is."""
    history: int = 50
    """How many earlier messages come with a room."""
    origins: tuple[str, ...] = ()
    """Web pages that may connect; none: pages of the same host."""
    language: str = "en"
    """The language of those who have not chosen one."""
    main_room: str = "lobby"
    largest_push: int = 524_288
    """Bytes that one answer may have, more or less; well below what an outbox holds."""


class EventsDoor:
    """Implements `ports.StreamDoor`, and is what its handlers share."""

    name: Final = "events"

    def __init__(
        self,
        gateway: Gateway,
        settings: EventsSettings,
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
        self.catalog = catalog
        self.zone = zone
        self.now_ms = now_ms
        self.monotonic = monotonic
        self.terms = Terms(PATH, settings.origins, (SUBPROTOCOL,))
        self.comebacks = asyncio.Semaphore(COMEBACKS)
        self._views: dict[UserId, View] = {}
        self._readings: set[asyncio.Task[None]] = set()

    def make(self, link: Link) -> StreamHandler:
        """Return the handler of a new connection."""
        return EventsHandler(self, link)

    def refuse(self, refusal: Refusal) -> bytes:
        """Write a refusal for somebody who does not even get in."""
        texts = self.catalog(self.settings.language)
        text = describe(refusal, texts.gettext)
        error = w.ServerError(code=refusal.code, text=text, data=structs.asdict(refusal))
        return LINES.write(error)

    def is_local(self, client: Client) -> bool:
        """Tell whether a client is on this machine."""
        return is_this_machine(client.address)

    def main_room(self) -> str:
        """Return the id of the main room."""
        room = self.gateway.room_named(self.settings.main_room)
        # The chat makes its main room before it opens a door, and never deletes it.
        assert room is not None
        return room_id_of(room.id)

    # Who looks through which view

    def note_view(self, session: Session, view: View) -> None:
        """Take in that a session's owner looks through `view` from here on."""
        self._views[session.user] = view

    def forget_view(self, session: Session, view: View) -> None:
        """Take in that nobody looks through `view` any more."""
        if self._views.get(session.user) is view:
            del self._views[session.user]

    def view_of(self, user: UserId) -> View | None:
        """Return what somebody looks through."""
        return self._views.get(user)

    # Looking into the log

    def read(
        self,
        reading: Coroutine[object, object, None],
        on_end: Callable[[BaseException | None], None],
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
            task.cancel()
        await asyncio.gather(*self._readings, return_exceptions=True)
