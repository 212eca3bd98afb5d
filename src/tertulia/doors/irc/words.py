"""Commands that say something: PRIVMSG, NOTICE, TAGMSG, REDACT."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.errors import Refusal
from tertulia.core.ids import EventId, RoomId, format_id, parse_id
from tertulia.core.state import User
from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.channels import is_inside, room_of, targets, told
from tertulia.doors.irc.refusals import refuse
from tertulia.doors.irc.reply import Reply
from tertulia.ports import Answer
from tertulia.wire.irc.format import Tags, channel, source_of
from tertulia.wire.irc.message import MAX_BODY, Message

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

MOST_TARGETS: Final = 4
_CLIENT_TAG: Final = re.compile(r"\+[A-Za-z0-9./-]+")
_ACTION: Final = re.compile("\x01ACTION ?(.*?)\x01?", re.DOTALL)
_REPLY: Final = ("+draft/reply", "+reply")
_TYPING: Final = ("+typing", "+draft/typing")


def privmsg(client: IrcClient, message: Message, reply: Reply) -> None:
    """PRIVMSG target{,target} text: say something."""
    _say(client, message, reply, "PRIVMSG")


def notice(client: IrcClient, message: Message, reply: Reply) -> None:
    """NOTICE target{,target} text: say something that nobody answers by itself."""
    _say(client, message, reply, "NOTICE")


def _say(client: IrcClient, message: Message, reply: Reply, command: str) -> None:
    if not message.params or not message.params[0]:
        reply.numeric(n.ERR_NORECIPIENT, f"No recipient given ({command})")
        return
    text = message.params[1] if len(message.params) > 1 else ""
    if not text:
        reply.numeric(n.ERR_NOTEXTTOSEND, "No text to send")
        return
    action = False
    if text.startswith("\x01"):
        found = _ACTION.fullmatch(text)
        if found is None:
            reply.fail(command, "CANNOT_SEND", "CTCP other than ACTION is not passed on")
            return
        action, text = True, found[1]
    names = targets(message.params[0])
    if len(names) > MOST_TARGETS:
        reply.numeric(n.ERR_TOOMANYTARGETS, names[MOST_TARGETS][:100], "Too many targets")
        return
    if not _fits(client, command, names, message.params[1]):
        reply.numeric(n.ERR_INPUTTOOLONG, "Input line was too long")
        return
    if len(names) > 1:
        reply.open_batch()
    said = _Said(command, text, action, *_tags_of(client, message))
    for place, name in enumerate(names):
        if name.startswith("#"):
            _say_in_room(client, reply, said, name, place == 0)
        else:
            _say_to(client, reply, said, name, place == 0)


def _fits(client: IrcClient, command: str, names: list[str], text: str) -> bool:
    """Tell whether a text fits into one line for each who hears it: on IRC nothing is cut."""
    user = client.user
    if user is None:
        return False
    longest = max(len(name.encode()) for name in names)
    head = len(f":{source_of(user.person)} {command}  :".encode())
    return head + longest + len(text.encode()) + 2 <= MAX_BODY


class _Said:
    """What somebody says to one or more targets."""

    __slots__ = ("action", "command", "reply_to", "tags", "text")

    def __init__(
        self, command: str, text: str, action: bool, reply_to: EventId | None, tags: Tags
    ) -> None:
        self.command = command
        self.text = text
        self.action = action
        self.reply_to = reply_to
        self.tags = tags

    @property
    def is_notice(self) -> bool:
        return self.command == "NOTICE"


def _tags_of(client: IrcClient, message: Message) -> tuple[EventId | None, Tags]:
    """Return the message that one answers, and the other tags that are passed on."""
    reply_to: EventId | None = None
    kept: list[tuple[str, str]] = [("bot", "")] if "B" in client.modes else []
    if not message.tags or "message-tags" not in client.caps:
        return None, tuple(kept)
    for name, value in message.tags.items():
        if name in _REPLY and (found := parse_id(value)) is not None:
            reply_to = EventId(found)
        elif _CLIENT_TAG.fullmatch(name):
            kept.append((name, value))
    return reply_to, tuple(kept)


def _say_in_room(client: IrcClient, reply: Reply, said: _Said, name: str, first: bool) -> None:
    room = room_of(client, name)
    if room is None:
        if not said.is_notice:
            reply.numeric(n.ERR_NOSUCHCHANNEL, name[:100], "No such channel")
        return
    command = c.PostMessage(
        room.id, said.text, said.action, said.reply_to, said.is_notice, said.tags
    )
    shown = channel(room.name)
    then = partial(_said, client, reply, said, command, shown)
    client.ask(reply, command, then, is_words=True, may_wait=first)


def _said(
    client: IrcClient,
    reply: Reply,
    said: _Said,
    command: c.PostMessage | c.PostDirect,
    shown: str,
    answer: Answer,
) -> None:
    if isinstance(answer, e.NoSuchMessage) and command.reply_to is not None:
        # An answer to what is not here is still something said: it goes out with its tag as it is.
        tags = (*command.tags, ("+draft/reply", format_id(command.reply_to)))
        again: c.PostMessage | c.PostDirect
        if isinstance(command, c.PostMessage):
            again = c.PostMessage(
                command.room, command.text, command.action, None, command.notice, tags
            )
        else:
            again = c.PostDirect(
                command.nick, command.text, command.action, None, command.notice, tags
            )
        then = partial(_said, client, reply, said, again, shown)
        client.ask(reply, again, then, is_words=True, may_wait=False)
        return
    told(client, reply, said.command, *(() if isinstance(answer, e.EmptyText) else (shown,)))(
        answer
    )


def _say_to(client: IrcClient, reply: Reply, said: _Said, name: str, first: bool) -> None:
    other = client.door.gateway.user_called(name)
    if other is None:
        if not said.is_notice:
            reply.numeric(n.ERR_NOSUCHNICK, name[:100], "No such nick/channel")
        return
    if other.person.id == client.session.user:
        _say_to_oneself(client, reply, said, other)
        return
    if other.away is not None and not said.is_notice:
        if reply.label and "echo-message" in client.caps:
            reply.open_batch()
        reply.numeric(n.RPL_AWAY, other.person.nick, other.away)
    command = c.PostDirect(
        other.person.nick, said.text, said.action, said.reply_to, said.is_notice, said.tags
    )
    then = partial(_said, client, reply, said, command, other.person.nick)
    client.ask(reply, command, then, is_words=True, may_wait=first)


def _say_to_oneself(client: IrcClient, reply: Reply, said: _Said, user: User) -> None:
    """Hand somebody what they say to themselves; there is nobody else to keep it for."""
    now = client.door.now_ms()
    wire = client.wire

    def write(extra: Tags) -> bytes:
        return wire.words(
            source_of(user.person),
            said.command,
            user.person.nick,
            said.text,
            action=said.action,
            tags=wire.tags(now, None, said.tags, extra),
        )

    if "echo-message" in client.caps:
        client.push(write(reply.echo_tags()))
        reply.is_echoed = True
    client.push(write(()))


def tagmsg(client: IrcClient, message: Message, reply: Reply) -> None:
    """TAGMSG target: tell something to programs (IRCv3 message-tags)."""
    if "message-tags" not in client.caps:
        reply.numeric(n.ERR_UNKNOWNCOMMAND, "TAGMSG", "Unknown command")
        return
    tags = tuple((name, value) for name, value in message.tags.items() if name.startswith("+"))
    names = targets(message.params[0])[:MOST_TARGETS]
    if len(names) > 1:
        reply.open_batch()
    for place, name in enumerate(names):
        _tag_one(client, message, reply, name, tags, place == 0)


def _tag_one(
    client: IrcClient, message: Message, reply: Reply, name: str, tags: Tags, first: bool
) -> None:
    gateway = client.door.gateway
    user = client.user
    if user is None:
        return
    if name.startswith("#"):
        room = room_of(client, name)
        if room is None:
            reply.numeric(n.ERR_NOSUCHCHANNEL, name[:100], "No such channel")
            return
        shown, target = channel(room.name), room.id
    else:
        other = gateway.user_called(name)
        if other is None:
            reply.numeric(n.ERR_NOSUCHNICK, name[:100], "No such nick/channel")
            return
        shown = other.person.nick
        found = next(
            (one.room.id for one in gateway.conversations(client.session) if one.nick == shown),
            None,
        )
        if found is None:
            # Nothing was ever said between the two: only clients of this door hear tags.
            _hand_over(client, reply, other, tags)
            return
        target = found
    asked = _tag_command(target, tags)

    def then(answer: Answer) -> None:
        nonlocal asked
        if isinstance(answer, e.NoSuchMessage | e.MessageGone | e.InvalidReaction):
            asked = c.SendTags(target, tags)
            client.ask(reply, asked, then, is_words=True, may_wait=False)
        elif isinstance(answer, Refusal):
            if not isinstance(answer, e.AlreadyReacted | e.NoSuchReaction):
                refuse(reply, "TAGMSG", answer, shown)
        elif answer.entries:
            told(client, reply, "TAGMSG")(answer)
        elif "echo-message" in client.caps and isinstance(asked, c.SendTags):
            # It is written with the signal that follows, which has its id.
            reply.is_echoed = True
            client.tag_echoes.append(reply)
        elif "echo-message" in client.caps:
            reply.line(source_of(user.person), "TAGMSG", shown, tags=tags)

    client.ask(reply, asked, then, is_words=True, may_wait=first)


def _tag_command(target: RoomId, tags: Tags) -> c.Command:
    """Return what tags mean to people at other doors, if they mean anything."""
    by_name = dict(tags)
    about = next((parse_id(by_name[name]) for name in _REPLY if name in by_name), None)
    reaction = by_name.get("+draft/react") or by_name.get("+react")
    if about is not None and reaction:
        return c.AddReaction(EventId(about), reaction)
    taken_back = by_name.get("+draft/unreact")
    if about is not None and taken_back:
        return c.RemoveReaction(EventId(about), taken_back)
    if len(tags) == 1 and tags[0][0] in _TYPING and tags[0][1] == "active":
        return c.ShowTyping(target)
    return c.SendTags(target, tags)


def _hand_over(client: IrcClient, reply: Reply, other: User, tags: Tags) -> None:
    user = client.user
    if user is None:
        return
    there = client.door.clients.get(other.person.id)
    source = source_of(user.person)
    if there is not None and "message-tags" in there.caps:
        handed = Reply(there)
        handed.line(source, "TAGMSG", other.person.nick, tags=tags)
        handed.finish()
    if "echo-message" in client.caps:
        reply.line(source, "TAGMSG", other.person.nick, tags=tags)


def redact(client: IrcClient, message: Message, reply: Reply) -> None:
    """REDACT target msgid [text]: take a message back (IRCv3 message-redaction)."""
    if "draft/message-redaction" not in client.caps:
        reply.numeric(n.ERR_UNKNOWNCOMMAND, "REDACT", "Unknown command")
        return
    target, ident = message.params[:2]
    room = room_of(client, target)
    if target.startswith("#") and (room is None or not is_inside(client, room)):
        reply.fail("REDACT", "INVALID_TARGET", target[:100], "You can't delete there")
        return
    found = parse_id(ident)
    if found is None:
        reply.fail("REDACT", "UNKNOWN_MSGID", target, ident[:100], "There is no such message")
        return

    def then(answer: Answer) -> None:
        if isinstance(answer, e.NotYourMessage | e.NeedsRole):
            words = "You may not delete that message"
            reply.fail("REDACT", "REDACT_FORBIDDEN", target, ident, words)
        elif isinstance(answer, Refusal):
            reply.fail("REDACT", "UNKNOWN_MSGID", target, ident, "There is no such message")
        else:
            told(client, reply, "REDACT")(answer)

    reason = message.params[2] if len(message.params) > 2 else ""
    client.ask(reply, c.DeleteMessage(EventId(found), reason), then)
