"""Logbook: writes the entries of rooms as an engine would, for tests of stores."""

from __future__ import annotations

from tertulia.core.apply import replay
from tertulia.core.events import (
    Entry,
    Event,
    LeaveReason,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Person,
    ReactionAdded,
    ReactionRemoved,
    RoomCreated,
    RoomDeleted,
    TopicChanged,
)
from tertulia.core.ids import EventId, IdSource, RoomId, UserId
from tertulia.core.room import RoomState
from tertulia.ports import StoredRoom

START = 1_760_000_000_000
"""When a logbook begins, in milliseconds of Unix time."""

ANA = Person(UserId(7), "ana", "127.0.0.1:50001")
RUI = Person(UserId(8), "rui", "127.0.0.1:50002")


class Logbook:
    """Hands out entries with the right `seq`, rising ids and a clock that ticks by itself."""

    def __init__(self) -> None:
        self.now = START
        self.entries: list[Entry] = []
        """All that was written, in order."""
        self._ids = IdSource()
        self._heads: dict[RoomId, int] = {}
        self._taken = 0

    def write(self, room: RoomId, event: Event) -> Entry:
        """Write the room's next entry."""
        self.now += 1
        seq = self.head(room) + 1
        entry = Entry(room, seq, EventId(self._ids.next(self.now)), self.now, event)
        self.entries.append(entry)
        self._heads[room] = seq
        return entry

    def create(self, name: str = "lobby") -> RoomId:
        """Create a room."""
        room = RoomId(self._ids.next(self.now))
        self.write(room, RoomCreated(name, by=ANA))
        return room

    def say(self, room: RoomId, text: str, author: Person = ANA) -> Entry:
        """Post a message."""
        return self.write(room, MessagePosted(author, text))

    def edit(self, message: Entry, text: str) -> Entry:
        """Edit a message."""
        return self.write(message.room, MessageEdited(ANA, message.id, text))

    def delete(self, message: Entry) -> Entry:
        """Delete a message."""
        return self.write(message.room, MessageDeleted(ANA, message.id))

    def react(self, message: Entry, reaction: str, by: Person = RUI) -> Entry:
        """React to a message."""
        return self.write(message.room, ReactionAdded(by, message.id, reaction))

    def unreact(self, message: Entry, reaction: str, by: Person = RUI) -> Entry:
        """Take a reaction back."""
        return self.write(message.room, ReactionRemoved(by, message.id, reaction))

    def join(self, room: RoomId, user: Person = RUI) -> Entry:
        """Have somebody join."""
        return self.write(room, MemberJoined(user))

    def leave(self, room: RoomId, user: Person = RUI) -> Entry:
        """Have somebody leave."""
        return self.write(room, MemberLeft(user, LeaveReason.QUIT))

    def retitle(self, room: RoomId, topic: str) -> Entry:
        """Set the topic."""
        return self.write(room, TopicChanged(ANA, topic))

    def end(self, room: RoomId) -> Entry:
        """Delete the room."""
        return self.write(room, RoomDeleted(ANA))

    def take(self) -> list[Entry]:
        """Return what was written since the last time, to be appended in one batch."""
        taken = self.entries[self._taken :]
        self._taken = len(self.entries)
        return taken

    def of(self, room: RoomId) -> list[Entry]:
        """Return all entries of a room."""
        return [entry for entry in self.entries if entry.room == room]

    def head(self, room: RoomId) -> int:
        """Return the last `seq` of a room."""
        return self._heads.get(room, 0)

    def state(self, room: RoomId) -> RoomState:
        """Return a room's state after all of its entries."""
        state = replay(self.of(room))
        assert state is not None
        return state

    def stored(self, room: RoomId) -> StoredRoom:
        """Return a room as an engine hands it to `compact`."""
        return StoredRoom(self.state(room), self.head(room))
