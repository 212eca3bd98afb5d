from __future__ import annotations

from tertulia.core import commands as c
from tertulia.core.decide import carry_out, decide
from tertulia.core.events import MemberJoined, MessagePosted, RoomCreated, RoomDeleted, RoomKind
from tertulia.core.ids import RoomId, UserId
from tertulia.core.room import RoomState
from tertulia.core.state import World
from tests.core.chat import Chat


def test_a_turn_shows_its_own_changes_and_the_world_does_not(chat: Chat, ana: UserId) -> None:
    turn = chat.turn()
    carry_out(turn, ana, decide(turn, ana, c.CreateRoom("den"), chat.policy, {}))
    den = turn.room_named("#Den")
    assert den is not None
    assert ana in den.members
    assert chat.world.room_named("den") is None
    assert (len(turn.rooms), len(chat.world.rooms)) == (2, 1)
    turn.keep()
    assert chat.world.room_named("#Den") == den
    assert chat.world.users[ana].rooms == (chat.lobby, den.id)


def test_a_dropped_turn_leaves_nothing(chat: Chat, ana: UserId) -> None:
    before = (dict(chat.world.rooms), dict(chat.world.users), dict(chat.world.nicks))
    turn = chat.turn()
    for command in (c.CreateRoom("den"), c.PostDirect("bob", "psst"), c.ChangeNick("anna")):
        carry_out(turn, ana, decide(turn, ana, command, chat.policy, {}))
    assert len(turn.entries) == 6
    assert (chat.world.rooms, chat.world.users, chat.world.nicks) == before
    assert chat.world.directs == {}
    assert chat.turn().room_named("den") is None


def test_a_room_may_come_and_go_within_a_turn(chat: Chat, ana: UserId) -> None:
    turn = chat.turn()
    den = RoomId(turn.fresh_id())
    turn.record(den, RoomCreated("den"))
    turn.record(den, MemberJoined(chat.user(ana).person))
    assert turn.user_called("ana") == turn.users.get(ana)
    turn.record(den, RoomDeleted())
    turn.keep()
    assert [entry.seq for entry in turn.entries] == [1, 2, 3]
    assert den not in chat.world.rooms
    assert den not in chat.world.heads
    assert chat.user(ana).rooms == (chat.lobby,)


def test_nobody_is_found_under_a_nick_that_was_given_up(chat: Chat, ana: UserId) -> None:
    chat.do(ana, c.ChangeNick("anna"))
    turn = chat.turn()
    assert turn.user_called("ana") is None
    assert turn.user_called("anna") == chat.user(ana)


def test_a_room_that_the_store_remembers_goes_on_where_it_ended(chat: Chat) -> None:
    world = World()
    state = RoomState(RoomId(9), "den", has_history=True)
    pair = RoomState(RoomId(8), "", RoomKind.DIRECT, parties=("n:ana", "n:bob"))
    world.restore(state, 41)
    world.restore(pair, 7)
    assert world.room_named("DEN") == state
    assert world.heads == {RoomId(9): 41, RoomId(8): 7}
    assert world.directs == {"n:ana": (RoomId(8),), "n:bob": (RoomId(8),)}
    chat.world = world
    ana = chat.online("ana", lobby=False)
    said = MessagePosted(chat.user(ana).person, "hi")
    assert chat.turn().record(RoomId(9), said).seq == 42
    assert chat.tell(ana, "bob", "psst") == pair.id


def test_a_conversation_is_found_among_those_of_its_parties(chat: Chat, ana: UserId) -> None:
    chat.tell(ana, "bob", "psst")
    eva = chat.tell(ana, "eva", "psst")
    turn = chat.turn()
    assert turn.direct_between(("n:ana", "n:eva")) == chat.room(eva)
    assert turn.direct_between(("n:ana", "n:zoe")) is None
    assert turn.direct_between(("n:zoe", "n:zuzu")) is None
    turn.record(eva, RoomDeleted())
    assert turn.direct_between(("n:ana", "n:eva")) is None
    assert turn.directs_of("n:eva") == ()
