"""Commands about rooms: which there are, going in and out, making and ending them, the topic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tertulia.core.commands import CreateRoom, DeleteRoom, JoinRoom, LeaveRoom, SetTopic
from tertulia.core.errors import AlreadyInRoom
from tertulia.core.events import Role, RoomKind
from tertulia.core.language import fold
from tertulia.core.room import RoomState
from tertulia.core.text import clean_line
from tertulia.ports import Done
from tertulia.slash.call import Call
from tertulia.slash.columns import SCREEN, pad, shorten, width, wrap
from tertulia.slash.parse import Arguments

_ROOMS_SHOWN: Final = 50
_USERS_SHOWN: Final = 100
_NO_TOPIC: Final = "-"
"""What is typed in place of a topic to have none."""


def rooms(call: Call, arguments: Arguments) -> None:
    """List the public rooms, or those with a word in their name or topic."""
    words = clean_line(arguments.optional_text(), 50)
    inside = call.me().rooms
    found = [room for room in call.gateway.rooms() if room.id in inside or not room.rules.unlisted]
    if words:
        key = fold(words)
        found = [room for room in found if key in fold(f"{room.name} {room.topic}")]
    if not found:
        call.say(call.gettext("No room has {words} in its name or topic.", words=words))
        return
    # People look for company, so the rooms that are not shown are the empty ones.
    shown = sorted(found, key=lambda room: -len(room.members))[:_ROOMS_SHOWN]
    head = call.ngettext(
        "{count} room (its name, how many are inside, its topic):",
        "{count} rooms (name, how many are inside, topic):",
        len(found),
    )
    call.say(head, *_room_lines(shown), *_left_out(call, len(found) - len(shown)), *_mine(call))


def join(call: Call, arguments: Arguments) -> None:
    """Enter a room, or go back to one that the person is in."""
    name = arguments.room()
    arguments.end()
    enter(call, name)


def enter(call: Call, name: str) -> None:
    """Take the person into the room called `name`, and talk there from now on."""
    room = call.room(name)
    if call.me().person.id not in room.members:
        call.submit(JoinRoom(room.id), lambda done: _entered(call, done))
    elif room.id == call.session.current:
        call.refuse(AlreadyInRoom(room.name))
    else:
        call.gateway.select_room(call.session, room.id)
        _tell_where(call)


def leave(call: Call, arguments: Arguments) -> None:
    """Leave a room."""
    name = arguments.optional_room()
    arguments.end()
    room = call.room(name)

    def done(_: Done) -> None:
        call.confirm(call.gettext("You have left {room}.", room=room.name))
        _tell_where(call)

    call.submit(LeaveRoom(room.id), done)


def create(call: Call, arguments: Arguments) -> None:
    """Make a room and enter it."""
    name = arguments.room()

    def done(answer: Done) -> None:
        made = name if answer.room is None else answer.room.name
        call.say(call.gettext("The room {room} is made, and you own it.", room=made))
        _entered(call, answer)

    call.submit(CreateRoom(name, arguments.optional_text()), done)


def close(call: Call, arguments: Arguments) -> None:
    """Delete a room."""
    name = arguments.room()
    arguments.end()
    room = call.room(name)
    was_inside = call.me().person.id in room.members

    def done(_: Done) -> None:
        call.say(call.gettext("The room {room} is deleted.", room=room.name))
        if was_inside:
            _tell_where(call)

    call.submit(DeleteRoom(room.id), done)


def topic(call: Call, arguments: Arguments) -> None:
    """Show or set the topic of the current room."""
    room = call.here()
    text = arguments.optional_text()
    if not text:
        _tell_topic(call, room)
        return
    wanted = "" if text == _NO_TOPIC else text

    def done(_: Done) -> None:
        # The state at hand has the topic as it was cleaned.
        changed = call.gateway.room(room.id)
        if changed is not None:
            _tell_topic(call, changed, is_confirmation=True)

    call.submit(SetTopic(room.id, wanted), done)


def users(call: Call, arguments: Arguments) -> None:
    """List who is in a room, and count who is online."""
    name = arguments.optional_room()
    arguments.end()
    online = call.ngettext(
        "{count} person is online.", "{count} people are online.", len(call.gateway.users())
    )
    current = None if call.session.current is None else call.gateway.room(call.session.current)
    if name is None and (current is None or current.kind is RoomKind.DIRECT):
        call.say(online)
        return
    room = call.room(name)
    nicks = sorted((member.user.nick for member in room.members.values()), key=str.casefold)
    shown = [_described(call, room, nick) for nick in nicks[:_USERS_SHOWN]]
    head = call.gettext("In {room} ({count}):", room=room.name, count=len(nicks))
    lines = wrap(head, _with_commas(shown))
    call.say(*lines, *_left_out(call, len(nicks) - len(shown)), online)


def _room_lines(rooms: Sequence[RoomState]) -> list[str]:
    names = max(width(room.name) for room in rooms)
    counts = max(len(str(len(room.members))) for room in rooms)
    lines = []
    for room in rooms:
        line = f"  {pad(room.name, names)}  {len(room.members):>{counts}}  "
        lines.append((line + shorten(room.topic, max(SCREEN - width(line), 10))).rstrip())
    return lines


def _mine(call: Call) -> list[str]:
    names = [room.name for room in map(call.gateway.room, call.me().rooms) if room and room.name]
    if not names:
        return [call.gettext("You are in no room.")]
    return wrap(call.gettext("You are in:"), _with_commas(names))


def _left_out(call: Call, count: int) -> list[str]:
    if count <= 0:
        return []
    return [call.ngettext("and {count} more", "and {count} more", count)]


def _described(call: Call, room: RoomState, nick: str) -> str:
    user = call.gateway.user_called(nick)
    notes = []
    if user is not None:
        member = room.members.get(user.person.id)
        if member is not None and member.role is Role.OWNER:
            notes.append(call.gettext("owner"))
        if user.away is not None:
            notes.append(call.gettext("away"))
    return f"{nick} ({', '.join(notes)})" if notes else nick


def _with_commas(words: Sequence[str]) -> Iterable[str]:
    return [*(f"{word}," for word in words[:-1]), *words[-1:]]


def _entered(call: Call, done: Done) -> None:
    if done.room is not None:
        call.reply.enter(done.room)


def _tell_where(call: Call) -> None:
    current = call.session.current
    room = None if current is None else call.gateway.room(current)
    if room is None:
        call.say(call.gettext("You are in no room now. /join ROOM takes you into one."))
    else:
        call.say(call.gettext("You are talking in {room} now.", room=room.name))


def _tell_topic(call: Call, room: RoomState, *, is_confirmation: bool = False) -> None:
    tell = call.confirm if is_confirmation else call.say
    if room.topic:
        tell(call.gettext("Topic of {room}: {topic}", room=room.name, topic=room.topic))
    else:
        tell(call.gettext("{room} has no topic.", room=room.name))
