"""The directory: the list of public rooms, kept current for those who watch it.

Changes are gathered and told at most every `TELL_EVERY` seconds, each watcher what it does not
know yet, so that a crowd that pours into a room costs each watcher one line now and then.
Encoded once per wire format. Members hear of their rooms from the hub, whatever is told here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from msgspec.structs import replace

from tertulia.core.events import (
    STATE_CHANGES,
    Entry,
    RoomKind,
    RoomListed,
    RoomUnlisted,
)
from tertulia.core.ids import RoomId
from tertulia.core.room import RoomState
from tertulia.ports import WireFormat
from tertulia.server.session import LiveSession

TELL_EVERY: Final = 0.1
"""Seconds between two tellings at the least; the first one after a quiet time goes at once."""
AT_ONCE: Final = 500
"""Rooms told of at once at the most; the others are told of the next time."""

Listing: TypeAlias = RoomListed | None
"""How a room is listed; None when it is not."""


class Directory:
    """Tells watchers what changes in the list of public rooms."""

    def __init__(
        self,
        rooms: Mapping[RoomId, RoomState],
        monotonic: Callable[[], float],
        later: Callable[[float, Callable[[], None]], object],
        give_up_on: Callable[[LiveSession], None],
    ) -> None:
        """Watch over `rooms`, all that there are.

        `monotonic` gives seconds, `later` calls something after so many of them; `give_up_on`
        is called while an exception is handled that a session's door has raised.
        """
        self._rooms = rooms
        self._monotonic = monotonic
        self._later = later
        self._give_up_on = give_up_on
        self._told: dict[RoomId, RoomListed] = {}
        """The list as those who watch know it; empty while nobody does."""
        self._watchers: dict[LiveSession, dict[RoomId, Listing] | None] = {}
        """For those who came since the last telling: where they know another list than that."""
        self._changed: dict[RoomId, None] = {}
        self._due = 0.0
        self._is_scheduled = False

    # Who watches

    def watch(self, session: LiveSession) -> None:
        """Tell `session` of every change from here on; it knows the list as it is now."""
        if not self._watchers:
            self._changed = {}
            self._told = {room: listing for room in self._rooms if (listing := self._listing(room))}
        self._watchers[session] = {room: self._listing(room) for room in self._changed}

    def unwatch(self, session: LiveSession) -> None:
        """Tell `session` nothing more."""
        self._watchers.pop(session, None)
        if not self._watchers:
            self._told = {}
            self._changed = {}

    @property
    def is_watched(self) -> bool:
        """Whether anybody watches."""
        return bool(self._watchers)

    # What changes

    def note(self, entries: Iterable[Entry]) -> None:
        """Take in what was stored; the rooms are already as it has made them."""
        for entry in entries:
            if isinstance(entry.event, STATE_CHANGES):
                self._changed[entry.room] = None

    def tell(self) -> None:
        """Tell the watchers what has changed, now or soon."""
        if not self._changed or self._is_scheduled:
            return
        now = self._monotonic()
        if now >= self._due:
            self._tell(now)
        else:
            self._schedule(self._due - now)

    def _schedule(self, seconds: float) -> None:
        self._is_scheduled = True
        self._later(seconds, self._tell_scheduled)

    def _tell_scheduled(self) -> None:
        self._is_scheduled = False
        if self._changed:
            self._tell(self._monotonic())

    def _tell(self, now: float) -> None:
        self._due = now + TELL_EVERY
        rooms = list(self._changed)[:AT_ONCE]
        for room in rooms:
            del self._changed[room]
        changes = _Changes({room: self._listing(room) for room in rooms}, self._told)
        for session, known in list(self._watchers.items()):
            try:
                data = changes.write(session.view.format_for(None), known)
                if data:
                    session.view.outbox.push(data)
            except Exception:
                self._give_up_on(session)
        for session, known in self._watchers.items():
            if known is not None:
                left = {room: listing for room, listing in known.items() if room in self._changed}
                self._watchers[session] = left or None
        self._note_told(changes.present)
        if self._changed:
            self._schedule(TELL_EVERY)

    def _note_told(self, present: Mapping[RoomId, Listing]) -> None:
        for room, listing in present.items():
            if listing is None:
                self._told.pop(room, None)
            else:
                self._told[room] = listing

    def _listing(self, room: RoomId) -> Listing:
        state = self._rooms.get(room)
        if state is None or state.kind is not RoomKind.PUBLIC or state.rules.unlisted:
            return None
        return RoomListed(room, state.name, state.topic, len(state.members))


class _Changes:
    """What is told at once, written once for each wire format."""

    def __init__(
        self, present: Mapping[RoomId, Listing], told: Mapping[RoomId, RoomListed]
    ) -> None:
        self.present = present
        self._before = {room: told.get(room) for room in present}
        self._written: dict[tuple[WireFormat, RoomListed | RoomUnlisted], bytes] = {}
        self._joined: dict[WireFormat, bytes] = {}

    def write(self, wire: WireFormat, known: Mapping[RoomId, Listing] | None) -> bytes:
        """Return what to tell somebody who knows the list as told, but for `known`."""
        if not known or not any(room in self.present for room in known):
            if wire not in self._joined:
                self._joined[wire] = self._join(wire, self._before)
            return self._joined[wire]
        return self._join(wire, {**self._before, **known})

    def _join(self, wire: WireFormat, before: Mapping[RoomId, Listing]) -> bytes:
        return b"".join(self._parts(wire, before))

    def _parts(self, wire: WireFormat, before: Mapping[RoomId, Listing]) -> Iterator[bytes]:
        for room, now in self.present.items():
            signal = _difference(room, before.get(room), now)
            if signal is not None:
                key = (wire, signal)
                if key not in self._written:
                    self._written[key] = wire.encode_signal(signal, None)
                yield self._written[key]


def _difference(room: RoomId, before: Listing, now: Listing) -> RoomListed | RoomUnlisted | None:
    if before == now:
        return None
    if now is None:
        return RoomUnlisted(room)
    return replace(now, is_new=True) if before is None else now
