"""MODE: the rules of channels and the roles in them, and what users say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tertulia.core import commands as c
from tertulia.core.events import Rule
from tertulia.core.masks import clean_mask
from tertulia.core.moderation import MAX_LIMIT, is_key
from tertulia.core.names import nick_key
from tertulia.core.room import RoomState
from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.channels import is_inside, room_of, told
from tertulia.doors.irc.reply import Reply
from tertulia.wire.irc import modes as m
from tertulia.wire.irc.format import channel
from tertulia.wire.irc.message import Message
from tertulia.wire.irc.modes import Mode, format_modes, parse_modes, room_modes

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

_LISTS: Final = {
    "b": (n.RPL_BANLIST, n.RPL_ENDOFBANLIST, "bans", "End of channel ban list"),
    "e": (n.RPL_EXCEPTLIST, n.RPL_ENDOFEXCEPTLIST, "exceptions", "End of channel exception list"),
    "I": (n.RPL_INVEXLIST, n.RPL_ENDOFINVEXLIST, "invitations", "End of channel invite list"),
}
_OWN_MODES: Final = "Biw"
"""User modes that people set themselves; `o` they can only take off."""


def mode(client: IrcClient, message: Message, reply: Reply) -> None:
    """MODE target [modes [parameters]]: show or change modes."""
    target = message.params[0]
    if not target.startswith("#"):
        _user_mode(client, message, reply)
        return
    room = room_of(client, target)
    if room is None:
        reply.numeric(n.ERR_NOSUCHCHANNEL, target[:100], "No such channel")
    elif len(message.params) == 1:
        shown = channel(room.name)
        inside = is_inside(client, room)
        reply.numeric(n.RPL_CHANNELMODEIS, shown, *room_modes(room, is_inside=inside))
        reply.numeric(n.RPL_CREATIONTIME, shown, str(room.created // 1000))
    else:
        _change(client, room, message, reply)


# Channels


def _change(client: IrcClient, room: RoomState, message: Message, reply: Reply) -> None:
    shown = channel(room.name)
    wishes: list[c.RuleWish] = []
    listed: set[str] = set()
    for asked in parse_modes(message.params[1:]):
        if asked.letter in m.LISTS and not asked.param:
            if asked.letter not in listed:
                listed.add(asked.letter)
                _tell_list(client, room, asked.letter, reply)
            continue
        wish = _wish(client, room, asked, reply)
        if wish is not None:
            wishes.append(wish)
    if wishes:
        then = told(client, reply, "MODE", shown)
        client.ask(reply, c.ChangeRules(room.id, tuple(wishes)), then)


def _tell_list(client: IrcClient, room: RoomState, letter: str, reply: Reply) -> None:
    entry, end, field, words = _LISTS[letter]
    shown = channel(room.name)
    for mask in getattr(room.rules, field) if is_inside(client, room) else ():
        reply.numeric(entry, shown, mask.mask, mask.by, str(mask.time // 1000))
    reply.numeric(end, shown, words)


def _wish(client: IrcClient, room: RoomState, asked: Mode, reply: Reply) -> c.RuleWish | None:
    """Return what one letter asks for; None when it was answered, or asks for nothing."""
    rule = m.RULES.get(asked.letter)
    shown = channel(room.name)
    if rule is None:
        words = f"is unknown mode char to me for {shown}"
        reply.numeric(n.ERR_UNKNOWNMODE, asked.letter, words)
        return None
    if asked.letter in m.ROLES:
        return _role_wish(client, room, rule, asked, reply)
    value = asked.param or ""
    if rule is Rule.KEY and not asked.on:
        return c.RuleWish(rule, on=False)
    if rule is Rule.KEY or (rule is Rule.LIMIT and asked.on):
        if asked.param is None:
            reply.numeric(n.ERR_NEEDMOREPARAMS, "MODE", "Not enough parameters")
            return None
        is_good = (
            is_key(value, client.door.settings.policy) if rule is Rule.KEY else _is_limit(value)
        )
        if not is_good:
            words = "That can't be its value"
            reply.numeric(n.ERR_INVALIDMODEPARAM, shown, asked.letter, "*", words)
            return None
    if asked.letter in m.LISTS and not clean_mask(value):
        reply.numeric(n.ERR_INVALIDMODEPARAM, shown, asked.letter, "*", "Invalid mask")
        return None
    return c.RuleWish(rule, asked.on, value)


def _is_limit(value: str) -> bool:
    return value.isascii() and value.isdecimal() and 0 < int(value[:9]) <= MAX_LIMIT


def _role_wish(
    client: IrcClient, room: RoomState, rule: Rule, asked: Mode, reply: Reply
) -> c.RuleWish | None:
    if not asked.param:
        reply.numeric(n.ERR_NEEDMOREPARAMS, "MODE", "Not enough parameters")
        return None
    other = client.door.gateway.user_called(asked.param)
    if other is None:
        reply.numeric(n.ERR_NOSUCHNICK, asked.param[:100], "No such nick/channel")
        return None
    if other.person.id not in room.members:
        shown = (other.person.nick, channel(room.name))
        reply.numeric(n.ERR_USERNOTINCHANNEL, *shown, "They aren't on that channel")
        return None
    return c.RuleWish(rule, asked.on, whom=other.person.id)


# Users


def _user_mode(client: IrcClient, message: Message, reply: Reply) -> None:
    target = message.params[0]
    other = client.door.gateway.user_called(target)
    if other is None or nick_key(target) != nick_key(client.nick):
        if other is None:
            reply.numeric(n.ERR_NOSUCHNICK, target[:100], "No such nick/channel")
        else:
            reply.numeric(n.ERR_USERSDONTMATCH, "Can't change mode for other users")
        return
    if len(message.params) == 1:
        reply.numeric(n.RPL_UMODEIS, "+" + "".join(sorted(client.modes)))
        return
    done: list[Mode] = []
    unknown = False
    on = True
    for letter in message.params[1][: m.MAX_CHANGES]:
        if letter in "+-":
            on = letter == "+"
        elif letter in _OWN_MODES or (letter == "o" and not on):
            if (letter in client.modes) is not on:
                (client.modes.add if on else client.modes.discard)(letter)
                done.append(Mode(letter, on))
        elif letter != "o":
            unknown = True
    if unknown:
        reply.numeric(n.ERR_UMODEUNKNOWNFLAG, "Unknown MODE flag")
    if done:
        reply.line(client.nick, "MODE", client.nick, *format_modes(done))
