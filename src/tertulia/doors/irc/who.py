"""Commands that look people up: WHO with WHOX, WHOIS, WHOWAS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from tertulia.core.masks import host_of, login_of, matches
from tertulia.core.names import nick_key
from tertulia.core.room import Member, RoomState
from tertulia.core.state import User
from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.channels import is_visible, room_of
from tertulia.doors.irc.metadata import tell_whois
from tertulia.doors.irc.reply import Reply
from tertulia.wire.irc.format import channel
from tertulia.wire.irc.message import Message, split_text
from tertulia.wire.irc.modes import prefix_of

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

FIELDS: Final = "tcuihsnfdlaor"
"""The fields of WHOX, in the order in which they are sent."""
MOST: Final = 1000
"""People in the answer to one WHO that is not about a channel."""


def _has_mode(client: IrcClient, user: User, letter: str) -> bool:
    there = client.door.clients.get(user.person.id)
    return there is not None and letter in there.modes


def _realname(user: User) -> str:
    return user.realname or user.person.nick


# WHO


def who(client: IrcClient, message: Message, reply: Reply) -> None:
    """WHO mask [o][%fields[,token]]: who fits a mask, or is in a channel."""
    mask = message.params[0] if message.params else ""
    if not mask:
        reply.numeric(n.ERR_NEEDMOREPARAMS, "WHO", "Not enough parameters")
        return
    options, _, asked = (message.params[1] if len(message.params) > 1 else "").partition("%")
    fields, _, token = asked.partition(",")
    kind = fields if "%" in (message.params[1] if len(message.params) > 1 else "") else None
    for user, room in _found(client, mask):
        if "o" in options and not _has_mode(client, user, "o"):
            continue
        if kind is None:
            _who_reply(client, reply, user, room)
        else:
            _whox_reply(client, reply, user, room, kind, token)
    reply.numeric(n.RPL_ENDOFWHO, mask[:200], "End of /WHO list")


def _found(client: IrcClient, mask: str) -> Iterable[tuple[User, RoomState | None]]:
    """Return who fits a mask, each with the channel they are shown in."""
    gateway = client.door.gateway
    if mask.startswith("#"):
        room = room_of(client, mask)
        if room is None or not is_visible(client, room):
            return []
        called = (gateway.user_called(member.user.nick) for member in room.members.values())
        return [(user, room) for user in called if user is not None]
    exact = gateway.user_called(mask)
    if exact is not None:
        return [(exact, _common(client, exact))]
    if not any(sign in mask for sign in "*?"):
        return []
    own = client.user
    rooms = set(() if own is None else own.rooms)
    found: list[tuple[User, RoomState | None]] = []
    for user in gateway.users():
        is_hidden = _has_mode(client, user, "i") and rooms.isdisjoint(user.rooms)
        if is_hidden and user.person.id != client.session.user:
            continue
        texts = (user.person.nick, login_of(user.person), host_of(user.person), _realname(user))
        if any(matches(mask, text) for text in texts):
            found.append((user, _common(client, user)))
        if len(found) >= MOST:
            break
    return found


def _common(client: IrcClient, user: User) -> RoomState | None:
    """Return a channel that somebody can be shown in."""
    for ident in user.rooms:
        room = client.door.gateway.room(ident)
        if room is not None and is_visible(client, room):
            return room
    return None


def _flags(client: IrcClient, user: User, room: RoomState | None) -> str:
    flags = "H" if user.away is None else "G"
    if _has_mode(client, user, "o"):
        flags += "*"
    if _has_mode(client, user, "B"):
        flags += "B"
    member = None if room is None else room.members.get(user.person.id)
    if member is not None:
        flags += prefix_of(member, all_of_them="multi-prefix" in client.caps)
    return flags


def _who_reply(client: IrcClient, reply: Reply, user: User, room: RoomState | None) -> None:
    person = user.person
    reply.numeric(
        n.RPL_WHOREPLY,
        "*" if room is None else channel(room.name),
        login_of(person),
        host_of(person),
        client.server,
        person.nick,
        _flags(client, user, room),
        f"0 {_realname(user)}",
    )


def _whox_reply(
    client: IrcClient, reply: Reply, user: User, room: RoomState | None, kind: str, token: str
) -> None:
    person = user.person
    is_own = person.id == client.session.user
    member = None if room is None else room.members.get(person.id)
    values = {
        "t": token[:3] or "0",
        "c": "*" if room is None else channel(room.name),
        "u": login_of(person),
        "i": host_of(person) if is_own else "255.255.255.255",
        "h": host_of(person),
        "s": client.server,
        "n": person.nick,
        "f": _flags(client, user, room),
        "d": "0",
        "l": "0",
        "a": "0",
        "o": _level(member),
        "r": _realname(user),
    }
    reply.numeric(n.RPL_WHOSPCRPL, *(values[field] for field in FIELDS if field in kind))


def _level(member: Member | None) -> str:
    return "n/a" if member is None else ("0" if member.roles else "n/a")


# WHOIS


def whois(client: IrcClient, message: Message, reply: Reply) -> None:
    """WHOIS [server] nick: about one person."""
    name = message.params[-1] if len(message.params) > 1 else message.params[0]
    name = name.split(",", 1)[0]
    user = client.door.gateway.user_called(name)
    if user is None:
        reply.numeric(n.ERR_NOSUCHNICK, name[:100] or "*", "No such nick/channel")
        reply.numeric(n.RPL_ENDOFWHOIS, name[:100] or "*", "End of /WHOIS list")
        return
    _tell_about(client, reply, user)
    reply.numeric(n.RPL_ENDOFWHOIS, user.person.nick, "End of /WHOIS list")


def _tell_about(client: IrcClient, reply: Reply, user: User) -> None:
    person, nick = user.person, user.person.nick
    reply.numeric(n.RPL_WHOISUSER, nick, login_of(person), host_of(person), "*", _realname(user))
    shown = " ".join(_shown_channels(client, user))
    for piece in split_text(shown, 380) if shown else ():
        reply.numeric(n.RPL_WHOISCHANNELS, nick, piece)
    reply.numeric(n.RPL_WHOISSERVER, nick, client.server, client.door.settings.description)
    if user.away is not None:
        reply.numeric(n.RPL_AWAY, nick, user.away or "Away")
    if _has_mode(client, user, "o"):
        reply.numeric(n.RPL_WHOISOPERATOR, nick, "is an IRC operator")
    if _has_mode(client, user, "B"):
        reply.numeric(n.RPL_WHOISBOT, nick, "is a bot")
    tell_whois(client, reply, user)
    there = client.door.clients.get(person.id)
    idle = 0.0 if there is None else client.door.monotonic() - there.spoke_at
    words = "seconds idle, signon time"
    reply.numeric(n.RPL_WHOISIDLE, nick, str(int(idle)), str(user.since // 1000), words)
    if person.id == client.session.user or client.session.is_operator:
        address = f"is actually using host {host_of(person)}"
        reply.numeric(
            n.RPL_WHOISACTUALLY,
            nick,
            f"{login_of(person)}@{host_of(person)}",
            host_of(person),
            address,
        )


def _shown_channels(client: IrcClient, user: User) -> Iterable[str]:
    is_own = user.person.id == client.session.user
    for ident in user.rooms:
        room = client.door.gateway.room(ident)
        if room is None:
            continue
        is_inside = client.session.user in room.members
        hidden = room.rules.unlisted or (_has_mode(client, user, "i") and not is_own)
        member = room.members.get(user.person.id)
        if member is not None and (is_inside or not hidden):
            signs = prefix_of(member, all_of_them="multi-prefix" in client.caps)
            yield signs + channel(room.name)


# WHOWAS


def whowas(client: IrcClient, message: Message, reply: Reply) -> None:
    """WHOWAS nick [count]: who was called that before."""
    name = message.params[0]
    key = nick_key(name)
    count = message.params[1] if len(message.params) > 1 else ""
    most = int(count[:6]) if count.isascii() and count.isdecimal() else 0
    found = [gone for gone in client.door.whowas if nick_key(gone.person.nick) == key]
    if not found:
        reply.numeric(n.ERR_WASNOSUCHNICK, name[:100], "There was no such nickname")
    from tertulia.doors.irc.facts import date

    for gone in found[: most or None]:
        person = gone.person
        reply.numeric(
            n.RPL_WHOWASUSER, person.nick, login_of(person), host_of(person), "*", gone.realname
        )
        reply.numeric(n.RPL_WHOISSERVER, person.nick, client.server, date(gone.time))
    reply.numeric(n.RPL_ENDOFWHOWAS, name[:100], "End of WHOWAS")
