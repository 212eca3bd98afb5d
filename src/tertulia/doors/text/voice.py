"""A voice: how a door of text speaks to everyone who reads one language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from tertulia.core.history import Message
from tertulia.core.language import Catalog
from tertulia.core.plain import listing
from tertulia.core.room import RoomState
from tertulia.ports import WireFormat


class Voice:
    """The wire formats and the sentences of one language; shared by all who read it."""

    __slots__ = ("catalog", "elsewhere", "here", "zone")

    def __init__(
        self, catalog: Catalog, zone: tzinfo, here: WireFormat, elsewhere: WireFormat
    ) -> None:
        self.catalog = catalog
        self.zone = zone
        self.here = here
        """For the room that somebody talks in."""
        self.elsewhere = elsewhere
        """For their other rooms."""

    def entrance(self, room: RoomState, earlier: Sequence[Message], now: int) -> list[str]:
        """Return what somebody reads who has just entered `room`."""
        others = len(room.members) - 1
        if others:
            told = self.catalog.ngettext(
                "You are in {room}, with {count} other.",
                "You are in {room}, with {count} others.",
                others,
            )
        else:
            told = self.catalog.gettext("You are in {room}. Nobody else is here just now.")
        lines = [told.format(room=room.name, count=others)]
        if room.topic:
            lines.append(self.catalog.gettext("Topic: {topic}").format(topic=room.topic))
        return lines + listing(earlier, self.zone, self.catalog.gettext, now=now)

    def missed(self, messages: Sequence[Message], now: int) -> list[str]:
        """Return the direct messages that came while somebody was gone."""
        head = self.catalog.ngettext(
            "While you were gone, {count} message came for you:",
            "While you were gone, {count} messages came for you:",
            len(messages),
        )
        lines = listing(messages, self.zone, self.catalog.gettext, now=now, numbered=False)
        return [head.format(count=len(messages)), *lines]

    def moved(self, room: RoomState) -> str:
        """Return that a line was kept back, for its room is gone."""
        told = self.catalog.gettext(
            "You talk in {room} now, so that line was not sent. Type it again if it is for {room}."
        )
        return told.format(room=room.name)

    def slower(self) -> str:
        """Return that lines have to wait."""
        return self.catalog.gettext("You are fast. Your lines go out more slowly from here on.")

    def took_too_long(self) -> str:
        """Return that a look into the log was given up."""
        return self.catalog.gettext("That took too long, so it was given up. Try again later.")

    def parting(self) -> str:
        """Return the last line for somebody who goes."""
        return self.catalog.gettext("Goodbye.")

    def end(self) -> str:
        """Return the last line for everyone, when the chat ends."""
        return self.catalog.gettext("The chat has been shut down")
