"""Stand-ins for tests: a chat without sockets, clocks or files.

`FakeGateway` decides with the real core, at once and in memory, so that what it refuses is what
the server refuses. Nothing is sent to outboxes: tests look at `log`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import count

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.decide import carry_out, decide, found_main_room
from tertulia.core.events import Entry, LeaveReason, RoomKind, Signal
from tertulia.core.history import Message, fold
from tertulia.core.ids import EventId, IdSource, RoomId, UserId
from tertulia.core.language import Catalog, English
from tertulia.core.names import nick_key
from tertulia.core.policy import Policy
from tertulia.core.room import RoomState
from tertulia.core.state import Turn, User, World
from tertulia.ports import (
    Answer,
    Client,
    Conversation,
    Done,
    OnAnswer,
    Resumed,
    Session,
    SessionView,
)

NOON = 1_795_176_000_000
"""2026-11-20T12:00:00Z in milliseconds of Unix time."""


class FakeSession:
    """Implements `ports.Session`."""

    def __init__(self, user: UserId, client: Client) -> None:
        self.user = user
        self.client = client
        self.is_operator = False
        self.current: RoomId | None = None
        self.ignored: dict[UserId, str] = {}


class FakeGateway:
    """Implements `ports.Gateway`. `now` is the time, in milliseconds, until a test moves it."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self.now = NOON
        self.world = World()
        self.log: list[Entry] = []
        self.at_hand = 100
        """How many of a room's newest entries `recent` looks at."""
        self.refusal: e.Refusal | None = None
        """What `submit` answers on the spot, as for limits."""
        self.unreadable: e.Refusal | None = None
        """What `history` and `search` are refused with, as for a damaged log."""
        self.arrival: e.Refusal | None = None
        """What `open` is refused with; nobody comes online."""
        self.arrival_room: e.Refusal | None = None
        """What entering the main room is refused with; the person is online all the same."""
        self.answers_later = False
        """Whether answers wait for `answer_all`, as they wait for the store in a server."""
        self.anyone_may_shutdown = False
        self.shutdowns = 0
        self.announced: list[str] = []
        self.watchers: list[Callable[[Signal], None]] = []
        self._ids = IdSource()
        self._ports = count(50_001)
        self._unanswered: list[Callable[[], None]] = []
        turn = self._turn()
        found_main_room(turn, self.policy)
        self._keep(turn)

    # People come and go

    def enter(self, nick: str | None = None, *, operator: bool = False) -> FakeSession:
        """Bring somebody online and into the main room, for tests."""
        label = f"127.0.0.1:{next(self._ports)}"
        user = UserId(self._ids.next(self.now))
        session = FakeSession(user, Client("line", label, "127.0.0.1"))
        session.is_operator = operator
        self.submit(session, c.Connect(user, label, nick, lot=user))
        self.submit(session, c.JoinRoom(self.policy.main_room))
        return session

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
        user = UserId(self._ids.next(self.now))
        session = FakeSession(user, client)
        answer: Answer
        try:
            _check(self.arrival)
            connect = c.Connect(user, client.label, nick, user, realname)
            answer = self._carry_out(session, connect)
            _check(self.arrival_room)
            if enter:
                answer = self._carry_out(session, c.JoinRoom(self.policy.main_room))
        except e.Refused as refused:
            answer = refused.refusal
        self._answer(on_answer, answer)
        return session

    def watch_people(self, tell: Callable[[Signal], None]) -> None:
        self.watchers.append(tell)

    def expel(self, session: Session, user: UserId, text: str) -> e.Refusal | None:
        return None if session.is_operator else e.OperatorsOnly()

    def grant_operator(self, session: Session) -> None:
        _fake(session).is_operator = True

    def announce(self, text: str) -> None:
        self.announced.append(text)

    def close(self, session: Session, reason: LeaveReason, text: str = "") -> None:
        if self.me(session) is not None:
            self._carry_out(_fake(session), c.Disconnect(reason, text))

    # Submissions

    def submit(
        self,
        session: Session,
        command: c.Command,
        on_answer: OnAnswer | None = None,
        request: object = None,
        key: str | None = None,
    ) -> e.Refusal | None:
        if self.refusal is not None:
            return self.refusal
        answer: Answer
        try:
            answer = self._carry_out(_fake(session), command)
        except e.Refused as refused:
            answer = refused.refusal
        if on_answer is not None:
            self._answer(on_answer, answer)
        return None

    def answer_all(self) -> None:
        """Give the answers that wait, in order, and those that they lead to."""
        while self._unanswered:
            self._unanswered.pop(0)()

    def _answer(self, on_answer: OnAnswer, answer: Answer) -> None:
        if self.answers_later:
            self._unanswered.append(lambda: on_answer(answer))
        else:
            on_answer(answer)

    def _carry_out(self, session: FakeSession, command: c.Command) -> Done:
        turn = self._turn()
        decision = decide(turn, session.user, command, self.policy, self._evidence(command))
        carry_out(turn, session.user, decision)
        entries = tuple(turn.entries)
        room = turn.rooms.get(entries[-1].room) if entries else None
        self._keep(turn)
        self._note_current(session, command, room)
        return Done(entries, room)

    def _note_current(
        self, session: FakeSession, command: c.Command, entered: RoomState | None
    ) -> None:
        if entered is not None and isinstance(command, (c.JoinRoom, c.CreateRoom)):
            session.current = entered.id
        user = self.me(session)
        if user is None:
            session.current = None
        elif session.current not in user.rooms:
            session.current = user.rooms[-1] if user.rooms else None

    def _evidence(self, command: c.Command) -> Mapping[EventId, Message]:
        target = c.target_of(command)
        return {message.id: message for message in fold(self.log) if message.id == target}

    def _turn(self) -> Turn:
        return Turn(self.world, self._ids, self.now)

    def _keep(self, turn: Turn) -> None:
        self.log += turn.entries
        turn.keep()

    # Coming back, which nobody does here

    def issue_token(self, session: Session) -> str:
        return f"token of {session.user}"

    def confirm_token(self, session: Session) -> None:
        """No token counts here."""

    def detach(self, session: Session, reason: LeaveReason, seconds: float) -> None:
        self.close(session, reason)

    def resume(self, token: str, client: Client, view: SessionView) -> Resumed | e.Refusal:
        raise AssertionError("nobody can come back here")

    async def entries_since(
        self, session: Session, room: RoomId, *, after: int, until: int
    ) -> Sequence[Entry]:
        _check(self.unreadable)
        return [it for it in self.log if it.room == room and after < it.seq <= until]

    # How a session looks at the chat

    def watch_rooms(self, session: Session) -> None:
        """Nothing is told here."""

    def select_room(self, session: Session, room: RoomId) -> None:
        _fake(session).current = room

    def refresh(self, session: Session) -> None:
        """There are no formats here."""

    def conversations(self, session: Session) -> Sequence[Conversation]:
        user = self.me(session)
        kept = () if user is None else self.world.directs.get(user.identity, ())
        return [Conversation(self.world.rooms[room], "") for room in kept]

    def ignore(self, session: Session, nick: str) -> e.Refusal | None:
        other = self.user_called(nick)
        if other is None:
            return e.NoSuchUser(nick)
        if other.person.id == session.user:
            return e.ToYourself()
        _fake(session).ignored[other.person.id] = other.person.nick
        return None

    def unignore(self, session: Session, nick: str) -> e.Refusal | None:
        ignored = _fake(session).ignored
        found = [user for user, name in ignored.items() if nick_key(name) == nick_key(nick)]
        if not found:
            return e.NoSuchUser(nick)
        ignored.pop(found[0])
        return None

    def ignored(self, session: Session) -> Sequence[str]:
        return sorted(_fake(session).ignored.values())

    def request_shutdown(self, session: Session) -> e.Refusal | None:
        if not (session.is_operator or self.anyone_may_shutdown):
            return e.OperatorsOnly()
        self.shutdowns += 1
        return None

    # Reading

    def me(self, session: Session) -> User | None:
        return self.world.users.get(session.user)

    def user_called(self, nick: str) -> User | None:
        found = self.world.nicks.get(nick_key(nick))
        return None if found is None else self.world.users.get(found)

    def users(self) -> Collection[User]:
        return self.world.users.values()

    def rooms(self) -> Sequence[RoomState]:
        return [room for room in self.world.rooms.values() if room.kind is RoomKind.PUBLIC]

    def room(self, room: RoomId) -> RoomState | None:
        return self.world.rooms.get(room)

    def room_named(self, name: str) -> RoomState | None:
        return self.world.room_named(name)

    def recent(self, room: RoomId, limit: int, *, until: int | None = None) -> Sequence[Message]:
        entries = [entry for entry in self.log if entry.room == room][-self.at_hand :]
        shown = [entry for entry in entries if until is None or entry.seq <= until]
        return fold(shown)[-limit:]

    async def history(
        self,
        session: Session,
        room: RoomId,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> Sequence[Message]:
        _check(self.unreadable)
        messages = fold(entry for entry in self.log if entry.room == room)
        if after is not None:
            return [message for message in messages if message.seq > after][:limit]
        return [message for message in messages if before is None or message.seq < before][-limit:]

    async def search(
        self,
        session: Session,
        words: str,
        *,
        room: RoomId | None = None,
        limit: int = 20,
    ) -> Sequence[Message]:
        _check(self.unreadable)
        found = [message for message in self._heard(session) if room in (None, message.room)]
        wanted = words.casefold().split()
        held = (message for message in found if all(w in message.text.casefold() for w in wanted))
        return list(held)[-limit:][::-1]

    async def missed(self, session: Session) -> Sequence[Message]:
        return []

    def _heard(self, session: Session) -> Iterator[Message]:
        user = self.me(session)
        if user is not None:
            rooms = {*user.rooms, *self.world.directs.get(user.identity, ())}
            yield from (message for message in fold(self.log) if message.room in rooms)


class FakeReply:
    """Implements `slash.Reply`: keeps what one person was shown."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        """What was said or confirmed."""
        self.refusals: list[e.Refusal] = []
        self.entered: list[str] = []
        """The names of the rooms that the person was welcomed into."""
        self.languages: list[str] = []
        self.partings: list[str] = []
        self.catalogs: Mapping[str, Catalog] = {}
        self.last_direct: str | None = None

    def say(self, lines: Sequence[str]) -> None:
        self.lines += lines

    def confirm(self, lines: Sequence[str]) -> None:
        self.lines += lines

    def refuse(self, refusal: e.Refusal) -> None:
        self.refusals.append(refusal)

    def enter(self, room: RoomState) -> None:
        self.entered.append(room.name)

    def set_language(self, code: str) -> Catalog:
        self.languages.append(code)
        return self.catalogs.get(code, English())

    def remember_direct(self, nick: str) -> None:
        self.last_direct = nick

    def quit(self, text: str) -> None:
        self.partings.append(text)


class FakeOutbox:
    """Implements `ports.Outbox`: keeps what was pushed."""

    def __init__(self) -> None:
        self.data = b""

    def push(self, data: bytes) -> None:
        self.data += data


class FakeLink:
    """Implements `ports.Link`, without a socket."""

    def __init__(self, label: str = "127.0.0.1:50312", door: str = "line") -> None:
        self.client = Client(door, label, label.rpartition(":")[0])
        self.outbox = FakeOutbox()
        self.pauses: list[float] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.closed: LeaveReason | None = None
        """The reason for which the door closed it."""

    def close(self, reason: LeaveReason) -> None:
        self.closed = self.closed or reason

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def call_later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        timer = (seconds, call)
        self.timers.append(timer)
        return lambda: self.timers.remove(timer)

    def taken(self) -> list[str]:
        """Return the lines that were sent since the last call."""
        data, self.outbox.data = self.outbox.data, b""
        return data.decode().splitlines()


def _check(refusal: e.Refusal | None) -> None:
    if refusal is not None:
        raise e.Refused(refusal)


def _fake(session: Session) -> FakeSession:
    if not isinstance(session, FakeSession):
        raise TypeError(f"not a session of this gateway: {session!r}")
    return session
