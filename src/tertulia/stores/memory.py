"""The memory store: the log in lists and dictionaries, gone with the process.

It behaves as the lasting stores do, down to what a search finds and what compaction erases.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec.structs import replace

from tertulia.core.apply import BrokenLog, apply, replay
from tertulia.core.events import (
    AMENDMENTS,
    Entry,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    RoomCreated,
    RoomDeleted,
)
from tertulia.core.history import Message, fold
from tertulia.core.ids import EventId, RoomId, first_id_at
from tertulia.core.room import RoomState
from tertulia.ports import ReadMark, Recovery, StoredRoom, StoreUnavailable
from tertulia.stores.order import follow
from tertulia.stores.search import holds, normalise, parse_query


class _Log:
    """One room: a saved state, and the entries that are kept, in order of `seq`."""

    def __init__(self, state: RoomState, saved: int) -> None:
        self.state = state
        self.saved = saved
        """The `seq` of the last entry that `state` has."""
        self.entries: list[Entry] = []
        self.posts: list[int] = []
        """The `seq` of each message."""
        self.is_deleted = False

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        if isinstance(entry.event, MessagePosted):
            self.posts.append(entry.seq)

    def at(self, seq: int) -> Entry:
        return self.entries[self._place(seq)]

    def put(self, entry: Entry) -> None:
        """Put `entry` in place of the one with its `seq`."""
        self.entries[self._place(entry.seq)] = entry

    def after(self, seq: int) -> list[Entry]:
        return self.entries[bisect_right(self.entries, seq, key=_seq) :]

    def newest(self, limit: int, *, before: int | None = None) -> list[int]:
        """Return the `seq` of the newest messages, up to and without `before`."""
        end = len(self.posts) if before is None else bisect_left(self.posts, before)
        return self.posts[max(0, end - limit) : end]

    def drop(self, is_dropped: Callable[[Entry], bool]) -> list[Entry]:
        """Drop entries and return them; the saved state first comes past them."""
        dropped = [entry for entry in self.entries if is_dropped(entry)]
        if dropped:
            self.save(self.state_after(dropped[-1].seq), dropped[-1].seq)
            gone = {entry.seq for entry in dropped}
            self.entries = [entry for entry in self.entries if entry.seq not in gone]
            self.posts = [seq for seq in self.posts if seq not in gone]
        return dropped

    def save(self, state: RoomState, seq: int) -> None:
        if seq > self.saved:
            self.state = state
            self.saved = seq

    def state_after(self, seq: int) -> RoomState:
        later = (entry for entry in self.after(self.saved) if entry.seq <= seq)
        state = replay(later, self.state)
        if state is None:
            raise BrokenLog(f"room {self.state.id} ends before its log does")
        return state

    def _place(self, seq: int) -> int:
        return bisect_left(self.entries, seq, key=_seq)


class MemoryStore:
    """A `ports.Store` that lasts as long as the process; `close` loses nothing, `open` goes on."""

    def __init__(self, *, recent: int = 100) -> None:
        """Have `open` return the newest `recent` messages of each room."""
        self._recent = recent
        self._is_open = False
        self._last_id = 0
        self._heads: dict[RoomId, int] = {}
        self._logs: dict[RoomId, _Log] = {}
        self._posts: dict[EventId, tuple[RoomId, int]] = {}
        """Where each message is, oldest first."""
        self._amendments: dict[EventId, list[tuple[RoomId, int]]] = {}
        """Where each message's amendments are, in order."""
        self._marks: dict[str, dict[RoomId, int]] = {}

    async def open(self) -> Recovery:
        """See `ports.Store.open`."""
        self._is_open = True
        rooms = tuple(
            StoredRoom(
                log.state_after(self._heads[room]),
                self._heads[room],
                tuple(self._with_amendments(room, log.newest(self._recent))),
            )
            for room, log in self._logs.items()
            if not log.is_deleted
        )
        return Recovery(rooms, self._last_id)

    async def close(self) -> None:
        """See `ports.Store.close`."""
        self._is_open = False

    async def append(self, entries: Sequence[Entry], marks: Sequence[ReadMark] = ()) -> None:
        """See `ports.Store.append`."""
        self._check_open()
        self._heads.update(follow(self._heads, self._last_id, entries))
        for entry in entries:
            self._add(entry)
        for mark in marks:
            read = self._marks.setdefault(mark.identity, {})
            read[mark.room] = max(mark.seq, read.get(mark.room, 0))

    async def read_log(self, room: RoomId, *, after: int = 0, limit: int = 1000) -> list[Entry]:
        """See `ports.Store.read_log`."""
        log = self._present(room)
        return [] if log is None else log.after(after)[: max(0, limit)]

    async def read_messages(
        self, room: RoomId, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> list[Message]:
        """See `ports.Store.read_messages`."""
        log = self._present(room)
        if log is None or limit <= 0:
            return []
        if after is not None:
            start = bisect_right(log.posts, after)
            page = log.posts[start : start + limit]
        else:
            page = log.newest(limit, before=before)
        return fold(self._with_amendments(room, page))

    async def find_messages(self, ids: Collection[EventId]) -> Mapping[EventId, Message]:
        """See `ports.Store.find_messages`."""
        self._check_open()
        return {id: message for id in ids if (message := self._message(id)) is not None}

    async def search(
        self,
        rooms: Collection[RoomId],
        words: str,
        *,
        limit: int = 20,
        before: EventId | None = None,
    ) -> list[Message]:
        """See `ports.Store.search`."""
        self._check_open()
        phrases = parse_query(words)
        if not phrases:
            return []
        found: list[Message] = []
        for id in reversed(self._posts):
            if len(found) >= limit:
                break
            if (before is not None and id >= before) or self._posts[id][0] not in rooms:
                continue
            message = self._message(id)
            if message is not None and holds(normalise(message.text), phrases):
                found.append(message)
        return found

    async def read_marks(self, identity: str) -> Mapping[RoomId, int]:
        """See `ports.Store.read_marks`."""
        self._check_open()
        marks = self._marks.get(identity, {})
        return {
            room: seq
            for room, seq in marks.items()
            if room not in self._logs or not self._logs[room].is_deleted
        }

    async def compact(self, rooms: Sequence[StoredRoom], *, erase_before: int = 0) -> int:
        """See `ports.Store.compact`."""
        self._check_open()
        for room in rooms:
            log = self._present(room.state.id)
            if log is not None:
                log.save(room.state, room.head)
        bound = first_id_at(erase_before)
        erased = 0
        for id, log in list(self._logs.items()):
            if log.is_deleted:
                erased += self._forget(log.entries)
                self._remove(id)
            else:
                erased += self._forget(log.drop(lambda entry: _is_older(entry, bound)))
        return erased

    def _add(self, entry: Entry) -> None:
        room, event = entry.room, entry.event
        self._last_id = entry.id
        if isinstance(event, RoomCreated):
            state = apply(None, entry)
            assert state is not None
            self._logs[room] = _Log(state, entry.seq)
        log = self._logs[room]
        log.add(entry)
        if isinstance(event, MessagePosted):
            self._posts[entry.id] = (room, entry.seq)
        elif isinstance(event, AMENDMENTS):
            self._amendments.setdefault(event.target, []).append((room, entry.seq))
            self._erase_words_if_deleted(event.target)
        elif isinstance(event, RoomDeleted):
            log.is_deleted = True
            self._heads.pop(room)

    def _erase_words_if_deleted(self, target: EventId) -> None:
        places = self._amendments[target]
        if not any(isinstance(self._at(place).event, MessageDeleted) for place in places):
            return
        own = self._posts.get(target)
        for place in (*([] if own is None else [own]), *places):
            entry = self._at(place)
            if isinstance(entry.event, (MessagePosted, MessageEdited)):
                bare = replace(entry, event=replace(entry.event, text=""))
                self._logs[entry.room].put(bare)

    def _forget(self, entries: Iterable[Entry]) -> int:
        """Forget where entries that are gone were; return how many of them were messages."""
        count = 0
        for entry in entries:
            event = entry.event
            if isinstance(event, MessagePosted):
                del self._posts[entry.id]
                count += 1
            elif isinstance(event, AMENDMENTS):
                places = self._amendments.get(event.target, [])
                self._amendments[event.target] = [p for p in places if p != (entry.room, entry.seq)]
                if not self._amendments[event.target]:
                    del self._amendments[event.target]
        return count

    def _remove(self, room: RoomId) -> None:
        del self._logs[room]
        for read in self._marks.values():
            read.pop(room, None)

    def _message(self, id: EventId) -> Message | None:
        place = self._posts.get(id)
        if place is None or self._logs[place[0]].is_deleted:
            return None
        (message,) = fold(self._with_amendments(place[0], [place[1]]))
        return message

    def _with_amendments(self, room: RoomId, posts: Iterable[int]) -> list[Entry]:
        """Return messages of a room, by their `seq`, and what amends them, in order."""
        entries = [self._logs[room].at(seq) for seq in posts]
        for post in list(entries):
            entries += [self._at(place) for place in self._amendments.get(post.id, ())]
        return sorted(entries, key=_seq)

    def _at(self, place: tuple[RoomId, int]) -> Entry:
        room, seq = place
        return self._logs[room].at(seq)

    def _present(self, room: RoomId) -> _Log | None:
        self._check_open()
        log = self._logs.get(room)
        return None if log is None or log.is_deleted else log

    def _check_open(self) -> None:
        if not self._is_open:
            raise StoreUnavailable("The store is closed.")


def _seq(entry: Entry) -> int:
    return entry.seq


def _is_older(entry: Entry, bound: int) -> bool:
    """Tell whether an entry, or the message that it amends, has an id below `bound`."""
    event = entry.event
    target = event.target if isinstance(event, AMENDMENTS) else entry.id
    return min(entry.id, target) < bound
