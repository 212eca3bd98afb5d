"""Commands that say something, or change what was said: to one person, in the third person,
edits, deletions and reactions. Which message is meant is found by its number, `#41`, or by
being the last that fits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from tertulia.core.commands import (
    AddReaction,
    DeleteMessage,
    EditMessage,
    PostDirect,
    PostMessage,
    RemoveReaction,
)
from tertulia.core.errors import NobodyToAnswer, NoSuchMessage, Refused
from tertulia.core.events import MessageEdited, MessagePosted, ReactionAdded
from tertulia.core.history import Message, has_reacted
from tertulia.core.ids import RoomId
from tertulia.core.plain import message_lines, spoken
from tertulia.ports import Done
from tertulia.slash.call import Call, Pending
from tertulia.slash.parse import Arguments

_LOOK_BACK: Final = 200
"""How many of a room's newest messages are looked through for the last one that fits."""

_Fits = Callable[[Message], bool]
_Then = Callable[[Message], None]


def msg(call: Call, arguments: Arguments) -> None:
    """Say something to one person, online or not."""
    nick = arguments.nick()
    _post_direct(call, nick, arguments.text())


def reply(call: Call, arguments: Arguments) -> None:
    """Say something to whom the person wrote with last."""
    text = arguments.text()
    nick = call.reply.last_direct
    if nick is None:
        raise Refused(NobodyToAnswer())
    _post_direct(call, nick, text, is_reply=True)


def me(call: Call, arguments: Arguments) -> None:
    """Tell the room what the person does."""
    text = arguments.text()

    def done(answer: Done) -> None:
        for entry in answer.entries:
            if isinstance(entry.event, MessagePosted):
                event = entry.event
                call.confirm(*spoken("", event.author.nick, event.text, action=True))

    call.submit(PostMessage(call.here().id, text, action=True), done)


def edit(call: Call, arguments: Arguments) -> Pending:
    """Put other words in place of one's message."""
    seq = arguments.optional_seq()
    text = arguments.text()

    def then(message: Message) -> None:
        def done(answer: Done) -> None:
            events = [entry.event for entry in answer.entries]
            edited = [event for event in events if isinstance(event, MessageEdited)]
            if edited:
                _show(call, replace(message, text=edited[0].text, edited=call.now))
            else:
                call.say(call.gettext("It reads so already."))

        call.submit(EditMessage(message.id, text), done)

    return _on_own(call, seq, then)


def delete(call: Call, arguments: Arguments) -> Pending:
    """Take one's message back."""
    seq = _seq(arguments)

    def then(message: Message) -> None:
        def done(_: Done) -> None:
            call.confirm(call.gettext("Message #{seq} is deleted.", seq=message.seq))

        call.submit(DeleteMessage(message.id), done)

    return _on_own(call, seq, then)


def react(call: Call, arguments: Arguments) -> Pending:
    """React to a message."""
    reaction = arguments.word()
    seq = _seq(arguments)
    author = call.me().person.id

    def then(message: Message) -> None:
        def done(answer: Done) -> None:
            for entry in answer.entries:
                if isinstance(entry.event, ReactionAdded):
                    _tell_reaction(call, message, entry.event.reaction)

        call.submit(AddReaction(message.id, reaction), done)

    return _on_message(
        call, seq, lambda message: message.author.id != author and not message.is_deleted, then
    )


def unreact(call: Call, arguments: Arguments) -> Pending:
    """Take one's reaction back."""
    reaction = arguments.word()
    seq = _seq(arguments)
    person = call.me().person

    def then(message: Message) -> None:
        def done(_: Done) -> None:
            call.confirm(call.gettext("Your reaction to #{seq} is gone.", seq=message.seq))

        call.submit(RemoveReaction(message.id, reaction), done)

    return _on_message(call, seq, lambda message: has_reacted(message, person, reaction), then)


def _post_direct(call: Call, nick: str, text: str, *, is_reply: bool = False) -> None:
    def done(answer: Done) -> None:
        for entry in answer.entries:
            if isinstance(entry.event, MessagePosted):
                _tell_direct(call, entry.event.to, is_reply=is_reply)

    call.submit(PostDirect(nick, text), done)


def _tell_direct(call: Call, nick: str, *, is_reply: bool) -> None:
    call.reply.remember_direct(nick)
    user = call.gateway.user_called(nick)
    if user is None:
        call.say(
            call.gettext(
                "{nick} is not here; it is kept until {nick} comes back under that name.",
                nick=nick,
            )
        )
        return
    if is_reply:
        # Nobody sees from what they typed whom it went to.
        call.confirm(call.gettext("Sent to {nick}.", nick=nick))
    if user.away:
        call.say(call.gettext("{nick} is away: {text}", nick=nick, text=user.away))
    elif user.away is not None:
        call.say(call.gettext("{nick} is away.", nick=nick))


def _tell_reaction(call: Call, message: Message, reaction: str) -> None:
    nick = message.author.nick
    call.confirm(
        call.gettext(
            "You reacted with {reaction} to #{seq} by {nick}.",
            reaction=reaction,
            seq=message.seq,
            nick=nick,
        )
    )


def _show(call: Call, message: Message) -> None:
    call.confirm(*message_lines(message, call.zone, call.catalog.gettext))


def _seq(arguments: Arguments) -> int | None:
    """Take the number of a message, with its # or without, as the last argument."""
    seq = arguments.optional_seq()
    if seq is None:
        seq = arguments.optional_number()
    arguments.end()
    return seq


def _is_own(call: Call) -> _Fits:
    me = call.me().person.id
    return lambda message: message.author.id == me and not message.is_deleted


def _on_own(call: Call, seq: int | None, then: _Then) -> Pending:
    """Do `then` with one's message `seq` of the current room, or with the last thing one said.

    What was said last may have been said to one person; it must never be mistaken for what was
    said to the room before.
    """
    fits = _is_own(call)
    if seq is None:
        rooms = [one.room.id for one in call.gateway.conversations(call.session)]
        if call.session.current is not None:
            rooms.append(call.session.current)
        last = [_last(call.gateway.recent(room, _LOOK_BACK), fits) for room in rooms]
        said = [message for message in last if message is not None]
        if said:
            then(max(said, key=lambda message: message.id))
            return None
    return _on_message(call, seq, fits, then)


def _on_message(call: Call, seq: int | None, fits: _Fits, then: _Then) -> Pending:
    """Do `then` with message `seq` of the current room, or with the last one that `fits`.

    What is at hand is dealt with at once, so that commands typed together stay in order; older
    messages have to be read first.
    """
    room = call.here().id
    wanted = fits if seq is None else _numbered(seq)
    found = call.gateway.recent(room, _LOOK_BACK)
    message = _last(found, wanted)
    if message is None:
        return _on_older(call, room, seq, wanted, then)
    then(message)
    return None


async def _on_older(call: Call, room: RoomId, seq: int | None, fits: _Fits, then: _Then) -> None:
    if seq is None:
        page = await call.gateway.history(call.session, room, limit=_LOOK_BACK)
    else:
        page = await call.gateway.history(call.session, room, after=seq - 1, limit=1)
    message = _last(page, fits)
    if message is None:
        raise Refused(NoSuchMessage())
    then(message)


def _numbered(seq: int) -> _Fits:
    return lambda message: message.seq == seq


def _last(messages: Sequence[Message], fits: _Fits) -> Message | None:
    return next((message for message in reversed(messages) if fits(message)), None)
