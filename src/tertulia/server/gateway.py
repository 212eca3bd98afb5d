"""The gateway: what doors are handed. Sessions, submissions and answers; reading is `readings`.

It owns the live sessions and ties the engine's turns to the hub: when a turn is stored, it says
who hears what from now on, queues the entries, and answers those who asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Final

from msgspec import Struct

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.apply import apply
from tertulia.core.commands import Command
from tertulia.core.errors import Refusal
from tertulia.core.events import (
    Announced,
    Entry,
    Invited,
    LeaveReason,
    MemberJoined,
    MemberLeft,
    MessagePosted,
    RoomCreated,
    RoomDeleted,
    RoomMoved,
    Signal,
    Tagged,
    Typing,
    UserArrived,
    UserGone,
)
from tertulia.core.ids import RoomId, UserId
from tertulia.core.names import nick_key
from tertulia.core.policy import Policy
from tertulia.core.room import RoomState
from tertulia.core.state import User, World
from tertulia.core.text import clean_line
from tertulia.ports import (
    Answer,
    Client,
    CommandFilter,
    Done,
    OnAnswer,
    Place,
    ReadMark,
    Resumed,
    Session,
    SessionView,
    Store,
    WireFormat,
)
from tertulia.server.absences import Absences
from tertulia.server.directory import Directory
from tertulia.server.engine import Engine, Submission
from tertulia.server.fanout import is_hidden
from tertulia.server.hub import Hub, broadcast
from tertulia.server.keys import Keys
from tertulia.server.lanes import Lanes
from tertulia.server.limits import UNLIMITED, Allowance, Metered, Rate
from tertulia.server.readings import IN_FLIGHT, Readings, live_session
from tertulia.server.session import NO_ROOMS, LiveSession, ignoring

logger = logging.getLogger(__name__)

INBOX: Final = 100_000
"""Commands of all sessions that may wait; more are refused until the store has caught up."""

_MESSAGES = (
    c.PostMessage,
    c.PostDirect,
    c.EditMessage,
    c.DeleteMessage,
    c.AddReaction,
    c.RemoveReaction,
    c.ShowTyping,
    c.SendTags,
)


class GatewaySettings(Struct, frozen=True):
    """Limits on sessions, and who may end the chat; None stands for no limit."""

    messages: Rate | None = None
    actions: Rate | None = None
    """For everything that is not about messages: joining, creating, renaming, reading."""
    shutdown_doors: frozenset[str] = frozenset()
    """Doors at which anyone may shut the chat down."""


class Gateway(Readings):
    """Implements `ports.Gateway` on one node."""

    def __init__(
        self,
        engine: Engine,
        hub: Hub,
        store: Store,
        policy: Policy,
        settings: GatewaySettings,
        *,
        monotonic: Callable[[], float],
        draw: Callable[[], int],
        shut_down: Callable[[], None],
    ) -> None:
        """Tie engine, hub and store together.

        `monotonic` gives seconds, `draw` a random number of at least 32 bits; `shut_down` is
        called when a session that may do so asks for the end.
        """
        super().__init__(engine, store, policy, monotonic)
        self._hub = hub
        self._settings = settings
        self._draw = draw
        self._shut_down = shut_down
        self._sessions: dict[UserId, LiveSession] = {}
        self._directory = Directory(
            engine.world.rooms, monotonic, _later, give_up_on=hub.give_up_on
        )
        self._absences = Absences(_later)
        self._lanes: Lanes | None = None
        self._forward = engine.submit
        """Where commands go next: to the engine, unless there are filters."""
        self._follow: Callable[[Entry, RoomState], None] | None = None
        self._farewells: dict[str, tuple[Sequence[RoomId], UserGone]] = {}
        """Who went offline in the turn that is being told, by what their nicks compare by."""
        self._is_closing = False
        self._people_watchers: list[Callable[[Signal], None]] = []

    # Sessions

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
        """See `ports.Gateway.open`."""
        engine = self._engine
        user = UserId(engine.ids.next(engine.now_ms()))
        session = LiveSession(
            user,
            client,
            view,
            messages=_allowance(self._settings.messages),
            actions=_allowance(self._settings.actions),
            hears_itself=hears_itself,
        )
        if self._is_closing or engine.waiting >= INBOX:
            refusal = e.ShuttingDown() if self._is_closing else e.StoreUnavailable()
            session.is_closed = True
            # Later, for the door does not have its session yet.
            asyncio.get_running_loop().call_soon(on_answer, refusal)
            return session
        session.in_flight = 1 + enter
        self._sessions[user] = session
        connect = c.Connect(user, client.label, nick, self._draw(), realname)
        if not enter:
            self._forward(Submission(user, connect, session, on_answer))
            return session
        arrival = _Arrival(on_answer)
        self._forward(Submission(user, connect, session, arrival.connected))
        join = c.JoinRoom(self._policy.main_room)
        self._forward(Submission(user, join, session, arrival.joined))
        return session

    def grant_operator(self, session: Session) -> None:
        """See `ports.Gateway.grant_operator`."""
        live_session(session).is_operator = True

    def close(self, session: Session, reason: LeaveReason, text: str = "") -> None:
        """See `ports.Gateway.close`."""
        live = live_session(session)
        if live.is_closed:
            return
        live.is_closed = True
        self._absences.forget(live)
        self._silence(live)
        self._forward(Submission(live.user, c.Disconnect(reason, text)))

    def _silence(self, live: LiveSession) -> None:
        """Let a session hear nothing any more, not even what is on its way."""
        self._directory.unwatch(live)
        user = self._engine.world.users.get(live.user)
        if user is not None:
            self._hub.drop(live, (*user.rooms, *live.directs))

    def sessions(self) -> Collection[LiveSession]:
        """Return all live sessions."""
        return self._sessions.values()

    def announce(self, text: str) -> None:
        """Tell everyone online something from the operator."""
        self._hub.flush_all()
        signal = Announced(text)
        online = [session for session in self._sessions.values() if session.identity]
        broadcast(online, lambda wire: wire.encode_signal(signal, None))

    def evict_all(self) -> None:
        """Tell everyone that the chat ends, and let nobody in any more."""
        self._is_closing = True
        if self._lanes is not None:
            self._lanes.end()
        self._hub.flush_all()
        for session in list(self._sessions.values()):
            try:
                session.view.evict(e.ShuttingDown())
            except Exception:
                logger.exception("a session can't be evicted: door=%s", session.client.door)
        for session in self._absences.everyone():
            self.close(session, LeaveReason.SHUTDOWN)

    def request_shutdown(self, session: Session) -> Refusal | None:
        """See `ports.Gateway.request_shutdown`."""
        allowed = session.is_operator or session.client.door in self._settings.shutdown_doors
        if not allowed:
            return e.OperatorsOnly()
        self._shut_down()
        return None

    # Going away and coming back

    def issue_token(self, session: Session) -> str:
        """See `ports.Gateway.issue_token`."""
        return self._absences.issue(live_session(session))

    def confirm_token(self, session: Session) -> None:
        """See `ports.Gateway.confirm_token`."""
        self._absences.confirm(live_session(session))

    def detach(self, session: Session, reason: LeaveReason, seconds: float) -> None:
        """See `ports.Gateway.detach`."""
        live = live_session(session)
        if live.is_deaf:
            return
        if self._is_closing or not live.identity or seconds <= 0:
            self.close(live, reason)
            return
        live.is_away = True
        self._silence(live)
        self._absences.begin(live, seconds, partial(self.close, live, reason))

    def resume(self, token: str, client: Client, view: SessionView) -> Resumed | Refusal:
        """See `ports.Gateway.resume`."""
        live = None if self._is_closing else self._absences.find(token)
        user = None if live is None else self.me(live)
        if live is None or user is None:
            return e.ResumeFailed()
        if live.is_away:
            self._absences.end(live)
        else:
            self._silence(live)
            live.view.evict(e.SessionReplaced())
        live.is_away = False
        live.view, live.client = view, client
        return Resumed(live, tuple(self._hear_again(live, user)))

    def _hear_again(self, live: LiveSession, user: User) -> Iterator[Place]:
        """Let a session hear its rooms from here on; yield how far their logs go."""
        world = self._engine.world
        for room in self.rooms_of(user):
            state, head = world.rooms[room], world.heads[room]
            self._subscribe(live, state)
            if state.parties and not live.directs.get(room) and live.identity.startswith("n:"):
                self._engine.mark_read(ReadMark(live.identity, room, head))
            yield Place(state, head, live.since.get(room, 0))

    # Submissions

    def submit(
        self,
        session: Session,
        command: Command,
        on_answer: OnAnswer | None = None,
        request: object = None,
        key: str | None = None,
    ) -> Refusal | None:
        """See `ports.Gateway.submit`."""
        live = live_session(session)
        if self._is_closing or live.is_closed:
            return e.ShuttingDown()
        allowance = live.messages if isinstance(command, _MESSAGES) else live.actions
        wait = allowance.take(self._monotonic())
        if wait:
            return e.RateLimited(wait)
        if live.in_flight >= IN_FLIGHT or self._engine.waiting >= INBOX:
            return e.RateLimited(0.1)
        if key is not None:
            live.keys = live.keys or Keys()
            if live.keys.recall(key, on_answer):
                return None
            on_answer = live.keys.remember(key, on_answer)
        live.in_flight += 1
        self._forward(Submission(live.user, command, live, on_answer, request))
        return None

    def filter_commands(self, chosen: CommandFilter | None) -> None:
        """See `ports.Backstage.filter_commands`."""
        if self._lanes is None and chosen is not None:
            self._lanes = Lanes(self._engine.submit, self._refuse, self._take_lanes_away)
            self._forward = self._lanes.submit
        if self._lanes is not None:
            self._lanes.use(chosen)

    def _take_lanes_away(self) -> None:
        self._lanes = None
        self._forward = self._engine.submit

    def _refuse(self, submission: Submission, refusal: Refusal) -> None:
        """Answer a command that no turn gets to see."""
        submission.refuse(refusal)
        self.turn_kept([submission], self._engine.world)

    def follow_entries(self, follow: Callable[[Entry, RoomState], None] | None) -> None:
        """See `ports.Backstage.follow_entries`."""
        self._follow = follow

    def turn_kept(self, submissions: Sequence[Submission], world: World) -> None:
        """Publish what a turn led to, which is stored now, and answer those who asked.

        In the order in which things happened: whoever is answered has been sent nothing yet of
        what came of it, nor of what came later.
        """
        if self._directory.is_watched:
            for submission in submissions:
                self._directory.note(submission.entries)
        for submission in submissions:
            origin, decision = submission.origin, submission.decision
            if origin is not None:
                origin.in_flight -= 1
            try:
                if decision is None:
                    self._note_refused(submission)
                elif decision.user is not None:
                    if decision.user.key in self._farewells:
                        # Whoever had this nick is gone for all before somebody else has it.
                        self._tell_farewells()
                    self._note_user(decision.user, world)
                for entry in submission.entries:
                    self._publish(entry, submission, world)
            except Exception:
                logger.exception("%s can't be told", type(submission.command).__name__)
            if submission.on_answer is not None:
                try:
                    submission.on_answer(submission.answer)
                except Exception:
                    if origin is not None:
                        self._hub.give_up_on(origin)
            if decision is not None:
                if decision.signals:
                    self._tell_signals(submission, world)
                if decision.is_gone:
                    self._sessions.pop(submission.actor, None)
        self._tell_farewells()
        self._hub.flush()
        self._directory.tell()

    def _note_refused(self, submission: Submission) -> None:
        """A session whose user never came online is no session."""
        if isinstance(submission.command, c.Connect):
            session = self._sessions.pop(submission.actor, None)
            if session is not None:
                session.is_closed = True

    def _publish(self, entry: Entry, submission: Submission, world: World) -> None:
        """Queue an entry for those who hear its room, among them who comes in by it."""
        event = entry.event
        room = world.rooms.get(entry.room)
        if room is None:
            room = self._room_that_was(entry)
            if room is None:
                return
        if isinstance(event, MemberJoined):
            self._enter(self._sessions.get(event.user.id), room, submission.origin)
        elif isinstance(event, RoomCreated):
            for session in self._parties_present(room, submission.origin, world):
                self._hear_direct(session, room)
        self._hub.publish(room, entry, submission.origin, submission.request)
        if self._follow is not None:
            self._follow(entry, room)
        if isinstance(event, MessagePosted):
            if room.parties:
                self._mark_heard(room, entry.seq)
        elif isinstance(event, MemberLeft):
            self._exit(self._sessions.get(event.user.id), room.id, world)
        elif isinstance(event, RoomDeleted):
            for session in self._hub.sessions(room.id):
                self._exit(session, room.id, world)

    def _room_that_was(self, entry: Entry) -> RoomState | None:
        """Return a room that has ended in this turn, as it was in it or before it."""
        if isinstance(entry.event, RoomCreated):
            return apply(None, entry)
        return self._hub.last_known(entry.room) or self._engine.ended.get(entry.room)

    # Who hears what

    def _enter(
        self, session: LiveSession | None, room: RoomState, origin: LiveSession | None
    ) -> None:
        """Let a session hear a room from its own entry on, in the bytes its door makes of it."""
        if session is None or session.is_closed:
            return
        if session is origin:
            before, session.current = session.current, room.id
            if before is not None:
                self._regroup(session, before)
        self._subscribe(session, room)

    def _subscribe(self, session: LiveSession, room: RoomState) -> None:
        wire = self._format_for(session, room)
        if wire is not None and not session.is_deaf:
            self._hub.subscribe(session, room, wire)

    def _format_for(self, session: LiveSession, room: RoomState) -> WireFormat | None:
        try:
            return session.view.format_for(room)
        except Exception:
            self._hub.give_up_on(session)
            return None

    def _exit(self, session: LiveSession | None, room: RoomId, world: World) -> None:
        """Let a session hear nothing of a room past what was published last."""
        if session is None or session.is_closed:
            return
        self._hub.unsubscribe(session, room)
        if session.current == room:
            user = world.users.get(session.user)
            rooms = () if user is None else tuple(other for other in user.rooms if other != room)
            session.current = rooms[-1] if rooms else None
            if session.current is not None:
                self._regroup(session, session.current)

    def _note_user(self, user: User, world: World) -> None:
        """Follow a user to the direct conversations of the name they have now."""
        session = self._sessions.get(user.person.id)
        if session is None or session.is_closed:
            return
        told = session.directs if session.identity == user.identity else NO_ROOMS
        session.identity = user.identity
        kept = world.directs.get(user.identity, ())
        before = session.directs
        if not kept and not before:
            return
        for gone in before.keys() - set(kept):
            self._hub.unsubscribe(session, gone)
        # What was told under another name was not told to this one.
        session.directs = {room: told.get(room, world.heads[room]) for room in kept}
        session.since = {room: session.since.get(room, world.heads[room]) for room in kept}
        for new in session.directs.keys() - before.keys():
            self._subscribe(session, world.rooms[new])

    def _parties_present(
        self, room: RoomState, origin: LiveSession | None, world: World
    ) -> Iterator[LiveSession]:
        """Yield the sessions, online by now, of the two that a direct conversation belongs to."""
        for identity in room.parties:
            if origin is not None and origin.identity == identity:
                yield origin
                continue
            guest = identity.startswith("u:")
            user = UserId(int(identity[2:])) if guest else world.nicks.get(nick_key(identity[2:]))
            session = None if user is None else self._sessions.get(user)
            # The world is the one after the whole turn: they may have come, or been renamed, later.
            if session is not None and session.identity == identity:
                yield session

    def _hear_direct(self, session: LiveSession, room: RoomState) -> None:
        if not session.is_closed and room.id not in session.directs:
            session.directs = {**session.directs, room.id: 0}
            session.since = {**session.since, room.id: 0}
            self._subscribe(session, room)

    def _mark_heard(self, room: RoomState, seq: int) -> None:
        """Whoever hears a direct message now need not be told of it again."""
        for session in self._hub.sessions(room.id):
            if seq <= session.since.get(room.id, 0):
                session.since = {**session.since, room.id: seq - 1}
            untold = session.directs.get(room.id, 0)
            if not untold:
                if session.identity.startswith("n:"):
                    self._engine.mark_read(ReadMark(session.identity, room.id, seq))
            elif seq <= untold:
                # It came after them, but in the same turn: they have missed what was before it.
                session.directs = {**session.directs, room.id: seq - 1}

    def _tell_signals(self, submission: Submission, world: World) -> None:
        user = world.users.get(submission.actor)
        decision, origin = submission.decision, submission.origin
        if decision is None:
            return
        without = None if origin is None or origin.hears_itself else origin
        for signal in decision.signals:
            for tell in self._people_watchers:
                tell(signal)
            if isinstance(signal, (Typing, Tagged)):
                self._hub.signal_room(signal.room, signal, origin)
            elif isinstance(signal, Invited):
                self._tell_alone(self._sessions.get(signal.user.id), signal)
            elif isinstance(signal, UserGone):
                rooms = [room for room, _ in decision.facts]
                self._farewells[nick_key(signal.user.nick)] = (rooms, signal)
            elif user is not None and not isinstance(signal, (UserArrived, RoomMoved)):
                self._hub.signal_acquaintances(self.rooms_of(user), signal, without)

    def _tell_farewells(self) -> None:
        """Tell together who is gone: when a crowd goes at once, it is one write for each."""
        if self._farewells:
            farewells, self._farewells = self._farewells, {}
            self._hub.signal_many(farewells.values())

    def _tell_alone(self, session: LiveSession | None, signal: Signal) -> None:
        """Tell a signal to one session, which need not be in any room."""
        if session is not None and not session.is_deaf and not is_hidden(session, signal):
            broadcast([session], lambda wire: wire.encode_signal(signal, None))

    # How a session looks at the chat

    def watch_people(self, tell: Callable[[Signal], None]) -> None:
        """See `ports.Gateway.watch_people`."""
        self._people_watchers.append(tell)

    def expel(self, session: Session, user: UserId, text: str) -> Refusal | None:
        """See `ports.Gateway.expel`."""
        own = self.me(session)
        if own is None or not session.is_operator:
            return e.OperatorsOnly()
        other = self._sessions.get(user)
        if other is None or other.is_closed:
            return e.NoSuchUser("")
        other.view.evict(e.Expelled(own.person.nick, clean_line(text, 200)))
        self.close(other, LeaveReason.KICKED, clean_line(text, 200))
        return None

    def watch_rooms(self, session: Session) -> None:
        """See `ports.Gateway.watch_rooms`."""
        self._directory.watch(live_session(session))

    def select_room(self, session: Session, room: RoomId) -> None:
        """See `ports.Gateway.select_room`."""
        live = live_session(session)
        before, live.current = live.current, room
        if before is not None:
            self._regroup(live, before)
        self._regroup(live, room)

    def refresh(self, session: Session) -> None:
        """See `ports.Gateway.refresh`."""
        user = self.me(session)
        if user is not None:
            for room in self.rooms_of(user):
                self._regroup(live_session(session), room)

    def _regroup(self, session: LiveSession, room: RoomId) -> None:
        state = self._engine.world.rooms.get(room)
        wire = None if state is None else self._format_for(session, state)
        if wire is not None:
            self._hub.regroup(session, room, wire)

    def ignore(self, session: Session, nick: str) -> Refusal | None:
        """See `ports.Gateway.ignore`."""
        live = live_session(session)
        other = self.user_called(nick)
        if other is None:
            return e.NoSuchUser(clean_line(nick, self._policy.nick_length))
        if other.person.id == live.user:
            return e.ToYourself()
        people = {**live.ignored.people, other.person.id: other.person.nick}
        self._set_ignored(live, people)
        return None

    def unignore(self, session: Session, nick: str) -> Refusal | None:
        """See `ports.Gateway.unignore`."""
        live = live_session(session)
        key = nick_key(nick)
        other = self.user_called(nick)
        people = live.ignored.people
        left = {
            user: name
            for user, name in people.items()
            if nick_key(name) != key and (other is None or other.person.id != user)
        }
        if len(left) == len(people):
            return e.NoSuchUser(clean_line(nick, self._policy.nick_length))
        self._set_ignored(live, left)
        return None

    def ignored(self, session: Session) -> Sequence[str]:
        """See `ports.Gateway.ignored`."""
        return sorted(live_session(session).ignored.people.values())

    def _set_ignored(self, live: LiveSession, people: dict[UserId, str]) -> None:
        live.ignored = ignoring(people)
        user = self.me(live)
        if user is not None:
            self._hub.note_ignorer(live, self.rooms_of(user))


class _Arrival:
    """Turns the two answers of an arrival (online, in the main room) into one."""

    __slots__ = ("_is_refused", "_on_answer")

    def __init__(self, on_answer: OnAnswer) -> None:
        self._on_answer = on_answer
        self._is_refused = False

    def connected(self, answer: Answer) -> None:
        if not isinstance(answer, Done):
            self._is_refused = True
            self._on_answer(answer)

    def joined(self, answer: Answer) -> None:
        if not self._is_refused:
            self._on_answer(answer)


def _later(seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(seconds, call)


def _allowance(rate: Rate | None) -> Allowance:
    return UNLIMITED if rate is None else Metered(rate)
