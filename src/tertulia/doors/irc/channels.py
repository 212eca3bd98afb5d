"""Commands about channels: JOIN, PART, TOPIC, NAMES, LIST, KICK, INVITE, RENAME."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.errors import Refusal
from tertulia.core.events import MemberJoined, RoomMoved
from tertulia.core.masks import matches
from tertulia.core.names import room_key
from tertulia.core.room import RoomState
from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.echo import is_echoed
from tertulia.doors.irc.marks import tell_mark
from tertulia.doors.irc.refusals import refuse
from tertulia.doors.irc.reply import Reply
from tertulia.ports import Answer, Done
from tertulia.wire.irc.format import channel, source_of, time_tag
from tertulia.wire.irc.message import Message
from tertulia.wire.irc.modes import prefix_of

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient
    from tertulia.doors.irc.door import IrcDoor

MOST_TARGETS: Final = 50
"""Channels in one command; the rest is passed over."""
NAMES_LINE: Final = 380
"""Bytes of names in one line; with the longest nick and channel the line stays below 512."""


def targets(text: str) -> list[str]:
    """Return the parts of a list with commas, each once."""
    return list(dict.fromkeys(part for part in text.split(",") if part))[:MOST_TARGETS]


def room_of(client: IrcClient, name: str) -> RoomState | None:
    """Return the room that a channel's name stands for."""
    return client.door.gateway.room_named(name[1:]) if name.startswith("#") else None


def is_inside(client: IrcClient, room: RoomState) -> bool:
    """Tell whether a client is in a room."""
    return client.session.user in room.members


def is_visible(client: IrcClient, room: RoomState) -> bool:
    """Tell whether a client may know of a room."""
    return not room.rules.unlisted or is_inside(client, room)


def told(
    client: IrcClient,
    reply: Reply,
    command: str,
    *params: str,
    on_done: Callable[[Done], None] | None = None,
) -> Callable[[Answer], None]:
    """Return what deals with an answer whose outcome is shown by what happens in the room."""

    def then(answer: Answer) -> None:
        if isinstance(answer, Refusal):
            refuse(reply, command, answer, *params)
            return
        if any(is_echoed(client, entry) for entry in answer.entries):
            reply.is_echoed = True
        if on_done is not None:
            on_done(answer)

    return then


def visible_rooms(client: IrcClient) -> list[RoomState]:
    """Return the channels that a client may know of: those with somebody in them."""
    rooms = client.door.gateway.rooms()
    return [room for room in rooms if room.members and is_visible(client, room)]


# Coming and going


def join(client: IrcClient, message: Message, reply: Reply) -> None:
    """JOIN channel{,channel} [key{,key}]: enter channels; `0` leaves all of them."""
    if message.params[0] == "0":
        _part_all(client, reply)
        return
    names = targets(message.params[0])
    keys = message.params[1].split(",") if len(message.params) > 1 else []
    if len(names) > 1:
        reply.open_batch()
    for place, name in enumerate(names):
        key = keys[place] if place < len(keys) else ""
        if not name.startswith("#"):
            reply.numeric(n.ERR_NOSUCHCHANNEL, name[:100], "No such channel")
            continue
        command = c.JoinRoom(name[1:], key, create=True)
        client.ask(reply, command, partial(_joined, client, reply, name), may_wait=place == 0)


def _joined(client: IrcClient, reply: Reply, name: str, answer: Answer) -> None:
    if isinstance(answer, e.AlreadyInRoom):
        return
    if isinstance(answer, Refusal):
        refuse(reply, "JOIN", answer, name[:100])
        return
    room = answer.room
    user = client.user
    if room is None or user is None:
        return
    for entry in answer.entries:
        if isinstance(entry.event, MemberJoined):
            caps = client.caps
            tags = (("time", time_tag(entry.time)),) if "server-time" in caps else ()
            params = ("*", entry.event.realname or user.person.nick)
            extended = params if "extended-join" in caps else ()
            reply.line(
                source_of(entry.event.user), "JOIN", channel(room.name), *extended, tags=tags
            )
    if room.topic:
        tell_topic(reply, room)
    client.door.sync_metadata(client, reply, room)
    if "draft/read-marker" in client.caps:
        tell_mark(client, reply, channel(room.name))
    if "draft/no-implicit-names" not in client.caps:
        tell_names(client, reply, room)


def _part_all(client: IrcClient, reply: Reply) -> None:
    user = client.user
    for place, room in enumerate(() if user is None else user.rooms):
        then = told(client, reply, "PART")
        client.ask(reply, c.LeaveRoom(room), then, may_wait=place == 0)


def part(client: IrcClient, message: Message, reply: Reply) -> None:
    """PART channel{,channel} [text]: leave channels."""
    names = targets(message.params[0])
    text = message.params[1] if len(message.params) > 1 else ""
    if len(names) > 1:
        reply.open_batch()
    for place, name in enumerate(names):
        room = room_of(client, name)
        if room is None:
            reply.numeric(n.ERR_NOSUCHCHANNEL, name[:100], "No such channel")
            continue
        then = told(client, reply, "PART", channel(room.name))
        client.ask(reply, c.LeaveRoom(room.id, text), then, may_wait=place == 0)


# The topic


def topic(client: IrcClient, message: Message, reply: Reply) -> None:
    """TOPIC channel [text]: show or set what a channel is about."""
    name = message.params[0]
    room = room_of(client, name)
    if room is None or not (is_visible(client, room) or len(message.params) > 1):
        reply.numeric(n.ERR_NOSUCHCHANNEL, name[:100], "No such channel")
        return
    if len(message.params) == 1:
        if room.topic:
            tell_topic(reply, room)
        else:
            reply.numeric(n.RPL_NOTOPIC, channel(room.name), "No topic is set")
        return
    then = told(client, reply, "TOPIC", channel(room.name))
    client.ask(reply, c.SetTopic(room.id, message.params[1]), then)


def tell_topic(reply: Reply, room: RoomState) -> None:
    """Add a channel's topic, and who set it when."""
    reply.numeric(n.RPL_TOPIC, channel(room.name), room.topic)
    by, seconds = room.topic_by or "*", str((room.topic_time or room.created) // 1000)
    reply.numeric(n.RPL_TOPICWHOTIME, channel(room.name), by, seconds)


# Names


def names(client: IrcClient, message: Message, reply: Reply) -> None:
    """NAMES [channel{,channel}]: who is inside."""
    if not message.params or not message.params[0]:
        reply.numeric(n.RPL_ENDOFNAMES, "*", "End of /NAMES list")
        return
    for name in targets(message.params[0]):
        room = room_of(client, name)
        if room is not None and is_visible(client, room):
            _tell_lines(client, reply, room)
    reply.numeric(n.RPL_ENDOFNAMES, message.params[0][:300], "End of /NAMES list")


def tell_names(client: IrcClient, reply: Reply, room: RoomState) -> None:
    """Add who is inside a channel."""
    _tell_lines(client, reply, room)
    reply.numeric(n.RPL_ENDOFNAMES, channel(room.name), "End of /NAMES list")


def _tell_lines(client: IrcClient, reply: Reply, room: RoomState) -> None:
    name = channel(room.name)
    symbol = "@" if room.rules.unlisted else "="
    for line in _names_lines(client, room):
        reply.raw(f":{client.server} 353 {client.nick} {symbol} {name} :{line}")


def _names_lines(client: IrcClient, room: RoomState) -> list[str]:
    """Return the lines of names, made once for all who ask while nobody comes or goes."""
    at_hand = client.door.names
    known = at_hand.get(room.id)
    if known is None or known[0].members is not room.members:
        if len(at_hand) > 1000:
            at_hand.clear()
        known = at_hand[room.id] = (room, {})
    kind = ("multi-prefix" in client.caps, "userhost-in-names" in client.caps)
    lines = known[1].get(kind)
    if lines is None:
        lines = known[1][kind] = list(_lines_of(room, *kind))
    return lines


def _lines_of(room: RoomState, all_signs: bool, with_host: bool) -> Iterator[str]:
    line: list[str] = []
    size = 0
    for member in room.members.values():
        person = member.user
        name = prefix_of(member, all_of_them=all_signs)
        name += source_of(person) if with_host else person.nick
        length = len(name.encode()) + 1
        if line and size + length > NAMES_LINE:
            yield " ".join(line)
            line, size = [], 0
        line.append(name)
        size += length
    if line:
        yield " ".join(line)


# The list


def list_(client: IrcClient, message: Message, reply: Reply) -> None:
    """LIST [conditions]: the channels there are."""
    wanted = targets(message.params[0]) if message.params else []
    now = client.door.now_ms()
    reply.numeric(n.RPL_LISTSTART, "Channel", "Users  Name")
    rooms = visible_rooms(client)
    for room in rooms:
        if _is_listed(room, wanted, now):
            name, count = channel(room.name), str(len(room.members))
            reply.numeric(n.RPL_LIST, name, count, room.topic)
    reply.numeric(n.RPL_LISTEND, "End of /LIST")


def _is_listed(room: RoomState, wanted: list[str], now: int) -> bool:
    """Tell whether a room fits the conditions of a LIST (ISUPPORT ELIST: C, M, N, T, U)."""
    masks = [one for one in wanted if one.startswith("#") or one[:1] == "*"]
    if masks and not any(
        matches(mask, channel(room.name)) or room_key(mask) == room_key(room.name) for mask in masks
    ):
        return False
    return all(_fits(room, one, now) for one in wanted if one not in masks)


def _fits(room: RoomState, condition: str, now: int) -> bool:
    kind, figure = condition[:1], condition[1:]
    if kind == "!":
        return not matches(figure, channel(room.name))
    value: float = len(room.members)
    if kind in "CTct" and figure[:1] in ("<", ">"):
        since = room.created if kind in "Cc" else room.topic_time
        if kind in "Tt" and not since:
            return False
        value = (now - since) / 60_000
        kind, figure = figure[:1], figure[1:]
    if kind not in "<>" or not (figure.isascii() and figure.isdecimal()):
        return room_key(condition) == room_key(room.name)
    limit = int(figure[:12])
    return value < limit if kind == "<" else value > limit


# Moderation


def kick(client: IrcClient, message: Message, reply: Reply) -> None:
    """KICK channel nick{,nick} [text]: put people out."""
    names, nicks = message.params[0].split(","), targets(message.params[1])
    text = message.params[2] if len(message.params) > 2 else ""
    if len(names) == len(nicks) > 1:
        for name, nick in zip(names, nicks, strict=True):
            _kick(client, reply, name, [nick], text)
    else:
        _kick(client, reply, names[0], nicks, text)


def _kick(client: IrcClient, reply: Reply, name: str, nicks: list[str], text: str) -> None:
    room = room_of(client, name)
    if room is None:
        reply.numeric(n.ERR_NOSUCHCHANNEL, name[:100], "No such channel")
        return
    if not is_inside(client, room):
        reply.numeric(n.ERR_NOTONCHANNEL, channel(room.name), "You're not on that channel")
        return
    if len(nicks) > 1:
        reply.open_batch()
    for place, nick in enumerate(nicks):
        other = client.door.gateway.user_called(nick)
        if other is None:
            reply.numeric(n.ERR_NOSUCHNICK, nick[:100], "No such nick/channel")
            continue
        then = partial(_kicked, client, reply, room.name, other.person.nick)
        client.ask(reply, c.Kick(room.id, other.person.id, text), then, may_wait=place == 0)


def _kicked(client: IrcClient, reply: Reply, name: str, nick: str, answer: Answer) -> None:
    params = (nick, channel(name)) if isinstance(answer, e.NotAMember) else (channel(name),)
    told(client, reply, "KICK", *params)(answer)


def invite(client: IrcClient, message: Message, reply: Reply) -> None:
    """INVITE nick channel: ask somebody in."""
    if not message.params:
        _tell_invitations(client, reply)
        return
    if len(message.params) < 2 or not message.params[1]:
        reply.numeric(n.ERR_NEEDMOREPARAMS, "INVITE", "Not enough parameters")
        return
    nick, name = message.params[:2]
    other = client.door.gateway.user_called(nick)
    if other is None:
        reply.numeric(n.ERR_NOSUCHNICK, nick[:100], "No such nick/channel")
        return
    room = room_of(client, name)
    if room is None:
        reply.numeric(n.ERR_NOSUCHCHANNEL, name[:100], "No such channel")
        return

    def then(answer: Answer) -> None:
        shown = channel(room.name)
        if isinstance(answer, e.IsAMember):
            refuse(reply, "INVITE", answer, other.person.nick, shown)
        elif isinstance(answer, Refusal):
            refuse(reply, "INVITE", answer, shown)
        else:
            reply.numeric(n.RPL_INVITING, other.person.nick, shown)
            if other.away is not None:
                reply.numeric(n.RPL_AWAY, other.person.nick, other.away)

    client.ask(reply, c.Invite(room.id, other.person.id), then)


def _tell_invitations(client: IrcClient, reply: Reply) -> None:
    for room in client.door.gateway.rooms():
        if client.session.user in room.invited:
            reply.numeric(n.RPL_INVITELIST, channel(room.name))
    reply.numeric(n.RPL_ENDOFINVITELIST, "End of /INVITE list")


def rename(client: IrcClient, message: Message, reply: Reply) -> None:
    """RENAME old new [text]: give a channel another name."""
    old, new = message.params[:2]
    text = message.params[2] if len(message.params) > 2 else ""
    room = room_of(client, old)
    if room is None:
        reply.numeric(n.ERR_NOSUCHCHANNEL, old[:100], "No such channel")
        return
    if not new.startswith("#"):
        reply.fail("RENAME", "CANNOT_RENAME", old, new[:100], "That is no channel's name")
        return
    shown = channel(room.name)

    def then(answer: Answer) -> None:
        if isinstance(answer, e.RoomExists):
            reply.fail("RENAME", "CHANNEL_NAME_IN_USE", shown, new, "It is taken already")
        elif isinstance(answer, e.InvalidRoomName | e.MainRoomStays):
            reply.fail("RENAME", "CANNOT_RENAME", shown, new[:100], "It can't be called that")
        else:
            told(client, reply, "RENAME", shown)(answer)

    client.ask(reply, c.RenameRoom(room.id, new[1:], text), then)


def show_moved(door: IrcDoor, moved: RoomMoved) -> None:
    """Let clients that don't know of renaming see themselves leave and come in over there."""
    room = door.gateway.room(moved.room)
    for member in () if room is None else room.members.values():
        client = door.clients.get(member.user.id)
        if room is None or client is None or "draft/channel-rename" in client.caps:
            continue
        reply = Reply(client)
        source = source_of(member.user)
        reply.line(source, "PART", channel(moved.old_name), moved.text or "Renamed")
        reply.line(source, "JOIN", channel(room.name))
        if room.topic:
            tell_topic(reply, room)
        tell_names(client, reply, room)
        reply.finish()
