"""Commands about oneself and others: PASS, NICK, USER, QUIT, AWAY, SETNAME, USERHOST, ISON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tertulia.core import commands as c
from tertulia.core.errors import Refusal
from tertulia.core.events import LeaveReason
from tertulia.core.masks import host_of, login_of
from tertulia.core.names import clean_nick, is_guest_nick, is_reserved_nick
from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.client import Phase
from tertulia.doors.irc.refusals import refuse
from tertulia.doors.irc.reply import Reply
from tertulia.ports import Answer
from tertulia.wire.irc.format import source_of
from tertulia.wire.irc.message import Message

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

MAX_LOGIN: Final = 10
MAX_REALNAME: Final = 150


def pass_(client: IrcClient, message: Message, reply: Reply) -> None:
    """PASS password: what lets people in, before NICK and USER."""
    if client.phase is Phase.OPEN:
        reply.numeric(n.ERR_ALREADYREGISTERED, "You may not reregister")
    else:
        client.registration.password = message.params[0]


def nick(client: IrcClient, message: Message, reply: Reply) -> None:
    """NICK nick: be called something."""
    wanted = message.params[0]
    if client.phase is Phase.OPEN:
        _change_nick(client, wanted, reply)
        return
    cleaned = clean_nick(wanted, client.door.settings.policy.nick_length)
    if cleaned is None or is_guest_nick(cleaned) or is_reserved_nick(cleaned):
        reply.numeric(n.ERR_ERRONEUSNICKNAME, wanted[:50] or "*", "Erroneous nickname")
        return
    if client.door.gateway.user_called(cleaned) is not None:
        reply.numeric(n.ERR_NICKNAMEINUSE, cleaned, "Nickname is already in use")
        return
    client.registration.nick = cleaned
    client.registration.take("NICK")
    client.proceed()


def _change_nick(client: IrcClient, wanted: str, reply: Reply) -> None:
    user = client.user
    if user is None:
        return
    before = user.person

    def then(answer: Answer) -> None:
        if isinstance(answer, Refusal):
            refuse(reply, "NICK", answer, wanted[:50])
            return
        after = client.user
        if after is not None and after.person.nick != before.nick:
            reply.line(source_of(before), "NICK", after.person.nick)

    client.ask(reply, c.ChangeNick(wanted), then)


def user(client: IrcClient, message: Message, reply: Reply) -> None:
    """USER login mode unused realname: introduce oneself."""
    if client.phase is Phase.OPEN:
        reply.numeric(n.ERR_ALREADYREGISTERED, "You may not reregister")
        return
    login, realname = message.params[0], message.params[3]
    kept = "".join(char for char in login if char.isascii() and (char.isalnum() or char in "-_."))
    if not login or not realname.strip():
        reply.numeric(n.ERR_NEEDMOREPARAMS, "USER", "Not enough parameters")
        return
    registration = client.registration
    registration.login = kept[:MAX_LOGIN] or "user"
    registration.realname = realname[:MAX_REALNAME]
    registration.take("USER")
    client.proceed()


def quit_(client: IrcClient, message: Message, reply: Reply) -> None:
    """QUIT [text]: leave the chat."""
    text = message.params[0] if message.params else ""
    client.quit(f"Quit: {text}" if text else "Client quit", LeaveReason.QUIT)


# Being away


def away(client: IrcClient, message: Message, reply: Reply) -> None:
    """AWAY [text]: be away, or come back."""
    text = message.params[0] if message.params else ""
    if client.phase is not Phase.OPEN:
        if "draft/pre-away" in client.caps:
            client.away_asked = text
        else:
            reply.numeric(n.ERR_NOTREGISTERED, "You have not registered")
        return

    def then(answer: Answer) -> None:
        if isinstance(answer, Refusal):
            refuse(reply, "AWAY", answer)
        elif text:
            reply.numeric(n.RPL_NOWAWAY, "You have been marked as being away")
        else:
            reply.numeric(n.RPL_UNAWAY, "You are no longer marked as being away")

    client.ask(reply, c.SetAway(text or None), then)


def go_away_as_asked(client: IrcClient) -> None:
    """Let somebody be away who said so before they were online."""
    if client.away_asked:
        reply = Reply(client)
        text = "" if client.away_asked == "*" else client.away_asked
        client.ask(reply, c.SetAway(text), lambda answer: None, may_wait=False)


def setname(client: IrcClient, message: Message, reply: Reply) -> None:
    """SETNAME realname: be called something else besides the nick (IRCv3 setname)."""
    realname = message.params[0]
    if len(realname) > MAX_REALNAME:
        reply.fail("SETNAME", "INVALID_REALNAME", "Realname is not valid")
        return

    def then(answer: Answer) -> None:
        if isinstance(answer, Refusal):
            refuse(reply, "SETNAME", answer)
            return
        client.registration.realname = realname
        user = client.user
        if user is not None and "setname" in client.caps:
            reply.line(source_of(user.person), "SETNAME", user.realname)

    client.ask(reply, c.SetRealname(realname), then)


# Looking for others


def userhost(client: IrcClient, message: Message, reply: Reply) -> None:
    """USERHOST nick{ nick}: where people come from."""
    found: list[str] = []
    for name in message.params[:5]:
        other = client.door.gateway.user_called(name)
        if other is not None:
            there = client.door.clients.get(other.person.id)
            star = "*" if there is not None and "o" in there.modes else ""
            sign = "+" if other.away is None else "-"
            address = f"{login_of(other.person)}@{host_of(other.person)}"
            found.append(f"{other.person.nick}{star}={sign}{address}")
    reply.numeric(n.RPL_USERHOST, " ".join(found))


def ison(client: IrcClient, message: Message, reply: Reply) -> None:
    """ISON nick{ nick}: which of them are online."""
    names = " ".join(message.params).split()[:50]
    users = [client.door.gateway.user_called(name) for name in names]
    online = " ".join(user.person.nick for user in users if user is not None)
    reply.numeric(n.RPL_ISON, online)
