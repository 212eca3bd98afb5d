"""Events: what the server sends. Answers, what happens in rooms, the list of rooms, presence.

Room events are the entries of a room's log: `seq` has no gaps but for those one ignores, and what
they amount to is the room (`convert` makes log entries of them). A client passes over events and
params that it does not know, for that is how the protocol grows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct

from tertulia.wire.events.objects import (
    Direct,
    Id,
    Member,
    Message,
    OnlineUser,
    OwnUser,
    Room,
    RuleChange,
    Rules,
    Seq,
    Time,
    User,
)


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all events."""


# Answers


class Welcome(Event, frozen=True, kw_only=True):
    """One is online. For each room in `joined` there follows a `room_joined` or what was missed."""

    protocol: Annotated[int, Meta(description="The version of the protocol.")]
    server: Annotated[str, Meta(description="The name of the software.")]
    version: Annotated[str, Meta(description="Its version.")]
    user: Annotated[OwnUser, Meta(description="Oneself.")]
    rooms: Annotated[tuple[Room, ...], Meta(description="All public rooms, oldest first.")]
    main_room: Annotated[Id, Meta(description="The room that everybody enters first.")]
    joined: Annotated[tuple[Id, ...], Meta(description="The rooms one is in, by id.")]
    directs: Annotated[tuple[Direct, ...], Meta(description="One's direct conversations.")] = ()
    resumed: Annotated[bool, Meta(description="Whether one came back with a token.")] = False
    token: Annotated[
        str | None, Meta(description="To come back with, once; it replaces the one before.")
    ] = None
    resume_seconds: Annotated[
        float, Meta(description="How long one is kept in one's rooms after the connection is lost.")
    ] = 0.0
    max_event: Annotated[int, Meta(description="The longest event taken in, in bytes.")]


class RoomJoined(Event, frozen=True, kw_only=True):
    """One is in a room: all there is to know of it, as it was right after the entry `seq`."""

    room: Annotated[Id, Meta(description="The room.")]
    seq: Annotated[
        Seq, Meta(description="The last entry that this holds; what follows is past it.")
    ]
    name: Annotated[str, Meta(description="Its name; empty for a direct conversation.")]
    topic: Annotated[str, Meta(description="Its topic.")] = ""
    kind: Annotated[str, Meta(description="`public` or `direct`.")] = "public"
    members: Annotated[tuple[Member, ...], Meta(description="Everybody inside.")] = ()
    owner: Annotated[Id | None, Meta(description="Who made it.")] = None
    parties: Annotated[
        tuple[str, ...], Meta(description="Of a direct conversation: the identities of the two.")
    ] = ()
    permanent: Annotated[bool, Meta(description="Whether it stays when it is empty.")] = False
    has_history: Annotated[bool, Meta(description="Whether anything was ever said in it.")] = False
    created: Annotated[Time, Meta(description="When it was made.")]
    changed: Annotated[Seq, Meta(description="The last entry that was not about messages.")]
    rules: Annotated[Rules, Meta(description="Who may come in, be heard, set the topic.")] = Rules()
    invited: Annotated[
        tuple[Id, ...], Meta(description="Who may come in though the rules say no.")
    ] = ()
    topic_by: Annotated[str, Meta(description="The nick of who set the topic.")] = ""
    topic_time: Annotated[Time, Meta(description="When it was set.")] = 0
    messages: Annotated[
        tuple[Message, ...], Meta(description="Its newest messages, in order, at most some.")
    ] = ()
    reset: Annotated[
        bool,
        Meta(
            description="One came back, but too much was missed: forget the room's past, use this."
        ),
    ] = False


class Done(Event, frozen=True, kw_only=True):
    """A request was carried out. Sent only for requests with an id that have no other answer."""


class History(Event, frozen=True, kw_only=True):
    """A page of a room's messages, in order of `seq`."""

    room: Annotated[Id, Meta(description="The room.")]
    messages: Annotated[tuple[Message, ...], Meta(description="The messages.")]
    more: Annotated[bool, Meta(description="Whether there are more beyond this page.")] = False


class SearchResults(Event, frozen=True, kw_only=True):
    """What was found, newest first."""

    messages: Annotated[tuple[Message, ...], Meta(description="The messages.")]


class MissedMessages(Event, frozen=True, kw_only=True):
    """Direct messages that came while nobody was online under this name. Follows a `welcome`."""

    messages: Annotated[tuple[Message, ...], Meta(description="The messages, in order.")]


class Users(Event, frozen=True, kw_only=True):
    """Who is in a room, or everybody online."""

    room: Annotated[Id | None, Meta(description="The room; none for the whole server.")] = None
    users: Annotated[tuple[OnlineUser, ...], Meta(description="The people.")]


class Rooms(Event, frozen=True, kw_only=True):
    """All public rooms."""

    rooms: Annotated[tuple[Room, ...], Meta(description="The rooms, oldest first.")]


class Ignored(Event, frozen=True, kw_only=True):
    """Whom one ignores now."""

    nicks: Annotated[tuple[str, ...], Meta(description="Their nicks.")]


class Pong(Event, frozen=True, kw_only=True):
    """A sign of life."""

    time: Annotated[Time, Meta(description="The server's time.")]
    data: Annotated[str | None, Meta(description="What the `ping` held.")] = None


class ServerError(Event, frozen=True, kw_only=True):
    """A request was refused, and nothing has changed. Sent to its cause only."""

    code: Annotated[str, Meta(description="What it is, for programs.")]
    text: Annotated[str, Meta(description="What it is, for people.")]
    event: Annotated[str | None, Meta(description="The request, as far as it is known.")] = None
    path: Annotated[
        str | None,
        Meta(
            description="Where the fault is: `$.room` is the param `room`, `$[2]` the request id."
        ),
    ] = None
    data: Annotated[
        dict[str, str | int | float],
        Meta(description="More about it, such as `retry_after` in seconds."),
    ] = {}


class Goodbye(Event, frozen=True, kw_only=True):
    """The last event of a connection."""

    reason: Annotated[
        str,
        Meta(
            description=(
                "`quit` (one's own `logout`), `shutdown` (the server ends), `replaced` (one came "
                "back on another connection), `login_timeout`, or `refused`."
            )
        ),
    ]
    text: Annotated[str, Meta(description="The same, for people.")] = ""


# What happens in the rooms one is in


class RoomEvent(Event, frozen=True, kw_only=True):
    """Base of the entries of a room's log."""

    room: Annotated[Id, Meta(description="The room.")]
    seq: Annotated[Seq, Meta(description="Its place in the room's log.")]
    id: Annotated[Id, Meta(description="Its id; a message is known by it from then on.")]
    time: Annotated[Time, Meta(description="When it happened.")]


class MessageSent(RoomEvent, frozen=True, kw_only=True):
    """Something was said. To its author it is the answer: it is stored."""

    author: Annotated[User, Meta(description="Who said it.")]
    text: Annotated[str, Meta(description="What was said; may have line breaks.")]
    action: Annotated[bool, Meta(description="Told in the third person (`/me`).")] = False
    reply_to: Annotated[Id | None, Meta(description="The message that it answers.")] = None
    to: Annotated[str, Meta(description="In a direct conversation: the nick it was said to.")] = ""
    notice: Annotated[bool, Meta(description="Said by a program; programs must not answer it.")] = (
        False
    )
    tags: Annotated[
        dict[str, str], Meta(description="What the author's program attached for other programs.")
    ] = {}


class MessageEdited(RoomEvent, frozen=True, kw_only=True):
    """The author put other words in place of a message."""

    message: Annotated[Id, Meta(description="The message.")]
    by: Annotated[User, Meta(description="Who did it.")]
    text: Annotated[str, Meta(description="The words.")]


class MessageDeleted(RoomEvent, frozen=True, kw_only=True):
    """The author, or a moderator, took a message back."""

    message: Annotated[Id, Meta(description="The message.")]
    by: Annotated[User, Meta(description="Who did it.")]
    reason: Annotated[str, Meta(description="Why.")] = ""


class ReactionAdded(RoomEvent, frozen=True, kw_only=True):
    """Somebody reacted to a message."""

    message: Annotated[Id, Meta(description="The message.")]
    by: Annotated[User, Meta(description="Who did it.")]
    reaction: Annotated[str, Meta(description="An emoji or a short word.")]


class ReactionRemoved(RoomEvent, frozen=True, kw_only=True):
    """Somebody took a reaction back."""

    message: Annotated[Id, Meta(description="The message.")]
    by: Annotated[User, Meta(description="Who did it.")]
    reaction: Annotated[str, Meta(description="An emoji or a short word.")]


class TopicChanged(RoomEvent, frozen=True, kw_only=True):
    """The room has another topic."""

    by: Annotated[User, Meta(description="Who did it.")]
    topic: Annotated[str, Meta(description="The topic; empty for none.")]


class UserJoined(RoomEvent, frozen=True, kw_only=True):
    """Somebody came in. For oneself there is `room_joined` instead."""

    user: Annotated[User, Meta(description="Who.")]
    role: Annotated[
        str, Meta(description="`owner`, `moderator`, `assistant`, `speaker` or `member`.")
    ] = "member"
    realname: Annotated[str, Meta(description="What they call themselves besides.")] = ""
    away: Annotated[
        str | None, Meta(description="Where they are instead, if they are away; may be empty.")
    ] = None


class UserLeft(RoomEvent, frozen=True, kw_only=True):
    """Somebody went, for whatever reason; told once. After one's own, no more of the room comes."""

    user: Annotated[User, Meta(description="Who.")]
    reason: Annotated[
        str,
        Meta(
            description=(
                "`left` (the room), `kicked` (put out, see `by`), `quit` (the chat), `lost` (the "
                "connection broke), `timeout`, `too_slow` (did not read), `shutdown` or `restart` "
                "(of the server)."
            )
        ),
    ]
    text: Annotated[str, Meta(description="Parting words, or why they were put out.")] = ""
    by: Annotated[User | None, Meta(description="Who put them out.")] = None


class UserInvited(RoomEvent, frozen=True, kw_only=True):
    """Somebody who is not in the room was asked in."""

    by: Annotated[User, Meta(description="Who did it.")]
    user: Annotated[User, Meta(description="Who may come in.")]


class RulesChanged(RoomEvent, frozen=True, kw_only=True):
    """The room's rules, or the roles of its members, are others."""

    by: Annotated[User, Meta(description="Who did it.")]
    changes: Annotated[tuple[RuleChange, ...], Meta(description="What changed, in order.")]


class RoomRenamed(RoomEvent, frozen=True, kw_only=True):
    """The room has another name."""

    by: Annotated[User, Meta(description="Who did it.")]
    name: Annotated[str, Meta(description="The name.")]
    old_name: Annotated[str, Meta(description="The name it had.")]
    text: Annotated[str, Meta(description="Why.")] = ""


class UserRenamed(RoomEvent, frozen=True, kw_only=True):
    """A member has another nick."""

    user: Annotated[User, Meta(description="Who, with the new nick.")]
    old_nick: Annotated[str, Meta(description="The nick they had.")]


class RoomOpened(RoomEvent, frozen=True, kw_only=True):
    """A room's log begins: heard live when a direct conversation is begun."""

    name: Annotated[str, Meta(description="Its name; empty for a direct conversation.")] = ""
    topic: Annotated[str, Meta(description="Its topic, if it was given one right away.")] = ""
    kind: Annotated[str, Meta(description="`public` or `direct`.")] = "public"
    by: Annotated[User | None, Meta(description="Who made it; none: the server.")] = None
    parties: Annotated[
        tuple[str, ...], Meta(description="Of a direct conversation: the identities of the two.")
    ] = ()
    permanent: Annotated[bool, Meta(description="Whether it stays when it is empty.")] = False


class RoomClosed(RoomEvent, frozen=True, kw_only=True):
    """A room one was in is gone: the end of its log."""

    by: Annotated[User | None, Meta(description="Who deleted it; none: it was empty.")] = None


# The list of rooms


class RoomCreated(Event, frozen=True, kw_only=True):
    """There is one more room in the list."""

    room: Annotated[Id, Meta(description="The room.")]
    name: Annotated[str, Meta(description="Its name.")]
    topic: Annotated[str, Meta(description="Its topic.")] = ""
    members: Annotated[int, Meta(description="How many are inside.")]


class RoomUpdated(Event, frozen=True, kw_only=True):
    """A room in the list has another topic, or another number of people inside."""

    room: Annotated[Id, Meta(description="The room.")]
    name: Annotated[str, Meta(description="Its name.")]
    topic: Annotated[str, Meta(description="Its topic.")] = ""
    members: Annotated[int, Meta(description="How many are inside.")]


class RoomDeleted(Event, frozen=True, kw_only=True):
    """A room is in the list no more."""

    room: Annotated[Id, Meta(description="The room.")]


# Presence, and words from the server


class Presence(Event, frozen=True, kw_only=True):
    """Somebody one shares a room or a conversation with went away or came back."""

    user: Annotated[User, Meta(description="Who.")]
    away: Annotated[
        str | None, Meta(description="Where they went, may be empty; none: they are back.")
    ] = None


class NickChanged(Event, frozen=True, kw_only=True):
    """Somebody has another nick; told once, however many rooms one shares with them."""

    user: Annotated[User, Meta(description="Who, with the new nick.")]
    old_nick: Annotated[str, Meta(description="The nick they had.")]


class Invited(Event, frozen=True, kw_only=True):
    """Somebody asks one into a room."""

    by: Annotated[User, Meta(description="Who.")]
    room: Annotated[Id, Meta(description="Into which room.")]
    name: Annotated[str, Meta(description="Its name.")]


class Typing(Event, frozen=True, kw_only=True):
    """Somebody is writing."""

    room: Annotated[Id, Meta(description="In which room.")]
    user: Annotated[User, Meta(description="Who.")]


class Notice(Event, frozen=True, kw_only=True):
    """Lines for people, from the server."""

    lines: Annotated[tuple[str, ...], Meta(description="Plain text, one for each line.")]
    source: Annotated[
        str,
        Meta(description="`operator`, to everybody, or `command`, the answer to a `run_command`."),
    ]


ANSWERS: Final[Mapping[str, type[Event]]] = {
    "welcome": Welcome,
    "room_joined": RoomJoined,
    "done": Done,
    "history": History,
    "search_results": SearchResults,
    "missed_messages": MissedMessages,
    "users": Users,
    "rooms": Rooms,
    "ignored": Ignored,
    "pong": Pong,
    "server_error": ServerError,
    "goodbye": Goodbye,
}
ROOM_EVENTS: Final[Mapping[str, type[RoomEvent]]] = {
    "message": MessageSent,
    "message_edited": MessageEdited,
    "message_deleted": MessageDeleted,
    "reaction_added": ReactionAdded,
    "reaction_removed": ReactionRemoved,
    "topic_changed": TopicChanged,
    "user_joined": UserJoined,
    "user_left": UserLeft,
    "user_invited": UserInvited,
    "rules_changed": RulesChanged,
    "room_renamed": RoomRenamed,
    "user_renamed": UserRenamed,
    "room_opened": RoomOpened,
    "room_closed": RoomClosed,
}
LIST_EVENTS: Final[Mapping[str, type[Event]]] = {
    "room_created": RoomCreated,
    "room_updated": RoomUpdated,
    "room_deleted": RoomDeleted,
}
PEOPLE_EVENTS: Final[Mapping[str, type[Event]]] = {
    "presence": Presence,
    "nick_changed": NickChanged,
    "invited": Invited,
    "typing": Typing,
    "notice": Notice,
}
EVENTS: Final[Mapping[str, type[Event]]] = {
    **ANSWERS,
    **ROOM_EVENTS,
    **LIST_EVENTS,
    **PEOPLE_EVENTS,
}
"""All events by their names on the wire."""
