"""Fan-out: what a room gained since its last flush, as bytes for each who hears it.

Everything is encoded once per wire format. Most sessions get the same join of it; the few for
whom that would not be right get a join of their own, made of the same encoded parts. It knows
nothing of sockets, and decides nothing about when.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence

from tertulia.core.events import (
    AMENDMENTS,
    AwayChanged,
    Entry,
    Invited,
    MessagePosted,
    Person,
    Signal,
    Tagged,
    Typing,
    actor_of,
)
from tertulia.core.ids import UserId
from tertulia.core.room import RoomState
from tertulia.ports import WireFormat
from tertulia.server.session import LiveSession

logger = logging.getLogger(__name__)

_WORDS = (MessagePosted, *AMENDMENTS)


class Batch:
    """What a room gained since its last flush, and who must not hear all of it as it is."""

    __slots__ = ("_ends", "_hidden", "_is_odd", "_own", "_room", "_starts", "entries", "special")

    def __init__(
        self,
        room: RoomState,
        entries: list[Entry],
        own: Mapping[LiveSession, Sequence[tuple[int, object]]],
        starts: Mapping[LiveSession, int],
        ends: Mapping[LiveSession, int],
        ignorers: Collection[LiveSession],
    ) -> None:
        """Take in what goes out.

        Of it, `own` has what each session caused itself: the place, and the mark of its
        submission. One in `starts` hears only what comes from that place on, and one in `ends`
        only what comes before that place.
        """
        self._room = room
        self._own = own
        self._starts = starts
        self._ends = ends
        self._hidden: dict[LiveSession, list[int]] = {}
        self._is_odd = bool(starts or ends or ignorers)
        self.entries = entries
        self.special: Collection[LiveSession] = own
        """The sessions for which the shared bytes would not be right."""
        if self._is_odd:
            self._hide(ignorers)
            cut_off = (session for session, end in ends.items() if end < len(entries))
            self.special = {*own, *starts, *cut_off, *self._hidden}

    def encode(self, wire: WireFormat) -> list[bytes]:
        """Return every entry in one wire format."""
        room = self._room
        try:
            return [wire.encode(entry, room) for entry in self.entries]
        except Exception:
            return [self._encode_alone(wire, entry) for entry in self.entries]

    def _encode_alone(self, wire: WireFormat, entry: Entry) -> bytes:
        """An entry that a format can't write is not shown there; the others are."""
        try:
            return wire.encode(entry, self._room)
        except Exception:
            logger.exception("%s can't write entry %s", type(wire).__name__, entry.id)
            return b""

    def join(self, wire: WireFormat, entries: Sequence[Entry], parts: Sequence[bytes]) -> bytes:
        """Return encoded entries as one."""
        try:
            return wire.join(entries, parts, self._room)
        except Exception:
            logger.exception("%s can't join %s entries", type(wire).__name__, len(entries))
            return b"".join(parts)

    def own_join(self, session: LiveSession, wire: WireFormat, encoded: list[bytes]) -> bytes:
        """Return the bytes for one of the special sessions, of what `encode` returned."""
        parts, entries = encoded.copy(), self.entries.copy()
        dropped: list[int] = []
        for place, request in self._own.get(session, ()):
            part = session.view.encode_own(entries[place], self._room, request)
            parts[place] = part
            if not part:
                dropped.append(place)
        if self._is_odd:
            self._cut(session, parts, entries, dropped)
        for place in reversed(dropped):
            del parts[place], entries[place]
        return self.join(wire, entries, parts) if parts else b""

    def _cut(
        self, session: LiveSession, parts: list[bytes], entries: list[Entry], dropped: list[int]
    ) -> None:
        """Cut off what a session does not hear, and note in `dropped` what else it does not."""
        start, end = self._starts.get(session, 0), self._ends.get(session, len(parts))
        unheard = {*dropped, *self._hidden.get(session, ())}
        dropped[:] = sorted(place - start for place in unheard if start <= place < end)
        parts[:], entries[:] = parts[start:end], entries[start:end]

    def _hide(self, ignorers: Collection[LiveSession]) -> None:
        """Note what is hidden from whom; an author is looked at once for each who ignores."""
        said: dict[UserId, tuple[Person, list[int]]] = {}
        if ignorers:
            for place, entry in enumerate(self.entries):
                author = _speaker(entry)
                if author is not None:
                    said.setdefault(author.id, (author, []))[1].append(place)
        for session in ignorers:
            hidden = [
                place
                for author, places in said.values()
                if author.id != session.user and session.ignored.hides(author)
                for place in places
            ]
            if hidden:
                self._hidden[session] = hidden


def is_hidden(session: LiveSession, signal: Signal) -> bool:
    """Tell whether a signal is hidden from a session: what they do is, not what they are called."""
    if isinstance(signal, (Typing, Tagged, AwayChanged)):
        return session.ignored.hides(signal.user)
    return isinstance(signal, Invited) and session.ignored.hides(signal.by)


def hides(session: LiveSession, entry: Entry) -> bool:
    """Tell whether a session does not hear an entry, for it ignores who said it."""
    author = _speaker(entry)
    return author is not None and author.id != session.user and session.ignored.hides(author)


def _speaker(entry: Entry) -> Person | None:
    """Return whose words an entry holds; who is inside a room is never hidden."""
    return actor_of(entry.event) if isinstance(entry.event, _WORDS) else None
