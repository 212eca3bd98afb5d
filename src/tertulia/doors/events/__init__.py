"""The events door: the event protocol over plain TCP or a WebSocket, on the same port."""

from __future__ import annotations

from tertulia.doors.events.door import EventsDoor, EventsSettings

__all__ = ["EventsDoor", "EventsSettings"]
