from __future__ import annotations

import pytest

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.decide import Decision, carry_out, decide, found_main_room, sweep
from tertulia.core.errors import Refused
from tertulia.core.events import (
    AwayChanged,
    LeaveReason,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    Person,
    Role,
    RoomCreated,
    RoomDeleted,
    TopicChanged,
    UserRenamed,
)
from tertulia.core.ids import RoomId, UserId
from tertulia.core.policy import Policy
from tertulia.core.room import Member
from tertulia.core.state import World
from tests.core.chat import NOW, Chat

NOWHERE = RoomId(12345)


class TestTheMainRoom:
    def test_it_is_there_from_the_start_and_stays(self, chat: Chat) -> None:
        assert [entry.event for entry in chat.log] == [RoomCreated("lobby", permanent=True)]

    def test_it_is_founded_once(self, chat: Chat) -> None:
        turn = chat.turn()
        found_main_room(turn, chat.policy)
        assert turn.entries == []

    def test_it_outlives_its_last_member(self, chat: Chat, ana: UserId) -> None:
        left = chat.events(ana, c.LeaveRoom(chat.lobby))
        assert left == [MemberLeft(chat.user(ana).person, LeaveReason.LEFT)]
        assert chat.room(chat.lobby).members == {}

    def test_nobody_deletes_it(self, chat: Chat, ana: UserId) -> None:
        assert chat.refusal(ana, c.DeleteRoom(chat.lobby)) == e.MainRoomStays("lobby")

    def test_nobody_deletes_it_though_a_user_created_it(self, chat: Chat, ana: UserId) -> None:
        den = chat.create(ana, "den")
        chat.policy = Policy(main_room="Den")
        assert chat.refusal(ana, c.DeleteRoom(den)) == e.MainRoomStays("den")


class TestConnect:
    def test_a_user_comes_online_under_a_nick(self, chat: Chat) -> None:
        user = UserId(chat.ids.next(NOW))
        assert chat.do(user, c.Connect(user, "127.0.0.1:9", " Ana ")) == []
        online = chat.user(user)
        assert online.person == Person(user, "Ana", "127.0.0.1:9")
        assert (online.key, online.identity) == ("ana", "n:ana")
        assert (online.since, online.away, online.rooms) == (NOW, None, ())

    def test_a_guest_gets_a_nick_from_the_lot(self, chat: Chat) -> None:
        guest = chat.user(chat.online(None, lot=77))
        assert guest.person.nick == "guest1077"
        assert guest.identity == f"u:{guest.person.id}"

    def test_two_guests_of_one_lot_get_two_nicks(self, chat: Chat) -> None:
        one, other = chat.online(None, lot=77), chat.online(None, lot=77)
        assert chat.user(one).person.nick != chat.user(other).person.nick

    @pytest.mark.parametrize("nick", ["", "1ana", "a b", "mаria", "\x1b[31m", "a" * 33])
    def test_what_is_no_nick_is_refused(self, chat: Chat, nick: str) -> None:
        no = chat.refusal(UserId(1), c.Connect(UserId(1), "", nick))
        assert isinstance(no, e.InvalidNick)
        assert no.limit == 32
        assert no.nick.isprintable()

    @pytest.mark.parametrize("nick", ["guest12", "Guest-7", "server", "Adm1n"])
    def test_nicks_of_guests_and_of_the_server_are_refused(self, chat: Chat, nick: str) -> None:
        no = chat.refusal(UserId(1), c.Connect(UserId(1), "", nick))
        assert no == e.ReservedNick(nick)

    @pytest.mark.parametrize("nick", ["ana", "ANA", "Ana"])
    def test_a_nick_in_use_gets_a_free_suggestion(self, chat: Chat, ana: UserId, nick: str) -> None:
        chat.online("ana2")
        no = chat.refusal(UserId(1), c.Connect(UserId(1), "", nick))
        assert no == e.NickInUse(nick, f"{nick}3")

    def test_a_look_alike_of_a_nick_in_use_is_refused(self, chat: Chat) -> None:
        chat.online("paypal")
        for nick in ("PayPaI", "раураӏ"):
            assert isinstance(chat.refusal(UserId(1), c.Connect(UserId(1), "", nick)), e.NickInUse)


class TestDisconnect:
    def test_every_room_is_told_once(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        den = chat.create(ana, "den")
        chat.do(bob, c.JoinRoom(den))
        person = chat.user(ana).person
        entries = chat.do(ana, c.Disconnect(LeaveReason.LOST, "by\x07e\n"))
        left = MemberLeft(person, LeaveReason.LOST, "bye")
        assert [(entry.room, entry.event) for entry in entries] == [(chat.lobby, left), (den, left)]
        assert ana not in chat.world.users
        assert chat.last.is_gone

    def test_the_nick_is_free_again(self, chat: Chat, ana: UserId) -> None:
        chat.do(ana, c.Disconnect(LeaveReason.QUIT))
        assert chat.user(chat.online("ana")).person.nick == "ana"

    def test_a_room_that_nothing_keeps_ends_with_its_last_member(
        self, chat: Chat, ana: UserId
    ) -> None:
        den = chat.create(ana, "den")
        chat.do(ana, c.Disconnect(LeaveReason.QUIT))
        assert chat.log_of(den)[-1].event == RoomDeleted()
        assert den not in chat.world.rooms

    def test_whoever_is_not_online_can_do_nothing(self, chat: Chat, ana: UserId) -> None:
        chat.do(ana, c.Disconnect(LeaveReason.QUIT))
        assert chat.refusal(ana, c.Disconnect(LeaveReason.QUIT)) == e.ShuttingDown()
        assert chat.refusal(ana, c.PostMessage(chat.lobby, "hi")) == e.ShuttingDown()

    def test_a_farewell_that_meets_nobody_changes_nothing(self, chat: Chat) -> None:
        turn = chat.turn()
        carry_out(turn, UserId(1), Decision(is_gone=True))
        chat.keep(turn)
        assert chat.world.users == {}


class TestChangeNick:
    def test_every_room_and_everyone_known_is_told(self, chat: Chat, ana: UserId) -> None:
        den = chat.create(ana, "den")
        entries = chat.do(ana, c.ChangeNick("Anna"))
        anna = chat.user(ana).person
        renamed = MemberRenamed(anna, "ana")
        assert anna.nick == "Anna"
        assert [(entry.room, entry.event) for entry in entries] == [
            (chat.lobby, renamed),
            (den, renamed),
        ]
        assert chat.last.signals == (UserRenamed(anna, "ana"),)
        assert chat.room(den).members == {ana: Member(anna, Role.OWNER)}
        assert chat.user(ana).identity == "n:anna"

    def test_the_old_nick_is_free_and_the_new_one_is_not(self, chat: Chat, ana: UserId) -> None:
        chat.do(ana, c.ChangeNick("anna"))
        assert chat.user(chat.online("ana")).person.nick == "ana"
        assert isinstance(chat.refusal(UserId(1), c.Connect(UserId(1), "", "Anna")), e.NickInUse)

    def test_another_spelling_of_ones_own_nick_is_free(self, chat: Chat, ana: UserId) -> None:
        chat.do(ana, c.ChangeNick("ANA"))
        assert chat.user(ana).person.nick == "ANA"

    @pytest.mark.parametrize("nick", ["ana", " ana "])
    def test_the_same_nick_changes_nothing(self, chat: Chat, ana: UserId, nick: str) -> None:
        assert chat.do(ana, c.ChangeNick(nick)) == []
        assert chat.last == Decision()

    def test_a_guest_may_ask_for_the_nick_that_is_theirs(self, chat: Chat) -> None:
        guest = chat.online(None, lot=5)
        assert chat.events(guest, c.ChangeNick(chat.user(guest).person.nick)) == []

    @pytest.mark.parametrize(
        ("nick", "no"),
        [
            ("b b", e.InvalidNick("b b", 32)),
            ("root", e.ReservedNick("root")),
            ("Bob", e.NickInUse("Bob", "Bob2")),
        ],
    )
    def test_a_nick_that_cannot_be_had_is_refused(
        self, chat: Chat, ana: UserId, bob: UserId, nick: str, no: e.Refusal
    ) -> None:
        assert chat.refusal(ana, c.ChangeNick(nick)) == no

    def test_a_member_of_a_deleted_room_may_still_be_renamed(
        self, chat: Chat, ana: UserId, bob: UserId
    ) -> None:
        den = chat.create(ana, "den")
        chat.do(bob, c.JoinRoom(den))
        chat.do(ana, c.DeleteRoom(den))
        assert [entry.room for entry in chat.do(bob, c.ChangeNick("rob"))] == [chat.lobby]
        assert [entry.room for entry in chat.do(bob, c.Disconnect(LeaveReason.LOST))] == [
            chat.lobby
        ]


class TestAway:
    def test_one_goes_away_and_comes_back(self, chat: Chat, ana: UserId) -> None:
        assert chat.do(ana, c.SetAway("at\tlunch\n")) == []
        person = chat.user(ana).person
        assert chat.last.signals == (AwayChanged(person, "at    lunch"),)
        assert chat.user(ana).away == "at    lunch"
        chat.do(ana, c.SetAway(None))
        assert chat.last.signals == (AwayChanged(person, None),)
        assert chat.user(ana).away is None

    def test_the_same_again_changes_nothing(self, chat: Chat, ana: UserId) -> None:
        chat.do(ana, c.SetAway(None))
        assert chat.last == Decision()

    def test_the_text_is_cut(self, chat: Chat, ana: UserId) -> None:
        chat.do(ana, c.SetAway("x" * 999))
        assert chat.user(ana).away == "x" * 200


class TestCreateRoom:
    def test_whoever_creates_a_room_owns_it_and_is_in_it(self, chat: Chat, ana: UserId) -> None:
        entries = chat.do(ana, c.CreateRoom("#Den", "books\n& tea"))
        person = chat.user(ana).person
        assert [(entry.seq, entry.event) for entry in entries] == [
            (1, RoomCreated("Den", by=person)),
            (2, TopicChanged(person, "books & tea")),
            (3, MemberJoined(person, Role.OWNER)),
        ]
        assert chat.user(ana).rooms == (chat.lobby, entries[0].room)

    def test_a_room_needs_no_topic(self, chat: Chat, ana: UserId) -> None:
        events = chat.events(ana, c.CreateRoom("den", "\x07"))
        assert [type(event) for event in events] == [RoomCreated, MemberJoined]

    @pytest.mark.parametrize("name", ["", "a b", "...", "x" * 51])
    def test_what_is_no_name_is_refused(self, chat: Chat, ana: UserId, name: str) -> None:
        assert chat.refusal(ana, c.CreateRoom(name)) == e.InvalidRoomName(name[:50], 50)

    @pytest.mark.parametrize("name", ["lobby", "#Lobby", "I0bby"])
    def test_a_room_that_exists_is_named(self, chat: Chat, ana: UserId, name: str) -> None:
        assert chat.refusal(ana, c.CreateRoom(name)) == e.RoomExists("lobby")

    def test_a_user_has_so_many_rooms(self, chat: Chat) -> None:
        chat.policy = Policy(rooms_per_user=1)
        ana = chat.online("ana")
        assert chat.refusal(ana, c.CreateRoom("den")) == e.TooManyRooms(1)

    def test_a_server_has_so_many_rooms(self, chat: Chat, ana: UserId) -> None:
        chat.policy = Policy(rooms=1)
        assert chat.refusal(ana, c.CreateRoom("den")) == e.ServerHasTooManyRooms(1)


class TestDeleteRoom:
    def test_its_owner_deletes_a_room_for_everyone(
        self, chat: Chat, ana: UserId, bob: UserId
    ) -> None:
        den = chat.create(ana, "den")
        chat.do(bob, c.JoinRoom(den))
        assert chat.events(ana, c.DeleteRoom(den)) == [RoomDeleted(chat.user(ana).person)]
        assert chat.user(ana).rooms == chat.user(bob).rooms == (chat.lobby,)
        assert chat.refusal(bob, c.PostMessage(den, "hi")) == e.UnknownRoom()

    def test_its_name_is_free_again(self, chat: Chat, ana: UserId) -> None:
        den = chat.create(ana, "den")
        chat.do(ana, c.DeleteRoom(den))
        assert chat.create(ana, "den") != den

    def test_others_may_not(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        den = chat.create(ana, "den")
        chat.do(bob, c.JoinRoom(den))
        assert chat.refusal(bob, c.DeleteRoom(den)) == e.OwnersOnly("den")

    def test_what_is_no_public_room_is_not_there(
        self, chat: Chat, ana: UserId, bob: UserId
    ) -> None:
        pair = chat.tell(ana, "bob", "psst")
        assert chat.refusal(ana, c.DeleteRoom(NOWHERE)) == e.UnknownRoom()
        assert chat.refusal(ana, c.DeleteRoom(pair)) == e.UnknownRoom()


class TestJoinRoom:
    @pytest.mark.parametrize("name", ["den", "#DEN", " den "])
    def test_a_room_is_joined_by_name(
        self, chat: Chat, ana: UserId, bob: UserId, name: str
    ) -> None:
        den = chat.create(ana, "den")
        assert chat.events(bob, c.JoinRoom(name)) == [MemberJoined(chat.user(bob).person)]
        assert chat.user(bob).rooms == (chat.lobby, den)

    def test_an_owner_who_comes_back_is_the_owner_again(
        self, chat: Chat, ana: UserId, bob: UserId
    ) -> None:
        den = chat.create(ana, "den")
        chat.do(bob, c.JoinRoom(den))
        chat.do(ana, c.LeaveRoom(den))
        assert chat.events(ana, c.JoinRoom(den)) == [
            MemberJoined(chat.user(ana).person, Role.OWNER)
        ]

    def test_a_room_that_is_not_there_is_named(self, chat: Chat, ana: UserId) -> None:
        assert chat.refusal(ana, c.JoinRoom("d\x07en")) == e.NoSuchRoom("den")
        assert chat.refusal(ana, c.JoinRoom(NOWHERE)) == e.UnknownRoom()

    def test_a_direct_conversation_is_not_joined(
        self, chat: Chat, ana: UserId, bob: UserId
    ) -> None:
        pair = chat.tell(ana, "bob", "psst")
        assert chat.refusal(ana, c.JoinRoom(pair)) == e.UnknownRoom()
        assert chat.refusal(ana, c.JoinRoom("")) == e.NoSuchRoom("")

    def test_one_is_in_a_room_once(self, chat: Chat, ana: UserId) -> None:
        assert chat.refusal(ana, c.JoinRoom("lobby")) == e.AlreadyInRoom("lobby")

    def test_a_user_is_in_so_many_rooms(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        chat.create(ana, "den")
        chat.policy = Policy(rooms_per_user=1)
        assert chat.refusal(bob, c.JoinRoom("den")) == e.TooManyRooms(1)


class TestLeaveRoom:
    def test_one_leaves_with_a_word(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        left = MemberLeft(chat.user(ana).person, LeaveReason.LEFT, "bye")
        assert chat.events(ana, c.LeaveRoom(chat.lobby, " bye ")) == [left]
        assert chat.user(ana).rooms == ()

    def test_an_empty_room_ends(self, chat: Chat, ana: UserId) -> None:
        den = chat.create(ana, "den")
        assert [type(event) for event in chat.events(ana, c.LeaveRoom(den))] == [
            MemberLeft,
            RoomDeleted,
        ]

    def test_an_empty_room_with_a_history_stays(self, chat: Chat, ana: UserId) -> None:
        den = chat.create(ana, "den")
        chat.say(ana, "hi", den)
        chat.do(ana, c.LeaveRoom(den))
        assert chat.room(den).members == {}

    def test_only_a_member_leaves(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        den = chat.create(ana, "den")
        assert chat.refusal(bob, c.LeaveRoom(den)) == e.NotInRoom("den")
        assert chat.refusal(bob, c.LeaveRoom(NOWHERE)) == e.UnknownRoom()

    def test_a_direct_conversation_is_not_left(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        pair = chat.tell(ana, "bob", "psst")
        assert chat.refusal(ana, c.LeaveRoom(pair)) == e.UnknownRoom()


class TestSetTopic:
    def test_a_member_sets_the_topic(self, chat: Chat, ana: UserId) -> None:
        topic = TopicChanged(chat.user(ana).person, "tea")
        assert chat.events(ana, c.SetTopic(chat.lobby, "te\x1b[1ma")) == [topic]
        assert chat.events(ana, c.SetTopic(chat.lobby, "tea ")) == []
        assert chat.room(chat.lobby).topic == "tea"

    def test_nobody_else_does(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        den, pair = chat.create(ana, "den"), chat.tell(ana, "bob", "psst")
        assert chat.refusal(bob, c.SetTopic(den, "tea")) == e.NotInRoom("den")
        assert chat.refusal(bob, c.SetTopic(pair, "tea")) == e.UnknownRoom()


class TestSweep:
    def restarted(self, chat: Chat) -> Chat:
        """Return a chat that starts from what `chat` stored, after a sweep."""
        after = Chat.__new__(Chat)
        after.policy, after.ids, after.log = chat.policy, chat.ids, list(chat.log)
        after.world = World()
        for room, state in chat.world.rooms.items():
            after.world.restore(state, chat.world.heads[room])
        turn = after.turn()
        sweep(turn, list(chat.world.rooms.values()))
        found_main_room(turn, after.policy)
        after.keep(turn)
        after.lobby = chat.lobby
        return after

    def test_nobody_is_in_a_room_after_a_start(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        people = [chat.user(ana).person, chat.user(bob).person]
        after = self.restarted(chat)
        assert [entry.event for entry in after.log[len(chat.log) :]] == [
            MemberLeft(person, LeaveReason.RESTART) for person in people
        ]
        assert after.room(chat.lobby).members == {}

    def test_rooms_that_nothing_keeps_end(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        den, kept = chat.create(ana, "den"), chat.create(ana, "kept")
        chat.do(bob, c.JoinRoom(den))
        chat.say(ana, "hi", kept)
        after = self.restarted(chat)
        assert den not in after.world.rooms
        assert after.room(kept).members == {}
        assert after.log_of(den)[-1].event == RoomDeleted()

    def test_conversations_of_nameless_guests_end_and_others_stay(
        self, chat: Chat, ana: UserId
    ) -> None:
        one = chat.online(None, lot=1)
        chat.online(None, lot=2)
        between_guests = chat.tell(one, "guest1002", "psst")
        with_ana = chat.tell(one, "ana", "psst")
        after = self.restarted(chat)
        assert between_guests not in after.world.rooms
        assert with_ana in after.world.rooms

    def test_what_was_said_before_is_found_by_those_who_come_back(
        self, chat: Chat, ana: UserId, bob: UserId
    ) -> None:
        pair = chat.tell(ana, "bob", "psst")
        after = self.restarted(chat)
        again = after.online("ana")
        assert after.tell(again, "bob", "still there?") == pair
        assert after.log[-1].seq == chat.log[-1].seq + 1


def test_a_command_that_is_refused_leaves_no_trace(chat: Chat, ana: UserId) -> None:
    turn = chat.turn()
    with pytest.raises(Refused):
        decide(turn, ana, c.JoinRoom("den"), chat.policy, {})
    assert turn.entries == []
