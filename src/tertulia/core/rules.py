"""Rules: what changes to a room's rules and roles amount to, for `apply`. Asks nobody's leave."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from tertulia.core.events import Person, Role, Rule, RuleChange, RulesChanged
from tertulia.core.room import Mask, Member, RoomState, Rules

RANKS: Final = (Role.OWNER, Role.MODERATOR, Role.ASSISTANT, Role.SPEAKER)
"""Roles that set a member apart, the highest first."""

ROLES: Final = {
    Rule.MODERATOR: Role.MODERATOR,
    Rule.ASSISTANT: Role.ASSISTANT,
    Rule.SPEAKER: Role.SPEAKER,
}
"""The rules that are roles of members."""

LISTS: Final = {
    Rule.BAN: "bans",
    Rule.EXCEPTION: "exceptions",
    Rule.INVITATION: "invitations",
}
"""The rules that are lists of masks, with their fields in `Rules`."""


def with_changes(state: RoomState, event: RulesChanged, time: int) -> RoomState:
    """Return `state` with the changes of `event`, which happened at `time`."""
    rules = state.rules
    members = state.members
    for change in event.changes:
        role = ROLES.get(change.rule)
        if role is None:
            rules = with_rule(rules, change, event.by.nick, time)
        elif change.user is not None and (member := members.get(change.user.id)) is not None:
            members = {**members, change.user.id: with_role(member, role, on=change.on)}
    return replace(state, rules=rules, members=members)


def with_rule(rules: Rules, change: RuleChange, by: str, time: int) -> Rules:
    """Return `rules` with one change, which `by` made at `time`."""
    rule, on, value = change.rule, change.on, change.value
    if rule in LISTS:
        field = LISTS[rule]
        others: Iterable[Mask] = getattr(rules, field)
        kept = tuple(mask for mask in others if mask.mask.lower() != value.lower())
        return replace(rules, **{field: (*kept, Mask(value, by, time)) if on else kept})
    if rule is Rule.KEY:
        return replace(rules, key=value if on else "")
    if rule is Rule.LIMIT:
        return replace(rules, limit=int(value) if on else 0)
    return replace(rules, **{rule.value: on})


def with_role(member: Member, role: Role, *, on: bool) -> Member:
    """Return `member` with or without a role. Whoever loses their moderation owns no more."""
    held = set(member.roles)
    if on:
        held.add(role)
    else:
        held.discard(role)
        if role is Role.MODERATOR:
            held.discard(Role.OWNER)
    return made_member(member.user, held)


def made_member(user: Person, held: Iterable[Role]) -> Member:
    """Return a member who has the roles in `held`."""
    present = set(held)
    roles = tuple(role for role in RANKS if role in present)
    return Member(user, roles[0], roles[1:]) if roles else Member(user)
