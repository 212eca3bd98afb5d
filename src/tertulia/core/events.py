"""Events: what happened, in the past tense, and the log entries that hold them.

An `Entry` is the envelope (room, place, id, time) and its `event` the content. Entries are what
stores keep, buses carry and wire formats write; replaying them gives the state (`core.apply`).
"""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias

from msgspec import Struct

from tertulia.core.ids import EventId, RoomId, UserId


class Person(Struct, frozen=True, array_like=True):
    """Someone as they were shown when an event happened."""

    id: UserId
    nick: str
    label: str
    """The public id of their connection, such as `127.0.0.1:50312`."""


class Role(Enum):
    """What a member may do in a room."""

    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"


class RoomKind(Enum):
    """Which rules a room lives by."""

    PUBLIC = "public"
    DIRECT = "direct"


class LeaveReason(Enum):
    """Why somebody left a room."""

    LEFT = "left"
    QUIT = "quit"
    LOST = "lost"
    TIMEOUT = "timeout"
    TOO_SLOW = "too_slow"
    SHUTDOWN = "shutdown"
    RESTART = "restart"
    """The server ended without a word and found them still inside when it came back."""


class _Event(Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of all events."""


class RoomCreated(_Event, frozen=True, tag="room_created"):
    """A room exists from here on."""

    name: str
    kind: RoomKind = RoomKind.PUBLIC
    by: Person | None = None
    permanent: bool = False
    """Stays when it is empty and nothing was ever said in it."""
    parties: tuple[str, ...] = ()
    """Of a direct conversation: the identities of the two, sorted."""
    topic: str = ""


class RoomDeleted(_Event, frozen=True, tag="room_deleted"):
    """The room is gone; this is the last event of its log."""

    by: Person | None = None


class TopicChanged(_Event, frozen=True, tag="topic_changed"):
    """The room's topic is another; empty when it has none any more."""

    by: Person
    topic: str


class MemberJoined(_Event, frozen=True, tag="member_joined"):
    """Somebody is in the room from here on."""

    user: Person
    role: Role = Role.MEMBER


class MemberLeft(_Event, frozen=True, tag="member_left"):
    """Somebody is no longer in the room."""

    user: Person
    reason: LeaveReason
    text: str = ""
    """Their own parting words, if any."""


class MemberRenamed(_Event, frozen=True, tag="member_renamed"):
    """A member has another nick; `user` shows the new one."""

    user: Person
    old_nick: str


class MessagePosted(_Event, frozen=True, tag="message_posted"):
    """Something was said."""

    author: Person
    text: str
    action: bool = False
    """Told in the third person (`/me`)."""
    reply_to: EventId | None = None
    to: str = ""
    """In a direct conversation: the nick it was said to."""


class MessageEdited(_Event, frozen=True, tag="message_edited"):
    """The author put other words in place of a message."""

    by: Person
    target: EventId
    text: str


class MessageDeleted(_Event, frozen=True, tag="message_deleted"):
    """The author took a message back; stores erase its words."""

    by: Person
    target: EventId


class ReactionAdded(_Event, frozen=True, tag="reaction_added"):
    """Somebody reacted to a message."""

    by: Person
    target: EventId
    reaction: str


class ReactionRemoved(_Event, frozen=True, tag="reaction_removed"):
    """Somebody took a reaction back."""

    by: Person
    target: EventId
    reaction: str


Amendment: TypeAlias = MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved
"""Events that change how an earlier message, their `target`, is shown."""

StateChange: TypeAlias = (
    RoomCreated | RoomDeleted | TopicChanged | MemberJoined | MemberLeft | MemberRenamed
)
"""Events that change a room's state; all others commute with each other."""

Event: TypeAlias = StateChange | MessagePosted | Amendment

STATE_CHANGES: Final = (
    RoomCreated,
    RoomDeleted,
    TopicChanged,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
)
AMENDMENTS: Final = (MessageEdited, MessageDeleted, ReactionAdded, ReactionRemoved)


class Entry(Struct, frozen=True):
    """One event in its place in a room's log."""

    room: RoomId
    seq: int
    """Place in the room's log, from 1, without gaps."""
    id: EventId
    time: int
    """Milliseconds of Unix time, UTC, by the wall clock of the server; order is `seq`."""
    event: Event


class AwayChanged(Struct, frozen=True):
    """Somebody went away (with a text) or came back (None). Never stored."""

    user: Person
    text: str | None


class UserRenamed(Struct, frozen=True):
    """Somebody has another nick. Told once to each who shares a room; never stored.

    Each room's log has its own `MemberRenamed`; this is for doors that show one notice only.
    """

    user: Person
    old_nick: str


class Typing(Struct, frozen=True):
    """Somebody is writing in a room. Never stored."""

    room: RoomId
    user: Person


class Announced(Struct, frozen=True):
    """The operator says something to everyone online. Never stored."""

    text: str


class RoomListed(Struct, frozen=True):
    """A room is in the list of public rooms, and reads like this now. Never stored.

    For those who watch the list, whether they are in the room or not.
    """

    room: RoomId
    name: str
    topic: str
    members: int
    """How many are inside."""
    is_new: bool = False


class RoomUnlisted(Struct, frozen=True):
    """A room is in the list of public rooms no more. Never stored."""

    room: RoomId


Signal: TypeAlias = AwayChanged | UserRenamed | Typing | Announced | RoomListed | RoomUnlisted
"""What is told to those online and not kept: presence, typing, announcements, the room list."""


def actor_of(event: Event) -> Person | None:
    """Return who did it; None for what the server did by itself."""
    match event:
        case MessagePosted(author=person):
            return person
        case MemberJoined(user=person) | MemberLeft(user=person) | MemberRenamed(user=person):
            return person
        case _:
            return event.by
