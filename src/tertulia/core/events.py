"""Events: what happened, in the past tense, and the log entries that hold them.

An `Entry` is the envelope (room, place, id, time) and its `event` the content. Entries are what
stores keep, buses carry and wire formats write; replaying them gives the state (`core.apply`).
"""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias

from msgspec import Struct

from tertulia.core.ids import EventId, RoomId, UserId


class Person(Struct, frozen=True, array_like=True, gc=False):
    """Someone as they were shown when an event happened."""

    id: UserId
    nick: str
    label: str
    """The public id of their connection, such as `127.0.0.1:50312`."""


class Role(Enum):
    """What a member may do in a room."""

    OWNER = "owner"
    MODERATOR = "moderator"
    ASSISTANT = "assistant"
    SPEAKER = "speaker"
    """Is heard in a moderated room."""
    MEMBER = "member"


class RoomKind(Enum):
    """Which rules a room lives by."""

    PUBLIC = "public"
    DIRECT = "direct"


class Rule(Enum):
    """What may be set for a room, or in it for a member."""

    KEY = "key"
    """A word without which nobody comes in."""
    LIMIT = "limit"
    """How many may be inside."""
    INVITE_ONLY = "invite_only"
    MODERATED = "moderated"
    """Only those with a role are heard."""
    MEMBERS_ONLY = "members_only"
    """Only those inside are heard."""
    UNLISTED = "unlisted"
    TOPIC_LOCKED = "topic_locked"
    """Only those with a role change the topic."""
    BAN = "ban"
    """A mask of those who may neither come in nor speak."""
    EXCEPTION = "exception"
    """A mask of those whom no ban holds."""
    INVITATION = "invitation"
    """A mask of those who need no invitation."""
    MODERATOR = "moderator"
    ASSISTANT = "assistant"
    SPEAKER = "speaker"


class LeaveReason(Enum):
    """Why somebody left a room."""

    LEFT = "left"
    KICKED = "kicked"
    QUIT = "quit"
    LOST = "lost"
    TIMEOUT = "timeout"
    TOO_SLOW = "too_slow"
    SHUTDOWN = "shutdown"
    RESTART = "restart"
    """The server ended without a word and found them still inside when it came back."""


class _Event(Struct, frozen=True, tag_field="type", omit_defaults=True, gc=False):
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
    realname: str = ""
    """What they call themselves besides their nick, if they said."""
    away: str | None = None
    """Where they are instead, if they are away; may be empty."""


class MemberLeft(_Event, frozen=True, tag="member_left"):
    """Somebody is no longer in the room."""

    user: Person
    reason: LeaveReason
    text: str = ""
    """Their own parting words, if any; when they were kicked, those of who did it."""
    by: Person | None = None
    """Who put them out."""


class MemberRenamed(_Event, frozen=True, tag="member_renamed"):
    """A member has another nick; `user` shows the new one."""

    user: Person
    old_nick: str


class MemberInvited(_Event, frozen=True, tag="member_invited"):
    """Somebody who is not in the room may come in, whatever its rules."""

    by: Person
    user: Person


class RuleChange(Struct, frozen=True, omit_defaults=True):
    """One rule that is set or lifted."""

    rule: Rule
    on: bool = True
    value: str = ""
    """The key, the limit in decimal figures, or the mask."""
    user: Person | None = None
    """Of a role: whose it is."""


class RulesChanged(_Event, frozen=True, tag="rules_changed"):
    """The room's rules, or the roles of its members, are others."""

    by: Person
    changes: tuple[RuleChange, ...]


class RoomRenamed(_Event, frozen=True, tag="room_renamed"):
    """The room has another name."""

    by: Person
    name: str
    old_name: str
    text: str = ""
    """Why, if anybody said."""


class MessagePosted(_Event, frozen=True, tag="message_posted"):
    """Something was said."""

    author: Person
    text: str
    action: bool = False
    """Told in the third person (`/me`)."""
    reply_to: EventId | None = None
    to: str = ""
    """In a direct conversation: the nick it was said to."""
    notice: bool = False
    """Said by a program that wants no answer; programs must not answer it."""
    tags: tuple[tuple[str, str], ...] = ()
    """What the author's program attached for other programs, by name."""


class MessageEdited(_Event, frozen=True, tag="message_edited"):
    """The author put other words in place of a message."""

    by: Person
    target: EventId
    text: str


class MessageDeleted(_Event, frozen=True, tag="message_deleted"):
    """The author took a message back; stores erase its words."""

    by: Person
    target: EventId
    reason: str = ""
    """Why, if they said."""


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
    RoomCreated
    | RoomDeleted
    | RoomRenamed
    | RulesChanged
    | TopicChanged
    | MemberInvited
    | MemberJoined
    | MemberLeft
    | MemberRenamed
)
"""Events that change a room's state; all others commute with each other."""

Event: TypeAlias = StateChange | MessagePosted | Amendment

STATE_CHANGES: Final = (
    RoomCreated,
    RoomDeleted,
    RoomRenamed,
    RulesChanged,
    TopicChanged,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
)
AMENDMENTS: Final = (MessageEdited, MessageDeleted, ReactionAdded, ReactionRemoved)


class Entry(Struct, frozen=True, gc=False):
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


class UserArrived(Struct, frozen=True):
    """Somebody is online from here on. For those who watch people; never stored."""

    user: Person


class UserGone(Struct, frozen=True):
    """Somebody is offline. Told once to each who shares a room; never stored.

    Each room's log has its own `MemberLeft`; this is for doors that show one notice only.
    """

    user: Person
    reason: LeaveReason
    text: str = ""
    realname: str = ""


class RealnameChanged(Struct, frozen=True):
    """Somebody calls themselves something else besides their nick. Never stored."""

    user: Person
    realname: str


class RoomMoved(Struct, frozen=True):
    """A room has another name. For doors that show it in their own way; never stored."""

    room: RoomId
    old_name: str
    text: str = ""


class Invited(Struct, frozen=True):
    """Somebody is asked into a room. Told to that one alone; never stored."""

    by: Person
    user: Person
    room: RoomId
    name: str
    """The room's."""


class Tagged(Struct, frozen=True):
    """Somebody's program has something for the programs of others in a room. Never stored."""

    room: RoomId
    user: Person
    tags: tuple[tuple[str, str], ...]
    to: str = ""
    """In a direct conversation: the nick it is for."""
    id: EventId = EventId(0)
    time: int = 0
    """Milliseconds of Unix time."""


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


Signal: TypeAlias = (
    AwayChanged
    | UserRenamed
    | UserArrived
    | UserGone
    | RealnameChanged
    | RoomMoved
    | Invited
    | Typing
    | Tagged
    | Announced
    | RoomListed
    | RoomUnlisted
)
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
