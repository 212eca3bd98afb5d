"""Catching up: going back to where one was when the server knows nothing of it any more.

A server that was restarted, or that one was away from for too long, takes one in as somebody new.
Then the rooms are entered again, what was said meanwhile is read from their history, and so it is
found out which messages of one's own, under way when the line broke, the server has.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from tertulia.core.text import clean_text
from tertulia.sdk.asking import Asking
from tertulia.sdk.errors import ConnectionLost, ServerError, TertuliaError
from tertulia.sdk.mirror import Mirror
from tertulia.sdk.outgoing import Errand
from tertulia.wire.events import Envelope
from tertulia.wire.events import events as w
from tertulia.wire.events import requests as r
from tertulia.wire.events.objects import Message

logger = logging.getLogger(__name__)

PAGE: Final = 200
MOST_TOLD: Final = 1000
"""Messages of one room that are told one by one; past that, one is told that it was too much."""
MOST_READ: Final = 5000
"""Messages of one room that are searched for one's own."""
MOST_HELD: Final = 10_000
"""Events of one room that wait meanwhile."""
_ANY_LINES: Final = 1_000_000

Told = Envelope[w.Event]


class CatchingUp:
    """What is still to be done before one is where one was."""

    def __init__(self, mirror: Mirror, asking: Asking, tell: Callable[[Told], None]) -> None:
        """Use `asking` to go back, and `tell` what was missed."""
        self._mirror = mirror
        self._asking = asking
        self._tell = tell
        self._task: asyncio.Task[None] | None = None
        self._selves: set[str] = set()
        """Who one was, by id."""
        self._places: dict[str, int] = {}
        """The rooms to go back to, and how far each was heard."""
        self._held: dict[str, list[Told]] = {}

    # Being told of the session

    def note_place(self) -> None:
        """Remember where one is: the server is about to take one in as somebody new."""
        mirror = self._mirror
        if mirror.me is not None:
            self._selves.add(mirror.me.id)
            # What is still to be caught up with is heard only up to there.
            self._places = {**mirror.heard(), **self._places}
            self._held = {room: [] for room in self._places}
            self._asking.outgoing.are_messages_held = True

    def start(self) -> None:
        """Go back, if need be, now that one is online."""
        if self._asking.outgoing.are_messages_held and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._go_back())

    def stop(self) -> None:
        """Leave off; what is left is done when one is online again."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def holds(self, told: Told) -> bool:
        """Keep an event for later if its room has not been caught up with."""
        content = told.content
        if not self._held or not isinstance(content, (w.RoomEvent, w.RoomJoined)):
            return False
        held = self._held.get(content.room)
        if held is None:
            return False
        held.append(told)
        if len(held) > MOST_HELD:
            logger.error("%s events of a room can't wait any longer", len(held))
            self._release(content.room)
        return True

    # Going back

    async def _go_back(self) -> None:
        try:
            for room in [*self._places, *self._unknown_rooms()]:
                await self._catch_up(room)
        except TertuliaError as error:
            logger.info("catching up was broken off: %s", error)
            return
        self._selves.clear()
        self._task = None
        outgoing = self._asking.outgoing
        for errand in outgoing.doubtful:
            # What no history has was never said.
            errand.is_doubtful = False
        outgoing.are_messages_held = False
        self._asking.flush()

    async def _catch_up(self, room: str) -> None:
        try:
            await self._enter(room)
            if room in self._mirror.states:
                await self._read(room)
        except ServerError as error:
            logger.warning("%s can't be gone back to: %s", self._mirror.name_of(room), error)
            lost = ConnectionLost("whether it was said can't be found out any more")
            for errand in self._doubtful_in(room):
                errand.settle(lost)
        self._places.pop(room, None)
        self._release(room)

    async def _enter(self, room: str) -> None:
        if room in self._mirror.listed and room not in self._mirror.states:
            await self._asking.ask(r.JoinRoom(room=room), is_own=True)

    async def _read(self, room: str) -> None:
        """Tell what was said before one came back, and find one's own messages among it."""
        after, until = self._places.get(room), self._mirror.entered.get(room)
        missed: list[Message] = []
        count, is_all = 0, False
        while not is_all and count < (MOST_READ if self._doubtful_in(room) else MOST_TOLD):
            # Of a conversation that one had not heard yet, the newest page will do.
            page = await self._page(room, after)
            count += len(page.messages)
            news = [one for one in page.messages if until is None or one.seq <= until]
            missed += news
            self._settle_doubtful(news)
            is_all = not page.more or after is None or len(news) < len(page.messages)
            after = page.messages[-1].seq if page.messages else after
        if room not in self._mirror.listed:
            # What was said to one alone is told by the server itself.
            return
        if is_all and len(missed) <= MOST_TOLD:
            for message in missed:
                self._tell(Envelope("message", _as_said(message)))
        else:
            self._mark_gap(room)

    async def _page(self, room: str, after: int | None) -> w.History:
        request = r.GetHistory(room=room, after=after, limit=PAGE)
        page = await self._asking.ask(request, is_own=True)
        assert isinstance(page, w.History)
        return page

    def _mark_gap(self, room: str) -> None:
        """Tell that too much was missed, with the room as it was when one came in."""
        held = self._held.get(room, [])
        for place, told in enumerate(held):
            if isinstance(told.content, w.RoomJoined):
                joined = replace(told.content, reset=True)
                held[place] = Envelope("room_joined", joined)

    def _release(self, room: str) -> None:
        for told in self._held.pop(room, ()):
            self._tell(told)

    # Messages that were under way

    def _where(self, errand: Errand) -> str | None:
        """Return the room that a message is for, if there is one."""
        request = errand.request
        if isinstance(request, r.SendMessage):
            return self._mirror.find(request.room)
        return self._mirror.direct_with(getattr(request, "nick", ""))

    def _doubtful_in(self, room: str) -> list[Errand]:
        doubtful = self._asking.outgoing.doubtful
        return [errand for errand in doubtful if self._where(errand) == room]

    def _unknown_rooms(self) -> set[str]:
        """Return the conversations that one may have begun without having heard of it."""
        rooms = {self._where(errand) for errand in self._asking.outgoing.doubtful}
        return {room for room in rooms if room is not None and room not in self._places}

    def _settle_doubtful(self, messages: list[Message]) -> None:
        for message in messages:
            if message.author.id in self._selves:
                for errand in self._doubtful_in(message.room):
                    if _words(getattr(errand.request, "text", "")) == _words(message.text):
                        errand.settle(_as_said(message))
                        break


def _words(text: str) -> list[str]:
    """Return what is left of a text once the server has cleaned it, whatever its bounds are."""
    return clean_text(text, _ANY_LINES).split()


def _as_said(message: Message) -> w.MessageSent:
    """Return a message of the past as the event that told of it."""
    return w.MessageSent(
        room=message.room,
        seq=message.seq,
        id=message.id,
        time=message.time,
        author=message.author,
        text=message.text,
        action=message.action,
        reply_to=message.reply_to,
        to=message.to,
    )
