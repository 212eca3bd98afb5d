"""A hub without a chat: people who hear it, and entries in order."""

from __future__ import annotations

import asyncio
from itertools import count

from tertulia.core.events import (
    Entry,
    Event,
    LeaveReason,
    MemberJoined,
    MemberLeft,
    MessagePosted,
    Person,
)
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.room import RoomState
from tertulia.ports import Client
from tertulia.server.hub import Hub, HubSettings
from tertulia.server.limits import UNLIMITED
from tertulia.server.session import LiveSession
from tests.server.driving import FakeFormat, FakeView

LOBBY = RoomState(RoomId(1), "lobby")
TEA = RoomState(RoomId(2), "tea")
AT_ONCE = HubSettings(crowd_delay=0.0)


class Stage:
    """A hub, people who hear it, and entries in order."""

    def __init__(self, settings: HubSettings = AT_ONCE) -> None:
        self.loop = asyncio.get_running_loop()
        self.hub = Hub(self.loop, settings)
        self.wire = FakeFormat()
        self._people = count(1)
        self._seqs: dict[RoomId, count[int]] = {}

    def person(
        self,
        wire: FakeFormat | None = None,
        *,
        room: RoomState | None = LOBBY,
        echoes: bool = False,
    ) -> LiveSession:
        """Return the session of somebody who hears `room`, if any."""
        number = next(self._people)
        session = LiveSession(
            UserId(number),
            Client("line", f"ana:{number}", "ana"),
            FakeView(wire or self.wire, echoes=echoes),
            messages=UNLIMITED,
            actions=UNLIMITED,
        )
        if room is not None:
            self.hub.subscribe(session, room, wire or self.wire)
        return session

    def publish(
        self, event: Event, origin: LiveSession | None = None, room: RoomState = LOBBY
    ) -> Entry:
        """Publish what `origin` did."""
        seq = next(self._seqs.setdefault(room.id, count(1)))
        entry = Entry(room.id, seq, EventId(seq), 0, event)
        self.hub.publish(room, entry, origin, f"request {seq}" if origin else None)
        return entry

    def say(self, session: LiveSession, text: str, room: RoomState = LOBBY) -> None:
        """Publish a message of `session`."""
        self.publish(MessagePosted(who(session), text), session, room)

    def join(self, session: LiveSession, room: RoomState = LOBBY) -> None:
        """Let `session` come in, and hear it."""
        self.hub.subscribe(session, room, self.wire)
        self.publish(MemberJoined(who(session)), session, room)

    def leave(self, session: LiveSession, room: RoomState = LOBBY) -> None:
        """Let `session` go, and hear that last."""
        self.publish(MemberLeft(who(session), LeaveReason.LEFT), session, room)
        self.hub.unsubscribe(session, room.id)


def who(session: LiveSession) -> Person:
    return Person(session.user, f"p{session.user}", session.client.label)


def view_of(session: LiveSession) -> FakeView:
    assert isinstance(session.view, FakeView)
    return session.view


def heard_by(session: LiveSession) -> list[str]:
    """Return what a session was sent, without the names of the events."""
    return [line.split(" ", 1)[1] for line in view_of(session).outbox.lines]


def words_to(session: LiveSession) -> list[str]:
    return [line.split()[-1] for line in view_of(session).outbox.lines]
