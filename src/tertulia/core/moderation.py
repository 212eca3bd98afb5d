"""Moderation: who may do what in a room, in one table, and what the commands for it lead to.

Handlers return the event to record (None: nothing changes) or raise `Refused`. Knows no door: an
operator's `+o` and a slash-command are the same `RuleWish`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.errors import Refused
from tertulia.core.events import (
    LeaveReason,
    MemberInvited,
    MemberLeft,
    Role,
    RoomRenamed,
    Rule,
    RuleChange,
    RulesChanged,
)
from tertulia.core.ids import UserId
from tertulia.core.masks import address_of, clean_mask, matches
from tertulia.core.names import clean_room_name, room_key
from tertulia.core.policy import Policy
from tertulia.core.room import Mask, Member, RoomState, Rules
from tertulia.core.rules import LISTS, ROLES, with_role, with_rule
from tertulia.core.state import Turn, User
from tertulia.core.text import clean_line

MAX_LIMIT: Final = 1_000_000
"""The most that a room can be limited to."""


class Action(Enum):
    """What takes a role, or may take one."""

    SET_RULES = "set rules and keep lists"
    GIVE_ROLES = "make moderators and assistants"
    GIVE_VOICE = "make speakers"
    KICK = "put people out"
    INVITE = "invite into an invite-only room"
    SET_TOPIC = "change a locked topic"
    RENAME = "rename the room"
    DELETE = "take back what others said"
    SPEAK = "speak in a moderated room, or when banned"


_MODERATORS: Final = frozenset((Role.OWNER, Role.MODERATOR))
_ASSISTANTS: Final = _MODERATORS | {Role.ASSISTANT}

ALLOWED: Final[Mapping[Action, frozenset[Role]]] = {
    Action.SET_RULES: _MODERATORS,
    Action.GIVE_ROLES: _MODERATORS,
    Action.GIVE_VOICE: _ASSISTANTS,
    Action.KICK: _ASSISTANTS,
    Action.INVITE: _ASSISTANTS,
    Action.SET_TOPIC: _ASSISTANTS,
    Action.RENAME: _MODERATORS,
    Action.DELETE: _MODERATORS,
    Action.SPEAK: _ASSISTANTS | {Role.SPEAKER},
}
"""The roles that each action takes; one of them is enough. A member's role can be looked up here
and nowhere else."""


def may(member: Member | None, action: Action) -> bool:
    """Tell whether a member may do what takes a role."""
    return member is not None and not ALLOWED[action].isdisjoint(member.roles)


def _check(state: RoomState, user: User, action: Action) -> None:
    if not may(state.members.get(user.person.id), action):
        raise Refused(e.NeedsRole(state.name))


# Coming in and being heard


def check_may_enter(state: RoomState, user: User, key: str) -> None:
    """Check a room's rules for somebody who wants to come in.

    Raises:
        Refused: they may not.
    """
    rules = state.rules
    person = user.person
    if person.id in state.invited or person.id == state.owner:
        return
    if rules.limit and len(state.members) >= rules.limit:
        raise Refused(e.RoomFull(state.name))
    if rules.key and key != rules.key:
        raise Refused(e.WrongKey(state.name))
    if not (rules.bans or rules.invite_only):
        return
    address = address_of(person)
    is_welcome = _fits(rules.invitations, address)
    if rules.invite_only and not is_welcome:
        raise Refused(e.InviteOnly(state.name))
    if not is_welcome and is_banned(state, address):
        raise Refused(e.Banned(state.name))


def check_may_speak(state: RoomState, user: User) -> None:
    """Check a room's rules for somebody who wants to say something in it.

    Raises:
        Refused: they may not.
    """
    rules = state.rules
    if not (rules.moderated or rules.bans):
        return
    if may(state.members.get(user.person.id), Action.SPEAK):
        return
    if rules.moderated:
        raise Refused(e.Unheard(state.name))
    if is_banned(state, address_of(user.person)):
        raise Refused(e.Banned(state.name))


def is_banned(state: RoomState, address: str) -> bool:
    """Tell whether a ban holds for `nick!user@host`, and no exception."""
    return _fits(state.rules.bans, address) and not _fits(state.rules.exceptions, address)


def _fits(masks: tuple[Mask, ...], address: str) -> bool:
    return any(matches(mask.mask, address) for mask in masks)


def check_may_set_topic(state: RoomState, user: User) -> None:
    """Check a room's rules for somebody who wants to change its topic.

    Raises:
        Refused: they may not.
    """
    if state.rules.topic_locked:
        _check(state, user, Action.SET_TOPIC)


# Rules and roles


def change_rules(
    state: RoomState, user: User, command: c.ChangeRules, policy: Policy
) -> RulesChanged | None:
    """Return what a `ChangeRules` leads to; what is so already is left out."""
    changes: list[RuleChange] = []
    seen = state.rules
    members = dict(state.members)
    for wish in command.wishes:
        role = ROLES.get(wish.rule)
        if role is not None:
            member = members[_member(state, wish.whom).user.id]
            _check_giving(state, user, role, wish, member)
            after = with_role(member, role, on=wish.on)
            if after != member:
                members[member.user.id] = after
                changes.append(RuleChange(wish.rule, wish.on, user=member.user))
            continue
        _check(state, user, Action.SET_RULES)
        change = RuleChange(wish.rule, wish.on, _value(state, wish, policy))
        if change.rule in LISTS and change.on:
            if any(mask.mask.lower() == change.value.lower() for mask in _list(seen, wish.rule)):
                continue
            if len(_list(seen, wish.rule)) >= policy.masks_per_list:
                raise Refused(e.TooManyMasks(state.name, policy.masks_per_list))
        ruled = with_rule(seen, change, "", 0)
        if ruled != seen:
            seen = ruled
            changes.append(change)
    return RulesChanged(user.person, tuple(changes)) if changes else None


def _list(rules: Rules, rule: Rule) -> tuple[Mask, ...]:
    masks: tuple[Mask, ...] = getattr(rules, LISTS[rule])
    return masks


def _check_giving(
    state: RoomState, user: User, role: Role, wish: c.RuleWish, member: Member
) -> None:
    is_own = member.user.id == user.person.id
    if is_own and not wish.on:
        return
    _check(state, user, Action.GIVE_VOICE if role is Role.SPEAKER else Action.GIVE_ROLES)
    if role is Role.MODERATOR and not wish.on and member.role is Role.OWNER:
        raise Refused(e.OwnersOnly(state.name))


def _value(state: RoomState, wish: c.RuleWish, policy: Policy) -> str:
    """Return the value of a rule as it is kept; raises `Refused` for one that can't be."""
    value = wish.value
    if wish.rule in LISTS:
        value = clean_mask(value)
        if not value:
            raise Refused(e.InvalidRule(clean_line(wish.value, policy.topic_length)))
    elif wish.rule is Rule.KEY:
        if not wish.on:
            return state.rules.key
        if not is_key(value, policy):
            raise Refused(e.InvalidRule(clean_line(wish.value, policy.topic_length)))
    elif wish.rule is Rule.LIMIT:
        if not wish.on:
            return ""
        if not (value.isascii() and value.isdecimal() and 0 < int(value[:9]) <= MAX_LIMIT):
            raise Refused(e.InvalidRule(clean_line(wish.value, policy.topic_length)))
        value = str(int(value[:9]))
    else:
        value = ""
    return value


def is_key(value: str, policy: Policy) -> bool:
    """Tell whether a text can be a room's key: one word, without what separates keys on IRC."""
    return (
        0 < len(value) <= policy.key_length
        and clean_line(value, policy.key_length) == value
        and not any(sign in value for sign in " ,")
        and not value.startswith(":")
    )


def _member(state: RoomState, user: UserId | None) -> Member:
    found = None if user is None else state.members.get(user)
    if found is None:
        raise Refused(e.NotAMember("", state.name))
    return found


# People


def kick(turn: Turn, state: RoomState, user: User, command: c.Kick, policy: Policy) -> MemberLeft:
    """Return what a `Kick` leads to."""
    _check(state, user, Action.KICK)
    member = state.members.get(command.whom)
    if member is None:
        online = turn.users.get(command.whom)
        raise Refused(e.NotAMember("" if online is None else online.person.nick, state.name))
    text = clean_line(command.text, policy.topic_length)
    return MemberLeft(member.user, LeaveReason.KICKED, text, user.person)


def invite(turn: Turn, state: RoomState, user: User, command: c.Invite) -> MemberInvited:
    """Return what an `Invite` leads to."""
    if state.rules.invite_only:
        _check(state, user, Action.INVITE)
    other = turn.users.get(command.whom)
    if other is None:
        raise Refused(e.NoSuchUser(""))
    if command.whom in state.members:
        raise Refused(e.IsAMember(other.person.nick, state.name))
    return MemberInvited(user.person, other.person)


def rename(
    turn: Turn, state: RoomState, user: User, command: c.RenameRoom, policy: Policy
) -> RoomRenamed | None:
    """Return what a `RenameRoom` leads to."""
    _check(state, user, Action.RENAME)
    if room_key(state.name) == room_key(policy.main_room):
        raise Refused(e.MainRoomStays(state.name))
    name = clean_room_name(command.name, policy.room_name_length)
    if name is None:
        shown = clean_line(command.name, policy.room_name_length)
        raise Refused(e.InvalidRoomName(shown, policy.room_name_length))
    existing = turn.room_named(name)
    if existing is not None and existing.id != state.id:
        raise Refused(e.RoomExists(existing.name))
    if name == state.name:
        return None
    text = clean_line(command.text, policy.topic_length)
    return RoomRenamed(user.person, name, state.name, text)
