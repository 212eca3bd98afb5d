"""Apply: the state after an event. The one interpreter of the log, for servers and mirrors alike.

Law: applying a log to nothing gives the live state, on every node and in every client.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, assert_never

from msgspec.structs import replace

from tertulia.core.events import (
    Entry,
    MemberInvited,
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
    RoomRenamed,
    RulesChanged,
    TopicChanged,
)
from tertulia.core.room import Member, RoomState
from tertulia.core.rules import with_changes

INVITED: Final = 100
"""How many invitations into a room count, the newest ones."""


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
            invited = state.invited
            if user.id in invited:
                invited = tuple(other for other in invited if other != user.id)
            return replace(state, members=members, invited=invited, changed=entry.seq)
        case MemberLeft(user=user):
            members = dict(state.members)
            members.pop(user.id, None)
            return replace(state, members=members, changed=entry.seq)
        case MemberRenamed(user=user):
            member = state.members.get(user.id)
            if member is None:
                return state
            members = {**state.members, user.id: replace(member, user=user)}
            return replace(state, members=members, changed=entry.seq)
        case TopicChanged(topic=topic):
            return replace(
                state,
                topic=topic,
                topic_by=event.by.nick,
                topic_time=entry.time,
                changed=entry.seq,
            )
        case RulesChanged():
            return replace(with_changes(state, event, entry.time), changed=entry.seq)
        case MemberInvited(user=user):
            invited = (*(other for other in state.invited if other != user.id), user.id)
            return replace(state, invited=invited[-INVITED:], changed=entry.seq)
        case RoomRenamed(name=name):
            return replace(state, name=name, changed=entry.seq)
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
        topic_by="" if event.by is None or not event.topic else event.by.nick,
        topic_time=entry.time if event.topic else 0,
        permanent=event.permanent,
        owner=None if event.by is None else event.by.id,
        parties=event.parties,
        created=entry.time,
        changed=entry.seq,
    )
