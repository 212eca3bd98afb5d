"""Commands of operators: OPER, KILL, REHASH, WALLOPS; and how passwords are kept."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.refusals import refuse
from tertulia.doors.irc.reply import Reply
from tertulia.wire.irc.format import source_of
from tertulia.wire.irc.message import Message, format_line

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

_SCHEME: Final = "scrypt:"
_N: Final = 2**14


def hashed(password: str, salt: bytes) -> str:
    """Return a password as the settings keep it: `scrypt:SALT:HASH`, in hexadecimal figures."""
    key = hashlib.scrypt(password.encode(), salt=salt, n=_N, r=8, p=1)
    return f"{_SCHEME}{salt.hex()}:{key.hex()}"


def fits_password(password: str, kept: str) -> bool:
    """Tell whether a password is the one that is kept, hashed or plain."""
    if kept.startswith(_SCHEME):
        try:
            salt = bytes.fromhex(kept.split(":")[1])
        except ValueError:
            return False
        return hmac.compare_digest(hashed(password, salt), kept)
    return hmac.compare_digest(password.encode(), kept.encode())


def oper(client: IrcClient, message: Message, reply: Reply) -> None:
    """OPER name password: become an operator of this server."""
    name, password = message.params[:2]
    kept = client.door.settings.operators.get(name)
    if kept is None or not fits_password(password, kept):
        reply.numeric(n.ERR_PASSWDMISMATCH, "Password incorrect")
        return
    client.door.gateway.grant_operator(client.session)
    client.modes.add("o")
    reply.numeric(n.RPL_YOUREOPER, "You are now an IRC operator")
    reply.line(client.server, "MODE", client.nick, "+o")


def kill(client: IrcClient, message: Message, reply: Reply) -> None:
    """KILL nick [text]: put somebody out of the chat."""
    gateway = client.door.gateway
    if not client.session.is_operator:
        reply.numeric(n.ERR_NOPRIVILEGES, "Permission Denied- You're not an IRC operator")
        return
    other = gateway.user_called(message.params[0])
    if other is None:
        reply.numeric(n.ERR_NOSUCHNICK, message.params[0], "No such nick/channel")
        return
    text = message.params[1] if len(message.params) > 1 else "Killed"
    refusal = gateway.expel(client.session, other.person.id, text)
    if refusal is not None:
        refuse(reply, "KILL", refusal, message.params[0])


def rehash(client: IrcClient, message: Message, reply: Reply) -> None:
    """REHASH: the settings are read when the server starts."""
    if not client.session.is_operator:
        reply.numeric(n.ERR_NOPRIVILEGES, "Permission Denied- You're not an IRC operator")
        return
    reply.numeric(n.RPL_REHASHING, "tertulia.toml", "Rehashing")


def wallops(client: IrcClient, message: Message, reply: Reply) -> None:
    """WALLOPS text: say something to all who want to hear operators."""
    user = client.user
    if not client.session.is_operator or user is None:
        reply.numeric(n.ERR_NOPRIVILEGES, "Permission Denied- You're not an IRC operator")
        return
    line = format_line(source_of(user.person), "WALLOPS", (message.params[-1],))
    for other in list(client.door.clients.values()):
        if "w" in other.modes or "o" in other.modes:
            other.send(line)
