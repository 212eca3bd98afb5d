"""The hub: entries in, shared bytes out. It knows rooms as lists of outboxes and nothing else.

What a room gains in one turn is encoded once per wire format and joined once (`fanout`); each
member's outbox gets those same bytes in one write, for the system call is the cost and not the
frame. A door that fails costs its own sessions, and nobody else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from tertulia.core.errors import InternalError
from tertulia.core.events import Entry, MemberJoined, MemberLeft, MemberRenamed, Signal
from tertulia.core.ids import RoomId
from tertulia.core.room import RoomState
from tertulia.ports import Outbox, WireFormat
from tertulia.server.fanout import Batch, is_hidden
from tertulia.server.session import LiveSession

logger = logging.getLogger(__name__)

COMINGS: Final = 200
"""Sessions that may come and go between two flushes of a room; then it is flushed at once.

Each of them hears another part of what is pending, which is work for each: it would grow with
the square of a crowd.
"""

_MEMBERSHIP = (MemberJoined, MemberLeft, MemberRenamed)


class HubSettings(Struct, frozen=True):
    """How long fan-out may wait for more of the same."""

    room_share: float = 0.0
    """A room's next flush waits this many times as long as its last one took; 0: never."""
    crowd: int = 50
    """From so many sessions on, a room's joins and leaves wait to be told together."""
    crowd_delay: float = 0.5
    """How long they wait for company, in seconds."""


class HubStatistics(Struct, frozen=True):
    """What the hub has done so far."""

    channels: int
    flushes: int
    entries: int
    deliveries: int


class _Channel:
    """The sessions that hear a room, by wire format, and what they have not been sent yet."""

    __slots__ = (
        "ends",
        "groups",
        "ignorers",
        "is_dirty",
        "is_scheduled",
        "own",
        "pending",
        "ready_at",
        "room",
        "size",
        "starts",
    )

    def __init__(self, room: RoomState) -> None:
        self.room = room
        self.groups: dict[WireFormat, dict[LiveSession, Outbox]] = {}
        self.size = 0
        self.pending: list[Entry] = []
        self.own: dict[LiveSession, list[tuple[int, object]]] = {}
        """Who caused what of it: the places in `pending`, and how the submissions are marked."""
        self.starts: dict[LiveSession, int] = {}
        """Who came since the last flush, and the first place in `pending` that they hear."""
        self.ends: dict[LiveSession, int] = {}
        """Who went since the last flush, and the first place that they don't hear."""
        self.ignorers: set[LiveSession] = set()
        self.ready_at = 0.0
        self.is_dirty = False
        self.is_scheduled = False

    def wire_of(self, session: LiveSession) -> WireFormat | None:
        """Return the format in which a session hears the room, if it does."""
        for wire, group in self.groups.items():
            if session in group:
                return wire
        return None

    def remove(self, session: LiveSession) -> None:
        """Let a session hear nothing more, if it hears the room at all."""
        self.starts.pop(session, None)
        self.ends.pop(session, None)
        self.ignorers.discard(session)
        wire = self.wire_of(session)
        if wire is not None:
            group = self.groups[wire]
            del group[session]
            self.size -= 1
            if not group:
                del self.groups[wire]


class Hub:
    """Fans entries out to the sessions that hear a room."""

    def __init__(self, loop: asyncio.AbstractEventLoop, settings: HubSettings) -> None:
        self._loop = loop
        self._settings = settings
        self._channels: dict[RoomId, _Channel] = {}
        self._dirty: list[_Channel] = []
        self._flushes = 0
        self._entries = 0
        self._deliveries = 0

    def statistics(self) -> HubStatistics:
        """Return what the hub has done so far."""
        return HubStatistics(len(self._channels), self._flushes, self._entries, self._deliveries)

    # Who hears what

    def subscribe(self, session: LiveSession, room: RoomState, wire: WireFormat) -> None:
        """Let `session` hear everything that is published in `room` from here on."""
        channel = self._channel(room)
        if session in channel.ends or len(channel.starts) + len(channel.ends) >= COMINGS:
            self._flush(channel)
            channel = self._channel(room)
        channel.remove(session)
        channel.groups.setdefault(wire, {})[session] = session.view.outbox
        channel.size += 1
        if session.ignored.people:
            channel.ignorers.add(session)
        if channel.pending:
            channel.starts[session] = len(channel.pending)

    def unsubscribe(self, session: LiveSession, room: RoomId) -> None:
        """Let `session` hear what was published in `room` up to here, and nothing after it."""
        channel = self._channels.get(room)
        if channel is None:
            return
        if not channel.pending:
            channel.remove(session)
            self._drop_if_idle(channel)
            return
        channel.ends.setdefault(session, len(channel.pending))
        if len(channel.starts) + len(channel.ends) >= COMINGS:
            self._flush(channel)

    def drop(self, session: LiveSession, rooms: Iterable[RoomId]) -> None:
        """Let a session that is no more hear nothing of `rooms`, not even what is pending."""
        for room in rooms:
            channel = self._channels.get(room)
            if channel is not None:
                channel.remove(session)
                self._drop_if_idle(channel)

    def regroup(self, session: LiveSession, room: RoomId, wire: WireFormat) -> None:
        """Let a session that hears `room` hear it in another wire format from here on."""
        channel = self._channels.get(room)
        if channel is None or session in channel.ends:
            return
        before = channel.wire_of(session)
        if before is None or before == wire:
            return
        if channel.pending:
            self._flush(channel)
        group = channel.groups[before]
        outbox = group.pop(session)
        if not group:
            del channel.groups[before]
        channel.groups.setdefault(wire, {})[session] = outbox

    def note_ignorer(self, session: LiveSession, rooms: Iterable[RoomId]) -> None:
        """Take in that `session` hides other people than before."""
        for room in rooms:
            channel = self._channels.get(room)
            if channel is not None:
                channel.ignorers.discard(session)
                if session.ignored.people and channel.wire_of(session) is not None:
                    channel.ignorers.add(session)

    def last_known(self, room: RoomId) -> RoomState | None:
        """Return a room as those who hear it saw it last."""
        channel = self._channels.get(room)
        return None if channel is None else channel.room

    def sessions(self, room: RoomId) -> list[LiveSession]:
        """Return the sessions that hear what is published in `room` now."""
        channel = self._channels.get(room)
        if channel is None:
            return []
        return [
            session
            for group in channel.groups.values()
            for session in group
            if session not in channel.ends
        ]

    def _channel(self, room: RoomState) -> _Channel:
        channel = self._channels.get(room.id)
        if channel is None:
            channel = self._channels[room.id] = _Channel(room)
        return channel

    def _drop_if_idle(self, channel: _Channel) -> None:
        if not (channel.size or channel.pending):
            # By now the room may have another channel, if this one was dropped before.
            if self._channels.get(channel.room.id) is channel:
                del self._channels[channel.room.id]

    # Entries

    def publish(
        self, room: RoomState, entry: Entry, origin: LiveSession | None, request: object
    ) -> None:
        """Queue an entry, which is stored, for the next flush of its room.

        `origin` is the session that caused it, by a submission marked `request`.
        """
        channel = self._channels.get(room.id)
        if channel is None:
            channel = self._channels[room.id] = _Channel(room)
        if not channel.is_dirty:
            channel.is_dirty = True
            self._dirty.append(channel)
        channel.room = room
        pending = channel.pending
        if origin is not None:
            own = channel.own.get(origin)
            if own is None:
                channel.own[origin] = [(len(pending), request)]
            else:
                own.append((len(pending), request))
        pending.append(entry)

    def flush(self) -> None:
        """Send what was published, now, or as soon as the room's share of the loop allows."""
        dirty, self._dirty = self._dirty, []
        now = self._loop.time() if self._settings.room_share or self._settings.crowd_delay else 0.0
        for channel in dirty:
            channel.is_dirty = False
            if not channel.pending:
                continue
            wait = self._wait(channel, now)
            if wait <= 0.0:
                self._flush(channel)
            elif not channel.is_scheduled:
                channel.is_scheduled = True
                self._loop.call_later(wait, self._flush_scheduled, channel)

    def hasten(self, room: RoomId) -> None:
        """Send what waits for a room at once."""
        channel = self._channels.get(room)
        if channel is not None and channel.pending:
            self._flush(channel)

    def flush_all(self) -> None:
        """Send everything that waits, for the server is ending."""
        for channel in list(self._channels.values()):
            if channel.pending:
                self._flush(channel)

    def _wait(self, channel: _Channel, now: float) -> float:
        wait = channel.ready_at - now
        if channel.size >= self._settings.crowd and self._settings.crowd_delay:
            if all(isinstance(entry.event, _MEMBERSHIP) for entry in channel.pending):
                wait = max(wait, self._settings.crowd_delay)
        return wait

    def _flush_scheduled(self, channel: _Channel) -> None:
        channel.is_scheduled = False
        if channel.pending:
            self._flush(channel)

    def _flush(self, channel: _Channel) -> None:
        share = self._settings.room_share
        began = self._loop.time() if share else 0.0
        batch = Batch(
            channel.room,
            channel.pending,
            channel.own,
            channel.starts,
            channel.ends,
            channel.ignorers,
        )
        channel.pending, channel.own = [], {}
        for wire, group in channel.groups.items():
            encoded = batch.encode(wire)
            shared = batch.join(wire, batch.entries, encoded)
            if batch.special:
                self._hand_out(batch, wire, encoded, shared, group)
            elif shared:
                self._push_all(group, shared)
        self._flushes += 1
        self._entries += len(batch.entries)
        self._deliveries += len(batch.entries) * channel.size
        self._settle(channel)
        if share:
            now = self._loop.time()
            channel.ready_at = now + share * (now - began)

    def _hand_out(
        self,
        batch: Batch,
        wire: WireFormat,
        encoded: list[bytes],
        shared: bytes,
        group: Mapping[LiveSession, Outbox],
    ) -> None:
        special = batch.special
        for session, outbox in group.items():
            try:
                data = batch.own_join(session, wire, encoded) if session in special else shared
                if data:
                    outbox.push(data)
            except Exception:
                self.give_up_on(session)

    def _push_all(self, group: Mapping[LiveSession, Outbox], data: bytes) -> None:
        for outbox in group.values():
            try:
                outbox.push(data)
            except Exception:
                for session in [one for one, other in group.items() if other is outbox]:
                    self.give_up_on(session)

    def give_up_on(self, session: LiveSession) -> None:
        """Log the exception at hand, a fault of its door's, and have the session closed.

        It has missed something, or would; nobody else is to pay for that.
        """
        logger.exception("a session is given up: door=%s", session.client.door)
        # Later, for this may happen while outboxes are being walked through.
        self._loop.call_soon(session.view.evict, InternalError())

    def _settle(self, channel: _Channel) -> None:
        """Forget who came and went, now that they have been sent their part."""
        if channel.starts:
            channel.starts = {}
        if channel.ends:
            for session in list(channel.ends):
                channel.remove(session)
        if not channel.size:
            self._drop_if_idle(channel)

    # Signals

    def signal_room(self, room: RoomId, signal: Signal, without: LiveSession | None) -> None:
        """Tell a signal to those who hear a room."""
        channel = self._channels.get(room)
        if channel is not None:
            hearers = self._hearers([channel], signal, channel.room, without)
            for session, (outbox, data) in hearers.items():
                self._push(session, outbox, data)

    def signal_acquaintances(
        self, rooms: Iterable[RoomId], signal: Signal, without: LiveSession | None = None
    ) -> None:
        """Tell a signal once to everyone who hears one of `rooms`."""
        hearers = self._hearers(self._present(rooms), signal, None, without)
        for session, (outbox, data) in hearers.items():
            self._push(session, outbox, data)

    def signal_many(self, signals: Iterable[tuple[Iterable[RoomId], Signal]]) -> None:
        """Tell many signals, each once to everyone who hears one of its rooms.

        All that somebody gets of them is one write, and one object for all who get the same.
        """
        waiting: dict[LiveSession, tuple[Outbox, list[bytes]]] = {}
        for rooms, signal in signals:
            hearers = self._hearers(self._present(rooms), signal, None, None)
            for session, (outbox, data) in hearers.items():
                waiting.setdefault(session, (outbox, []))[1].append(data)
        joined: dict[tuple[bytes, ...], bytes] = {}
        for session, (outbox, parts) in waiting.items():
            data = joined.setdefault(tuple(parts), b"".join(parts))
            self._push(session, outbox, data)

    def _present(self, rooms: Iterable[RoomId]) -> list[_Channel]:
        return [self._channels[room] for room in rooms if room in self._channels]

    def _hearers(
        self,
        channels: Sequence[_Channel],
        signal: Signal,
        room: RoomState | None,
        without: LiveSession | None,
    ) -> dict[LiveSession, tuple[Outbox, bytes]]:
        """Return who is to hear a signal, and how; what was published before is sent before it."""
        written: dict[WireFormat, bytes] = {}
        for channel in channels:
            for wire in channel.groups:
                if wire not in written:
                    written[wire] = _write_signal(wire, signal, room)
            if channel.pending and any(written[wire] for wire in channel.groups):
                self._flush(channel)
        hearers: dict[LiveSession, tuple[Outbox, bytes]] = {}
        for channel in channels:
            for wire, group in channel.groups.items():
                data = written[wire]
                if data:
                    for session, outbox in group.items():
                        if session in channel.ignorers and is_hidden(session, signal):
                            continue
                        hearers.setdefault(session, (outbox, data))
        if without is not None:
            hearers.pop(without, None)
        return hearers

    def _push(self, session: LiveSession, outbox: Outbox, data: bytes) -> None:
        try:
            outbox.push(data)
        except Exception:
            self.give_up_on(session)


def broadcast(sessions: Iterable[LiveSession], encode: Callable[[WireFormat], bytes]) -> None:
    """Push what `encode` returns to every session, made once for each wire format."""
    made: dict[WireFormat, bytes] = {}
    for session in sessions:
        wire = session.view.format_for(None)
        if wire not in made:
            made[wire] = encode(wire)
        if made[wire]:
            session.view.outbox.push(made[wire])


def _write_signal(wire: WireFormat, signal: Signal, room: RoomState | None) -> bytes:
    try:
        return wire.encode_signal(signal, room)
    except Exception:
        logger.exception("%s can't write a signal", type(wire).__name__)
        return b""
