"""State: the rooms and the people of one server, and the draft of its next state.

A `World` is the present. A `Turn` is a draft on top of it: it shows its own changes to the later
commands of the same turn, and is kept or dropped as a whole, so that nothing half-done is ever
seen. What a room's log says is in its `RoomState`; users are only who is online.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from tertulia.core.apply import apply
from tertulia.core.events import Entry, Event, MemberJoined, MemberLeft, Person, RoomKind
from tertulia.core.ids import EventId, IdSource, RoomId, UserId
from tertulia.core.names import room_key
from tertulia.core.room import RoomState

K = TypeVar("K")
V = TypeVar("V")


class User(Struct, frozen=True):
    """Somebody who is online."""

    person: Person
    key: str
    """What their nick is compared by; unique among those online."""
    identity: str
    """What their direct conversations are kept under."""
    since: int
    """Milliseconds of Unix time."""
    away: str | None = None
    rooms: tuple[RoomId, ...] = ()
    """The rooms they are a member of, in the order of joining."""
    realname: str = ""


class _Layer(Generic[K, V]):
    """A dictionary's draft: reads through to the base, writes to itself, merges on demand."""

    __slots__ = ("_base", "_changes")

    def __init__(self, base: dict[K, V]) -> None:
        self._base = base
        self._changes: dict[K, V | None] = {}

    def get(self, key: K) -> V | None:
        if self._changes and key in self._changes:
            return self._changes[key]
        return self._base.get(key)

    def set(self, key: K, value: V | None) -> None:
        """Put `value` under `key`; None removes it."""
        self._changes[key] = value

    def __len__(self) -> int:
        grown = sum(
            (value is not None) - (key in self._base) for key, value in self._changes.items()
        )
        return len(self._base) + grown

    def merge(self) -> None:
        for key, value in self._changes.items():
            if value is None:
                self._base.pop(key, None)
            else:
                self._base[key] = value
        self._changes = {}


class World:
    """The rooms and the people online, as everything stored so far has made them."""

    __slots__ = ("directs", "heads", "nicks", "room_names", "rooms", "users")

    def __init__(self) -> None:
        self.rooms: dict[RoomId, RoomState] = {}
        self.heads: dict[RoomId, int] = {}
        """The last `seq` of each room's log."""
        self.room_names: dict[str, RoomId] = {}
        """Public rooms by what their names are compared by."""
        self.directs: dict[str, tuple[RoomId, ...]] = {}
        """Direct conversations by the identity of each party."""
        self.users: dict[UserId, User] = {}
        self.nicks: dict[str, UserId] = {}

    def room_named(self, name: str) -> RoomState | None:
        """Return the public room whose name compares equal to `name`."""
        found = self.room_names.get(room_key(name))
        return None if found is None else self.rooms.get(found)

    def restore(self, state: RoomState, head: int) -> None:
        """Take in a room that the store remembers, whose log ends at `head`."""
        turn = Turn(self, IdSource(), 0)
        turn.put_room(state.id, state)
        turn.heads.set(state.id, head)
        turn.keep()


class Turn:
    """A draft of the next world, and the entries that lead to it."""

    __slots__ = (
        "_directs",
        "_ids",
        "_room_names",
        "entries",
        "heads",
        "nicks",
        "now",
        "rooms",
        "users",
    )

    def __init__(self, world: World, ids: IdSource, now: int) -> None:
        """Begin a draft on `world` at `now`, milliseconds of Unix time."""
        self.rooms = _Layer(world.rooms)
        self.heads = _Layer(world.heads)
        self.users = _Layer(world.users)
        self.nicks = _Layer(world.nicks)
        self._room_names = _Layer(world.room_names)
        self._directs = _Layer(world.directs)
        self._ids = ids
        self.now = now
        self.entries: list[Entry] = []

    def room_named(self, name: str) -> RoomState | None:
        """Return the public room whose name compares equal to `name`."""
        found = self._room_names.get(room_key(name))
        return None if found is None else self.rooms.get(found)

    def user_called(self, key: str) -> User | None:
        """Return the user online whose nick compares by `key`."""
        found = self.nicks.get(key)
        return None if found is None else self.users.get(found)

    def directs_of(self, identity: str) -> tuple[RoomId, ...]:
        """Return the direct conversations kept under `identity`."""
        return self._directs.get(identity) or ()

    def direct_between(self, parties: tuple[str, ...]) -> RoomState | None:
        """Return the direct conversation of two identities, given sorted."""
        for room in self.directs_of(parties[0]):
            state = self.rooms.get(room)
            if state is not None and state.parties == parties:
                return state
        return None

    def fresh_id(self) -> int:
        """Return a new id."""
        return self._ids.next(self.now)

    def record(self, room: RoomId, event: Event) -> Entry:
        """Put `event` at the end of the room's log and apply it to this draft."""
        seq = (self.heads.get(room) or 0) + 1
        entry = Entry(room, seq, EventId(self._ids.next(self.now)), self.now, event)
        before = self.rooms.get(room)
        after = apply(before, entry)
        self.heads.set(room, seq)
        if after is not before:
            self.put_room(room, after)
            if isinstance(event, (MemberJoined, MemberLeft)):
                self._note_membership(room, event)
        self.entries.append(entry)
        return entry

    def put_room(self, room: RoomId, state: RoomState | None) -> None:
        """Make `state` the room's present state, and keep the indexes true."""
        before = self.rooms.get(room)
        self.rooms.set(room, state)
        if before is None and state is not None:
            self._index(state, present=True)
        elif before is not None and state is None:
            self._index(before, present=False)
            self.heads.set(room, None)
            for member in before.members:
                self._forget_room(member, room)
        elif before is not None and state is not None and before.name != state.name:
            self._index(before, present=False)
            self._index(state, present=True)

    def put_user(self, user: User) -> None:
        """Make `user` present under their nick, and under no other."""
        before = self.users.get(user.person.id)
        if before is not None and before.key != user.key:
            self.nicks.set(before.key, None)
        self.users.set(user.person.id, user)
        self.nicks.set(user.key, user.person.id)

    def drop_user(self, user: User) -> None:
        """Take `user` offline and free the nick."""
        self.users.set(user.person.id, None)
        self.nicks.set(user.key, None)

    def keep(self) -> None:
        """Make this draft the present."""
        for layer in (
            self.rooms,
            self.heads,
            self.users,
            self.nicks,
            self._room_names,
            self._directs,
        ):
            layer.merge()

    def _index(self, state: RoomState, *, present: bool) -> None:
        if state.kind is RoomKind.PUBLIC:
            self._room_names.set(room_key(state.name), state.id if present else None)
        for identity in state.parties:
            others = tuple(room for room in self.directs_of(identity) if room != state.id)
            kept = (*others, state.id) if present else others
            self._directs.set(identity, kept or None)

    def _note_membership(self, room: RoomId, event: MemberJoined | MemberLeft) -> None:
        self._forget_room(event.user.id, room)
        user = self.users.get(event.user.id)
        if user is not None and isinstance(event, MemberJoined):
            self.users.set(user.person.id, replace(user, rooms=(*user.rooms, room)))

    def _forget_room(self, member: UserId, room: RoomId) -> None:
        user = self.users.get(member)
        if user is not None and room in user.rooms:
            rooms = tuple(other for other in user.rooms if other != room)
            self.users.set(member, replace(user, rooms=rooms))
