"""Models: rooms and messages as a program handles them. What they can do, the client does.

A `Room` is a view: it shows what the mirror knows at the moment. A `Message` is as it read when
it came. People are the objects of the wire (`User`, `Member`, `OnlineUser`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from typing_extensions import override

from tertulia.core.events import RoomKind
from tertulia.core.room import RoomState
from tertulia.wire.events import events as w
from tertulia.wire.events import objects as o
from tertulia.wire.events.snapshots import id_of, member_of

if TYPE_CHECKING:
    from tertulia.sdk.client import Client


def moment(milliseconds: int) -> datetime:
    """Return a time of the wire as a `datetime` in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class Room:
    """A room or a direct conversation."""

    __slots__ = ("_client", "id")

    def __init__(self, client: Client, room: str) -> None:
        self._client = client
        self.id = room
        """Its id, which lasts as long as the room."""

    # What the mirror knows

    @property
    def name(self) -> str:
        """Its name; empty for a direct conversation."""
        return self._client.mirror.name_of(self.id)

    @property
    def topic(self) -> str:
        """Its topic; empty when it has none."""
        state, listed = self._state, self._listed
        return state.topic if state is not None else listed.topic if listed is not None else ""

    @property
    def member_count(self) -> int:
        """How many are inside."""
        state, listed = self._state, self._listed
        if state is not None and state.kind is RoomKind.PUBLIC:
            return len(state.members)
        return listed.members if listed is not None else 0

    @property
    def members(self) -> tuple[o.Member, ...]:
        """Who is inside, as far as one is inside oneself; `Client.users` asks the server."""
        state = self._state
        return () if state is None else tuple(map(member_of, state.members.values()))

    @property
    def owner_id(self) -> str | None:
        """Who made it, as far as one is inside."""
        state = self._state
        return None if state is None or state.owner is None else id_of(state.owner)

    @property
    def is_direct(self) -> bool:
        """Whether it is a direct conversation."""
        state = self._state
        return state is not None and state.kind is RoomKind.DIRECT

    @property
    def is_joined(self) -> bool:
        """Whether one is inside."""
        return self._state is not None

    # What can be done

    async def say(self, text: str, *, action: bool = False) -> Message:
        """Say something here; see `Client.say`."""
        return await self._client.say(self, text, action=action)

    async def join(self) -> Room:
        """Enter; see `Client.join`."""
        return await self._client.join(self)

    async def leave(self, text: str = "") -> None:
        """Leave; see `Client.leave`."""
        await self._client.leave(self, text)

    def history(
        self, *, limit: int | None = 100, before: int | None = None, after: int | None = None
    ) -> AsyncIterator[Message]:
        """Read what was said here; see `Client.history`."""
        return self._client.history(self, limit=limit, before=before, after=after)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Room) and other.id == self.id

    @override
    def __hash__(self) -> int:
        return hash(self.id)

    @override
    def __repr__(self) -> str:
        return f"<Room {self.id} {self.name!r}>"

    @property
    def _state(self) -> RoomState | None:
        return self._client.mirror.states.get(self.id)

    @property
    def _listed(self) -> o.Room | None:
        return self._client.mirror.listed.get(self.id)


class Rooms(Collection[Room]):
    """All public rooms, oldest first. `rooms["lobby"]` finds one by name or id."""

    __slots__ = ("_client",)

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, room: str) -> Room | None:
        """Return a room by name or id; None when there is none."""
        found = self._client.mirror.find(room)
        return None if found is None else Room(self._client, found)

    def __getitem__(self, room: str) -> Room:
        found = self.get(room)
        if found is None:
            raise KeyError(room)
        return found

    @override
    def __iter__(self) -> Iterator[Room]:
        return iter([Room(self._client, room) for room in self._client.mirror.listed])

    @override
    def __len__(self) -> int:
        return len(self._client.mirror.listed)

    @override
    def __contains__(self, room: object) -> bool:
        if isinstance(room, Room):
            return room.id in self._client.mirror.listed
        return isinstance(room, str) and self._client.mirror.find(room) is not None

    @override
    def __repr__(self) -> str:
        return f"<Rooms {[room.name for room in self]}>"


Said: TypeAlias = o.Message | w.MessageSent
"""A message on the wire: as it reads now, or as it was said just now."""


class Message:
    """Something that was said."""

    __slots__ = ("_client", "_said")

    def __init__(self, client: Client, said: Said) -> None:
        self._client = client
        self._said = said

    @property
    def id(self) -> str:
        """Its id, which lasts."""
        return self._said.id

    @property
    def seq(self) -> int:
        """Its place in the room's log."""
        return self._said.seq

    @property
    def room(self) -> Room:
        """Where it was said."""
        return Room(self._client, self._said.room)

    @property
    def author(self) -> o.User:
        """Who said it."""
        return self._said.author

    @property
    def text(self) -> str:
        """What was said; may have line breaks. Empty once it is deleted."""
        return self._said.text

    @property
    def time(self) -> datetime:
        """When it was said, UTC."""
        return moment(self._said.time)

    @property
    def is_action(self) -> bool:
        """Whether it is told in the third person (`/me`)."""
        return self._said.action

    @property
    def is_direct(self) -> bool:
        """Whether it was said to one person."""
        return bool(self._said.to)

    @property
    def to(self) -> str:
        """In a direct conversation: the nick that it was said to."""
        return self._said.to

    @property
    def reply_to(self) -> str | None:
        """The id of the message that it answers."""
        return self._said.reply_to

    @property
    def edited(self) -> datetime | None:
        """When it was last edited, if it was by the time it was told."""
        said = self._said
        at = said.edited if isinstance(said, o.Message) else None
        return None if at is None else moment(at)

    @property
    def is_deleted(self) -> bool:
        """Whether its author had taken it back by the time it was told."""
        return isinstance(self._said, o.Message) and self._said.is_deleted

    @property
    def reactions(self) -> tuple[o.Reaction, ...]:
        """Reactions to it by the time it was told."""
        return self._said.reactions if isinstance(self._said, o.Message) else ()

    @property
    def is_own(self) -> bool:
        """Whether one said it oneself."""
        return self._client.is_me(self._said.author)

    # What can be done

    async def reply(self, text: str, *, action: bool = False) -> Message:
        """Answer it where it was said; see `Client.reply`."""
        return await self._client.reply(self, text, action=action)

    async def react(self, reaction: str) -> None:
        """React to it; see `Client.react`."""
        await self._client.react(self, reaction)

    async def unreact(self, reaction: str) -> None:
        """Take one's reaction back; see `Client.unreact`."""
        await self._client.unreact(self, reaction)

    async def edit(self, text: str) -> None:
        """Put other words in its place, if it is one's own; see `Client.edit`."""
        await self._client.edit(self, text)

    async def delete(self) -> None:
        """Take it back, if it is one's own; see `Client.delete`."""
        await self._client.delete(self)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and other.id == self.id

    @override
    def __hash__(self) -> int:
        return hash(self.id)

    @override
    def __repr__(self) -> str:
        return f"<Message {self.id} {self.author.nick}: {self.text!r}>"
