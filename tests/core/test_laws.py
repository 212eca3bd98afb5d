"""The laws of the core, tried on whatever people may do in whatever order."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from typing_extensions import override

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.apply import replay
from tertulia.core.decide import carry_out, decide, found_main_room, sweep
from tertulia.core.errors import Refusal, Refused
from tertulia.core.events import Entry, LeaveReason, RoomKind
from tertulia.core.history import Message, fold
from tertulia.core.ids import EPOCH_MS, EventId, IdSource, RoomId, UserId
from tertulia.core.names import folded_nick, nick_key, room_key
from tertulia.core.policy import Policy
from tertulia.core.room import RoomState
from tertulia.core.state import Turn, World

NICKS = ["ana", "ANA", "Ana2", "bob", "rob", "maria", "rnaria", "João", "guest1001", "a b", "root"]
ROOMS = ["den", "#DEN", "café", "d.e.n", "x1", "lobby", "a b"]
TEXTS = ["hi", "hey", "yes", "no", "two\nlines", "", "\x1b[1m", "x" * 60, "olá"]
POLICY = Policy(rooms=7, rooms_per_user=3, text_length=50, reactions_per_message=2)

picks = st.integers(0, 29)
nicks, names, texts = st.sampled_from(NICKS), st.sampled_from(ROOMS), st.sampled_from(TEXTS)


class ChatMachine(RuleBasedStateMachine):
    """Turns of any commands, kept or dropped, and starts from what was stored."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.ids = IdSource()
        self.now = EPOCH_MS
        self.log: list[Entry] = []
        self.states: dict[RoomId, list[RoomState | None]] = defaultdict(lambda: [None])
        self.held = self.started = 0
        self.begin()
        found_main_room(self.turn, POLICY)
        self.keep()

    def begin(self) -> None:
        self.turn = Turn(self.world, self.ids, self.now)
        self.before = self.tables()

    def tables(self) -> tuple[object, ...]:
        world = self.world
        return (
            *(world.rooms.copy(), world.heads.copy(), world.room_names.copy()),
            *(world.directs.copy(), world.users.copy(), world.nicks.copy()),
        )

    def ask(self, actor: UserId, command: c.Command) -> Refusal | None:
        """Decide on a command in the draft; a refusal must leave it as it was."""
        entries = len(self.turn.entries)
        evidence = self.messages() if c.target_of(command) is not None else {}
        try:
            decision = decide(self.turn, actor, command, POLICY, evidence)
        except Refused as no:
            assert len(self.turn.entries) == entries
            return no.refusal
        assert len(self.turn.entries) == entries
        carry_out(self.turn, actor, decision)
        assert len(self.turn.entries) == entries + len(decision.facts)
        if self.held == 0:
            self.keep()
        else:
            self.held -= 1
        return None

    def messages(self) -> dict[EventId, Message]:
        return {message.id: message for message in fold(self.log)}

    def someone(self, pick: int) -> UserId:
        """Pick a user, mostly one who is online."""
        users = [*self.world.users, UserId(1)]
        return users[pick % len(users)]

    def room(self, actor: UserId, pick: int) -> RoomId:
        """Pick a room, mostly one that the actor is in."""
        user = self.turn.users.get(actor)
        known = () if user is None else (*user.rooms, *self.turn.directs_of(user.identity))
        rooms = [*known * 3, *self.states, RoomId(1)]
        return rooms[pick % len(rooms)]

    def target(self, actor: UserId, pick: int) -> EventId:
        """Pick a message, mostly one of the actor's own."""
        messages = self.messages()
        own = [target for target, message in messages.items() if message.author.id == actor]
        targets = [*own * 3, *messages, EventId(1)]
        return targets[pick % len(targets)]

    # Turns

    @initialize()
    def welcome(self) -> None:
        for nick in ("ana", "bob", None, None):
            self.connect(nick, 0)

    @rule(commands=st.integers(1, 6))
    def hold(self, commands: int) -> None:
        """Let the next commands share a turn."""
        self.held = commands

    def keep(self) -> None:
        self.held = 0
        self.turn.keep()
        for entry in self.turn.entries:
            self.log.append(entry)
            self.states[entry.room].append(replay([entry], self.states[entry.room][-1]))
        self.begin()

    @rule()
    @precondition(lambda self: self.turn.entries)
    def drop(self) -> None:
        self.held = 0
        self.begin()

    @rule(step=st.integers(-5000, 5000))
    def let_the_clock_jump(self, step: int) -> None:
        self.now += step

    @rule()
    @precondition(lambda self: len(self.log) > self.started + 30)
    def start_again(self) -> None:
        rooms, heads = dict(self.world.rooms), dict(self.world.heads)
        self.world = World()
        self.ids = IdSource(last=self.log[-1].id)
        for room, state in rooms.items():
            self.world.restore(state, heads[room])
        self.begin()
        sweep(self.turn, list(rooms.values()))
        found_main_room(self.turn, POLICY)
        self.keep()
        assert all(not state.members for state in self.world.rooms.values())
        self.welcome()
        self.started = len(self.log)

    # People

    @rule(nick=st.none() | nicks, lot=st.integers(0, 3))
    @precondition(lambda self: len(self.world.users) < 8)
    def connect(self, nick: str | None, lot: int) -> None:
        user = UserId(self.turn.fresh_id())
        if self.ask(user, c.Connect(user, "127.0.0.1:1", nick, lot)) is None:
            self.ask(user, c.JoinRoom(POLICY.main_room))

    @rule(who=picks, reason=st.sampled_from(LeaveReason))
    def disconnect(self, who: int, reason: LeaveReason) -> None:
        user = self.someone(who)
        self.ask(user, c.Disconnect(reason))
        assert self.turn.users.get(user) is None
        assert isinstance(self.ask(user, c.SetAway("")), e.ShuttingDown)

    @rule(who=picks, nick=nicks)
    def change_nick(self, who: int, nick: str) -> None:
        self.ask(self.someone(who), c.ChangeNick(nick))

    @rule(who=picks, text=st.none() | texts)
    def set_away(self, who: int, text: str | None) -> None:
        self.ask(self.someone(who), c.SetAway(text))

    # Rooms

    @rule(who=picks, name=names, topic=texts)
    def create_room(self, who: int, name: str, topic: str) -> None:
        self.ask(self.someone(who), c.CreateRoom(name, topic))

    @rule(who=picks, where=picks)
    def delete_room(self, who: int, where: int) -> None:
        user = self.someone(who)
        owned = [state.id for state in self.world.rooms.values() if state.owner == user]
        rooms = [*owned * 3, self.room(user, where)]
        self.ask(user, c.DeleteRoom(rooms[where % len(rooms)]))

    @rule(who=picks, where=names | picks)
    def join_room(self, who: int, where: str | int) -> None:
        user = self.someone(who)
        room = where if isinstance(where, str) else self.room(user, where)
        self.ask(user, c.JoinRoom(room))

    @rule(who=picks, where=picks, text=texts)
    def leave_room(self, who: int, where: int, text: str) -> None:
        user = self.someone(who)
        self.ask(user, c.LeaveRoom(self.room(user, where), text))

    @rule(who=picks, where=picks, topic=texts)
    def set_topic(self, who: int, where: int, topic: str) -> None:
        user = self.someone(who)
        self.ask(user, c.SetTopic(self.room(user, where), topic))

    # Messages

    @rule(who=picks, where=picks, text=texts, answered=st.none() | picks)
    def post(self, who: int, where: int, text: str, answered: int | None) -> None:
        user = self.someone(who)
        reply_to = None if answered is None else self.target(user, answered)
        self.ask(user, c.PostMessage(self.room(user, where), text, reply_to=reply_to))

    @rule(who=picks, nick=nicks, text=texts)
    def post_direct(self, who: int, nick: str, text: str) -> None:
        self.ask(self.someone(who), c.PostDirect(nick, text))

    @rule(who=picks, other=picks)
    def post_direct_to_somebody_here(self, who: int, other: int) -> None:
        addressee = self.turn.users.get(self.someone(other))
        if addressee is not None:
            self.ask(self.someone(who), c.PostDirect(addressee.person.nick, "psst"))

    @rule(who=picks, what=picks, text=texts)
    @precondition(lambda self: self.messages())
    def edit(self, who: int, what: int, text: str) -> None:
        user = self.someone(who)
        self.ask(user, c.EditMessage(self.target(user, what), text))

    @rule(who=picks, what=picks)
    @precondition(lambda self: self.messages())
    def delete(self, who: int, what: int) -> None:
        user = self.someone(who)
        self.ask(user, c.DeleteMessage(self.target(user, what)))

    @rule(who=picks, what=picks, reaction=texts, back=st.booleans())
    @precondition(lambda self: self.messages())
    def react(self, who: int, what: int, reaction: str, back: bool) -> None:
        kind = c.RemoveReaction if back else c.AddReaction
        user = self.someone(who)
        self.ask(user, kind(self.target(user, what), reaction))

    # Laws

    @invariant()
    def a_draft_changes_nothing(self) -> None:
        assert self.tables() == self.before

    @invariant()
    def places_in_a_log_have_no_gaps_and_ids_rise(self) -> None:
        for room, states in self.states.items():
            seqs = [entry.seq for entry in self.log if entry.room == room]
            assert seqs == list(range(1, len(states)))
            assert self.world.heads.get(room) == (None if states[-1] is None else seqs[-1])
        assert all(one.id < other.id for one, other in pairwise(self.log))

    @invariant()
    def replaying_the_log_gives_the_state(self) -> None:
        live = {room: states[-1] for room, states in self.states.items() if states[-1] is not None}
        assert live == self.world.rooms

    @invariant()
    def whoever_is_in_a_room_is_online_and_knows_it(self) -> None:
        inside = {
            (member, room): state.members[member].user
            for room, state in self.world.rooms.items()
            for member in state.members
        }
        known = {
            (user, room): online.person
            for user, online in self.world.users.items()
            for room in online.rooms
        }
        assert inside == known
        assert all(
            len(set(user.rooms)) == len(user.rooms) <= 3 for user in self.world.users.values()
        )

    @invariant()
    def nobody_shares_a_nick(self) -> None:
        users = self.world.users
        assert {user.key: number for number, user in users.items()} == self.world.nicks
        assert len(self.world.nicks) == len(users)
        for number, user in users.items():
            assert user.key == nick_key(user.person.nick)
            assert user.identity in (f"u:{number}", f"n:{folded_nick(user.person.nick)}")

    @invariant()
    def rooms_are_found_by_their_names(self) -> None:
        public = [s for s in self.world.rooms.values() if s.kind is RoomKind.PUBLIC]
        assert {room_key(state.name): state.id for state in public} == self.world.room_names
        assert len(self.world.room_names) == len(public)
        assert len(self.world.rooms) <= POLICY.rooms

    @invariant()
    def the_main_room_stays_and_empty_rooms_without_history_do_not(self) -> None:
        main = self.world.room_named(POLICY.main_room)
        assert main is not None
        assert main.permanent
        for state in self.world.rooms.values():
            assert state.members or state.permanent or state.has_history

    @invariant()
    def words_for_two_are_for_those_two(self) -> None:
        directs: dict[str, set[RoomId]] = defaultdict(set)
        online = {user.identity for user in self.world.users.values()}
        for state in self.world.rooms.values():
            if state.kind is RoomKind.DIRECT:
                one, other = state.parties
                assert one < other
                assert not state.members
                assert online & {one, other} or not (one[0] == other[0] == "u")
                directs[one].add(state.id)
                directs[other].add(state.id)
        assert {key: set(rooms) for key, rooms in self.world.directs.items()} == directs
        present = Turn(self.world, IdSource(), 0)
        for number, user in self.world.users.items():
            for room in set().union(*directs.values()) - directs[user.identity]:
                try:
                    decide(present, number, c.ShowTyping(room), POLICY, {})
                except Refused as no:
                    assert no.refusal == e.UnknownRoom()
                else:
                    raise AssertionError(f"{user.person.nick} sees what {room} says")

    @override
    def teardown(self) -> None:
        """Replay every log as a store gives it back, from every state it ever had."""
        stored = msgspec.json.decode(msgspec.json.encode(self.log), type=list[Entry])
        assert stored == self.log
        for room, states in self.states.items():
            entries = [entry for entry in stored if entry.room == room]
            for place, state in enumerate(states):
                assert replay(entries[place:], state) == states[-1]


ChatMachine.TestCase.settings = settings(max_examples=200, stateful_step_count=80)
TestLaws = ChatMachine.TestCase
