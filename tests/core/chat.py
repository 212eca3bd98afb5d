"""A chat of one process for tests of the core: each command is a turn of its own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tertulia.core import commands as c
from tertulia.core.decide import Decision, carry_out, decide, found_main_room
from tertulia.core.errors import Refusal, Refused
from tertulia.core.events import Entry, Event
from tertulia.core.history import Message, fold
from tertulia.core.ids import EPOCH_MS, EventId, IdSource, RoomId, UserId
from tertulia.core.policy import Policy
from tertulia.core.room import RoomState
from tertulia.core.state import Turn, User, World

NOW = EPOCH_MS + 1_000_000


class Chat:
    """A world with a main room, its whole log, and what the messages in it read now."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = Policy() if policy is None else policy
        self.world = World()
        self.ids = IdSource()
        self.log: list[Entry] = []
        self.last = Decision()
        turn = self.turn()
        found_main_room(turn, self.policy)
        self.keep(turn)
        self.lobby = self.log[0].room

    def turn(self) -> Turn:
        return Turn(self.world, self.ids, NOW)

    def keep(self, turn: Turn) -> None:
        turn.keep()
        self.log += turn.entries

    def online(self, nick: str | None, *, lot: int = 0, lobby: bool = True) -> UserId:
        """Bring somebody online and into the main room."""
        user = UserId(self.ids.next(NOW))
        self.do(user, c.Connect(user, f"127.0.0.1:{user % 65536}", nick, lot))
        if lobby:
            self.do(user, c.JoinRoom(self.lobby))
        return user

    def do(self, actor: UserId, command: c.Command) -> list[Entry]:
        """Have a command carried out; return its entries."""
        turn = self.turn()
        self.last = decide(turn, actor, command, self.policy, self.messages())
        carry_out(turn, actor, self.last)
        self.keep(turn)
        return turn.entries

    def events(self, actor: UserId, command: c.Command) -> list[Event]:
        """Have a command carried out; return what happened."""
        return [entry.event for entry in self.do(actor, command)]

    def refusal(self, actor: UserId, command: c.Command) -> Refusal:
        """Return why a command is refused."""
        with pytest.raises(Refused) as no:
            decide(self.turn(), actor, command, self.policy, self.messages())
        return no.value.refusal

    def say(self, author: UserId, text: str, room: RoomId | None = None) -> EventId:
        """Say something; return its id."""
        room = self.lobby if room is None else room
        return self.do(author, c.PostMessage(room, text))[0].id

    def tell(self, author: UserId, nick: str, text: str) -> RoomId:
        """Say something to one person; return the room of the two."""
        return self.do(author, c.PostDirect(nick, text))[-1].room

    def create(self, owner: UserId, name: str) -> RoomId:
        """Create a room; return its id."""
        return self.do(owner, c.CreateRoom(name))[0].room

    def messages(self) -> dict[EventId, Message]:
        return {message.id: message for message in fold(self.log)}

    def message(self, target: EventId) -> Message:
        return self.messages()[target]

    def user(self, user: UserId) -> User:
        return self.world.users[user]

    def room(self, room: RoomId) -> RoomState:
        return self.world.rooms[room]

    def log_of(self, room: RoomId) -> Sequence[Entry]:
        return [entry for entry in self.log if entry.room == room]
