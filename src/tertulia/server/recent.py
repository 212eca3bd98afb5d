"""Recent messages: a room's newest ones as they read now, at hand for whoever comes in.

What amends a message is folded into it, so that many reactions to one never push out the others.
Knows nothing of the store, which has them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tertulia.core.events import AMENDMENTS, Entry, MessagePosted
from tertulia.core.history import Message, amend, fold
from tertulia.core.ids import EventId

KEPT: Final = 100
"""Messages kept at hand for each room."""
UNFOLDED: Final = 4 * KEPT
"""Entries that may wait to be folded: until somebody asks, or there are so many."""


class RecentMessages:
    """The newest messages of one room."""

    __slots__ = ("_entries", "_messages")

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """Begin with `entries`: messages and what amends them, in order of `seq`."""
        self._messages: list[Message] = []
        self._entries = list(entries)

    @property
    def held(self) -> int:
        """How many messages and entries are in memory."""
        return len(self._messages) + len(self._entries)

    def note(self, entry: Entry) -> None:
        """Take in a message, or what amends one."""
        self._entries.append(entry)
        if len(self._entries) >= UNFOLDED:
            self._trim()

    def newest(self, limit: int, *, until: int | None = None) -> Sequence[Message]:
        """Return the newest `limit` messages at hand, up to seq `until`."""
        self._fold()
        messages = self._messages
        if until is not None and messages and messages[-1].seq > until:
            messages = [message for message in messages if message.seq <= until]
        return messages[-limit:] if limit > 0 else []

    def forget_before(self, oldest: EventId) -> None:
        """Drop messages older than `oldest`, which were erased."""
        self._fold()
        self._messages = [message for message in self._messages if message.id >= oldest]

    def _trim(self) -> None:
        """Drop what is out of sight by now; mostly that is enough, and costs less than to fold."""
        newest = _newest_part(self._entries)
        if len(newest) < len(self._entries):
            self._messages, self._entries = [], newest
        if len(self._entries) >= 2 * KEPT:
            self._fold()

    def _fold(self) -> None:
        entries, self._entries = self._entries, []
        if not entries:
            return
        known = {message.id: message for message in self._messages}
        for entry in entries:
            if isinstance(entry.event, AMENDMENTS) and entry.event.target in known:
                known[entry.event.target] = amend(known[entry.event.target], entry)
        self._messages = [*known.values(), *fold(_newest_part(entries))][-KEPT:]


def _newest_part(entries: list[Entry]) -> list[Entry]:
    """Return the entries from the oldest message on that is still to be kept."""
    messages = 0
    for place in range(len(entries) - 1, -1, -1):
        if isinstance(entries[place].event, MessagePosted):
            messages += 1
            if messages == KEPT:
                return entries[place:]
    return entries
