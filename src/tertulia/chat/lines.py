"""Lines: what happens in the chat, in words, as the other doors of text say it.

Pure but for the clock of its zone: an event of the wire and what the mirror knows become lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from tertulia.core.events import AwayChanged, RoomKind, Signal, UserRenamed
from tertulia.core.history import Message
from tertulia.core.ids import RoomId
from tertulia.core.language import Catalog
from tertulia.core.plain import listing
from tertulia.core.room import RoomState
from tertulia.sdk.mirror import Mirror
from tertulia.wire.events import events as w
from tertulia.wire.events.convert import entry_of
from tertulia.wire.events.snapshots import person_of, read_id, read_message
from tertulia.wire.line import LineFormat

SHOWN: Final = 10
"""Earlier messages that are shown of a room that one enters."""


class Lines:
    """Writes events in one language."""

    __slots__ = ("_catalog", "_elsewhere", "_here", "_mirror", "_zone")

    def __init__(self, catalog: Catalog, zone: tzinfo, mirror: Mirror) -> None:
        """Write in the language of `catalog`, with the times of `zone`, what `mirror` knows."""
        main = RoomId(read_id(mirror.main_room))
        self._catalog = catalog
        self._zone = zone
        self._mirror = mirror
        self._here = LineFormat(catalog, zone, is_current=True, main_room=main)
        self._elsewhere = LineFormat(catalog, zone, is_current=False, main_room=main)

    def of(self, event: w.Event, current: str | None, now: int) -> list[str]:
        """Return the lines about an event; none for what people need not be told.

        Args:
            event: What happened.
            current: The room that one talks in, by id.
            now: Milliseconds of Unix time.
        """
        match event:
            case w.RoomEvent():
                return self._of_entry(event, current)
            case w.RoomJoined(kind="public"):
                return self._entrance(event, now)
            case w.MissedMessages(messages=messages):
                return self._missed([read_message(message) for message in messages], now)
            case w.NickChanged(user=user, old_nick=old):
                return self._of_signal(UserRenamed(person_of(user), old))
            case w.Presence(user=user, away=away):
                return self._of_signal(AwayChanged(person_of(user), away))
            case w.Notice(source="operator", lines=lines):
                said = self._catalog.gettext("The operator says: {text}")
                return [said.format(text=line) for line in lines]
            case w.Notice(lines=lines):
                return list(lines)
            case w.Goodbye(text=text):
                return [text] if text else []
            case _:
                return []

    def _of_entry(self, event: w.RoomEvent, current: str | None) -> list[str]:
        entry = entry_of(event)
        if entry is None:
            return []
        state = self._mirror.states.get(event.room)
        if state is None:
            # The room, or one's place in it, has come to its end by this very event.
            state = RoomState(id=entry.room, name=self._mirror.name_of(event.room))
        is_here = event.room == current or state.kind is RoomKind.DIRECT
        wire = self._here if is_here else self._elsewhere
        return _cut(wire.encode(entry, state))

    def _of_signal(self, signal: Signal) -> list[str]:
        return _cut(self._here.encode_signal(signal, None))

    def _entrance(self, joined: w.RoomJoined, now: int) -> list[str]:
        others = len(joined.members) - 1
        if others > 0:
            told = self._catalog.ngettext(
                "You are in {room}, with {count} other.",
                "You are in {room}, with {count} others.",
                others,
            )
        else:
            told = self._catalog.gettext("You are in {room}. Nobody else is here just now.")
        lines = [told.format(room=joined.name, count=others)]
        if joined.topic:
            lines.append(self._catalog.gettext("Topic: {topic}").format(topic=joined.topic))
        if joined.reset:
            lines.append(self._catalog.gettext("Too much was said meanwhile; this is the newest:"))
        newest = [read_message(message) for message in joined.messages[-SHOWN:]]
        return lines + listing(newest, self._zone, self._catalog.gettext, now=now)

    def _missed(self, messages: Sequence[Message], now: int) -> list[str]:
        head = self._catalog.ngettext(
            "While you were gone, {count} message came for you:",
            "While you were gone, {count} messages came for you:",
            len(messages),
        )
        lines = listing(messages, self._zone, self._catalog.gettext, now=now, numbered=False)
        return [head.format(count=len(messages)), *lines]


def _cut(data: bytes) -> list[str]:
    return data.decode().splitlines()
