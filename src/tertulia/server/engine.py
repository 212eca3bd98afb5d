"""The engine: the turns. Decide, append, apply, publish; one turn after another.

While one turn's entries are being stored, the next turn's commands gather, so that load makes
turns larger and not queues longer. All rooms share the turn, which makes what spans rooms (a nick,
a farewell) one thing and costs nothing, for the store has one writer anyway. Nothing that a turn
decided is seen by anyone before it is stored; if it can't be, its commands are refused and the
draft is dropped.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct

from tertulia.core.commands import Command, CreateRoom, Disconnect, JoinRoom, target_of
from tertulia.core.decide import Decision, carry_out, decide, found_main_room, sweep
from tertulia.core.errors import HistoryDamaged, InternalError, Refusal, Refused, StoreUnavailable
from tertulia.core.events import AMENDMENTS, Entry, MessagePosted, RoomDeleted
from tertulia.core.history import Message, amend
from tertulia.core.ids import EventId, IdSource, RoomId, UserId
from tertulia.core.policy import Policy
from tertulia.core.room import RoomState
from tertulia.core.state import Turn, World
from tertulia.ports import Answer, Done, OnAnswer, ReadMark, Recovery, Store, StoredRoom, StoreError
from tertulia.server.recent import RecentMessages
from tertulia.server.session import LiveSession

logger = logging.getLogger(__name__)

LARGEST_TURN: Final = 2000
"""Commands decided in one turn at the most, so that one turn can't hold up the loop for long.

Not fewer, for all that a room gains in one turn is one write for each who hears it.
"""
MOST_ENTRANCES: Final = 64
"""Commands of one turn that let somebody into a room.

A turn keeps each one's view of the room until it is stored: with 1000 of them, 500 arrivals in
one room left 10.9 KiB of memory a client behind; with this many, 2.6.
"""
RETRY_AFTER: Final = 1.0
"""Seconds until a farewell that could not be stored is tried again."""
MARKS_AFTER: Final = 1.0
"""Seconds that read marks wait for a turn to go along with."""
LOOK_UP_WITHIN: Final = 5.0
"""Seconds that a turn waits for the messages that its commands are about."""
SILENCE: Final = 10.0
"""Seconds without a word from the store until the log tells of it."""
REMIND_AFTER: Final = 60.0
"""Seconds until the log tells again that nothing can be stored."""

_SHOWN = (MessagePosted, *AMENDMENTS)
_ENTRANCES = (JoinRoom, CreateRoom)
_DONE: Final = Done()


class Submission(Struct, eq=False):
    """A command on its way through a turn."""

    actor: UserId
    command: Command
    origin: LiveSession | None = None
    on_answer: OnAnswer | None = None
    request: object = None
    decision: Decision | None = None
    """What it led to; None as long as it is refused or not decided."""
    entries: Sequence[Entry] = ()
    answer: Answer = _DONE

    def refuse(self, refusal: Refusal) -> None:
        """Let it lead to nothing."""
        self.decision, self.entries, self.answer = None, (), refusal


class Audience(Protocol):
    """Who is told what a turn led to: the gateway."""

    def turn_kept(self, submissions: Sequence[Submission], world: World) -> None:
        """Publish what is stored now, and answer those who asked."""
        ...


class EngineStatistics(Struct, frozen=True):
    """What the engine has done so far."""

    turns: int
    commands: int
    entries: int
    failed_turns: int
    waiting: int


class Engine:
    """Runs the turns of one node."""

    def __init__(
        self, store: Store, policy: Policy, now_ms: Callable[[], int], *, node: int = 0
    ) -> None:
        self._store = store
        self._policy = policy
        self.now_ms = now_ms
        self._node = node
        self.ids = IdSource(node)
        self.world = World()
        self.recent: dict[RoomId, RecentMessages] = {}
        self.ended: Mapping[RoomId, RoomState] = {}
        """The rooms that ended in the last turn, as they were before it."""
        self._inbox: deque[Submission] = deque()
        self._marks: dict[tuple[str, RoomId], int] = {}
        self._marks_due = False
        self._wake = asyncio.Event()
        self._closing = False
        self._failing = 0
        """Turns that could not be stored since the last one that could."""
        self._remind_at = 0.0
        self._asked_at: float | None = None
        """When the store was given the turn that it has at present."""
        self._is_watching = False
        self._turns = self._commands = self._entries = self._failed = 0

    # Life

    async def recover(self, recovery: Recovery) -> None:
        """Take in what the store holds, and end the stays that a crash left open.

        Raises:
            StoreUnavailable: the store can't keep anything.
        """
        self.ids = IdSource(self._node, last=recovery.last_id)
        for stored in recovery.rooms:
            self.world.restore(stored.state, stored.head)
            if stored.recent:
                self.recent[stored.state.id] = RecentMessages(stored.recent)
        turn = Turn(self.world, self.ids, self.now_ms())
        sweep(turn, [stored.state for stored in recovery.rooms])
        found_main_room(turn, self._policy)
        if turn.entries:
            await self._store.append(turn.entries)
        turn.keep()
        self._note_recent(turn.entries)

    async def run(self, audience: Audience) -> None:
        """Run turns until `finish`."""
        while not (self._closing and not self._inbox and not self._marks):
            if not self._inbox and not self._marks_due:
                await self._wake.wait()
            self._wake.clear()
            await self._turn(audience)
            # A store that never waits must not keep the loop from reading.
            await asyncio.sleep(0)

    def finish(self) -> None:
        """Let `run` return once everything submitted so far is done."""
        self._closing = True
        self._marks_fall_due()

    # What comes in

    @property
    def waiting(self) -> int:
        """Commands that no turn has taken up yet."""
        return len(self._inbox)

    def submit(self, submission: Submission) -> None:
        """Queue a command for the next turn."""
        self._inbox.append(submission)
        self._wake.set()

    def mark_read(self, mark: ReadMark) -> None:
        """Keep how far somebody has read, with the next turn or soon after."""
        key = (mark.identity, mark.room)
        if not self._marks:
            asyncio.get_running_loop().call_later(MARKS_AFTER, self._marks_fall_due)
        self._marks[key] = max(mark.seq, self._marks.get(key, 0))
        if self._closing:
            self._marks_fall_due()

    def _marks_fall_due(self) -> None:
        self._marks_due = bool(self._marks)
        self._wake.set()

    def statistics(self) -> EngineStatistics:
        """Return what the engine has done so far."""
        return EngineStatistics(
            self._turns, self._commands, self._entries, self._failed, len(self._inbox)
        )

    def stored_rooms(self) -> list[StoredRoom]:
        """Return every room as it should be remembered."""
        world = self.world
        return [StoredRoom(state, world.heads[room]) for room, state in world.rooms.items()]

    def forget_before(self, oldest: EventId) -> None:
        """Drop what is at hand of messages older than `oldest`, which were erased."""
        for recent in self.recent.values():
            recent.forget_before(oldest)

    # The turn

    async def _turn(self, audience: Audience) -> None:
        batch, targets = self._take()
        evidence: Mapping[EventId, Message] = {}
        wanted = batch
        if targets:
            try:
                evidence = await self._look_up(targets)
            except Refused as no:
                wanted = _without_targets(batch, no.refusal)
        marks, self._marks, self._marks_due = self._marks, {}, False
        turn = self._draft(wanted, evidence)
        if (turn.entries or marks) and not await self._keep(turn.entries, marks):
            self._restore_marks(marks)
            turn = self._fall_back(wanted, evidence)
        self.ended = self._rooms_ended_by(turn.entries)
        turn.keep()
        self._turns += 1
        self._commands += len(batch)
        self._entries += len(turn.entries)
        self._note_recent(turn.entries)
        audience.turn_kept(batch, self.world)

    def _take(self) -> tuple[list[Submission], set[EventId]]:
        """Take the next turn's commands, and tell which messages they are about."""
        inbox = self._inbox
        batch: list[Submission] = []
        targets: set[EventId] = set()
        entrances = 0
        while inbox and len(batch) < LARGEST_TURN:
            command = inbox[0].command
            if isinstance(command, _ENTRANCES):
                entrances += 1
                if entrances > MOST_ENTRANCES:
                    break
            target = target_of(command)
            if target is not None:
                targets.add(target)
            batch.append(inbox.popleft())
        return batch, targets

    async def _look_up(self, targets: set[EventId]) -> Mapping[EventId, Message]:
        """Return the messages that commands are about.

        Raises:
            Refused: they can't be read.
        """
        try:
            async with asyncio.timeout(LOOK_UP_WITHIN):
                return await self._store.find_messages(targets)
        except Exception as error:
            logger.error("messages can't be looked up: %r", error, exc_info=_if_fault(error))
            raise Refused(HistoryDamaged()) from error

    def _draft(self, wanted: Sequence[Submission], evidence: Mapping[EventId, Message]) -> Turn:
        """Decide commands; one that breaks the draft is refused, and the others begin anew."""
        while True:
            turn = Turn(self.world, self.ids, self.now_ms())
            breaker = self._decide(turn, wanted, dict(evidence))
            if breaker is None:
                return turn
            breaker.refuse(InternalError())
            wanted = [submission for submission in wanted if submission is not breaker]

    def _decide(
        self, turn: Turn, wanted: Sequence[Submission], evidence: dict[EventId, Message]
    ) -> Submission | None:
        """Decide commands in order, each in view of those before it; return one that can't be."""
        entries, policy = turn.entries, self._policy
        for submission in wanted:
            before = len(entries)
            try:
                decision = decide(turn, submission.actor, submission.command, policy, evidence)
                carry_out(turn, submission.actor, decision)
            except Refused as no:
                submission.refuse(no.refusal)
                continue
            except Exception:
                logger.exception("%s failed", type(submission.command).__name__)
                return submission
            submission.decision = decision
            submission.entries = own = entries[before:]
            if evidence:
                _amend(evidence, own)
            if submission.on_answer is not None:
                room = turn.rooms.get(own[-1].room) if own else None
                submission.answer = Done(tuple(own), room)
        return None

    def _fall_back(self, batch: Sequence[Submission], evidence: Mapping[EventId, Message]) -> Turn:
        """Refuse what could not be stored; what needs no storing still happens."""
        turn = Turn(self.world, self.ids, self.now_ms())
        for submission in batch:
            if submission.decision is None:
                continue
            if submission.decision.facts:
                self._refuse_unstored(submission)
                continue
            try:
                # Anew, for it was decided in view of what has not happened.
                decision = decide(
                    turn, submission.actor, submission.command, self._policy, evidence
                )
            except Refused as no:
                submission.refuse(no.refusal)
                continue
            if decision.facts:
                self._refuse_unstored(submission)
            else:
                carry_out(turn, submission.actor, decision)
                submission.decision = decision
        return turn

    def _refuse_unstored(self, submission: Submission) -> None:
        submission.refuse(StoreUnavailable())
        if isinstance(submission.command, Disconnect):
            self._retry_later(submission)

    def _retry_later(self, submission: Submission) -> None:
        """A farewell can't be refused: whoever is gone is gone."""
        if self._closing:
            logger.error("a farewell was not stored; it will be at the next start")
            return
        again = Submission(submission.actor, submission.command)
        asyncio.get_running_loop().call_later(RETRY_AFTER, self.submit, again)

    # The store

    async def _keep(
        self, entries: Sequence[Entry], marks: Mapping[tuple[str, RoomId], int]
    ) -> bool:
        """Have a turn stored; tell whether it is."""
        read = [ReadMark(identity, room, seq) for (identity, room), seq in marks.items()]
        self._watch_store()
        try:
            await self._store.append(entries, read)
        except Exception as error:
            self._note_failure(error)
            return False
        finally:
            self._asked_at = None
        if self._failing:
            logger.warning("storing works again, after %s turns that failed", self._failing)
            self._failing = 0
        return True

    def _watch_store(self) -> None:
        """Note that the store is asked, and see to it that a long silence is told of.

        There is no giving up on it: nobody could say whether it kept what it was given.
        """
        loop = asyncio.get_running_loop()
        self._asked_at = loop.time()
        if not self._is_watching:
            self._is_watching = True
            loop.call_later(SILENCE, self._look_at_store, loop)

    def _look_at_store(self, loop: asyncio.AbstractEventLoop) -> None:
        # One timer now and then, for one with every turn would cost each turn something.
        self._is_watching = self._asked_at is not None
        if self._asked_at is not None:
            silence = loop.time() - self._asked_at
            if silence >= SILENCE:
                logger.error("the store has not answered for %.0f s", silence)
            loop.call_later(SILENCE, self._look_at_store, loop)

    def _note_failure(self, error: Exception) -> None:
        """Say that nothing can be stored, but not with every turn."""
        now = asyncio.get_running_loop().time()
        if not self._failing or now >= self._remind_at:
            self._remind_at = now + REMIND_AFTER
            logger.error("nothing can be stored: %s", error, exc_info=_if_fault(error))
        self._failing += 1
        self._failed += 1

    def _restore_marks(self, marks: Mapping[tuple[str, RoomId], int]) -> None:
        for (identity, room), seq in marks.items():
            if not self._closing:
                self.mark_read(ReadMark(identity, room, seq))

    def _rooms_ended_by(self, entries: Sequence[Entry]) -> Mapping[RoomId, RoomState]:
        rooms = self.world.rooms
        ended = [entry.room for entry in entries if isinstance(entry.event, RoomDeleted)]
        return {room: rooms[room] for room in ended if room in rooms}

    def _note_recent(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if isinstance(entry.event, _SHOWN):
                recent = self.recent.get(entry.room)
                if recent is None:
                    recent = self.recent[entry.room] = RecentMessages()
                recent.note(entry)
            elif isinstance(entry.event, RoomDeleted):
                self.recent.pop(entry.room, None)


def _without_targets(batch: Sequence[Submission], refusal: Refusal) -> list[Submission]:
    """Refuse the commands about earlier messages, and return the others."""
    others: list[Submission] = []
    for submission in batch:
        if target_of(submission.command) is None:
            others.append(submission)
        else:
            submission.refuse(refusal)
    return others


def _amend(evidence: dict[EventId, Message], entries: Sequence[Entry]) -> None:
    """Let what is known of earlier messages follow from `entries`."""
    for entry in entries:
        if isinstance(entry.event, AMENDMENTS) and entry.event.target in evidence:
            evidence[entry.event.target] = amend(evidence[entry.event.target], entry)


def _if_fault(error: Exception) -> Exception | None:
    """Return what the log should have a traceback of: anything that a store does not announce."""
    return None if isinstance(error, (StoreError, TimeoutError)) else error
