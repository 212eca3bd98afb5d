"""Every seam of Tertulia, as protocols: what a door is handed, what a store must do.

Doors see a `Gateway`, drivers see a `StreamHandler`, the hub sees `Outbox` and `WireFormat`, and
the engine sees a `Store`. Whoever implements one of these is proven by its contract suite in
`tests/contracts/`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct

from tertulia.core.commands import Command
from tertulia.core.errors import Refusal
from tertulia.core.events import Entry, LeaveReason, Signal
from tertulia.core.history import Message
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.room import RoomState
from tertulia.core.state import User

# Bytes out


class WireFormat(Protocol):
    """One way of writing events as bytes.

    An instance stands for one variant (a language, a set of capabilities) and is shared by all
    sessions that use it: the hub encodes once per instance, so there must be one per variant.
    Bytes depend on the entry, its room and the variant, and on nothing else.
    """

    def encode(self, entry: Entry, room: RoomState) -> bytes:
        """Write one entry; empty when this format does not show it."""
        ...

    def encode_signal(self, signal: Signal, room: RoomState | None) -> bytes:
        """Write one signal; empty when this format does not show it."""
        ...

    def join(self, entries: Sequence[Entry], encoded: Sequence[bytes], room: RoomState) -> bytes:
        """Join what `encode` returned for `entries`, folding what reads better together."""
        ...


class Outbox(Protocol):
    """Bytes waiting for one reader.

    `push` MUST NOT block and MUST NOT reorder. It is bounded in bytes: past the bound this one
    reader is cut off with `LeaveReason.TOO_SLOW`, and nobody waits for it.
    """

    def push(self, data: bytes) -> None:
        """Send `data` after everything pushed before. Does nothing once closed."""
        ...


# What a door is handed


class Client(Struct, frozen=True):
    """Where a connection comes from."""

    door: str
    label: str
    """Its public id, such as `127.0.0.1:50312`."""
    address: str
    """The network address that limits count by."""


class Done(Struct, frozen=True):
    """A command was carried out, and what it led to is stored."""

    entries: tuple[Entry, ...] = ()
    """The command's own entries, in order."""
    room: RoomState | None = None
    """The room that was entered, as it was right after entering."""
    is_repeat: bool = False
    """It was carried out before, for an earlier submission with the same key."""


Answer: TypeAlias = Done | Refusal
"""What a command leads to: it was done, or a polite no."""

OnAnswer: TypeAlias = Callable[[Answer], None]


class Session(Protocol):
    """One live connection of a user through a door, as the gateway knows it."""

    @property
    def user(self) -> UserId: ...

    @property
    def client(self) -> Client: ...

    @property
    def is_operator(self) -> bool: ...

    @property
    def current(self) -> RoomId | None:
        """The room that plain text goes to: the last one entered that has not been left."""
        ...


class SessionView(Protocol):
    """How a door shows the chat to one session."""

    @property
    def outbox(self) -> Outbox: ...

    def format_for(self, room: RoomState | None) -> WireFormat:
        """Return the wire format for a room's events (None: for what belongs to no room)."""
        ...

    def encode_own(self, entry: Entry, room: RoomState, request: object) -> bytes:
        """Write an entry that this session itself caused, by the submission marked `request`.

        A door that does not echo returns nothing; one that acknowledges adds its mark here.
        """
        ...

    def evict(self, refusal: Refusal | None) -> None:
        """Close this session's connection: the server wants it gone, for the reason given.

        After `SessionReplaced` the session is another view's: this one does nothing more with it.
        """
        ...


class Place(Struct, frozen=True):
    """A room that somebody hears who came back, and how much of its log there is for them."""

    room: RoomState
    head: int
    """The last entry there was; those past it are heard live."""
    since: int = 0
    """The entry after which they began to hear it."""


class Conversation(Struct, frozen=True):
    """A direct conversation, from one side."""

    room: RoomState
    nick: str
    """Whom it is with, as far as that is known."""


class Resumed(Struct, frozen=True):
    """A session whose owner has come back to it."""

    session: Session
    places: tuple[Place, ...]
    """The rooms and direct conversations they are in."""


class Gateway(Protocol):
    """The chat, as a door sees it. All but the `async` methods return at once."""

    def open(
        self,
        client: Client,
        view: SessionView,
        *,
        nick: str | None,
        on_answer: OnAnswer,
        enter: bool = True,
        hears_itself: bool = True,
        realname: str = "",
    ) -> Session:
        """Bring a user online and, unless `enter` is false, into the main room.

        `nick` None draws a guest nick. `on_answer` is called once: with `Done` when the user is
        in the main room (the session then hears everything after the entry that says so), or
        with the refusal of the nick, after which the session is no more. When only the main
        room could not be entered, the user is online all the same: `me` tells. The signals that
        tell of what the user does are told to the session itself if it `hears_itself`.
        """
        ...

    def grant_operator(self, session: Session) -> None:
        """Let the session do what only operators may: it has shown that it is theirs."""
        ...

    def close(self, session: Session, reason: LeaveReason, text: str = "") -> None:
        """Take the session's user offline; their rooms are told once. Safe to repeat."""
        ...

    def submit(
        self,
        session: Session,
        command: Command,
        on_answer: OnAnswer | None = None,
        request: object = None,
        key: str | None = None,
    ) -> Refusal | None:
        """Ask for something in the session's name.

        With a `key` that this session has used before, nothing is done again: the answer is that
        of the first submission, and says that it is a repeat.

        Returns a refusal when it is refused on the spot (limits, shutdown); `on_answer` is then
        not called. Otherwise `on_answer` is called once, when it is stored or refused, before
        the entries reach the session's outbox.
        """
        ...

    def watch_people(self, tell: Callable[[Signal], None]) -> None:
        """Call `tell` with every signal of somebody who comes, goes or changes, from here on."""
        ...

    def expel(self, session: Session, user: UserId, text: str) -> Refusal | None:
        """Put somebody out of the chat, where the session may."""
        ...

    def watch_rooms(self, session: Session) -> None:
        """Tell the session of every change in `rooms` from here on, by `RoomListed` signals."""
        ...

    def issue_token(self, session: Session) -> str:
        """Return a secret by which the session can be resumed; it replaces the one before.

        The one that a session was resumed with counts until `confirm_token`, in case the new one
        never arrived.
        """
        ...

    def confirm_token(self, session: Session) -> None:
        """Take in that the newest token has arrived, so no other counts any more."""
        ...

    def detach(self, session: Session, reason: LeaveReason, seconds: float) -> None:
        """Keep the session's user in their rooms, though the connection is lost, for a while.

        Unless the session is resumed in time, it is closed with `reason`.
        """
        ...

    def resume(self, token: str, client: Client, view: SessionView) -> Resumed | Refusal:
        """Let somebody come back to their session, with another view.

        From here on the view hears everything that is published; what there was before is read
        with `entries_since`. Not to be called while an answer is given. A view that the session
        still had is evicted with `SessionReplaced`.
        """
        ...

    async def entries_since(
        self, session: Session, room: RoomId, *, after: int, until: int
    ) -> Sequence[Entry]:
        """Return the entries of a room past `after` up to `until`, as the session would hear them.

        Raises:
            Refused: not in that room, they are not all there any more, or they can't be read.
        """
        ...

    def select_room(self, session: Session, room: RoomId) -> None:
        """Make `room`, which the user is in, the session's current one."""
        ...

    def announce(self, text: str) -> None:
        """Tell everyone online something from the operator."""
        ...

    def refresh(self, session: Session) -> None:
        """Ask the session's view for its formats again, after it changed its mind."""
        ...

    def me(self, session: Session) -> User | None:
        """Return the session's user; None once offline."""
        ...

    def user_called(self, nick: str) -> User | None:
        """Return who is online under a nick that compares equal."""
        ...

    def users(self) -> Collection[User]:
        """Return everyone online."""
        ...

    def rooms(self) -> Sequence[RoomState]:
        """Return all public rooms, oldest first, those included that are in no list."""
        ...

    def room(self, room: RoomId) -> RoomState | None:
        """Return a room by id."""
        ...

    def room_named(self, name: str) -> RoomState | None:
        """Return the public room whose name compares equal."""
        ...

    def recent(self, room: RoomId, limit: int, *, until: int | None = None) -> Sequence[Message]:
        """Return the newest messages of a room that are at hand, up to seq `until`."""
        ...

    async def history(
        self,
        session: Session,
        room: RoomId,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> Sequence[Message]:
        """Return a page of a room's messages by `seq`, in order.

        With `after`, the oldest ones past it; otherwise the newest ones, those before `before`.

        Raises:
            Refused: not in that room, or the history can't be read.
        """
        ...

    async def search(
        self,
        session: Session,
        words: str,
        *,
        room: RoomId | None = None,
        limit: int = 20,
    ) -> Sequence[Message]:
        """Return the newest messages with all `words`, newest first, in the rooms one is in.

        Raises:
            Refused: not in that room, nothing to search for, or the history can't be read.
        """
        ...

    async def missed(self, session: Session) -> Sequence[Message]:
        """Return the direct messages that came while nobody was online under this name.

        In order, the newest 100 at most; they count as read from here on.
        """
        ...

    def conversations(self, session: Session) -> Sequence[Conversation]:
        """Return the session's direct conversations."""
        ...

    def ignore(self, session: Session, nick: str) -> Refusal | None:
        """Hide from this session what a person says and does."""
        ...

    def unignore(self, session: Session, nick: str) -> Refusal | None:
        """Show it again."""
        ...

    def ignored(self, session: Session) -> Sequence[str]:
        """Return whom this session ignores, by nick."""
        ...

    def request_shutdown(self, session: Session) -> Refusal | None:
        """End the whole chat, where the session may."""
        ...


# What plugins are handed


Verdict: TypeAlias = Command | Refusal
"""What a filter makes of a command: itself, another of its kind, or a polite no."""


class CommandFilter(Protocol):
    """Looks at commands before they are decided."""

    def wants(self, command: Command) -> bool:
        """Tell whether it has to see this kind of command."""
        ...

    def judge(
        self, session: Session, command: Command, on_verdict: Callable[[Verdict], None]
    ) -> None:
        """Look at a command of a session; call `on_verdict` once, now or in bounded time."""
        ...


class Backstage(Protocol):
    """The chat from behind, before and after its turns."""

    def filter_commands(self, chosen: CommandFilter | None) -> None:
        """Have all commands from here on seen by a filter before they are decided; None: by none.

        What one session asks for stays in order.
        """
        ...

    def follow_entries(self, follow: Callable[[Entry, RoomState], None] | None) -> None:
        """Call `follow` with each entry from here on, once it is stored; None: nobody.

        The room is as the entry's turn has left it. `follow` must neither raise nor block.
        """
        ...


# Byte-stream doors


class Link(Protocol):
    """The bytes of one connection, as its handler sees them."""

    @property
    def outbox(self) -> Outbox: ...

    @property
    def client(self) -> Client: ...

    def close(self, reason: LeaveReason) -> None:
        """Send what is waiting, then close; `connection_lost` follows with this reason."""
        ...

    def pause(self, seconds: float) -> None:
        """Read nothing for a while, then call `receive_data(b"")`."""
        ...

    def call_later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        """Call something after a while, and return what calls that off."""
        ...


class StreamHandler(Protocol):
    """What one connection of a byte-stream door does; driven by `doors.stream`."""

    def receive_data(self, data: bytes) -> None:
        """Take in bytes from the peer."""
        ...

    def receive_eof(self) -> None:
        """The peer will send no more, but may still be reading."""
        ...

    def connection_lost(self, reason: LeaveReason) -> None:
        """The connection is no more. Called once, last."""
        ...


class Admission(Protocol):
    """Who may connect: the caps on addresses and on connections in all."""

    def admit(self, address: str) -> Refusal | None:
        """Count a new connection from `address`, or say why it may not be."""
        ...

    def release(self, address: str) -> None:
        """Count one connection less from an admitted address."""
        ...


class StreamDoor(Protocol):
    """A door of byte streams: makes a handler for each connection."""

    @property
    def name(self) -> str: ...

    def make(self, link: Link) -> StreamHandler:
        """Return the handler of a new connection."""
        ...

    def refuse(self, refusal: Refusal) -> bytes:
        """Write a refusal for somebody who does not even get in."""
        ...


# The log


class StoreError(Exception):
    """The store could not do what it was asked; its message is for the operator."""


class StoreUnavailable(StoreError):
    """Nothing can be kept just now (disk full, read-only); later may go well."""


class StoreDamaged(StoreError):
    """Something stored can't be read any more."""


class StoreMisfit(StoreError):
    """The store can't be opened by this version, or is in use; the message says what to do."""


class ReadMark(Struct, frozen=True):
    """How far an identity has read a room."""

    identity: str
    room: RoomId
    seq: int


class StoredRoom(Struct, frozen=True):
    """A room as the store remembers it."""

    state: RoomState
    head: int
    """The last `seq` of its log."""
    recent: tuple[Entry, ...] = ()
    """Its newest messages and what amends them, in order of `seq`."""


class Recovery(Struct, frozen=True):
    """What a store held when it was opened."""

    rooms: tuple[StoredRoom, ...] = ()
    last_id: int = 0
    """The greatest event id ever stored."""


class Store(Protocol):
    """The log. Whoever implements this is proven by `tests/contracts/store.py`."""

    async def open(self) -> Recovery:
        """Make ready, and return every room that is not deleted.

        Raises:
            StoreMisfit: made by a newer version, in use, or not writable.
            StoreDamaged: its content can't be trusted.
        """
        ...

    async def close(self) -> None:
        """Write what is waiting and let go of all resources. Safe to repeat."""
        ...

    async def append(self, entries: Sequence[Entry], marks: Sequence[ReadMark] = ()) -> None:
        """Keep `entries` and `marks`, all or none; they are durable when this returns.

        A `MessageDeleted` erases the words of its target and of the target's edits for good. A
        `RoomDeleted` makes its room unknown to all reads at once. Calls are not made
        concurrently.

        Raises:
            StoreUnavailable: nothing of it was kept.
            BrokenLog: an entry does not take its room's next place, or its id does not rise;
                nothing was kept.
        """
        ...

    async def read_log(self, room: RoomId, *, after: int = 0, limit: int = 1000) -> list[Entry]:
        """Return the room's entries with `seq` past `after`, in order, at most `limit`.

        What `compact` has erased is missing, and erased words are empty.
        """
        ...

    async def read_messages(
        self, room: RoomId, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> list[Message]:
        """Return a page of messages as they read now, in order of `seq`, deleted ones included.

        With `after`, the oldest ones past it; otherwise the newest ones, those before `before`.
        """
        ...

    async def find_messages(self, ids: Collection[EventId]) -> Mapping[EventId, Message]:
        """Return those of the messages that exist, as they read now."""
        ...

    async def search(
        self,
        rooms: Collection[RoomId],
        words: str,
        *,
        limit: int = 20,
        before: EventId | None = None,
    ) -> list[Message]:
        """Return the newest messages in `rooms` that hold all `words`, newest first.

        Case and accents make no difference; words in double quotes are a phrase; everything
        appended before the call is found. No word to search for: nothing is found.

        Raises:
            StoreUnavailable: the search index is too far behind just now.
        """
        ...

    async def read_marks(self, identity: str) -> Mapping[RoomId, int]:
        """Return how far `identity` has read each room."""
        ...

    async def compact(self, rooms: Sequence[StoredRoom], *, erase_before: int = 0) -> int:
        """Save the states of `rooms`, so that their logs need not be replayed from the start.

        Erases for good all entries from before `erase_before` (milliseconds of Unix time) and
        what amends them, in the log, the search index and the files beneath, and what is left of
        deleted rooms. Rooms outlive their entries, with state and head. Appends and reads go on
        meanwhile. Returns how many messages were erased.

        Raises:
            StoreUnavailable: not all of it was done; a later call does the rest.
            StoreDamaged: what is to be erased can't be read.
        """
        ...
