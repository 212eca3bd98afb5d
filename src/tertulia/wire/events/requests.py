"""Requests: what a client may send. No request says who sends it: that is the connection's.

A param that is not listed is refused, so that nothing is ever taken for something else. Knows
nothing of what requests lead to; `answer` only names it for the reference page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

from msgspec import Meta, Struct

from tertulia.wire.events.objects import (
    PROTOCOL,
    Id,
    Key,
    Line,
    Name,
    RoomName,
    Seq,
    Token,
)


class Request(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of all requests."""

    answer: ClassVar[str] = "done"
    """The name of the event that answers it when all goes well."""


class Login(Request, frozen=True, kw_only=True):
    """Come online, or come back with a token. The first request of every connection."""

    answer: ClassVar[str] = "welcome"
    nick: Annotated[
        Name | None,
        Meta(description="The nick to have; none draws a guest's. Not looked at with a token."),
    ] = None
    token: Annotated[
        Token | None, Meta(description="The token of the last `welcome`, to come back with.")
    ] = None
    cursors: Annotated[
        dict[Id, Seq],
        Meta(description="With a token: the last `seq` seen of each room, by the room's id."),
    ] = {}
    protocol: Annotated[
        int, Meta(description="The version of the protocol that the client speaks.", ge=1)
    ] = PROTOCOL
    language: Annotated[
        Annotated[str, Meta(max_length=40)] | None,
        Meta(description="The language of texts for people: `en`, `pt` or `es`."),
    ] = None
    watch_rooms: Annotated[
        bool, Meta(description="Whether to be told of every change in the list of rooms.")
    ] = True
    resumable: Annotated[
        bool,
        Meta(description="Whether to stay in one's rooms for a while when the connection is lost."),
    ] = True


class Logout(Request, frozen=True, kw_only=True):
    """Go offline; the server closes the connection."""

    answer: ClassVar[str] = "goodbye"
    text: Annotated[Line, Meta(description="Parting words.")] = ""


class JoinRoom(Request, frozen=True, kw_only=True):
    """Enter a room."""

    answer: ClassVar[str] = "room_joined"
    room: Annotated[RoomName, Meta(description="Its id or name.")]


class LeaveRoom(Request, frozen=True, kw_only=True):
    """Leave a room."""

    answer: ClassVar[str] = "user_left"
    room: Annotated[RoomName, Meta(description="Its id or name.")]
    text: Annotated[Line, Meta(description="Parting words.")] = ""


class CreateRoom(Request, frozen=True, kw_only=True):
    """Make a public room and enter it as its owner."""

    answer: ClassVar[str] = "room_joined"
    name: Annotated[Name, Meta(description="Its name.")]
    topic: Annotated[Line, Meta(description="Its topic.")] = ""


class DeleteRoom(Request, frozen=True, kw_only=True):
    """Delete a room that one owns."""

    room: Annotated[RoomName, Meta(description="Its id or name.")]


class SetTopic(Request, frozen=True, kw_only=True):
    """Give a room another topic."""

    answer: ClassVar[str] = "topic_changed"
    room: Annotated[RoomName, Meta(description="Its id or name.")]
    topic: Annotated[Line, Meta(description="The topic; empty for none.")]


class SendMessage(Request, frozen=True, kw_only=True):
    """Say something in a room. The answer is one's own copy, and means that it is stored."""

    answer: ClassVar[str] = "message"
    room: Annotated[RoomName, Meta(description="The room's id or name.")]
    text: Annotated[str, Meta(description="What to say.")]
    action: Annotated[bool, Meta(description="Tell it in the third person (`/me`).")] = False
    reply_to: Annotated[Id | None, Meta(description="The message that it answers.")] = None
    key: Annotated[
        Key | None, Meta(description="Sent again with the same key, it is not said again.")
    ] = None


class SendDirect(Request, frozen=True, kw_only=True):
    """Say something to one person, online or not."""

    answer: ClassVar[str] = "message"
    nick: Annotated[Name, Meta(description="To whom.")]
    text: Annotated[str, Meta(description="What to say.")]
    action: Annotated[bool, Meta(description="Tell it in the third person (`/me`).")] = False
    key: Annotated[
        Key | None, Meta(description="Sent again with the same key, it is not said again.")
    ] = None


class EditMessage(Request, frozen=True, kw_only=True):
    """Put other words in place of one's own message."""

    answer: ClassVar[str] = "message_edited"
    message: Annotated[Id, Meta(description="The message.")]
    text: Annotated[str, Meta(description="The words.")]


class DeleteMessage(Request, frozen=True, kw_only=True):
    """Take one's own message back."""

    answer: ClassVar[str] = "message_deleted"
    message: Annotated[Id, Meta(description="The message.")]


class AddReaction(Request, frozen=True, kw_only=True):
    """React to a message."""

    answer: ClassVar[str] = "reaction_added"
    message: Annotated[Id, Meta(description="The message.")]
    reaction: Annotated[Line, Meta(description="An emoji or a short word.")]


class RemoveReaction(Request, frozen=True, kw_only=True):
    """Take one's own reaction back."""

    answer: ClassVar[str] = "reaction_removed"
    message: Annotated[Id, Meta(description="The message.")]
    reaction: Annotated[Line, Meta(description="The reaction.")]


class ChangeNick(Request, frozen=True, kw_only=True):
    """Take another nick."""

    nick: Annotated[Name, Meta(description="The nick.")]


class SetAway(Request, frozen=True, kw_only=True):
    """Go away, or come back."""

    text: Annotated[
        Line | None, Meta(description="Where one goes, may be empty; none to come back.")
    ] = None


class SetTyping(Request, frozen=True, kw_only=True):
    """Show a room that one is writing."""

    room: Annotated[RoomName, Meta(description="Its id or name.")]


class GetHistory(Request, frozen=True, kw_only=True):
    """Read a page of a room's messages: the newest, those before a place, or those after it."""

    answer: ClassVar[str] = "history"
    room: Annotated[RoomName, Meta(description="Its id or name.")]
    before: Annotated[Seq | None, Meta(description="The newest ones with a smaller `seq`.")] = None
    after: Annotated[
        Seq | None,
        Meta(description="The oldest ones with a greater `seq`; then `before` is not looked at."),
    ] = None
    limit: Annotated[int, Meta(description="How many at the most.", ge=1, le=200)] = 50


class Search(Request, frozen=True, kw_only=True):
    """Find messages in the rooms one is in, newest first."""

    answer: ClassVar[str] = "search_results"
    words: Annotated[
        Line, Meta(description="All of them must be in it; case and accents do not matter.")
    ]
    room: Annotated[RoomName | None, Meta(description="In this room only.")] = None
    limit: Annotated[int, Meta(description="How many at the most.", ge=1, le=100)] = 20


class GetUsers(Request, frozen=True, kw_only=True):
    """List who is in a room, or everybody online."""

    answer: ClassVar[str] = "users"
    room: Annotated[RoomName | None, Meta(description="Its id or name.")] = None


class GetRooms(Request, frozen=True, kw_only=True):
    """List the public rooms, for those who do not watch the list."""

    answer: ClassVar[str] = "rooms"


class Ignore(Request, frozen=True, kw_only=True):
    """Hide what somebody says and does from oneself, until one goes offline."""

    answer: ClassVar[str] = "ignored"
    nick: Annotated[Name, Meta(description="Whom.")]


class Unignore(Request, frozen=True, kw_only=True):
    """Show it again."""

    answer: ClassVar[str] = "ignored"
    nick: Annotated[Name, Meta(description="Whom.")]


class RunCommand(Request, frozen=True, kw_only=True):
    """Do what a person typed: a slash-command, or a text for the room that was entered last.

    What comes of it is told by events as always; a command without lines to show gets `done`.
    """

    answer: ClassVar[str] = "notice"
    text: Annotated[Line, Meta(description="The line as it was typed, such as `/rooms`.")]


class Ping(Request, frozen=True, kw_only=True):
    """Ask for a sign of life. Answered before the login too."""

    answer: ClassVar[str] = "pong"
    data: Annotated[
        Annotated[str, Meta(max_length=128)] | None, Meta(description="Comes back as it is.")
    ] = None


REQUESTS: Final[Mapping[str, type[Request]]] = {
    "login": Login,
    "logout": Logout,
    "join_room": JoinRoom,
    "leave_room": LeaveRoom,
    "create_room": CreateRoom,
    "delete_room": DeleteRoom,
    "set_topic": SetTopic,
    "send_message": SendMessage,
    "send_direct": SendDirect,
    "edit_message": EditMessage,
    "delete_message": DeleteMessage,
    "add_reaction": AddReaction,
    "remove_reaction": RemoveReaction,
    "change_nick": ChangeNick,
    "set_away": SetAway,
    "set_typing": SetTyping,
    "get_history": GetHistory,
    "search": Search,
    "get_users": GetUsers,
    "get_rooms": GetRooms,
    "ignore": Ignore,
    "unignore": Unignore,
    "run_command": RunCommand,
    "ping": Ping,
}
"""All requests by their names on the wire."""
