"""The IRC format: what happens in rooms and to people, as lines of IRC.

An instance stands for one set of capabilities and is shared by all whose clients asked for it.
What IRC has no line for is told in one that every client shows. Knows nothing of connections.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TypeAlias, assert_never

from tertulia.core.events import (
    Announced,
    AwayChanged,
    Entry,
    Invited,
    LeaveReason,
    MemberInvited,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    Person,
    ReactionAdded,
    ReactionRemoved,
    RealnameChanged,
    RoomCreated,
    RoomDeleted,
    RoomKind,
    RoomListed,
    RoomMoved,
    RoomRenamed,
    RoomUnlisted,
    RulesChanged,
    Signal,
    Tagged,
    TopicChanged,
    Typing,
    UserArrived,
    UserGone,
    UserRenamed,
)
from tertulia.core.ids import format_id
from tertulia.core.masks import address_of
from tertulia.core.names import folded_nick
from tertulia.core.room import RoomState
from tertulia.wire.irc.message import END, MAX_BODY, format_line, format_tags, room_for, split_text
from tertulia.wire.irc.modes import modes_of

Tags: TypeAlias = tuple[tuple[str, str], ...]

PEOPLE_AT_HAND: Final = 8192
"""Addresses that are kept at hand; the same people come again and again."""

MAX_TAG_BYTES: Final = 4094
"""Bytes of client-only tags that are passed on."""

REASONS: Final = {
    LeaveReason.LOST: "Connection lost",
    LeaveReason.TIMEOUT: "Ping timeout",
    LeaveReason.TOO_SLOW: "SendQ exceeded",
    LeaveReason.SHUTDOWN: "Server shutting down",
    LeaveReason.RESTART: "Server restarted",
}
"""What a QUIT without words of its own says."""

source_of = lru_cache(PEOPLE_AT_HAND)(address_of)


def channel(name: str) -> str:
    """Return a room's name as a channel."""
    return f"#{name}"


@lru_cache(256)
def _time_of(time: int) -> str:
    moment = datetime.fromtimestamp(time / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time % 1000:03d}Z"


def time_tag(time: int) -> str:
    """Return milliseconds of Unix time as the server-time specification has them."""
    return _time_of(time)


def target_in(room: RoomState, by: Person) -> str:
    """Return what somebody addresses in a room: the channel, or the other one of two."""
    if room.kind is RoomKind.PUBLIC:
        return channel(room.name)
    own = f"n:{folded_nick(by.nick)}"
    others = [party for party in room.parties if party not in (own, f"u:{by.id}")]
    return others[0][2:] if others else by.nick


class IrcFormat:
    """Writes entries and signals as lines; implements `ports.WireFormat`."""

    __slots__ = ("_has_tags", "_has_time", "_server", "caps")

    def __init__(self, caps: frozenset[str], server: str) -> None:
        """Write for clients with the capabilities `caps`, in the name of `server`."""
        self.caps = caps
        self._server = server
        self._has_tags = "message-tags" in caps
        self._has_time = "server-time" in caps

    def encode(self, entry: Entry, room: RoomState) -> bytes:
        """Write one entry; empty when it is not shown."""
        return self.encode_with(entry, room, ())

    def encode_with(self, entry: Entry, room: RoomState, extra: Tags) -> bytes:
        """Write one entry with more tags, for the one who caused it."""
        event = entry.event
        if isinstance(event, MessagePosted):
            return self._words(entry, event, room, extra)
        if isinstance(event, (ReactionAdded, ReactionRemoved)):
            return self._reaction(entry, event, room, extra)
        lines = self._lines(entry, room)
        if not lines:
            return b""
        tags = self.tags(entry.time, extra=extra)
        return "".join([tags + line + END for line in lines]).encode()

    def tags(self, time: int, ident: int | None = None, own: Tags = (), extra: Tags = ()) -> str:
        """Return the tags of a line about what happened at `time`, as this client takes them."""
        tags: list[tuple[str, str]] = [*extra]
        if self._has_time and time:
            tags.append(("time", time_tag(time)))
        if self._has_tags:
            if ident is not None:
                tags.append(("msgid", format_id(ident)))
            tags += own
        return format_tags(tags) if tags else ""

    def _words(self, entry: Entry, event: MessagePosted, room: RoomState, extra: Tags) -> bytes:
        own = event.tags
        if event.reply_to is not None:
            own = (*own, ("+draft/reply", format_id(event.reply_to)))
        target = event.to or channel(room.name)
        command = "NOTICE" if event.notice else "PRIVMSG"
        return self.words(
            source_of(event.author),
            command,
            target,
            event.text,
            action=event.action,
            tags=self.tags(entry.time, entry.id, own, extra),
            more=self.tags(entry.time, extra=tuple(tag for tag in extra if tag[0] == "batch")),
        )

    def words(
        self,
        source: str,
        command: str,
        target: str,
        text: str,
        *,
        action: bool = False,
        tags: str = "",
        more: str = "",
    ) -> bytes:
        """Write what somebody said, in as many lines as it takes; the later ones have `more`."""
        head = f":{source} {command} {target} :"
        size = room_for(MAX_BODY, head) - (9 if action else 0)
        pieces = (
            [text]
            if "\n" not in text and len(text) * 4 <= size
            else [piece for line in text.split("\n") if line for piece in split_text(line, size)]
        )
        lines = []
        for place, piece in enumerate(pieces):
            said = f"\x01ACTION {piece}\x01" if action else piece
            lines.append((more if place else tags) + head + said + END)
        return "".join(lines).encode()

    def _lines(self, entry: Entry, room: RoomState) -> list[str]:
        """Return the lines that tell of anything but words, without tags and ends."""
        event = entry.event
        name = channel(room.name)
        match event:
            case MemberJoined(user=user):
                joined = self._join(user, name, event.realname)
                if event.away is None or "away-notify" not in self.caps:
                    return [joined]
                return [joined, format_line(source_of(user), "AWAY", (event.away,))]
            case MemberLeft():
                return self._departure(event, name)
            case TopicChanged(by=by, topic=topic):
                return [format_line(source_of(by), "TOPIC", (name, topic))]
            case RulesChanged(by=by, changes=changes):
                return [format_line(source_of(by), "MODE", (name, *modes_of(changes)))]
            case RoomRenamed():
                return self._rename(event)
            case MemberInvited(by=by, user=user):
                if "invite-notify" not in self.caps:
                    return []
                return [format_line(source_of(by), "INVITE", (user.nick, name))]
            case MessageEdited(by=by, text=text):
                words = text.replace("\n", " ")
                head = f":{source_of(by)} PRIVMSG {target_in(room, by)} :(edited) "
                pieces = split_text(words, room_for(MAX_BODY, head))
                return [head + piece for piece in pieces]
            case MessageDeleted():
                return self._deletion(event, room)
            case ReactionAdded() | ReactionRemoved():
                return []
            case RoomDeleted():
                return [
                    format_line(self._server, "KICK", (name, member.user.nick, "Room deleted"))
                    for member in room.members.values()
                    if room.kind is RoomKind.PUBLIC
                ]
            case RoomCreated() | MemberRenamed() | MessagePosted():
                # A new nick is told once, by its signal.
                return []
            case _:
                assert_never(event)

    def _join(self, user: Person, name: str, realname: str) -> str:
        if "extended-join" in self.caps:
            return format_line(source_of(user), "JOIN", (name, "*", realname or user.nick))
        return format_line(source_of(user), "JOIN", (name,))

    def _departure(self, left: MemberLeft, name: str) -> list[str]:
        if left.reason is LeaveReason.KICKED:
            by = self._server if left.by is None else source_of(left.by)
            nick = left.user.nick
            return [format_line(by, "KICK", (name, nick, left.text or by.partition("!")[0]))]
        if left.reason is LeaveReason.LEFT:
            params = (name, left.text) if left.text else (name,)
            return [format_line(source_of(left.user), "PART", params)]
        # Whoever is gone has quit, which is told once, by its signal.
        return []

    def _rename(self, event: RoomRenamed) -> list[str]:
        old, new = channel(event.old_name), channel(event.name)
        if "draft/channel-rename" in self.caps:
            return [format_line(source_of(event.by), "RENAME", (old, new, event.text))]
        # What others see depends on who they are; their door shows it.
        return []

    def _deletion(self, event: MessageDeleted, room: RoomState) -> list[str]:
        by, name = event.by, target_in(room, event.by)
        if "draft/message-redaction" in self.caps:
            reason = (event.reason,) if event.reason else ()
            params = (name, format_id(event.target), *reason)
            return [format_line(source_of(by), "REDACT", params)]
        return [format_line(self._server, "NOTICE", (name, f"{by.nick} took a message back"))]

    def _reaction(
        self, entry: Entry, event: ReactionAdded | ReactionRemoved, room: RoomState, extra: Tags
    ) -> bytes:
        name, sign = target_in(room, event.by), event.reaction
        source = source_of(event.by)
        is_new = isinstance(event, ReactionAdded)
        if self._has_tags:
            kind = "+draft/react" if is_new else "+draft/unreact"
            own = ((kind, sign), ("+draft/reply", format_id(event.target)))
            tags = self.tags(entry.time, entry.id, own, extra)
            return f"{tags}:{source} TAGMSG {name}{END}".encode()
        if not is_new:
            return b""
        line = format_line(source, "PRIVMSG", (name, f"\x01ACTION reacted with {sign}\x01"))
        return f"{self.tags(entry.time, extra=extra)}{line}{END}".encode()

    # Signals

    def encode_signal(self, signal: Signal, room: RoomState | None) -> bytes:
        """Write one signal; empty when it is not shown."""
        line = self._signal(signal, room)
        return f"{line}{END}".encode() if line else b""

    def _signal(self, signal: Signal, room: RoomState | None) -> str:
        match signal:
            case UserRenamed(user=user, old_nick=old):
                before = Person(user.id, old, user.label)
                return format_line(source_of(before), "NICK", (user.nick,))
            case UserGone(user=user, reason=reason, text=text):
                words = text or REASONS.get(reason, "Client quit")
                return format_line(source_of(user), "QUIT", (words,))
            case AwayChanged(user=user, text=text):
                if "away-notify" not in self.caps:
                    return ""
                return format_line(source_of(user), "AWAY", () if text is None else (text,))
            case RealnameChanged(user=user, realname=realname):
                if "setname" not in self.caps:
                    return ""
                return format_line(source_of(user), "SETNAME", (realname,))
            case Invited(by=by, user=user, name=name):
                return format_line(source_of(by), "INVITE", (user.nick, channel(name)))
            case Typing(user=user):
                if room is None or room.kind is not RoomKind.PUBLIC or not self._has_tags:
                    return ""
                return f"@+typing=active :{source_of(user)} TAGMSG {channel(room.name)}"
            case Tagged():
                return "" if room is None else self.tagged(signal, room, ())
            case Announced(text=text):
                return format_line(self._server, "NOTICE", ("*", text))
            case UserArrived() | RoomMoved() | RoomListed() | RoomUnlisted():
                return ""
            case _:
                assert_never(signal)

    def tagged(self, signal: Tagged, room: RoomState, extra: Tags) -> str:
        """Return the line that hands tags on; empty for clients without them."""
        if not self._has_tags:
            return ""
        tags = self.tags(signal.time, signal.id, signal.tags, extra)
        target = signal.to or channel(room.name)
        return f"{tags}:{source_of(signal.user)} TAGMSG {target}"

    def join(self, entries: Sequence[Entry], encoded: Sequence[bytes], room: RoomState) -> bytes:
        """Join what `encode` returned: every line stands for itself."""
        return b"".join(encoded)
