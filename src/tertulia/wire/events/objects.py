"""What events are made of: ids, bounds, and the objects inside (users, rooms, messages).

Both ends of the wire use these types. Every field says what it is in its own `Meta`; the
reference page and the JSON Schema are made from that. Ids are text, for JavaScript has no 64-bit
integers.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

PROTOCOL: Final = 1
"""The version of this protocol; it rises when something changes that is not an optional param."""

SUBPROTOCOL: Final = "tertulia.v1"
"""What a WebSocket client may ask for."""

KEYS: Final = 256
"""Keys of one client's messages that a server remembers, the newest ones."""

MAX_SAFE: Final = 2**53 - 1
"""The greatest integer that JavaScript keeps exactly."""

Id: TypeAlias = Annotated[
    str, Meta(title="id", pattern="^[0-7][0-9a-hjkmnp-tv-z]{12}$", max_length=13)
]
"""13 characters of Crockford's base 32, which sort by time; see `core.ids.format_id`."""

RoomName: TypeAlias = Annotated[str, Meta(title="room", min_length=1, max_length=500)]
"""A room, by its id or, if it is a public one, by its name."""

Name: TypeAlias = Annotated[str, Meta(max_length=500)]
"""A nick or the name of a room, before the core has looked at it."""

Line: TypeAlias = Annotated[str, Meta(max_length=10_000)]
"""A short text on one line, before the core has looked at it."""

Key: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]
"""What a client marks a message with, to have it kept once however often it is sent."""

Token: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]

Seq: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_SAFE)]

Time: TypeAlias = Annotated[int, Meta(title="time", ge=0, le=MAX_SAFE)]
"""Milliseconds of Unix time, UTC."""

RequestId: TypeAlias = (
    Annotated[str, Meta(min_length=1, max_length=64)]
    | Annotated[int, Meta(ge=-MAX_SAFE, le=MAX_SAFE)]
)
"""What a client marks a request with; the answer repeats it."""


class WireObject(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of everything inside an event."""


class User(WireObject, frozen=True, kw_only=True):
    """Somebody, as they were shown when it happened."""

    id: Annotated[Id, Meta(description="Lasts as long as they are online.")]
    nick: Annotated[str, Meta(description="The name they go by.")]
    label: Annotated[
        str, Meta(description="The public id of their connection, such as `127.0.0.1:50312`.")
    ] = ""


class Member(User, frozen=True, kw_only=True):
    """Somebody in a room."""

    role: Annotated[
        str, Meta(description="`owner`, `moderator`, `assistant`, `speaker` or `member`.")
    ] = "member"
    also: Annotated[tuple[str, ...], Meta(description="Lower roles that they have besides.")] = ()


class Mask(WireObject, frozen=True, kw_only=True):
    """A pattern of people, `nick!user@host` with `*` and `?`, in a list of the room's."""

    mask: Annotated[str, Meta(description="The pattern.")]
    by: Annotated[str, Meta(description="The nick of who put it there.")]
    time: Annotated[Time, Meta(description="When.")]


class Rules(WireObject, frozen=True, kw_only=True):
    """Who may come into a room, be heard there and change its topic."""

    key: Annotated[str, Meta(description="The word that lets people in; empty for none.")] = ""
    limit: Annotated[int, Meta(description="How many may be inside; 0 for no limit.", ge=0)] = 0
    invite_only: Annotated[bool, Meta(description="Only who is invited comes in.")] = False
    moderated: Annotated[bool, Meta(description="Only who has a role is heard.")] = False
    members_only: Annotated[bool, Meta(description="Only who is inside is heard.")] = True
    unlisted: Annotated[bool, Meta(description="It is in no list.")] = False
    topic_locked: Annotated[bool, Meta(description="Only who has a role sets the topic.")] = False
    bans: Annotated[tuple[Mask, ...], Meta(description="Who may neither come in nor speak.")] = ()
    exceptions: Annotated[tuple[Mask, ...], Meta(description="Whom no ban holds.")] = ()
    invitations: Annotated[tuple[Mask, ...], Meta(description="Who needs no invitation.")] = ()


class RuleChange(WireObject, frozen=True, kw_only=True):
    """One rule that is set or lifted."""

    rule: Annotated[
        str,
        Meta(
            description=(
                "`key`, `limit`, `invite_only`, `moderated`, `members_only`, `unlisted`, "
                "`topic_locked`, `ban`, `exception`, `invitation`, `moderator`, `assistant` "
                "or `speaker`."
            )
        ),
    ]
    on: Annotated[bool, Meta(description="Whether it is set.")] = True
    value: Annotated[str, Meta(description="The key, the limit or the mask.")] = ""
    user: Annotated[User | None, Meta(description="Of a role: whose it is.")] = None


class OnlineUser(User, frozen=True, kw_only=True):
    """Somebody who is online, and how they are."""

    since: Annotated[Time, Meta(description="When they came.")]
    away: Annotated[
        str | None, Meta(description="Where they went, if they are away; may be empty.")
    ] = None
    role: Annotated[
        str | None, Meta(description="In the room asked about: `owner`, `moderator` or `member`.")
    ] = None


class OwnUser(User, frozen=True, kw_only=True):
    """Oneself."""

    identity: Annotated[
        str,
        Meta(description="What one's direct conversations are kept under; one of their `parties`."),
    ]
    is_operator: Annotated[bool, Meta(description="Whether one may use operators' commands.")] = (
        False
    )


class Room(WireObject, frozen=True, kw_only=True):
    """A room as the list of rooms has it."""

    id: Annotated[Id, Meta(description="Its id.")]
    name: Annotated[str, Meta(description="Its name.")]
    topic: Annotated[str, Meta(description="Its topic.")] = ""
    members: Annotated[int, Meta(description="How many are inside.")]


class Direct(WireObject, frozen=True, kw_only=True):
    """A direct conversation that one is part of."""

    room: Annotated[Id, Meta(description="The room that it is.")]
    nick: Annotated[str, Meta(description="Whom it is with.")]
    parties: Annotated[tuple[str, ...], Meta(description="The identities of the two, sorted.")]


class Reaction(WireObject, frozen=True, kw_only=True):
    """One reaction to a message, and those who gave it."""

    reaction: Annotated[str, Meta(description="An emoji or a short word.")]
    by: Annotated[tuple[User, ...], Meta(description="Who gave it, first to last.")]


class Message(WireObject, frozen=True, kw_only=True):
    """A message as it reads now, with all edits and reactions folded in."""

    room: Annotated[Id, Meta(description="The room it was said in.")]
    seq: Annotated[Seq, Meta(description="Its place in the room's log.")]
    id: Annotated[Id, Meta(description="Its id.")]
    time: Annotated[Time, Meta(description="When it was said.")]
    author: Annotated[User, Meta(description="Who said it.")]
    text: Annotated[str, Meta(description="What was said; empty once it is deleted.")]
    action: Annotated[bool, Meta(description="Told in the third person (`/me`).")] = False
    reply_to: Annotated[Id | None, Meta(description="The message that it answers.")] = None
    to: Annotated[str, Meta(description="In a direct conversation: the nick it was said to.")] = ""
    edited: Annotated[Time | None, Meta(description="When it was last edited.")] = None
    is_deleted: Annotated[bool, Meta(description="Whether its author took it back.")] = False
    reactions: Annotated[
        tuple[Reaction, ...], Meta(description="Reactions to it, first to last.")
    ] = ()
