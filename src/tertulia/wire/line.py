"""The line format: what happened in a room, as lines of text for people.

An instance stands for one language, one time zone, and for either the rooms that their readers
are looking at or the others, whose names it adds. Lines that hold people's words begin with the
time; a line that begins otherwise is the server's own. Knows nothing of connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Final, assert_never

from tertulia.core.errors import N_
from tertulia.core.events import (
    Announced,
    AwayChanged,
    Entry,
    Event,
    LeaveReason,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Person,
    ReactionAdded,
    ReactionRemoved,
    RoomCreated,
    RoomDeleted,
    RoomKind,
    RoomListed,
    RoomUnlisted,
    Signal,
    TopicChanged,
    Typing,
    UserRenamed,
)
from tertulia.core.ids import RoomId
from tertulia.core.language import Catalog
from tertulia.core.plain import clock, spoken
from tertulia.core.room import RoomState

END: Final = "\r\n"
"""What ends a line on every wire of text (RFC 854, "The NVT Printer")."""

CROWD: Final = 4
"""From so many joins and leaves in a row on, they are told together."""
NAMED: Final = 5
"""How many of a crowd are named."""

_MINUTE: Final = 60_000

_REASONS: Final = {
    LeaveReason.LOST: N_("connection lost"),
    LeaveReason.TIMEOUT: N_("timed out"),
    LeaveReason.TOO_SLOW: N_("too slow"),
    LeaveReason.SHUTDOWN: N_("the chat was shut down"),
    LeaveReason.RESTART: N_("the chat was restarted"),
}


def encode_lines(lines: Iterable[str]) -> bytes:
    """Return lines of text as they go over the wire."""
    return "".join([line + END for line in lines]).encode()


class LineFormat:
    """Writes entries and signals as lines; implements `ports.WireFormat`."""

    __slots__ = ("_catalog", "_is_current", "_main_room", "_minute", "_time", "_zone")

    def __init__(
        self, catalog: Catalog, zone: tzinfo, *, is_current: bool, main_room: RoomId
    ) -> None:
        """Write in the language of `catalog`, with the times of `zone`.

        `is_current`: for rooms that their readers are looking at, whose names go without saying.
        Who enters or leaves the main room has connected to, or has left, the whole chat.
        """
        self._catalog = catalog
        self._zone = zone
        self._is_current = is_current
        self._main_room = main_room
        self._minute = -1
        self._time = ""
        """The time of day in that minute, since most entries share theirs with the one before."""

    def encode(self, entry: Entry, room: RoomState) -> bytes:
        """Write one entry; empty when it is not shown."""
        event = entry.event
        if isinstance(event, MessagePosted):
            author = event.author.nick
            if event.to:
                author = f"{author} -> {event.to}"
            start = self._start(entry.time, room)
            return encode_lines(spoken(start, author, event.text, action=event.action))
        if isinstance(event, MessageEdited):
            author = self._say(N_("{nick} corrects"), nick=event.by.nick)
            return encode_lines(spoken(self._start(entry.time, room), author, event.text))
        line = self._notice(event, self._start(entry.time, room), room)
        return encode_lines([line]) if line else b""

    def encode_signal(self, signal: Signal, room: RoomState | None) -> bytes:
        """Write one signal; empty when it is not shown."""
        match signal:
            case UserRenamed(user=user, old_nick=old):
                line = self._say(N_("{old} is {nick} now"), old=old, nick=user.nick)
            case AwayChanged(user=user, text=None):
                line = self._say(N_("{nick} is back"), nick=user.nick)
            case AwayChanged(user=user, text=text):
                line = self._say(N_("{nick} is away"), nick=user.nick)
                line = f"{line}: {text}" if text else line
            case Announced(text=text):
                line = self._say(N_("The operator says: {text}"), text=text)
            case Typing() | RoomListed() | RoomUnlisted():
                return b""
            case _:
                assert_never(signal)
        return encode_lines([line])

    def join(self, entries: Sequence[Entry], encoded: Sequence[bytes], room: RoomState) -> bytes:
        """Join what `encode` returned; a crowd that comes and goes is told in a line or two."""
        if len(entries) < CROWD:
            return b"".join(encoded)
        parts: list[bytes] = []
        at = 0
        while at < len(entries):
            end = _end_of_crowd(entries, at)
            if end - at < CROWD:
                end = max(end, at + 1)
                parts += encoded[at:end]
            else:
                parts.append(self._tell_crowd(entries[at:end], room))
            at = end
        return b"".join(parts)

    def _say(self, message: str, **data: str) -> str:
        return self._catalog.gettext(message).format(**data)

    def _start(self, time: int, room: RoomState) -> str:
        """Return what begins a line: the time, and the room where it does not go without saying."""
        minute = time // _MINUTE
        if minute != self._minute:
            self._minute, self._time = minute, clock(time, self._zone) + " "
        if self._is_current or room.kind is RoomKind.DIRECT:
            return self._time
        return f"{self._time}[{room.name}] "

    def _notice(self, event: Event, start: str, room: RoomState) -> str:
        """Return the line that tells of anything but words."""
        match event:
            case MemberJoined(user=user):
                if room.id == self._main_room:
                    connected = N_("A new client has connected to the chat: id = {label} ({nick})")
                    return self._say(connected, label=user.label, nick=user.nick)
                return self._say(N_("{nick} has joined [{room}]"), nick=user.nick, room=room.name)
            case MemberLeft():
                return self._departure(event, room)
            case TopicChanged(by=by, topic=""):
                return start + self._say(N_("{nick} has cleared the topic"), nick=by.nick)
            case TopicChanged(by=by, topic=topic):
                told = N_("{nick} has set the topic: {topic}")
                return start + self._say(told, nick=by.nick, topic=topic)
            case MessageDeleted(by=by):
                return start + self._say(N_("{nick} took a message back"), nick=by.nick)
            case ReactionAdded(by=by, reaction=reaction):
                told = N_("{nick} reacted with {reaction}")
                return start + self._say(told, nick=by.nick, reaction=reaction)
            case ReactionRemoved(by=by, reaction=reaction):
                told = N_("{nick} took the reaction {reaction} back")
                return start + self._say(told, nick=by.nick, reaction=reaction)
            case RoomDeleted(by=Person() as by):
                return self._say(N_("{nick} has deleted [{room}]"), nick=by.nick, room=room.name)
            case RoomDeleted():
                # Direct conversations have no name, and end when nobody can come back to them.
                return self._say(N_("[{room}] is no more"), room=room.name) if room.name else ""
            case RoomCreated() | MemberRenamed() | MessagePosted() | MessageEdited():
                # Creation is for its creator, who asked; a new nick is told once, by its signal.
                return ""
            case _:
                assert_never(event)

    def _departure(self, left: MemberLeft, room: RoomState) -> str:
        user = left.user
        reason = left.text
        if not reason and left.reason in _REASONS:
            reason = self._say(_REASONS[left.reason])
        if room.id == self._main_room and left.reason is not LeaveReason.LEFT:
            told = N_("{label} has left the chat ({nick})")
            if reason:
                told = N_("{label} has left the chat ({nick}: {reason})")
            return self._say(told, label=user.label, nick=user.nick, reason=reason)
        told = N_("{nick} has left [{room}]")
        if reason:
            told = N_("{nick} has left [{room}] ({reason})")
        return self._say(told, nick=user.nick, room=room.name, reason=reason)

    def _tell_crowd(self, crowd: Sequence[Entry], room: RoomState) -> bytes:
        events = [entry.event for entry in crowd]
        joined = [event.user.nick for event in events if isinstance(event, MemberJoined)]
        left = [event.user.nick for event in events if isinstance(event, MemberLeft)]
        lines = []
        if joined:
            told = self._catalog.ngettext(
                "{count} person has joined [{room}]: {nicks}",
                "{count} people have joined [{room}]: {nicks}",
                len(joined),
            )
            lines.append(told.format(count=len(joined), room=room.name, nicks=self._list(joined)))
        if left:
            told = self._catalog.ngettext(
                "{count} person has left [{room}]: {nicks}",
                "{count} people have left [{room}]: {nicks}",
                len(left),
            )
            lines.append(told.format(count=len(left), room=room.name, nicks=self._list(left)))
        return encode_lines(lines)

    def _list(self, nicks: Sequence[str]) -> str:
        if len(nicks) <= NAMED:
            return ", ".join(nicks)
        named, others = ", ".join(nicks[:NAMED]), len(nicks) - NAMED
        more = self._catalog.ngettext("and {count} more", "and {count} more", others)
        return f"{named} {more.format(count=others)}"


def _end_of_crowd(entries: Sequence[Entry], start: int) -> int:
    """Return where the joins and leaves that begin at `start` end."""
    end = start
    while end < len(entries) and isinstance(entries[end].event, (MemberJoined, MemberLeft)):
        end += 1
    return end
