"""The mirror: what the server has told of rooms, kept by the same `apply` as the server's.

It holds the list of public rooms, the state of each room one is in, and how far each log was
heard. Knows nothing of connections; what it is told must be in the order in which it came.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from tertulia.core.apply import BrokenLog, apply
from tertulia.core.events import RoomKind
from tertulia.core.ids import RoomId
from tertulia.core.names import folded_nick, nick_key, room_key
from tertulia.core.room import RoomState
from tertulia.wire.events import events as w
from tertulia.wire.events import objects as o
from tertulia.wire.events.convert import entry_of
from tertulia.wire.events.snapshots import read_id, state_of

logger = logging.getLogger(__name__)

NAMES_KEPT: Final = 1000
"""Rooms that are no more whose names are remembered."""


class Mirror:
    """The rooms as the server sees them. Ids are those of the wire."""

    __slots__ = (
        "_names",
        "cursors",
        "entered",
        "listed",
        "main_room",
        "me",
        "partners",
        "states",
    )

    def __init__(self) -> None:
        self.me: o.OwnUser | None = None
        self.main_room = ""
        self.listed: dict[str, o.Room] = {}
        """The public rooms, in the order in which they were made."""
        self.states: dict[str, RoomState] = {}
        """The rooms and direct conversations one is in."""
        self.cursors: dict[str, int] = {}
        """The last `seq` that was told of each room."""
        self.entered: dict[str, int] = {}
        """The last `seq` of each room when one came in."""
        self.partners: dict[str, str] = {}
        """Whom each direct conversation is with, by nick."""
        self._names: dict[str, str] = {}
        """The names of rooms that are no more, the last ones."""

    # Looking

    def name_of(self, room: str) -> str:
        """Return a room's name, also when it is gone; empty for direct conversations."""
        listed = self.listed.get(room)
        if listed is not None:
            return listed.name
        state = self.states.get(room)
        return self._names.get(room, "") if state is None else state.name

    def named(self, name: str) -> str | None:
        """Return the id of the public room whose name compares equal."""
        key = room_key(name)
        return next((room.id for room in self.listed.values() if room_key(room.name) == key), None)

    def find(self, room: str) -> str | None:
        """Return the id of a known room by its id or, if it is a public one, by its name."""
        return room if room in self.listed or room in self.states else self.named(room)

    def direct_with(self, nick: str) -> str | None:
        """Return the id of the direct conversation with somebody, if it is known."""
        key = nick_key(nick)
        return next((room for room, other in self.partners.items() if nick_key(other) == key), None)

    def is_me(self, user: o.User) -> bool:
        """Tell whether somebody is oneself."""
        return self.me is not None and self.me.id == user.id

    def heard(self) -> dict[str, int]:
        """Return how far each room that one is in was heard: what one comes back with."""
        return {room: self.cursors[room] for room in self.states if room in self.cursors}

    # Being told

    def welcome(self, welcome: w.Welcome) -> None:
        """Take in who one is, and the list of rooms."""
        self.me = welcome.user
        self.main_room = welcome.main_room
        self.listed = {room.id: room for room in welcome.rooms}
        self.partners = {direct.room: direct.nick for direct in welcome.directs}
        if welcome.resumed:
            kept = {*welcome.joined, *self.partners}
            self.states = {room: state for room, state in self.states.items() if room in kept}
        else:
            # The people inside are others now, oneself above all.
            self.states, self.cursors, self.entered = {}, {}, {}
        for direct in welcome.directs:
            if direct.room not in self.states:
                self.states[direct.room] = _direct(direct.room, direct.parties)

    def joined(self, joined: w.RoomJoined) -> None:
        """Take in everything about a room one is in."""
        room = joined.room
        state = self.states[room] = state_of(joined)
        self.cursors[room] = self.entered[room] = joined.seq
        if state.kind is RoomKind.PUBLIC and room not in self.listed:
            # The list is told a little later than those who are inside.
            self.listed[room] = o.Room(
                id=room, name=state.name, topic=state.topic, members=len(state.members)
            )

    def take(self, event: w.RoomEvent) -> bool:
        """Take in an entry of a room's log; False when it was told before."""
        room = event.room
        if event.seq <= self.cursors.get(room, 0):
            return False
        self.cursors[room] = event.seq
        if isinstance(event, w.MessageSent):
            self._take_message(room, event)
        else:
            self._apply(room, event)
        return True

    def list(self, change: w.RoomCreated | w.RoomUpdated | w.RoomDeleted) -> None:
        """Take in a change of the list of rooms."""
        if isinstance(change, w.RoomDeleted):
            self._remember_name(change.room)
            self.listed.pop(change.room, None)
            if change.room not in self.states:
                self.cursors.pop(change.room, None)
            return
        self.listed[change.room] = o.Room(
            id=change.room, name=change.name, topic=change.topic, members=change.members
        )

    def relist(self, rooms: w.Rooms) -> None:
        """Take in the whole list of rooms."""
        self.listed = {room.id: room for room in rooms.rooms}

    def rename(self, changed: w.NickChanged) -> bool:
        """Take in that somebody has another nick; tell whether that is oneself."""
        me = self.me
        if me is None or not self.is_me(changed.user):
            return False
        nick = changed.user.nick
        # What one's direct conversations are kept under follows the nick (`core.decide`).
        self.me = replace(me, nick=nick, identity=f"n:{folded_nick(nick)}")
        for room in list(self._directs()):
            parties = self.states[room].parties
            if parties and not any(map(self._is_mine, parties)):
                del self.states[room]
                self.partners.pop(room, None)
        return True

    # How it is done

    def _take_message(self, room: str, event: w.MessageSent) -> None:
        state = self.states.get(room)
        if state is None and event.to:
            # It was begun under a name that one has had before, or has only now.
            state = self.states[room] = _direct(room, ())
        if event.to:
            self.partners[room] = event.to if self.is_me(event.author) else event.author.nick
        # Past the first, messages change nothing of a room's state (`core.apply`).
        if state is not None and not state.has_history:
            self._apply(room, event)

    def _apply(self, room: str, event: w.RoomEvent) -> None:
        entry = entry_of(event)
        if entry is None:
            return
        try:
            state = apply(self.states.get(room), entry)
        except BrokenLog:
            logger.warning("an event of a room that is not known: %s", type(event).__name__)
            return
        if state is None or self._is_own_end(event):
            self._remember_name(room)
            self.states.pop(room, None)
            self.partners.pop(room, None)
            if state is None:
                self.listed.pop(room, None)
        else:
            self.states[room] = state

    def _remember_name(self, room: str) -> None:
        self._names[room] = self.name_of(room)
        if len(self._names) > NAMES_KEPT:
            del self._names[next(iter(self._names))]

    def _is_own_end(self, event: w.RoomEvent) -> bool:
        return isinstance(event, w.UserLeft) and self.is_me(event.user)

    def _is_mine(self, identity: str) -> bool:
        return self.me is not None and self.me.identity == identity

    def _directs(self) -> Iterator[str]:
        return (room for room, state in self.states.items() if state.kind is RoomKind.DIRECT)


def _direct(room: str, parties: tuple[str, ...]) -> RoomState:
    """Return a direct conversation of which nothing was said yet since one came."""
    return RoomState(id=RoomId(read_id(room)), name="", kind=RoomKind.DIRECT, parties=parties)
