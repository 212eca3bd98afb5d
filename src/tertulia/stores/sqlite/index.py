"""The search index's writing side: it follows the log, a little behind, and forgets on demand.

`words` keeps no texts, so taking a message out needs its exact words, as they were put in. Those
are always known: a message whose id is up to `indexed` is in the index with the text of its last
edit up to `indexed`, or its own. Words are erased from the log and the index in one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from tertulia.core.events import MessageEdited, MessagePosted
from tertulia.core.ids import EventId, RoomId
from tertulia.stores.search import normalise
from tertulia.stores.sqlite.rows import EDITED, POSTED, read_entries, select_entries, to_json
from tertulia.stores.sqlite.transaction import transaction
from tertulia.stores.sqlite.writer import Steps

_STEP: Final = 200
"""Entries per transaction: an append that comes in between waits a few milliseconds."""
_MERGED_PAGES: Final = 100
"""Pages of the index that one step of a merge writes."""

_NEXT: Final = select_entries(
    f"SELECT * FROM events WHERE id > ? AND kind IN ({POSTED}, {EDITED}) ORDER BY id LIMIT ?"
)
_INDEXED: Final = f"""
    SELECT CAST(group_concat(
        '[' || id || ',' || room || ',' || body || ',' || coalesce(edit, 'null') || ']'
    ) AS BLOB)
    FROM (
        SELECT id, room, body, (
            SELECT later.body FROM events AS later
            WHERE later.target = post.id AND later.kind = {EDITED} AND later.id <= :indexed
            ORDER BY later.id DESC LIMIT 1
        ) AS edit
        FROM events AS post
        WHERE id IN (SELECT value FROM json_each(:ids)) AND id <= :indexed AND kind = {POSTED}
    )
"""
"""Messages in the index, each with its own body and that of its last edit in the index."""
_ROWS: Final = """
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
    FROM json_each(?)
"""
_INSERT: Final = f"INSERT INTO words (rowid, room, text) {_ROWS}"
_DELETE: Final = f"INSERT INTO words (words, rowid, room, text) SELECT 'delete', * FROM ({_ROWS})"

_decode_indexed: Final = msgspec.json.Decoder(
    list[tuple[EventId, RoomId, MessagePosted, MessageEdited | None]]
).decode


class SearchIndex:
    """Keeps `words` in step with `events`, on the writer's connection."""

    def __init__(self, connection: sqlite3.Connection, indexed: int) -> None:
        self.indexed = indexed
        """The id up to which the log is in the index."""
        self._connection = connection

    def advance(self, last_id: int, most: int = _STEP) -> None:
        """Take in the next entries of the log, which ends at `last_id`, in one transaction.

        Of the entries with words it takes in `most` at a time.

        Raises:
            sqlite3.Error: nothing was taken in.
        """
        with transaction(self._connection):
            answer = self._connection.execute(_NEXT, (self.indexed, most)).fetchone()
            entries = read_entries(answer)
            entries.sort(key=lambda entry: entry.id)
            texts: dict[EventId, tuple[RoomId, str]] = {}
            earlier = {
                entry.event.target
                for entry in entries
                if isinstance(entry.event, MessageEdited) and entry.event.target <= self.indexed
            }
            present = self.forget(earlier)
            for entry in entries:
                event = entry.event
                if isinstance(event, MessagePosted):
                    texts[entry.id] = (entry.room, event.text)
                elif isinstance(event, MessageEdited):
                    if event.target in texts or event.target in present:
                        texts[event.target] = (entry.room, event.text)
            self._write(_INSERT, ((id, room, text) for id, (room, text) in texts.items()))
            reached = entries[-1].id if len(entries) == most else last_id
            self._connection.execute("UPDATE meta SET value = ? WHERE name = 'indexed'", (reached,))
        self.indexed = reached

    def forget(self, messages: Collection[EventId]) -> set[EventId]:
        """Take those of `messages` that are in the index out of it; they are still in the log.

        To be called in a transaction, before their texts are erased. Returns which ones are in
        the log and were within the reach of the index.
        """
        if not messages:
            return set()
        asked = {"ids": to_json(list(messages)), "indexed": self.indexed}
        (joined,) = self._connection.execute(_INDEXED, asked).fetchone()
        found = [] if joined is None else _decode_indexed(b"[" + joined + b"]")
        self._write(
            _DELETE,
            ((id, room, (edit or post).text) for id, room, post, edit in found),
        )
        return {id for id, *_ in found}

    def merge(self) -> Steps[None]:
        """Write the index anew, in steps, without what it has forgotten.

        Forgetting only marks words as gone; they leave the file when the index is merged into one
        piece. The first step gathers all pieces for it (a negative number of pages, by FTS5's
        documentation, section "The 'merge' Command"), the others go on until nothing is left.
        """
        pages = -_MERGED_PAGES
        while True:
            before = self._connection.total_changes
            self._connection.execute(
                "INSERT INTO words (words, rank) VALUES ('merge', ?)", (pages,)
            )
            if self._connection.total_changes - before < 2:
                return
            pages = _MERGED_PAGES
            yield

    def _write(self, statement: str, rows: Iterable[tuple[EventId, RoomId, str]]) -> None:
        """Put texts in or take them out; texts without words are never in the index."""
        worded = [(id, room, words) for id, room, text in rows if (words := normalise(text))]
        if worded:
            self._connection.execute(statement, (to_json(worded),))
