"""Commands about the server itself: PING, MOTD, LUSERS, VERSION, TIME, INFO, HELP and their kin."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tertulia.core.masks import matches
from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.reply import Reply
from tertulia.wire.irc.message import Message, split_text

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

LINE: Final = 400
"""Bytes of a line of the message of the day."""

HELP: Final = {
    "*": "Commands: JOIN PART PRIVMSG NOTICE TOPIC NAMES LIST KICK INVITE MODE NICK AWAY WHO "
    "WHOIS WHOWAS MONITOR CHATHISTORY MARKREAD REDACT RENAME SETNAME MOTD LUSERS TIME INFO. "
    "HELP COMMAND tells more.",
    "PRIVMSG": "PRIVMSG target{,target} :text -- says something in a channel or to somebody.",
    "JOIN": "JOIN channel{,channel} [key{,key}] -- enters channels; new ones are yours.",
    "PART": "PART channel{,channel} [:text] -- leaves channels.",
    "MODE": "MODE target [modes [parameters]] -- shows or changes modes.",
    "TOPIC": "TOPIC channel [:topic] -- shows or sets the topic.",
}


def date(time_ms: int) -> str:
    """Return milliseconds of Unix time as a date for people."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _is_here(client: IrcClient, message: Message, reply: Reply, at: int = 0) -> bool:
    """Tell whether the server that a message asks is this one; answer if there is no such."""
    if len(message.params) <= at or not message.params[at]:
        return True
    target = message.params[at]
    if matches(target, client.server) or client.door.gateway.user_called(target) is not None:
        return True
    reply.numeric(n.ERR_NOSUCHSERVER, target, "No such server")
    return False


def ping(client: IrcClient, message: Message, reply: Reply) -> None:
    """PING: show a sign of life."""
    reply.line(client.server, "PONG", client.server, message.params[0])


def pong(client: IrcClient, message: Message, reply: Reply) -> None:
    """PONG: any line is a sign of life."""


def motd(client: IrcClient, message: Message, reply: Reply) -> None:
    """MOTD: the message of the day."""
    if _is_here(client, message, reply):
        tell_motd(client, reply)


def tell_motd(client: IrcClient, reply: Reply) -> None:
    """Add the message of the day."""
    text = client.door.settings.motd
    if not text:
        reply.numeric(n.ERR_NOMOTD, "MOTD File is missing")
        return
    reply.numeric(n.RPL_MOTDSTART, f"- {client.server} Message of the day - ")
    for line in text.splitlines():
        for piece in split_text(line, LINE):
            reply.numeric(n.RPL_MOTD, f"- {piece}")
    reply.numeric(n.RPL_ENDOFMOTD, "End of /MOTD command")


def lusers(client: IrcClient, message: Message, reply: Reply) -> None:
    """LUSERS: how many there are."""
    tell_lusers(client, reply)


def tell_lusers(client: IrcClient, reply: Reply) -> None:
    """Add how many there are."""
    door = client.door
    total = len(door.gateway.users())
    hidden = sum("i" in one.modes for one in door.clients.values())
    operators = sum("o" in one.modes for one in door.clients.values())
    visible = f"There are {total - hidden} users and {hidden} invisible on 1 servers"
    reply.numeric(n.RPL_LUSERCLIENT, visible)
    reply.numeric(n.RPL_LUSEROP, str(operators), "IRC Operators online")
    reply.numeric(n.RPL_LUSERUNKNOWN, str(door.arriving), "unregistered connections")
    rooms = sum(1 for room in door.gateway.rooms() if room.members)
    reply.numeric(n.RPL_LUSERCHANNELS, str(rooms), "channels formed")
    reply.numeric(n.RPL_LUSERME, f"I have {total} clients and 0 servers")
    most = str(max(door.most, total))
    local = f"Current local users {total}, max {most}"
    reply.numeric(n.RPL_LOCALUSERS, str(total), most, local)
    reply.numeric(n.RPL_GLOBALUSERS, str(total), most, f"Current global users {total}, max {most}")


def version(client: IrcClient, message: Message, reply: Reply) -> None:
    """VERSION: what runs here."""
    if not _is_here(client, message, reply):
        return
    from tertulia.doors.irc.welcome import TOKENS_PER_LINE, isupport

    settings = client.door.settings
    reply.numeric(n.RPL_VERSION, settings.version, settings.name, "Tertulia")
    tokens = isupport(client)
    for start in range(0, len(tokens), TOKENS_PER_LINE):
        part = tokens[start : start + TOKENS_PER_LINE]
        reply.numeric(n.RPL_ISUPPORT, *part, "are supported by this server")


def time(client: IrcClient, message: Message, reply: Reply) -> None:
    """TIME: the server's time."""
    if _is_here(client, message, reply):
        reply.numeric(n.RPL_TIME, client.server, date(client.door.now_ms()))


def info(client: IrcClient, message: Message, reply: Reply) -> None:
    """INFO: about the software."""
    if _is_here(client, message, reply):
        reply.numeric(n.RPL_INFO, f"Tertulia {client.door.settings.version}")
        reply.numeric(n.RPL_INFO, f"Running since {date(client.door.began)}")
        reply.numeric(n.RPL_ENDOFINFO, "End of /INFO list")


def stats(client: IrcClient, message: Message, reply: Reply) -> None:
    """STATS: of what may be asked, how long the server has been running."""
    letter = message.params[0][:1] or "*"
    if letter == "u":
        seconds = (client.door.now_ms() - client.door.began) // 1000
        days, rest = divmod(seconds, 86_400)
        hours, rest = divmod(rest, 3600)
        clock = f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
        reply.numeric(n.RPL_STATSUPTIME, f"Server Up {days} days {clock}")
    reply.numeric(n.RPL_ENDOFSTATS, letter, "End of /STATS report")


def links(client: IrcClient, message: Message, reply: Reply) -> None:
    """LINKS: the servers of the network, of which there is one."""
    about = client.door.settings.description
    reply.numeric(n.RPL_LINKS, client.server, client.server, f"0 {about}")
    reply.numeric(n.RPL_ENDOFLINKS, "*", "End of /LINKS list")


def admin(client: IrcClient, message: Message, reply: Reply) -> None:
    """ADMIN: who runs the server."""
    if _is_here(client, message, reply):
        reply.numeric(n.RPL_ADMINME, client.server, "Administrative info")
        reply.numeric(n.RPL_ADMINLOC1, client.door.settings.network)
        reply.numeric(n.RPL_ADMINEMAIL, "Ask in the main room")


def help_(client: IrcClient, message: Message, reply: Reply) -> None:
    """HELP: a sentence about a command."""
    from tertulia.doors.irc.commands import COMMANDS

    subject = message.params[0].upper() if message.params and message.params[0] else "*"
    row = COMMANDS.get(subject)
    text = HELP.get(subject) or (None if row is None else row.handle.__doc__)
    if text is None:
        reply.numeric(n.ERR_HELPNOTFOUND, subject[:50], "No help available on this topic")
        return
    reply.numeric(n.RPL_HELPSTART, subject, f"Help on {subject}")
    reply.numeric(n.RPL_HELPTXT, subject, text)
    reply.numeric(n.RPL_ENDOFHELP, subject, "End of /HELP")
