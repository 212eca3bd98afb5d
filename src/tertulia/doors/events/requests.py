"""What each request leads to: a command to the chat, or an answer from what is at hand.

One function for each request, and a table of them. Rights and names are the core's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core import events as happened
from tertulia.core.errors import Refusal, Refused
from tertulia.core.events import Role, RoomKind
from tertulia.core.history import Message
from tertulia.core.ids import EventId, format_id
from tertulia.core.state import User
from tertulia.doors.events.asked import Asked
from tertulia.doors.events.typed import run_command
from tertulia.doors.events.view import fitted
from tertulia.wire.events import events as w
from tertulia.wire.events import objects as o
from tertulia.wire.events import requests as r
from tertulia.wire.events.snapshots import listed, message_of, read_id, room_id_of


def _message(text: str) -> EventId:
    return EventId(read_id(text))


# Rooms


def join_room(asked: Asked, request: r.JoinRoom) -> None:
    """Enter a room."""
    asked.submit(c.JoinRoom(asked.find_room(request.room).id), happened.MemberJoined)


def leave_room(asked: Asked, request: r.LeaveRoom) -> None:
    """Leave a room."""
    room = asked.find_room(request.room).id
    asked.submit(c.LeaveRoom(room, request.text), happened.MemberLeft)


def create_room(asked: Asked, request: r.CreateRoom) -> None:
    """Make a room and enter it."""
    asked.submit(c.CreateRoom(request.name, request.topic), happened.MemberJoined)


def delete_room(asked: Asked, request: r.DeleteRoom) -> None:
    """Delete a room."""
    asked.submit(c.DeleteRoom(asked.find_room(request.room).id))


def set_topic(asked: Asked, request: r.SetTopic) -> None:
    """Give a room another topic."""
    room = asked.find_room(request.room).id
    asked.submit(c.SetTopic(room, request.topic), happened.TopicChanged)


def set_typing(asked: Asked, request: r.SetTyping) -> None:
    """Show a room that one is writing."""
    asked.submit(c.ShowTyping(asked.find_room(request.room).id))


# Messages


def send_message(asked: Asked, request: r.SendMessage) -> None:
    """Say something in a room."""
    answered = None if request.reply_to is None else _message(request.reply_to)
    room = asked.find_room(request.room).id
    command = c.PostMessage(room, request.text, request.action, answered)
    asked.submit(command, happened.MessagePosted, request.key)


def send_direct(asked: Asked, request: r.SendDirect) -> None:
    """Say something to one person."""
    command = c.PostDirect(request.nick, request.text, request.action)
    asked.submit(command, happened.MessagePosted, request.key)


def edit_message(asked: Asked, request: r.EditMessage) -> None:
    """Put other words in place of a message."""
    command = c.EditMessage(_message(request.message), request.text)
    asked.submit(command, happened.MessageEdited)


def delete_message(asked: Asked, request: r.DeleteMessage) -> None:
    """Take a message back."""
    asked.submit(c.DeleteMessage(_message(request.message)), happened.MessageDeleted)


def add_reaction(asked: Asked, request: r.AddReaction) -> None:
    """React to a message."""
    command = c.AddReaction(_message(request.message), request.reaction)
    asked.submit(command, happened.ReactionAdded)


def remove_reaction(asked: Asked, request: r.RemoveReaction) -> None:
    """Take a reaction back."""
    command = c.RemoveReaction(_message(request.message), request.reaction)
    asked.submit(command, happened.ReactionRemoved)


# People


def change_nick(asked: Asked, request: r.ChangeNick) -> None:
    """Take another nick. It happens in every room one is in, so that none of it is the answer."""
    asked.submit(c.ChangeNick(request.nick))


def set_away(asked: Asked, request: r.SetAway) -> None:
    """Go away, or come back."""
    asked.submit(c.SetAway(request.text))


def get_users(asked: Asked, request: r.GetUsers) -> None:
    """List who is in a public room, or everybody online."""
    online = {user.person.id: user for user in asked.gateway.users()}
    if request.room is None:
        asked.answer(w.Users(users=tuple(_online(user) for user in online.values())))
        return
    room = asked.find_room(request.room)
    is_hidden = room.rules.unlisted and asked.session.user not in room.members
    if is_hidden or room.kind is not RoomKind.PUBLIC:
        raise Refused(e.UnknownRoom())
    inside = [
        _online(online[user], member.role)
        for user, member in room.members.items()
        if user in online
    ]
    asked.answer(w.Users(room=room_id_of(room.id), users=tuple(inside)))


def _online(user: User, role: Role | None = None) -> o.OnlineUser:
    person = user.person
    return o.OnlineUser(
        id=format_id(person.id),
        nick=person.nick,
        label=person.label,
        since=user.since,
        away=user.away,
        role=None if role is None else role.value,
    )


def ignore(asked: Asked, request: r.Ignore) -> None:
    """Hide somebody."""
    _tell_ignored(asked, asked.gateway.ignore(asked.session, request.nick))


def unignore(asked: Asked, request: r.Unignore) -> None:
    """Show somebody again."""
    _tell_ignored(asked, asked.gateway.unignore(asked.session, request.nick))


def _tell_ignored(asked: Asked, refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Refused(refusal)
    asked.answer(w.Ignored(nicks=tuple(asked.gateway.ignored(asked.session))))


# Reading


def get_rooms(asked: Asked, request: r.GetRooms) -> None:
    """List the public rooms."""
    rooms = (room for room in asked.gateway.rooms() if not room.rules.unlisted)
    asked.answer(w.Rooms(rooms=tuple(map(listed, rooms))))


def get_history(asked: Asked, request: r.GetHistory) -> None:
    """Read a page of a room's messages."""
    room = asked.find_room(request.room)

    async def read() -> None:
        # One more than is wanted tells whether there are more.
        found = await asked.gateway.history(
            asked.session,
            room.id,
            before=request.before,
            after=request.after,
            limit=request.limit + 1,
        )
        is_newest = request.after is None
        page = found[-request.limit :] if is_newest else found[: request.limit]

        def write(shown: Sequence[Message]) -> bytes:
            messages = tuple(map(message_of, shown))
            is_cut = len(shown) < len(found)
            return asked.write(w.History(room=room_id_of(room.id), messages=messages, more=is_cut))

        asked.send(fitted(page, write, asked.settings.largest_push, newest=is_newest))

    asked.read(read())


def search(asked: Asked, request: r.Search) -> None:
    """Find messages."""
    room = None if request.room is None else asked.find_room(request.room).id

    async def read() -> None:
        found = await asked.gateway.search(
            asked.session, request.words, room=room, limit=request.limit
        )

        def write(shown: Sequence[Message]) -> bytes:
            return asked.write(w.SearchResults(messages=tuple(map(message_of, shown))))

        asked.send(fitted(found, write, asked.settings.largest_push, newest=False))

    asked.read(read())


Handler = Callable[[Asked, Any], None]
"""Each is called with requests of its own kind only."""

HANDLERS: Final[Mapping[type[r.Request], Handler]] = {
    r.JoinRoom: join_room,
    r.LeaveRoom: leave_room,
    r.CreateRoom: create_room,
    r.DeleteRoom: delete_room,
    r.SetTopic: set_topic,
    r.SendMessage: send_message,
    r.SendDirect: send_direct,
    r.EditMessage: edit_message,
    r.DeleteMessage: delete_message,
    r.AddReaction: add_reaction,
    r.RemoveReaction: remove_reaction,
    r.ChangeNick: change_nick,
    r.SetAway: set_away,
    r.SetTyping: set_typing,
    r.GetHistory: get_history,
    r.Search: search,
    r.GetUsers: get_users,
    r.GetRooms: get_rooms,
    r.Ignore: ignore,
    r.Unignore: unignore,
    r.RunCommand: run_command,
}
THOUGHTFUL: Final = frozenset({r.GetUsers, r.GetRooms, r.Ignore, r.Unignore, r.RunCommand})
"""Requests that may take thought without asking the chat for anything."""
