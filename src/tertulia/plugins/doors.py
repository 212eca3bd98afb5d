"""Doors that plugins add. A door's place outlasts reloads, and so does who came in through it.

New connections are the newest code's; those that are open go on with the code they began with.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from tertulia.core.errors import Refusal
from tertulia.core.events import LeaveReason
from tertulia.plugins.loading import LoadError
from tertulia.plugins.plugin import LivePlugin
from tertulia.ports import Gateway, Link, StreamDoor, StreamHandler

logger = logging.getLogger(__name__)

OpenDoor = Callable[[StreamDoor, str, str], Callable[[], None]]
"""Listens for a door at `HOST:PORT`, with words for the way in; returns what stops that.

Raises ValueError or OSError where that can't be.
"""


class DoorPlace:
    """Where a plugin's door is, whatever code is behind it; implements `ports.StreamDoor`."""

    def __init__(self, plugin: str, door: StreamDoor) -> None:
        self._plugin = plugin
        self.door: StreamDoor | None = door
        """Who takes in the next one; None: nobody."""
        self.name = door.name

    def make(self, link: Link) -> StreamHandler:
        """See `ports.StreamDoor.make`."""
        if self.door is not None:
            return self.door.make(link)
        link.close(LeaveReason.LOST)
        return _CLOSED

    def refuse(self, refusal: Refusal) -> bytes:
        """See `ports.StreamDoor.refuse`."""
        if self.door is None:
            return b""
        try:
            return self.door.refuse(refusal)
        except Exception:
            logger.exception("plugin %s: its door %s failed", self._plugin, self.name)
            return b""


class Doors:
    """The doors of all plugins, on the server's loop."""

    def __init__(self, gateway: Gateway, open_door: OpenDoor) -> None:
        self._gateway = gateway
        self._open = open_door
        self._places: dict[tuple[str, str], tuple[DoorPlace, Callable[[], None]]] = {}

    def open(self, plugin: LivePlugin) -> None:
        """Open a plugin's doors, or put its code behind those that are open.

        Raises:
            LoadError: one can't be made, or can't listen.
        """
        for factory in plugin.hooks.doors:
            try:
                door: StreamDoor = factory.function(self._gateway)
                known = self._places.get((plugin.name, factory.listen))
                if known is not None and known[0].name == door.name:
                    known[0].door = door
                else:
                    place = DoorPlace(plugin.name, door)
                    stop = self._open(place, factory.listen, factory.way_in)
                    self._places[plugin.name, factory.listen] = (place, stop)
            except Exception as error:
                logger.error("plugin %s: a door failed", plugin.name, exc_info=error)
                raise LoadError(
                    f"its door at {factory.listen} can't be opened: {type(error).__name__}: {error}"
                ) from error

    def close(self, plugin: str) -> None:
        """Let nobody in any more through a plugin's doors."""
        for key in [key for key in self._places if key[0] == plugin]:
            place, stop = self._places.pop(key)
            place.door = None
            stop()

    def close_others(self, plugins: dict[str, set[str]]) -> None:
        """Close all doors but those of these plugins, named with where each listens."""
        for plugin, listen in list(self._places):
            if listen not in plugins.get(plugin, set()):
                place, stop = self._places.pop((plugin, listen))
                place.door = None
                stop()


class _Closed:
    """The handler of a connection that came too late."""

    def receive_data(self, data: bytes) -> None:
        """Drop it."""

    def receive_eof(self) -> None:
        """It is being closed anyway."""

    def connection_lost(self, reason: LeaveReason) -> None:
        """There was nobody."""


_CLOSED = _Closed()
