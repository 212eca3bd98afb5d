from __future__ import annotations

import pytest

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.events import (
    LeaveReason,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    ReactionAdded,
    ReactionRemoved,
    RoomCreated,
    RoomDeleted,
    RoomKind,
    Typing,
)
from tertulia.core.history import Reaction
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.policy import Policy
from tests.core.chat import Chat

NOWHERE = RoomId(12345)


class TestPostMessage:
    def test_something_is_said(self, chat: Chat, ana: UserId) -> None:
        posted = MessagePosted(chat.user(ana).person, "hi\n  all", action=True)
        command = c.PostMessage(chat.lobby, "hi\r\n  all\x00\n", action=True)
        assert chat.events(ana, command) == [posted]
        assert chat.room(chat.lobby).has_history

    def test_something_is_answered(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        hi = chat.say(ana, "hi")
        chat.do(bob, c.PostMessage(chat.lobby, "hello", reply_to=hi))
        assert chat.message(chat.log[-1].id).reply_to == hi

    def test_what_is_not_in_the_room_is_not_answered(
        self, chat: Chat, ana: UserId, bob: UserId
    ) -> None:
        elsewhere = chat.say(ana, "hi", chat.create(ana, "den"))
        for target in (elsewhere, EventId(1)):
            answer = c.PostMessage(chat.lobby, "hello", reply_to=target)
            assert chat.refusal(bob, answer) == e.NoSuchMessage()

    @pytest.mark.parametrize("text", ["", " \n ", "\x1b[0m", "\u200b\u2800"])
    def test_nothing_visible_is_refused(self, chat: Chat, ana: UserId, text: str) -> None:
        assert chat.refusal(ana, c.PostMessage(chat.lobby, text)) == e.EmptyText()

    def test_too_long_a_text_is_refused_and_not_cut(self, chat: Chat, ana: UserId) -> None:
        assert chat.refusal(ana, c.PostMessage(chat.lobby, "x" * 4001)) == e.TextTooLong(4001, 4000)
        assert chat.say(ana, "x" * 4000 + " ")

    def test_nobody_speaks_where_they_are_not(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        den = chat.create(ana, "den")
        assert chat.refusal(bob, c.PostMessage(den, "hi")) == e.NotInRoom("den")
        assert chat.refusal(bob, c.PostMessage(NOWHERE, "hi")) == e.UnknownRoom()


class TestPostDirect:
    def test_the_first_word_opens_a_conversation_of_two(
        self, chat: Chat, ana: UserId, bob: UserId
    ) -> None:
        person = chat.user(ana).person
        assert chat.events(ana, c.PostDirect("BOB", "psst", action=True)) == [
            RoomCreated("", RoomKind.DIRECT, person, parties=("n:ana", "n:bob")),
            MessagePosted(person, "psst", action=True, to="bob"),
        ]

    def test_all_others_go_there_too(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        pair = chat.tell(ana, "bob", "psst")
        assert chat.tell(bob, "ana", "what?") == pair
        posted = chat.events(ana, c.PostMessage(pair, "nothing"))
        assert posted == [MessagePosted(chat.user(ana).person, "nothing", to="bob")]

    def test_each_pair_has_a_conversation_of_its_own(
        self, chat: Chat, ana: UserId, bob: UserId
    ) -> None:
        chat.online("eva")
        assert chat.tell(ana, "bob", "psst") != chat.tell(ana, "eva", "psst")
        assert chat.tell(ana, "bob", "psst") != chat.tell(bob, "eva", "psst")

    def test_it_is_kept_for_somebody_who_is_not_online(self, chat: Chat, ana: UserId) -> None:
        pair = chat.tell(ana, "Maria", "psst")
        assert chat.message(chat.log[-1].id).to == "Maria"
        maria = chat.online("MARIA")
        assert chat.world.directs[chat.user(maria).identity] == (pair,)
        assert chat.tell(maria, "ana", "hi") == pair

    def test_somebody_who_left_is_called_what_they_were(self, chat: Chat, ana: UserId) -> None:
        maria = chat.online("Maria")
        pair = chat.tell(ana, "maria", "psst")
        chat.do(maria, c.Disconnect(LeaveReason.QUIT))
        posted = chat.events(ana, c.PostMessage(pair, "come back"))
        assert posted == [MessagePosted(chat.user(ana).person, "come back", to="maria")]

    def test_a_look_alike_gets_nothing_that_was_meant_for_another(
        self, chat: Chat, ana: UserId
    ) -> None:
        maria = chat.online("maria")
        pair = chat.tell(ana, "maria", "psst")
        chat.do(maria, c.Disconnect(LeaveReason.QUIT))
        double = chat.online("rnaria")
        assert chat.tell(ana, "maria", "still there?") == pair
        assert chat.refusal(double, c.PostMessage(pair, "yes")) == e.UnknownRoom()
        chat.do(ana, c.PostMessage(pair, "hm"))
        assert chat.message(chat.log[-1].id).to == "maria"

    def test_the_words_of_two_are_not_there_for_a_third(
        self, chat: Chat, ana: UserId, bob: UserId
    ) -> None:
        eva = chat.online("eva")
        pair = chat.tell(ana, "bob", "psst")
        psst = chat.log[-1].id
        for command in (
            c.PostMessage(pair, "hi"),
            c.ShowTyping(pair),
            c.LeaveRoom(pair),
            c.SetTopic(pair, "us"),
            c.JoinRoom(pair),
        ):
            assert chat.refusal(eva, command) == e.UnknownRoom()
        assert chat.refusal(eva, c.AddReaction(psst, "+1")) == e.NoSuchMessage()

    def test_nobody_talks_to_themselves(self, chat: Chat, ana: UserId) -> None:
        assert chat.refusal(ana, c.PostDirect("Ana", "hi")) == e.ToYourself()

    @pytest.mark.parametrize("nick", ["", "a b", "guest1234", "server", "\x1b[1mbob bob"])
    def test_whom_nobody_can_be_is_not_there(self, chat: Chat, ana: UserId, nick: str) -> None:
        assert isinstance(chat.refusal(ana, c.PostDirect(nick, "hi")), e.NoSuchUser)

    def test_nothing_visible_is_refused(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        assert chat.refusal(ana, c.PostDirect("bob", " ")) == e.EmptyText()

    def test_a_server_has_so_many_conversations(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        pair = chat.tell(ana, "bob", "psst")
        chat.policy = Policy(rooms=2)
        assert chat.refusal(ana, c.PostDirect("eva", "psst")) == e.ServerHasTooManyRooms(2)
        assert chat.tell(bob, "ana", "yes?") == pair


class TestGuestsInPrivate:
    def test_two_guests_talk_as_long_as_both_are_there(self, chat: Chat) -> None:
        one, other = chat.online(None, lot=1), chat.online(None, lot=2)
        pair = chat.tell(one, "GUEST1002", "psst")
        posted = chat.events(other, c.PostMessage(pair, "yes?"))
        assert posted == [MessagePosted(chat.user(other).person, "yes?", to="guest1001")]
        chat.do(one, c.Disconnect(LeaveReason.QUIT))
        assert chat.refusal(other, c.PostMessage(pair, "hello?")) == e.UnknownRoom()

    def test_their_conversation_ends_when_the_second_one_leaves(self, chat: Chat) -> None:
        one, other = chat.online(None, lot=1), chat.online(None, lot=2)
        pair = chat.tell(one, "guest1002", "psst")
        assert chat.events(one, c.Disconnect(LeaveReason.QUIT))[1:] == []
        assert pair in chat.world.rooms
        assert chat.events(other, c.Disconnect(LeaveReason.QUIT))[1:] == [RoomDeleted()]
        assert chat.world.directs == {}

    def test_their_conversation_ends_when_the_second_one_takes_a_name(self, chat: Chat) -> None:
        one, other = chat.online(None, lot=1), chat.online(None, lot=2)
        pair = chat.tell(one, "guest1002", "psst")
        chat.do(one, c.ChangeNick("ana"))
        assert chat.refusal(one, c.PostMessage(pair, "hi")) == e.UnknownRoom()
        assert chat.refusal(other, c.PostMessage(pair, "hi")) == e.UnknownRoom()
        assert chat.events(other, c.ChangeNick("bob"))[1:] == [RoomDeleted()]

    def test_a_conversation_with_somebody_named_stays_for_them(
        self, chat: Chat, ana: UserId
    ) -> None:
        guest = chat.online(None, lot=1)
        pair = chat.tell(ana, "guest1001", "psst")
        chat.do(guest, c.Disconnect(LeaveReason.QUIT))
        assert pair in chat.world.rooms
        assert chat.refusal(ana, c.PostMessage(pair, "hello?")) == e.UnknownRoom()


class TestEditAndDelete:
    def test_ones_own_words_are_put_in_other_words(self, chat: Chat, ana: UserId) -> None:
        hi = chat.say(ana, "hi")
        edited = MessageEdited(chat.user(ana).person, hi, "hello")
        assert chat.events(ana, c.EditMessage(hi, "hel\x00lo")) == [edited]
        assert chat.message(hi).text == "hello"

    def test_the_same_words_change_nothing(self, chat: Chat, ana: UserId) -> None:
        assert chat.events(ana, c.EditMessage(chat.say(ana, "hi"), "hi ")) == []

    def test_words_that_could_not_be_said_are_refused(self, chat: Chat, ana: UserId) -> None:
        hi = chat.say(ana, "hi")
        assert chat.refusal(ana, c.EditMessage(hi, "\n")) == e.EmptyText()
        assert chat.refusal(ana, c.EditMessage(hi, "x" * 5000)) == e.TextTooLong(5000, 4000)

    def test_ones_own_words_are_taken_back(self, chat: Chat, ana: UserId) -> None:
        hi = chat.say(ana, "hi")
        assert chat.events(ana, c.DeleteMessage(hi)) == [MessageDeleted(chat.user(ana).person, hi)]
        for command in (
            c.DeleteMessage(hi),
            c.EditMessage(hi, "x"),
            c.AddReaction(hi, "+1"),
            c.RemoveReaction(hi, "+1"),
        ):
            assert chat.refusal(ana, command) == e.MessageGone()

    def test_the_words_of_others_are_theirs(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        hi = chat.say(ana, "hi")
        assert chat.refusal(bob, c.EditMessage(hi, "x")) == e.NotYourMessage()
        assert chat.refusal(bob, c.DeleteMessage(hi)) == e.NotYourMessage()

    def test_what_one_cannot_see_is_not_there(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        hidden = chat.say(ana, "hi", chat.create(ana, "den"))
        for target in (hidden, EventId(1), chat.log[0].id):
            for command in (
                c.EditMessage(target, "x"),
                c.DeleteMessage(target),
                c.AddReaction(target, "+1"),
                c.RemoveReaction(target, "+1"),
            ):
                assert chat.refusal(bob, command) == e.NoSuchMessage()


class TestReactions:
    def test_a_reaction_is_given_and_taken_back(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        hi, person = chat.say(ana, "hi"), chat.user(bob).person
        assert chat.events(bob, c.AddReaction(hi, " ❤️ ")) == [ReactionAdded(person, hi, "❤️")]
        assert chat.message(hi).reactions == (Reaction("❤️", (person,)),)
        assert chat.events(bob, c.RemoveReaction(hi, "❤️\n")) == [ReactionRemoved(person, hi, "❤️")]
        assert chat.message(hi).reactions == ()

    @pytest.mark.parametrize(
        "reaction",
        ["", "\x1b[1m", "two words", "two\nwords", "two\xa0words", "x" * 25, "x" * 23 + "👩‍👩‍👧‍👦"],
    )
    def test_what_is_no_reaction_is_refused(self, chat: Chat, ana: UserId, reaction: str) -> None:
        hi = chat.say(ana, "hi")
        assert chat.refusal(ana, c.AddReaction(hi, reaction)) == e.InvalidReaction(24)

    def test_one_reacts_once_in_one_way(self, chat: Chat, ana: UserId) -> None:
        hi = chat.say(ana, "hi")
        chat.do(ana, c.AddReaction(hi, "+1"))
        assert chat.refusal(ana, c.AddReaction(hi, "+1")) == e.AlreadyReacted("+1")

    def test_one_takes_back_only_what_one_gave(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        hi = chat.say(ana, "hi")
        chat.do(ana, c.AddReaction(hi, "+1"))
        assert chat.refusal(bob, c.RemoveReaction(hi, "+1")) == e.NoSuchReaction("+1")
        assert chat.refusal(bob, c.RemoveReaction(hi, "x" * 99)) == e.NoSuchReaction("x" * 24)

    def test_a_message_has_so_many_kinds_of_reactions(
        self, chat: Chat, ana: UserId, bob: UserId
    ) -> None:
        hi = chat.say(ana, "hi")
        chat.policy = Policy(reactions_per_message=2)
        chat.do(ana, c.AddReaction(hi, "1"))
        chat.do(ana, c.AddReaction(hi, "2"))
        assert chat.refusal(bob, c.AddReaction(hi, "3")) == e.TooManyReactions(2)
        assert chat.do(bob, c.AddReaction(hi, "2"))


class TestTyping:
    def test_typing_is_told_and_not_kept(self, chat: Chat, ana: UserId) -> None:
        assert chat.do(ana, c.ShowTyping(chat.lobby)) == []
        assert chat.last.signals == (Typing(chat.lobby, chat.user(ana).person),)

    def test_nobody_types_where_they_are_not(self, chat: Chat, ana: UserId, bob: UserId) -> None:
        den = chat.create(ana, "den")
        assert chat.refusal(bob, c.ShowTyping(den)) == e.NotInRoom("den")
