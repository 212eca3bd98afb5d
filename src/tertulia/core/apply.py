"""Apply: the state after an event. The one interpreter of the log, for servers and mirrors alike.

Law: applying a log to nothing gives the live state, on every node and in every client.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from msgspec.structs import replace

from tertulia.core.events import (
    Entry,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    ReactionAdded,
    ReactionRemoved,
    RoomCreated,
    RoomDeleted,
    TopicChanged,
)
from tertulia.core.room import Member, RoomState


class BrokenLog(Exception):
    """An event that cannot follow the state it is applied to: a bug, or a damaged log."""


def apply(state: RoomState | None, entry: Entry) -> RoomState | None:
    """Return the room's state after `entry`; None before its creation and after its end.

    Raises:
        BrokenLog: the entry belongs to another room, or to none.
    """
    event = entry.event
    if isinstance(event, RoomCreated):
        return _create(entry, event)
    if state is None or state.id != entry.room:
        raise BrokenLog(f"room {entry.room} has no state for entry {entry.seq}")
    match event:
        case MessagePosted():
            return state if state.has_history else replace(state, has_history=True)
        case MessageEdited() | MessageDeleted() | ReactionAdded() | ReactionRemoved():
            return state
        case MemberJoined(user=user, role=role):
            members = {**state.members, user.id: Member(user, role)}
            return replace(state, members=members, changed=entry.seq)
        case MemberLeft(user=user):
            members = dict(state.members)
            members.pop(user.id, None)
            return replace(state, members=members, changed=entry.seq)
        case MemberRenamed(user=user):
            member = state.members.get(user.id)
            if member is None:
                return state
            members = {**state.members, user.id: Member(user, member.role)}
            return replace(state, members=members, changed=entry.seq)
        case TopicChanged(topic=topic):
            return replace(state, topic=topic, changed=entry.seq)
        case RoomDeleted():
            return None
        case _:
            assert_never(event)


def replay(entries: Iterable[Entry], state: RoomState | None = None) -> RoomState | None:
    """Return the state after all `entries` of one room, in order."""
    for entry in entries:
        state = apply(state, entry)
    return state


def _create(entry: Entry, event: RoomCreated) -> RoomState:
    return RoomState(
        id=entry.room,
        name=event.name,
        kind=event.kind,
        topic=event.topic,
        permanent=event.permanent,
        owner=None if event.by is None else event.by.id,
        parties=event.parties,
        created=entry.time,
        changed=entry.seq,
    )
