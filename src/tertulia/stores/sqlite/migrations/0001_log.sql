-- The log of all rooms, what is derived from it, and how far people have read.

-- Small numbers that the store keeps for itself:
--   clean    1 when the last shutdown was in good order
--   placed   the last id that `places` has
--   indexed  the last id that `words` has
--   last_id  the greatest id among the entries that were erased
--   residue  how many erasures may still have left words in the index or in the write-ahead log
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO meta (name, value)
VALUES ('clean', 1), ('placed', 0), ('indexed', 0), ('last_id', 0), ('residue', 0);

-- Every entry, in order of its id, which is the order of time.
--   kind    100 message_posted, 101 message_edited, 102 message_deleted, 103 reaction_added,
--           104 reaction_removed; below 100 what changes the room's state: 1 room_created,
--           2 room_deleted, 3 topic_changed, 4 member_joined, and so on
--   target  the message that kinds above 100 are about
--   time    milliseconds of Unix time
--   body    the event, as JSON
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    room INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    target INTEGER,
    time INTEGER NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX amendments ON events (target) WHERE target IS NOT NULL;

-- Where a room's entries are: messages (1) apart from all else (0). An index on `events` would
-- cost a page for each room at each commit; this one is filled some thousand entries at a time,
-- and entries past meta.placed are found by reading through the end of `events`.
CREATE TABLE places (
    room INTEGER NOT NULL,
    is_message INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (room, is_message, seq)
) WITHOUT ROWID;

-- Every room, with its state after the entry `head`, as JSON.
CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    head INTEGER NOT NULL,
    state TEXT NOT NULL,
    is_deleted INTEGER NOT NULL DEFAULT 0
);

-- How far an identity has read a room.
CREATE TABLE marks (
    identity TEXT NOT NULL,
    room INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (identity, room)
) WITHOUT ROWID;

-- Which words messages hold, in normalised form; rowid is the message's id. The texts themselves
-- are in `events` alone. The `ascii` tokenizer parts at blanks here and nowhere else, since
-- normalised text has no other ASCII than letters and digits.
CREATE VIRTUAL TABLE words USING fts5 (
    room, text, content = '', columnsize = 0, tokenize = 'ascii'
);
