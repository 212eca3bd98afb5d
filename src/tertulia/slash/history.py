"""Commands that read the log: the last messages of a room, and those with certain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tertulia.core.history import Message
from tertulia.core.ids import RoomId
from tertulia.core.names import nick_key
from tertulia.core.plain import listing
from tertulia.core.text import clean_line
from tertulia.slash.call import Call
from tertulia.slash.parse import Arguments

_USUAL: Final = 20
_MOST: Final = 200
_FOUND: Final = 20
_WORDS_LENGTH: Final = 200


async def history(call: Call, arguments: Arguments) -> None:
    """Show the last messages of the current room, or those before one of them."""
    count = arguments.optional_number()
    before = arguments.optional_seq()
    arguments.end()
    room = call.here()
    limit = _USUAL if count is None else min(max(count, 1), _MOST)
    page = await call.gateway.history(call.session, room.id, before=before, limit=limit)
    shown = _without_ignored(call, page)
    if shown:
        call.say(*_listed(call, shown))
    elif page:
        call.say(call.gettext("All of it is by people whom you ignore."))
    elif before is None:
        call.say(call.gettext("Nothing was said in {room} yet.", room=room.name))
    else:
        call.say(call.gettext("There is nothing before #{seq}.", seq=before))


async def search(call: Call, arguments: Arguments) -> None:
    """Show the newest messages with certain words, in all rooms that the person is in."""
    words = arguments.text()
    page = await call.gateway.search(call.session, words, limit=_FOUND)
    found = _without_ignored(call, page)
    if not found:
        shown = clean_line(words, _WORDS_LENGTH)
        call.say(call.gettext("Nothing found for: {words}", words=shown))
        return
    lines: list[str] = []
    for room, messages in _by_room(found):
        lines.append(call.gettext("In {room}:", room=_room_name(call, room, messages)))
        lines += _listed(call, messages)
    if len(page) == _FOUND:
        lines.append(call.gettext("There may be more; these are the newest {count}.", count=_FOUND))
    call.say(*lines)


def _without_ignored(call: Call, messages: Sequence[Message]) -> list[Message]:
    ignored = {nick_key(nick) for nick in call.gateway.ignored(call.session)}
    return [message for message in messages if nick_key(message.author.nick) not in ignored]


def _by_room(found: Sequence[Message]) -> list[tuple[RoomId, list[Message]]]:
    """Return messages, given newest first, by room in order; the room of the newest is last.

    What was said last stands lowest, where the reader of a terminal looks.
    """
    rooms: dict[RoomId, list[Message]] = {}
    for message in found:
        rooms.setdefault(message.room, []).insert(0, message)
    return list(reversed(rooms.items()))


def _room_name(call: Call, room: RoomId, messages: Sequence[Message]) -> str:
    state = call.gateway.room(room)
    if state is not None and state.name:
        return state.name
    # A direct conversation has no name of its own: it is called after its two people.
    last = messages[-1]
    return call.gettext("{nick} and {other}", nick=last.author.nick, other=last.to)


def _listed(call: Call, messages: Sequence[Message]) -> list[str]:
    return listing(messages, call.zone, call.catalog.gettext, now=call.now)
