"""Mode strings: the rules and roles of a room as IRC's letters, both ways (RFC 2811, 4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from tertulia.core.events import Role, Rule, RuleChange
from tertulia.core.room import Member, RoomState

LETTERS: Final = {
    Rule.BAN: "b",
    Rule.EXCEPTION: "e",
    Rule.INVITATION: "I",
    Rule.KEY: "k",
    Rule.LIMIT: "l",
    Rule.INVITE_ONLY: "i",
    Rule.MODERATED: "m",
    Rule.MEMBERS_ONLY: "n",
    Rule.UNLISTED: "s",
    Rule.TOPIC_LOCKED: "t",
    Rule.MODERATOR: "o",
    Rule.ASSISTANT: "h",
    Rule.SPEAKER: "v",
}
RULES: Final = {letter: rule for rule, letter in LETTERS.items()}

LISTS: Final = "Ibe"
"""Modes that are lists of masks: type A of ISUPPORT's CHANMODES."""
KEYED: Final = "k"
"""Modes with a parameter both when set and when lifted: type B."""
COUNTED: Final = "l"
"""Modes with a parameter when set: type C."""
FLAGS: Final = "imnst"
"""Modes without one: type D."""
ROLES: Final = "ohv"
SIGNS: Final = {Role.OWNER: "@", Role.MODERATOR: "@", Role.ASSISTANT: "%", Role.SPEAKER: "+"}
"""How a role is shown before a nick. IRC has no owner apart from its operators."""

MAX_CHANGES: Final = 20
"""Changes of one MODE that are looked at."""


class Mode(Struct, frozen=True):
    """One letter of a mode string."""

    letter: str
    on: bool = True
    param: str | None = None


def parse_modes(params: Sequence[str]) -> list[Mode]:
    """Return the modes that `params` ask for; unknown letters are among them.

    Lists and roles take a parameter, whether there is one or not.
    """
    modes: list[Mode] = []
    if not params:
        return modes
    rest = iter(params[1:])
    on = True
    for letter in params[0]:
        if letter in "+-":
            on = letter == "+"
            continue
        takes = letter in LISTS + ROLES + KEYED or (letter in COUNTED and on)
        modes.append(Mode(letter, on, next(rest, None) if takes else None))
        if len(modes) >= MAX_CHANGES:
            break
    return modes


def format_modes(modes: Iterable[Mode]) -> list[str]:
    """Return modes as parameters: the letters with their signs, then what they take."""
    letters: list[str] = []
    params: list[str] = []
    sign: bool | None = None
    for mode in modes:
        if mode.on is not sign:
            sign = mode.on
            letters.append("+" if sign else "-")
        letters.append(mode.letter)
        if mode.param is not None:
            params.append(mode.param)
    return ["".join(letters), *params]


def modes_of(changes: Iterable[RuleChange]) -> list[str]:
    """Return changes of rules as the parameters of a MODE."""
    return format_modes(map(_mode, changes))


def _mode(change: RuleChange) -> Mode:
    letter = LETTERS[change.rule]
    if change.user is not None:
        return Mode(letter, change.on, change.user.nick)
    takes = letter in LISTS + KEYED or (letter in COUNTED and change.on)
    return Mode(letter, change.on, change.value if takes else None)


def room_modes(room: RoomState, *, is_inside: bool) -> list[str]:
    """Return a room's modes as RPL_CHANNELMODEIS has them; its key is for those inside."""
    rules = room.rules
    flags = [
        letter
        for rule, letter in sorted(LETTERS.items(), key=lambda item: item[1])
        if letter in FLAGS and getattr(rules, rule.value)
    ]
    modes = [Mode(letter) for letter in flags]
    if rules.key:
        modes.append(Mode("k", param=rules.key if is_inside else "*"))
    if rules.limit:
        modes.append(Mode("l", param=str(rules.limit)))
    return format_modes(modes) if modes else ["+"]


def prefix_of(member: Member, *, all_of_them: bool) -> str:
    """Return the signs before a member's nick: the highest, or all of them (multi-prefix)."""
    signs = "".join(dict.fromkeys(SIGNS[role] for role in member.roles))
    return signs if all_of_them else signs[:1]
