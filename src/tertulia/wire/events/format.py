"""The wire formats of events: one instance for lines, one for WebSocket frames.

Implements `ports.WireFormat` without knowing it. JSON has no language, so these two are shared
by all sessions, and each event is encoded once for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tertulia.core.events import Entry, Signal
from tertulia.core.ids import EventId
from tertulia.core.room import RoomState
from tertulia.wire.events.codec import encode, with_request
from tertulia.wire.events.convert import event_of, signal_event
from tertulia.wire.events.events import Event
from tertulia.wire.events.lines import add_line_end
from tertulia.wire.websocket import text_frame

AT_HAND: Final = 1024
"""Entries whose JSON is kept until their authors' own copies are made of it."""


class EventFormat:
    """Writes events as JSON, each put into what carries it."""

    __slots__ = ("_at_hand", "_wrap")

    def __init__(self, wrap: Callable[[bytes], bytes]) -> None:
        """Let `wrap` make of one event's JSON what goes to the peer."""
        self._wrap = wrap
        self._at_hand: dict[EventId, tuple[Entry, bytes]] = {}

    def write(self, event: Event, request: str | int | None = None) -> bytes:
        """Write any event; with a request id when it is the answer to that request."""
        return self._wrap(encode(event, request))

    def encode(self, entry: Entry, room: RoomState) -> bytes:
        """Write one entry."""
        return self._wrap(self._json(entry))

    def encode_own(self, entry: Entry, request: str | int | None) -> bytes:
        """Write an entry for who caused it, with the id of the request that did."""
        json = self._json(entry)
        return self._wrap(json if request is None else with_request(json, request))

    def _json(self, entry: Entry) -> bytes:
        known = self._at_hand.get(entry.id)
        if known is not None and known[0] is entry:
            return known[1]
        if len(self._at_hand) >= AT_HAND:
            self._at_hand.clear()
        json = encode(event_of(entry))
        self._at_hand[entry.id] = entry, json
        return json

    def encode_signal(self, signal: Signal, room: RoomState | None) -> bytes:
        """Write one signal."""
        event = signal_event(signal)
        return b"" if event is None else self._wrap(encode(event))

    def join(self, entries: Sequence[Entry], encoded: Sequence[bytes], room: RoomState) -> bytes:
        """Join what `encode` returned: every event stands for itself."""
        return b"".join(encoded)


LINES: Final = EventFormat(add_line_end)
FRAMES: Final = EventFormat(text_frame)
