"""Happenings: what listeners are called with, one class for each kind of event.

`HAPPENINGS` makes them of the events of the wire, whose names and fields they share; rooms and
messages come as `models`. A listener for `user_joined` is called `on_user_joined`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from tertulia.sdk.errors import ServerError
from tertulia.sdk.models import Message, Room, moment
from tertulia.wire.events import events as w
from tertulia.wire.events.objects import User

if TYPE_CHECKING:
    from tertulia.sdk.client import Client


@dataclass(frozen=True, slots=True)
class RoomHappening:
    """Base of what happens in a room one is in."""

    room: Room
    seq: int
    """Its place in the room's log."""
    id: str
    time: datetime
    """When it happened, UTC."""


@dataclass(frozen=True, slots=True)
class MessageEdited(RoomHappening):
    """`on_message_edited`: the author put other words in place of a message."""

    message_id: str
    by: User
    text: str


@dataclass(frozen=True, slots=True)
class MessageDeleted(RoomHappening):
    """`on_message_deleted`: the author took a message back."""

    message_id: str
    by: User


@dataclass(frozen=True, slots=True)
class ReactionChanged(RoomHappening):
    """`on_reaction_added` and `on_reaction_removed`."""

    message_id: str
    by: User
    reaction: str


@dataclass(frozen=True, slots=True)
class TopicChanged(RoomHappening):
    """`on_topic_changed`: the room has another topic; empty when it has none any more."""

    by: User
    topic: str


@dataclass(frozen=True, slots=True)
class UserJoined(RoomHappening):
    """`on_user_joined`: somebody else came in."""

    user: User
    role: str


@dataclass(frozen=True, slots=True)
class UserLeft(RoomHappening):
    """`on_user_left`: somebody went, perhaps oneself."""

    user: User
    reason: str
    """Such as `left` (the room), `quit` (the chat) or `lost` (the connection broke)."""
    text: str
    """Parting words."""


@dataclass(frozen=True, slots=True)
class UserRenamed(RoomHappening):
    """`on_user_renamed`: a member has another nick. Told for each room; see `NickChanged`."""

    user: User
    old_nick: str


@dataclass(frozen=True, slots=True)
class RoomOpened(RoomHappening):
    """`on_room_opened`: a direct conversation has begun."""

    by: User | None


@dataclass(frozen=True, slots=True)
class RoomClosed(RoomHappening):
    """`on_room_closed`: a room one was in is gone."""

    by: User | None


@dataclass(frozen=True, slots=True)
class RoomJoined:
    """`on_room_joined`: one is in a room, as the newest messages there show."""

    room: Room
    messages: tuple[Message, ...]
    is_reset: bool
    """One came back, but too much was said meanwhile to be told one by one."""


@dataclass(frozen=True, slots=True)
class Presence:
    """`on_presence`: somebody went away (where to, may be empty) or came back (None)."""

    user: User
    away: str | None


@dataclass(frozen=True, slots=True)
class NickChanged:
    """`on_nick_changed`: somebody has another nick; told once, perhaps of oneself."""

    user: User
    old_nick: str


@dataclass(frozen=True, slots=True)
class Typing:
    """`on_typing`: somebody is writing."""

    room: Room
    user: User


@dataclass(frozen=True, slots=True)
class Notice:
    """`on_notice`: lines for people, from the operator or in answer to `Client.run_command`."""

    lines: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Goodbye:
    """`on_goodbye`: the server's last word on a connection."""

    reason: str
    text: str


def _message(client: Client, event: w.MessageSent) -> Message:
    return Message(client, event)


def _messages(client: Client, event: w.MissedMessages) -> tuple[Message, ...]:
    return tuple(Message(client, message) for message in event.messages)


def _place(client: Client, event: w.RoomEvent) -> tuple[Room, int, str, datetime]:
    return Room(client, event.room), event.seq, event.id, moment(event.time)


def _reaction(client: Client, event: w.ReactionAdded | w.ReactionRemoved) -> ReactionChanged:
    return ReactionChanged(*_place(client, event), event.message, event.by, event.reaction)


def _joined(client: Client, event: w.RoomJoined) -> RoomJoined:
    messages = tuple(Message(client, message) for message in event.messages)
    return RoomJoined(Room(client, event.room), messages, event.reset)


def _room(client: Client, event: w.RoomCreated | w.RoomUpdated | w.RoomDeleted) -> Room:
    return Room(client, event.room)


Make = Callable[["Client", Any], object]
"""Each is called with events of its own kind only."""

HAPPENINGS: Final[Mapping[type[w.Event], Make]] = {
    w.MessageSent: _message,
    w.MessageEdited: lambda c, e: MessageEdited(*_place(c, e), e.message, e.by, e.text),
    w.MessageDeleted: lambda c, e: MessageDeleted(*_place(c, e), e.message, e.by),
    w.ReactionAdded: _reaction,
    w.ReactionRemoved: _reaction,
    w.TopicChanged: lambda c, e: TopicChanged(*_place(c, e), e.by, e.topic),
    w.UserJoined: lambda c, e: UserJoined(*_place(c, e), e.user, e.role),
    w.UserLeft: lambda c, e: UserLeft(*_place(c, e), e.user, e.reason, e.text),
    w.UserRenamed: lambda c, e: UserRenamed(*_place(c, e), e.user, e.old_nick),
    w.RoomOpened: lambda c, e: RoomOpened(*_place(c, e), e.by),
    w.RoomClosed: lambda c, e: RoomClosed(*_place(c, e), e.by),
    w.RoomJoined: _joined,
    w.RoomCreated: _room,
    w.RoomUpdated: _room,
    w.RoomDeleted: _room,
    w.Presence: lambda c, e: Presence(e.user, e.away),
    w.NickChanged: lambda c, e: NickChanged(e.user, e.old_nick),
    w.Typing: lambda c, e: Typing(Room(c, e.room), e.user),
    w.Notice: lambda c, e: Notice(e.lines, e.source),
    w.MissedMessages: _messages,
    w.ServerError: lambda c, e: ServerError.of(e),
    w.Goodbye: lambda c, e: Goodbye(e.reason, e.text),
}
"""What listeners are called with, by the kind of event. Answers to requests are not among them."""

OWN_EVENTS: Final[Mapping[str, int]] = {"ready": 0, "disconnected": 1, "reconnected": 1, "event": 1}
"""What the client tells of itself, and with how many arguments.

`on_ready()`: the first login is done and the rooms are known. `on_disconnected(error)`: the
connection broke. `on_reconnected(resumed)`: it is there again; with `resumed`, everything missed
is told. `on_event(envelope)`: any event at all, as it is on the wire.
"""
