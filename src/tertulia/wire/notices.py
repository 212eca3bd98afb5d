"""Notices: what happened in a room, as sentences for people in one language.

Formats of text share these words; where a line begins, what frames it and what ends it are each
format's own. What people say themselves is no notice. Knows nothing of bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, assert_never

from tertulia.core.errors import N_
from tertulia.core.events import (
    Announced,
    AwayChanged,
    Entry,
    Event,
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
    RoomListed,
    RoomMoved,
    RoomRenamed,
    RoomUnlisted,
    Rule,
    RuleChange,
    RulesChanged,
    Signal,
    Tagged,
    TopicChanged,
    Typing,
    UserArrived,
    UserGone,
    UserRenamed,
)
from tertulia.core.ids import RoomId
from tertulia.core.language import Catalog
from tertulia.core.room import RoomState

CROWD: Final = 4
"""From so many joins and leaves in a row on, they are told together."""
NAMED: Final = 5
"""How many of a crowd are named."""

_REASONS: Final = {
    LeaveReason.LOST: N_("connection lost"),
    LeaveReason.TIMEOUT: N_("timed out"),
    LeaveReason.TOO_SLOW: N_("too slow"),
    LeaveReason.SHUTDOWN: N_("the chat was shut down"),
    LeaveReason.RESTART: N_("the chat was restarted"),
}

_RULES: Final = {
    Rule.KEY: (N_("set a key"), N_("took the key away")),
    Rule.LIMIT: (N_("set the limit to {value}"), N_("lifted the limit")),
    Rule.INVITE_ONLY: (N_("made the room invite-only"), N_("opened the room to everybody")),
    Rule.MODERATED: (N_("made the room moderated"), N_("let everybody speak")),
    Rule.MEMBERS_ONLY: (N_("lets only members speak"), N_("lets people outside speak")),
    Rule.UNLISTED: (N_("took the room off the list"), N_("put the room on the list")),
    Rule.TOPIC_LOCKED: (N_("locked the topic"), N_("unlocked the topic")),
    Rule.BAN: (N_("banned {value}"), N_("unbanned {value}")),
    Rule.EXCEPTION: (N_("exempted {value} from bans"), N_("lets bans hold for {value}")),
    Rule.INVITATION: (N_("lets {value} in uninvited"), N_("wants {value} invited")),
    Rule.MODERATOR: (N_("made {value} a moderator"), N_("made {value} a moderator no more")),
    Rule.ASSISTANT: (N_("made {value} an assistant"), N_("made {value} an assistant no more")),
    Rule.SPEAKER: (N_("made {value} a speaker"), N_("made {value} a speaker no more")),
}
"""What somebody did who set a rule, and who lifted it."""


class Notices:
    """The sentences of one language."""

    __slots__ = ("_catalog", "_main_room")

    def __init__(self, catalog: Catalog, main_room: RoomId) -> None:
        """Speak the language of `catalog`.

        Who enters or leaves the main room has connected to, or has left, the whole chat.
        """
        self._catalog = catalog
        self._main_room = main_room

    def correcting(self, nick: str) -> str:
        """Return what stands in place of an author's name before corrected words."""
        return self._say(N_("{nick} corrects"), nick=nick)

    def of_event(self, event: Event, start: str, room: RoomState) -> str:
        """Return the line that tells of anything but words; empty when none does.

        What somebody did to the room or to a message follows `start`, such as the time.
        """
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
            case RulesChanged(by=by, changes=changes):
                return start + by.nick + " " + ", ".join(map(self._rule, changes))
            case RoomRenamed(by=by, name=name, old_name=old):
                told = N_("{nick} has renamed [{old}] to [{name}]")
                return self._say(told, nick=by.nick, old=old, name=name)
            case MemberInvited(by=by, user=user):
                told = N_("{nick} has invited {other}")
                return start + self._say(told, nick=by.nick, other=user.nick)
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

    def of_signal(self, signal: Signal) -> str:
        """Return the line that tells of a signal; empty when none does."""
        match signal:
            case UserRenamed(user=user, old_nick=old):
                return self._say(N_("{old} is {nick} now"), old=old, nick=user.nick)
            case AwayChanged(user=user, text=None):
                return self._say(N_("{nick} is back"), nick=user.nick)
            case AwayChanged(user=user, text=text):
                line = self._say(N_("{nick} is away"), nick=user.nick)
                return f"{line}: {text}" if text else line
            case Announced(text=text):
                return self._say(N_("The operator says: {text}"), text=text)
            case Invited(by=by, name=name):
                told = N_("{nick} invites you to [{room}]. /join {room} takes you there.")
                return self._say(told, nick=by.nick, room=name)
            case UserArrived() | UserGone() | RealnameChanged() | Typing() | Tagged():
                # Who is gone has left each room, and that is told there.
                return ""
            case RoomMoved() | RoomListed() | RoomUnlisted():
                return ""
            case _:
                assert_never(signal)

    def of_crowd(self, crowd: Sequence[Entry], room: RoomState) -> list[str]:
        """Return the line or two that tell of many joins and leaves at once."""
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
        return lines

    def _say(self, message: str, **data: str) -> str:
        return self._catalog.gettext(message).format(**data)

    def _rule(self, change: RuleChange) -> str:
        value = change.value if change.user is None else change.user.nick
        return self._say(_RULES[change.rule][not change.on], value=value)

    def _kicked(self, left: MemberLeft, room: RoomState) -> str:
        by = "" if left.by is None else left.by.nick
        told = N_("{by} has put {nick} out of [{room}]")
        if left.text:
            told = N_("{by} has put {nick} out of [{room}] ({reason})")
        return self._say(told, by=by, nick=left.user.nick, room=room.name, reason=left.text)

    def _departure(self, left: MemberLeft, room: RoomState) -> str:
        if left.reason is LeaveReason.KICKED:
            return self._kicked(left, room)
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

    def _list(self, nicks: Sequence[str]) -> str:
        if len(nicks) <= NAMED:
            return ", ".join(nicks)
        named, others = ", ".join(nicks[:NAMED]), len(nicks) - NAMED
        more = self._catalog.ngettext("and {count} more", "and {count} more", others)
        return f"{named} {more.format(count=others)}"


def join_folding(
    entries: Sequence[Entry],
    encoded: Sequence[bytes],
    tell_crowd: Callable[[Sequence[Entry]], bytes],
) -> bytes:
    """Join what a format made of `entries`; `tell_crowd` writes many joins and leaves in a row."""
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
            parts.append(tell_crowd(entries[at:end]))
        at = end
    return b"".join(parts)


def _end_of_crowd(entries: Sequence[Entry], start: int) -> int:
    """Return where the joins and leaves that begin at `start` end."""
    end = start
    while end < len(entries) and isinstance(entries[end].event, (MemberJoined, MemberLeft)):
        end += 1
    return end
