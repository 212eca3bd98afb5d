"""Rooms, people and messages between the core and the wire, and the text of their ids."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import Final, TypeVar

from msgspec import structs

from tertulia.core.events import Person, Role, RoomKind
from tertulia.core.history import Message, Reaction
from tertulia.core.ids import EventId, RoomId, UserId, format_id, parse_id
from tertulia.core.room import OPEN, Mask, Member, RoomState, Rules
from tertulia.core.rules import LISTS
from tertulia.wire.events import objects as o
from tertulia.wire.events.events import RoomJoined

IDS_AT_HAND: Final = 4096
"""Rooms and people whose ids are kept at hand as text; the same ones come again and again."""

MEMBERS_AT_HAND: Final = 10_000

KnownEnum = TypeVar("KnownEnum", bound=Enum)

id_of = format_id

_OPEN: Final = o.Rules()


@lru_cache(IDS_AT_HAND)
def room_id_of(room: RoomId) -> str:
    """Return a room's id as text."""
    return format_id(room)


def optional_id(value: int | None) -> str | None:
    """Return an id as text, if there is one."""
    return None if value is None else format_id(value)


def read_id(text: str) -> int:
    """Return the id that a checked text stands for."""
    value = parse_id(text)
    if value is None:
        raise ValueError(f"not an id: {text!r}")
    return value


def known(kind: type[KnownEnum], value: str, otherwise: KnownEnum) -> KnownEnum:
    """Return the member of `kind` that has this value, or `otherwise`."""
    try:
        return kind(value)
    except ValueError:
        return otherwise


# People


@lru_cache(IDS_AT_HAND)
def user_of(person: Person) -> o.User:
    """Return a person as the wire shows them."""
    return o.User(id=format_id(person.id), nick=person.nick, label=person.label)


def person_of(user: o.User) -> Person:
    """Return the person that the wire shows."""
    return Person(UserId(read_id(user.id)), user.nick, user.label)


_members: Final[dict[UserId, tuple[Member, o.Member]]] = {}
"""Members as the wire shows them; a crowd that comes in is shown to each who comes."""


def member_of(member: Member) -> o.Member:
    """Return a member as the wire shows them."""
    known = _members.get(member.user.id)
    if known is not None and known[0] is member:
        return known[1]
    if len(_members) >= MEMBERS_AT_HAND:
        _members.clear()
    shown = _shown(member)
    _members[member.user.id] = member, shown
    return shown


def _shown(member: Member) -> o.Member:
    person = member.user
    return o.Member(
        id=format_id(person.id),
        nick=person.nick,
        label=person.label,
        role=member.role.value,
        also=tuple(role.value for role in member.also),
    )


# Rooms


def listed(state: RoomState) -> o.Room:
    """Return a room as the list of rooms has it."""
    return o.Room(
        id=room_id_of(state.id), name=state.name, topic=state.topic, members=len(state.members)
    )


def joined_of(
    state: RoomState, seq: int, messages: tuple[o.Message, ...] = (), *, reset: bool = False
) -> RoomJoined:
    """Return everything about a room as it was right after the entry `seq`."""
    return RoomJoined(
        room=room_id_of(state.id),
        seq=seq,
        name=state.name,
        topic=state.topic,
        kind=state.kind.value,
        members=tuple(map(member_of, state.members.values())),
        owner=optional_id(state.owner),
        parties=state.parties,
        permanent=state.permanent,
        has_history=state.has_history,
        created=state.created,
        changed=state.changed,
        rules=rules_of(state.rules),
        invited=tuple(map(format_id, state.invited)),
        topic_by=state.topic_by,
        topic_time=state.topic_time,
        messages=messages,
        reset=reset,
    )


def state_of(joined: RoomJoined) -> RoomState:
    """Return the state of a room that one is in, to apply further entries to."""
    members = [
        Member(
            person_of(member),
            known(Role, member.role, Role.MEMBER),
            tuple(known(Role, role, Role.MEMBER) for role in member.also),
        )
        for member in joined.members
    ]
    return RoomState(
        id=RoomId(read_id(joined.room)),
        name=joined.name,
        kind=known(RoomKind, joined.kind, RoomKind.PUBLIC),
        topic=joined.topic,
        permanent=joined.permanent,
        owner=None if joined.owner is None else UserId(read_id(joined.owner)),
        parties=joined.parties,
        has_history=joined.has_history,
        created=joined.created,
        changed=joined.changed,
        members={member.user.id: member for member in members},
        rules=read_rules(joined.rules),
        invited=tuple(UserId(read_id(user)) for user in joined.invited),
        topic_by=joined.topic_by,
        topic_time=joined.topic_time,
    )


def rules_of(rules: Rules) -> o.Rules:
    """Return a room's rules as the wire shows them."""
    if rules is OPEN:
        return _OPEN
    fields = structs.asdict(rules)
    for name in LISTS.values():
        fields[name] = tuple(o.Mask(**structs.asdict(mask)) for mask in fields[name])
    return o.Rules(**fields)


def read_rules(rules: o.Rules) -> Rules:
    """Return the rules that the wire shows."""
    fields = structs.asdict(rules)
    for name in LISTS.values():
        fields[name] = tuple(Mask(**structs.asdict(mask)) for mask in fields[name])
    return Rules(**fields)


# Messages


def message_of(message: Message) -> o.Message:
    """Return a message as the wire shows it."""
    return o.Message(
        room=room_id_of(message.room),
        seq=message.seq,
        id=format_id(message.id),
        time=message.time,
        author=user_of(message.author),
        text=message.text,
        action=message.action,
        reply_to=optional_id(message.reply_to),
        to=message.to,
        edited=message.edited,
        is_deleted=message.is_deleted,
        reactions=tuple(
            o.Reaction(reaction=given.reaction, by=tuple(map(user_of, given.by)))
            for given in message.reactions
        ),
    )


def read_message(message: o.Message) -> Message:
    """Return the message that the wire shows."""
    reply_to = message.reply_to
    return Message(
        room=RoomId(read_id(message.room)),
        seq=message.seq,
        id=EventId(read_id(message.id)),
        time=message.time,
        author=person_of(message.author),
        text=message.text,
        action=message.action,
        reply_to=None if reply_to is None else EventId(read_id(reply_to)),
        to=message.to,
        edited=message.edited,
        is_deleted=message.is_deleted,
        reactions=tuple(
            Reaction(given.reaction, tuple(map(person_of, given.by))) for given in message.reactions
        ),
    )
