"""History: messages as they read now, folded from what was posted and what came after.

A log page holds raw entries; `fold` joins each message with the edits, deletions and reactions
that name it, so that every door shows the same present.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from tertulia.core.events import (
    Entry,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Person,
    ReactionAdded,
    ReactionRemoved,
)
from tertulia.core.ids import EventId, RoomId


class Reaction(Struct, frozen=True, array_like=True):
    """One reaction and those who gave it, first to last."""

    reaction: str
    by: tuple[Person, ...]


class Message(Struct, frozen=True):
    """A message as it reads now."""

    room: RoomId
    seq: int
    id: EventId
    time: int
    author: Person
    text: str
    """Empty once deleted."""
    action: bool = False
    reply_to: EventId | None = None
    to: str = ""
    """In a direct conversation: the nick it was said to."""
    edited: int | None = None
    """When it was last edited, in milliseconds of Unix time."""
    is_deleted: bool = False
    reactions: tuple[Reaction, ...] = ()


def fold(entries: Iterable[Entry]) -> list[Message]:
    """Return the messages among `entries`, in order, with what came after folded in.

    `entries` holds the messages and any entries that name them, each room's in order of `seq`.
    """
    messages: dict[EventId, Message] = {}
    for entry in entries:
        event = entry.event
        if isinstance(event, MessagePosted):
            messages[entry.id] = _message(entry, event)
        elif isinstance(event, (MessageEdited, MessageDeleted, ReactionAdded, ReactionRemoved)):
            target = messages.get(event.target)
            if target is not None:
                messages[event.target] = amend(target, entry)
    return list(messages.values())


def amend(message: Message, entry: Entry) -> Message:
    """Return `message` as it reads after `entry`, which names it."""
    event = entry.event
    match event:
        case MessageDeleted():
            return replace(message, text="", is_deleted=True, reactions=())
        case _ if message.is_deleted:
            return message
        case MessageEdited(text=text):
            return replace(message, text=text, edited=entry.time)
        case ReactionAdded(by=by, reaction=reaction):
            return replace(message, reactions=_with(message.reactions, reaction, by))
        case ReactionRemoved(by=by, reaction=reaction):
            return replace(message, reactions=_without(message.reactions, reaction, by))
        case _:
            return message


def has_reacted(message: Message, by: Person, reaction: str) -> bool:
    """Tell whether `by` has given `reaction` to `message`."""
    return any(
        given.reaction == reaction and any(person.id == by.id for person in given.by)
        for given in message.reactions
    )


def _message(entry: Entry, event: MessagePosted) -> Message:
    return Message(
        room=entry.room,
        seq=entry.seq,
        id=entry.id,
        time=entry.time,
        author=event.author,
        text=event.text,
        action=event.action,
        reply_to=event.reply_to,
        to=event.to,
    )


def _with(given: tuple[Reaction, ...], reaction: str, by: Person) -> tuple[Reaction, ...]:
    if not any(one.reaction == reaction for one in given):
        return (*given, Reaction(reaction, (by,)))
    return tuple(
        Reaction(reaction, (*(p for p in one.by if p.id != by.id), by))
        if one.reaction == reaction
        else one
        for one in given
    )


def _without(given: tuple[Reaction, ...], reaction: str, by: Person) -> tuple[Reaction, ...]:
    left = (
        Reaction(one.reaction, tuple(p for p in one.by if p.id != by.id))
        if one.reaction == reaction
        else one
        for one in given
    )
    return tuple(one for one in left if one.by)
