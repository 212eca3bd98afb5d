"""MONITOR: watch for people by nick (IRCv3 monitor)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.reply import Reply
from tertulia.wire.irc.format import source_of
from tertulia.wire.irc.message import Message

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

PER_LINE: Final = 8
MOST: Final = 100


def monitor(client: IrcClient, message: Message, reply: Reply) -> None:
    """MONITOR: watch for people."""
    sign = message.params[0][:1]
    nicks = message.params[1].split(",") if len(message.params) > 1 else []
    monitors = client.door.monitors
    match sign.upper():
        case "+":
            _add(client, [nick for nick in nicks if nick], reply)
        case "-":
            for nick in nicks:
                monitors.remove(client, nick)
        case "C":
            monitors.forget(client)
        case "L":
            for part in _parts(monitors.of(client).values()):
                reply.numeric(n.RPL_MONLIST, ",".join(part))
            reply.numeric(n.RPL_ENDOFMONLIST, "End of MONITOR list")
        case "S":
            _tell(client, list(monitors.of(client).values()), reply)
        case _:
            reply.numeric(n.ERR_UNKNOWNERROR, "MONITOR", "Unknown subcommand")


def _add(client: IrcClient, nicks: list[str], reply: Reply) -> None:
    monitors = client.door.monitors
    added: list[str] = []
    for place, nick in enumerate(nicks):
        if any(sign in nick for sign in "*?!@"):
            # It can't be anybody's nick; to tell that nobody is there is the truth.
            continue
        if len(monitors.of(client)) >= MOST:
            rest = ",".join(nicks[place:])
            reply.numeric(n.ERR_MONLISTFULL, str(MOST), rest[:300], "Monitor list is full")
            break
        monitors.add(client, nick[:100])
        added.append(nick[:100])
    _tell(client, added, reply)


def _tell(client: IrcClient, nicks: list[str], reply: Reply) -> None:
    users = [(nick, client.door.gateway.user_called(nick)) for nick in nicks]
    online = [source_of(user.person) for _, user in users if user is not None]
    offline = [nick for nick, user in users if user is None]
    for part in _parts(online):
        reply.numeric(n.RPL_MONONLINE, ",".join(part))
    for part in _parts(offline):
        reply.numeric(n.RPL_MONOFFLINE, ",".join(part))


def _parts(names: Iterable[str]) -> list[list[str]]:
    found = list(names)
    return [found[start : start + PER_LINE] for start in range(0, len(found), PER_LINE)]
