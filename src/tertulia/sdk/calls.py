"""Calls: what a program can ask of the chat, as plain methods. Each waits for its answer.

What the server refuses is raised as `ServerError`. Whoever mixes this in says how a request is
sent; connections are not its business.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import Final, TypeAlias, TypeVar

from tertulia.sdk.errors import ServerError
from tertulia.sdk.mirror import Mirror
from tertulia.sdk.models import Message, Room, Said
from tertulia.wire.events import events as w
from tertulia.wire.events import requests as r
from tertulia.wire.events.objects import OnlineUser, User

AnyRoom: TypeAlias = Room | str
"""A room, or its name or id."""
AnyMessage: TypeAlias = Message | str
"""A message, or its id."""
AnyUser: TypeAlias = User | str
"""Somebody, or their nick."""

LONGEST_PAGE: Final = 200

EventT = TypeVar("EventT", bound=w.Event)


class Calls(ABC):
    """What can be asked of the chat."""

    mirror: Mirror

    @abstractmethod
    async def ask(self, request: r.Request) -> w.Event:
        """Send a request and return its answer.

        A message waits for as long as the client's `patience` when there is no connection, and is
        said once however often the connection breaks.

        Raises:
            ServerError: it was refused.
            ConnectionLost: the connection broke before the answer to something came that can't
                be asked twice.
            NoAnswer: it took too long.
            QueueFull: too much is waiting to be sent.
            ClientClosed: the client is not connected, or not any more.
        """
        ...

    # Rooms

    async def join(self, room: AnyRoom) -> Room:
        """Enter a room."""
        joined = _as(w.RoomJoined, await self.ask(r.JoinRoom(room=room_id(room))))
        return self._room_of(joined.room)

    async def leave(self, room: AnyRoom, text: str = "") -> None:
        """Leave a room, with parting words or without."""
        await self.ask(r.LeaveRoom(room=room_id(room), text=text))

    async def create_room(self, name: str, topic: str = "") -> Room:
        """Make a room and enter it as its owner."""
        joined = _as(w.RoomJoined, await self.ask(r.CreateRoom(name=name, topic=topic)))
        return self._room_of(joined.room)

    async def delete_room(self, room: AnyRoom) -> None:
        """Delete a room that one owns."""
        await self.ask(r.DeleteRoom(room=room_id(room)))

    async def set_topic(self, room: AnyRoom, topic: str) -> None:
        """Give a room another topic; an empty one for none."""
        await self.ask(r.SetTopic(room=room_id(room), topic=topic))

    # Messages

    async def say(
        self, room: AnyRoom, text: str, *, action: bool = False, reply_to: AnyMessage | None = None
    ) -> Message:
        """Say something in a room; return it once it is stored.

        Args:
            room: Where; a direct conversation is a room too.
            text: What; may have line breaks.
            action: Tell it in the third person (`/me`).
            reply_to: The message that it answers.
        """
        answered = None if reply_to is None else message_id(reply_to)
        request = r.SendMessage(room=room_id(room), text=text, action=action, reply_to=answered)
        return self._message_of(_as(w.MessageSent, await self.ask(request)))

    async def reply(self, message: Message, text: str, *, action: bool = False) -> Message:
        """Answer a message where it was said."""
        return await self.say(message.room, text, action=action, reply_to=message)

    async def direct(self, user: AnyUser, text: str, *, action: bool = False) -> Message:
        """Say something to one person, online or not; return it once it is stored."""
        request = r.SendDirect(nick=nick_of(user), text=text, action=action)
        return self._message_of(_as(w.MessageSent, await self.ask(request)))

    async def edit(self, message: AnyMessage, text: str) -> None:
        """Put other words in place of one's own message."""
        await self.ask(r.EditMessage(message=message_id(message), text=text))

    async def delete(self, message: AnyMessage) -> None:
        """Take one's own message back."""
        await self.ask(r.DeleteMessage(message=message_id(message)))

    async def react(self, message: AnyMessage, reaction: str) -> None:
        """React to a message with an emoji or a short word."""
        await self.ask(r.AddReaction(message=message_id(message), reaction=reaction))

    async def unreact(self, message: AnyMessage, reaction: str) -> None:
        """Take one's own reaction back."""
        await self.ask(r.RemoveReaction(message=message_id(message), reaction=reaction))

    async def typing(self, room: AnyRoom) -> None:
        """Show a room that one is writing."""
        await self.ask(r.SetTyping(room=room_id(room)))

    # Looking

    async def history(
        self,
        room: AnyRoom,
        *,
        limit: int | None = 100,
        before: int | None = None,
        after: int | None = None,
    ) -> AsyncIterator[Message]:
        """Read what was said in a room, page by page as it is needed.

        Newest first; with `after`, from there on, oldest first.

        Args:
            room: A room that one is in.
            limit: How many messages at the most; None for all.
            before: Only what has a smaller `seq`.
            after: Only what has a greater `seq`; not together with `before`.

        Raises:
            ValueError: both `before` and `after` are given.
        """
        if before is not None and after is not None:
            raise ValueError("history goes back from `before` or on from `after`, not both")
        left = limit
        more = True
        while more and (left is None or left > 0):
            size = LONGEST_PAGE if left is None else min(left, LONGEST_PAGE)
            request = r.GetHistory(room=room_id(room), before=before, after=after, limit=size)
            page = _as(w.History, await self.ask(request))
            messages = page.messages if after is not None else page.messages[::-1]
            for message in messages:
                yield self._message_of(message)
            more = page.more and bool(messages)
            left = None if left is None else left - len(messages)
            if messages and after is not None:
                after = messages[-1].seq
            elif messages:
                before = messages[-1].seq

    async def search(
        self, words: str, *, room: AnyRoom | None = None, limit: int = 20
    ) -> list[Message]:
        """Find messages with all `words` in the rooms one is in, or in one of them; newest first.

        Args:
            words: Case and accents make no difference.
            room: In this room only.
            limit: How many at the most, up to 100.
        """
        where = None if room is None else room_id(room)
        found = await self.ask(r.Search(words=words, room=where, limit=limit))
        return [self._message_of(one) for one in _as(w.SearchResults, found).messages]

    async def users(self, room: AnyRoom | None = None) -> tuple[OnlineUser, ...]:
        """Return who is in a room, or everybody online."""
        where = None if room is None else room_id(room)
        return _as(w.Users, await self.ask(r.GetUsers(room=where))).users

    # Oneself

    async def set_nick(self, nick: str) -> None:
        """Take another nick."""
        await self.ask(r.ChangeNick(nick=nick))

    async def set_away(self, text: str = "") -> None:
        """Go away, and say where to or not."""
        await self.ask(r.SetAway(text=text))

    async def come_back(self) -> None:
        """Be away no more."""
        await self.ask(r.SetAway(text=None))

    async def ignore(self, user: AnyUser) -> tuple[str, ...]:
        """Hide what somebody says and does; return the nicks of all whom one ignores."""
        return _as(w.Ignored, await self.ask(r.Ignore(nick=nick_of(user)))).nicks

    async def unignore(self, user: AnyUser) -> tuple[str, ...]:
        """Show it again; return the nicks of all whom one ignores."""
        return _as(w.Ignored, await self.ask(r.Unignore(nick=nick_of(user)))).nicks

    async def run_command(self, line: str) -> tuple[str, ...]:
        """Do what a person typed, such as `/topic Tea`; return the lines that answer it.

        Without a slash it is said in the room that was entered last.
        """
        answer = await self.ask(r.RunCommand(text=line))
        return answer.lines if isinstance(answer, w.Notice) else ()

    # From the wire

    @abstractmethod
    def _room_of(self, room: str) -> Room: ...

    @abstractmethod
    def _message_of(self, said: Said) -> Message: ...


def room_id(room: AnyRoom) -> str:
    """Return what names a room on the wire."""
    return room.id if isinstance(room, Room) else room


def message_id(message: AnyMessage) -> str:
    """Return what names a message on the wire."""
    return message.id if isinstance(message, Message) else message


def nick_of(user: AnyUser) -> str:
    """Return the nick of somebody."""
    return user.nick if isinstance(user, User) else user


def _as(kind: type[EventT], answer: w.Event) -> EventT:
    """Return an answer that is of the kind it must be.

    Raises:
        ServerError: it is not: the server does not keep to the protocol.
    """
    if not isinstance(answer, kind):
        raise ServerError("unexpected_answer", f"{type(answer).__name__} is no answer to this")
    return answer
