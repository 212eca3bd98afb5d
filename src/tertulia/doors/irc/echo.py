"""What a client is sent of what it did itself: its words if it wants them back, else the notices.

Its own joining is not among them: that is written with the answer, before anything that follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertulia.core.events import (
    Entry,
    MemberJoined,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    ReactionAdded,
    ReactionRemoved,
    RoomCreated,
)
from tertulia.core.room import RoomState
from tertulia.doors.irc.reply import Reply

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

_WORDS = (MessagePosted, MessageEdited, ReactionAdded, ReactionRemoved)


def is_echoed(client: IrcClient, entry: Entry) -> bool:
    """Tell whether a client is sent an entry that it caused."""
    event = entry.event
    if isinstance(event, _WORDS):
        return "echo-message" in client.caps
    if isinstance(event, MessageDeleted):
        return True
    return not isinstance(event, (MemberJoined, RoomCreated))


def echo(client: IrcClient, entry: Entry, room: RoomState, reply: Reply) -> bytes:
    """Return what a client is sent of what it did itself, with the label of its command."""
    if not is_echoed(client, entry):
        return b""
    data = client.wire.encode(entry, room)
    return client.wire.encode_with(entry, room, reply.echo_tags()) if data else b""
