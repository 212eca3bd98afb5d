"""Tests of the mirror: after any conversation it shows what the server has."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.core import commands as c
from tertulia.core.decide import carry_out, decide
from tertulia.core.errors import Refused
from tertulia.core.events import Entry, LeaveReason, MemberJoined, RoomKind, UserRenamed
from tertulia.core.ids import RoomId, UserId, format_id
from tertulia.core.room import RoomState
from tertulia.core.state import User
from tertulia.sdk.mirror import Mirror
from tertulia.wire.events import decode_event, encode
from tertulia.wire.events import events as w
from tertulia.wire.events import objects as o
from tertulia.wire.events.convert import event_of, signal_event
from tertulia.wire.events.snapshots import joined_of, listed
from tests.core.chat import NOW, Chat

NICKS = ["ana", "bob", "carla", "João", "eve2"]
ROOMS = ["den", "café", "x1", "lobby"]
TEXTS = ["hi", "", "two\nlines", "olá"]


def over_the_wire(event: w.Event) -> w.Event:
    """Return an event as it is when it has been sent and read."""
    return decode_event(encode(event)).content


class Observer:
    """Somebody in a chat whose client is told what the events door would tell."""

    def __init__(self, chat: Chat, nick: str) -> None:
        self.chat = chat
        self.mirror = Mirror()
        self.user = chat.online(nick, lobby=False)
        self.mirror.welcome(self.welcome())

    @property
    def me(self) -> User:
        return self.chat.user(self.user)

    def welcome(self, *, resumed: bool = False) -> w.Welcome:
        """Return what a login is answered with just now."""
        chat, me = self.chat, self.me
        public = [one for one in chat.world.rooms.values() if one.kind is RoomKind.PUBLIC]
        welcome = over_the_wire(
            w.Welcome(
                protocol=1,
                server="Tertulia",
                version="0",
                user=o.OwnUser(
                    id=format_id(self.user), nick=me.person.nick, label="", identity=me.identity
                ),
                rooms=tuple(map(listed, public)),
                main_room=format_id(chat.lobby),
                joined=tuple(map(format_id, me.rooms)),
                directs=tuple(
                    o.Direct(room=format_id(room), nick="?", parties=chat.room(room).parties)
                    for room in chat.world.directs.get(me.identity, ())
                ),
                resumed=resumed,
                max_event=65_536,
            )
        )
        assert isinstance(welcome, w.Welcome)
        return welcome

    def do(self, actor: UserId, command: c.Command) -> None:
        """Let somebody do something, and tell the mirror what it may know of it."""
        chat = self.chat
        heard = self.rooms()
        turn = chat.turn()
        try:
            decision = decide(turn, actor, command, chat.policy, chat.messages())
        except Refused:
            return
        carry_out(turn, actor, decision)
        chat.keep(turn)
        for entry in turn.entries:
            self.tell(entry, entry.room in heard or entry.room in self.rooms())
        for signal in decision.signals:
            if isinstance(signal, UserRenamed):
                told = signal_event(signal)
                assert told is not None
                changed = over_the_wire(told)
                assert isinstance(changed, w.NickChanged)
                self.mirror.rename(changed)

    def let_in(self) -> UserId:
        """Let somebody else come into the main room."""
        user = UserId(self.chat.ids.next(NOW))
        self.do(user, c.Connect(user, "127.0.0.1:1", None, user % 1000))
        self.do(user, c.JoinRoom(self.chat.lobby))
        return user

    def rooms(self) -> set[RoomId]:
        """Return the rooms that the observer hears."""
        me = self.chat.world.users.get(self.user)
        if me is None:
            return set()
        return {*me.rooms, *self.chat.world.directs.get(me.identity, ())}

    def tell(self, entry: Entry, is_heard: bool) -> None:
        event = entry.event
        if isinstance(event, MemberJoined) and event.user.id == self.user:
            state = self.chat.room(entry.room)
            joined = over_the_wire(joined_of(state, entry.seq))
            assert isinstance(joined, w.RoomJoined)
            self.mirror.joined(joined)
        elif is_heard and format_id(entry.room) in self.known(entry):
            told = over_the_wire(event_of(entry))
            assert isinstance(told, w.RoomEvent)
            assert self.mirror.take(told)
            # Whatever is told twice is no news.
            assert not self.mirror.take(told)

    def known(self, entry: Entry) -> set[str]:
        """Return the rooms whose entries make sense to the mirror: a room's own come first."""
        return {*self.mirror.states, *([format_id(entry.room)] if entry.seq == 1 else [])}

    def check(self) -> None:
        """Compare the mirror with the server."""
        shown = {
            room: state
            for room, state in self.mirror.states.items()
            if state.kind is RoomKind.PUBLIC
        }
        there = {format_id(room): self.chat.room(room) for room in self.me.rooms}
        assert shown == there
        for room, state in there.items():
            assert self.mirror.cursors[room] == self.chat.world.heads[state.id]
            assert list(self.mirror.states[room].members) == list(state.members)
        assert self.mirror.me is not None
        assert self.mirror.me.nick == self.me.person.nick
        assert self.mirror.me.identity == self.me.identity


PICKS = st.integers(0, 30)
ACTORS = st.integers(0, 4)
COMMANDS = st.one_of(
    st.tuples(st.just("join"), PICKS),
    st.tuples(st.just("leave"), PICKS),
    st.tuples(st.just("create"), PICKS),
    st.tuples(st.just("delete"), PICKS),
    st.tuples(st.just("topic"), PICKS),
    st.tuples(st.just("say"), PICKS),
    st.tuples(st.just("direct"), PICKS),
    st.tuples(st.just("nick"), PICKS),
    st.tuples(st.just("edit"), PICKS),
    st.tuples(st.just("react"), PICKS),
    st.tuples(st.just("quit"), PICKS),
)


def command_of(chat: Chat, kind: str, pick: int) -> c.Command:
    """Return a command about something that there may be."""
    rooms = list(chat.world.rooms)
    room = rooms[pick % len(rooms)]
    messages = list(chat.messages()) or [chat.log[0].id]
    target = messages[pick % len(messages)]
    text = TEXTS[pick % len(TEXTS)]
    match kind:
        case "join":
            return c.JoinRoom(room)
        case "leave":
            return c.LeaveRoom(room)
        case "create":
            return c.CreateRoom(ROOMS[pick % len(ROOMS)], text)
        case "delete":
            return c.DeleteRoom(room)
        case "topic":
            return c.SetTopic(room, text)
        case "say":
            return c.PostMessage(room, text)
        case "direct":
            return c.PostDirect(NICKS[pick % len(NICKS)], text)
        case "nick":
            return c.ChangeNick(NICKS[pick % len(NICKS)] + str(pick % 3))
        case "edit":
            return c.EditMessage(target, text)
        case "react":
            return c.AddReaction(target, "x")
        case _:
            return c.Disconnect(LeaveReason.LOST)


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(st.tuples(ACTORS, COMMANDS), max_size=60))
def test_after_any_conversation_the_mirror_is_the_server_s_state(
    steps: list[tuple[int, tuple[str, int]]],
) -> None:
    chat = Chat()
    others = [chat.online(nick) for nick in NICKS[:4]]
    eve = Observer(chat, "eve")
    eve.do(eve.user, c.JoinRoom(chat.lobby))
    for actor, (kind, pick) in steps:
        who = eve.user if actor == 4 else others[actor]
        if kind == "quit" and who == eve.user:
            continue
        eve.do(who, command_of(chat, kind, pick))
        if kind == "quit":
            others[actor] = eve.let_in()
    eve.check()


# One thing at a time


def joined(chat: Chat) -> Observer:
    eve = Observer(chat, "eve")
    eve.do(eve.user, c.JoinRoom(chat.lobby))
    return eve


def test_rooms_are_found_by_name_or_id() -> None:
    chat = Chat()
    eve = joined(chat)
    lobby = format_id(chat.lobby)
    assert [eve.mirror.find(name) for name in ("lobby", "#LOBBY", lobby, "nowhere")] == [
        lobby,
        lobby,
        lobby,
        None,
    ]


def test_a_room_that_one_enters_is_listed_at_once() -> None:
    chat = Chat()
    eve = joined(chat)
    eve.do(eve.user, c.CreateRoom("den", "Tea"))
    den = eve.mirror.find("den")
    assert den is not None
    assert eve.mirror.listed[den].topic == "Tea"


def test_the_name_of_a_room_that_is_gone_is_still_known() -> None:
    chat = Chat()
    eve = joined(chat)
    eve.do(eve.user, c.CreateRoom("den"))
    den = eve.mirror.find("den")
    assert den is not None
    eve.mirror.list(w.RoomDeleted(room=den))
    eve.do(eve.user, c.DeleteRoom(chat.log[-1].room))
    assert den not in eve.mirror.listed
    assert den not in eve.mirror.states
    assert eve.mirror.name_of(den) == "den"


def test_the_list_follows_what_is_told_of_it() -> None:
    mirror = Mirror()
    room = format_id(77)
    mirror.list(w.RoomCreated(room=room, name="den", members=1))
    mirror.list(w.RoomUpdated(room=room, name="den", topic="Tea", members=3))
    assert mirror.listed == {room: o.Room(id=room, name="den", topic="Tea", members=3)}
    mirror.list(w.RoomDeleted(room=room))
    assert mirror.listed == {}
    mirror.relist(w.Rooms(rooms=(o.Room(id=room, name="den", members=0),)))
    assert mirror.named("DEN") == room


def test_who_comes_back_keeps_the_rooms_that_are_still_theirs() -> None:
    chat = Chat()
    eve = joined(chat)
    eve.do(eve.user, c.CreateRoom("den"))
    welcome = eve.welcome(resumed=True)
    before = dict(eve.mirror.states)
    eve.mirror.welcome(welcome)
    assert eve.mirror.states == before
    eve.mirror.welcome(msgspec.structs.replace(welcome, joined=(format_id(chat.lobby),)))
    assert list(eve.mirror.states) == [format_id(chat.lobby)]


def test_who_comes_as_somebody_new_is_in_no_room_yet() -> None:
    chat = Chat()
    eve = joined(chat)
    eve.mirror.welcome(eve.welcome(resumed=False))
    assert eve.mirror.heard() == {}
    assert eve.mirror.states == {}


def test_a_direct_conversation_is_known_by_whom_it_is_with() -> None:
    chat = Chat()
    bob = chat.online("bob")
    eve = joined(chat)
    eve.do(bob, c.PostDirect("eve", "psst"))
    room = eve.mirror.direct_with("BOB")
    assert room is not None
    assert eve.mirror.states[room].kind is RoomKind.DIRECT
    eve.do(eve.user, c.ChangeNick("eva"))
    # It is kept under the name that one had.
    assert room not in eve.mirror.states
    assert eve.mirror.direct_with("bob") is None


def test_a_message_of_a_conversation_that_was_never_told_of_begins_one() -> None:
    chat = Chat()
    bob = chat.online("bob")
    eve = joined(chat)
    room = chat.tell(bob, "eve", "psst")
    told = over_the_wire(event_of(chat.log_of(room)[-1]))
    assert isinstance(told, w.MessageSent)
    assert eve.mirror.take(told)
    assert eve.mirror.direct_with("bob") == format_id(room)
    assert isinstance(eve.mirror.states[format_id(room)], RoomState)


def test_an_entry_of_an_unknown_room_disturbs_nothing() -> None:
    chat = Chat()
    bob = chat.online("bob")
    eve = joined(chat)
    den = chat.create(bob, "den")
    before = dict(eve.mirror.states)
    told = over_the_wire(event_of(chat.do(bob, c.SetTopic(den, "Tea"))[0]))
    assert isinstance(told, w.TopicChanged)
    assert eve.mirror.take(told)
    assert eve.mirror.states == before
