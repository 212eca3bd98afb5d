from __future__ import annotations

import pytest

from tertulia.core.errors import (
    AlreadyReacted,
    EmptyText,
    InNoRoom,
    InvalidReaction,
    MessageGone,
    NobodyToAnswer,
    NoSuchMessage,
    NoSuchReaction,
    NoSuchUser,
    NotYourMessage,
    StoreUnavailable,
    ToYourself,
    Usage,
)
from tertulia.core.events import LeaveReason
from tests.fakes import FakeGateway
from tests.slash.typist import Typist


def texts(person: Typist) -> list[str]:
    """Return the lines of the current room."""
    return person.types("/history")


def test_a_direct_message_is_sent_without_a_word(ana: Typist, bob: Typist) -> None:
    assert ana.types("/msg @BOB  hello {you} ") == []
    assert ana.reply.last_direct == "bob"
    [event] = [entry.event for entry in ana.gateway.log if getattr(entry.event, "to", "")]
    assert (getattr(event, "text", ""), getattr(event, "to", "")) == ("hello {you}", "bob")


def test_a_direct_message_to_somebody_away_says_so(ana: Typist, bob: Typist) -> None:
    bob.types("/away")
    assert ana.types("/msg bob hello") == ["bob is away."]
    bob.types("/away lunch {1}")
    assert ana.types("/msg bob hello") == ["bob is away: lunch {1}"]


def test_a_direct_message_to_somebody_offline_is_kept(ana: Typist) -> None:
    kept = ["zoe is not here; it is kept until zoe comes back under that name."]
    assert ana.types("/msg zoe hello") == kept
    assert ana.types("/reply are you there?") == kept


def test_a_direct_message_can_be_refused(ana: Typist) -> None:
    assert ana.refused("/msg ana hello") == ToYourself()
    assert ana.refused("/msg guest1234 hello") == NoSuchUser("guest1234")
    assert ana.refused("/msg bob") == Usage("/msg NICK TEXT")
    assert ana.refused("/msg bob \u200b") == EmptyText()


def test_a_reply_goes_to_whom_one_wrote_with_last(ana: Typist, bob: Typist) -> None:
    assert ana.refused("/reply hello") == NobodyToAnswer()
    ana.reply.last_direct = "bob"
    assert ana.types("/r hello") == ["Sent to bob."]
    assert ana.refused("/reply") == Usage("/reply TEXT")


def test_an_action_is_shown_as_the_others_see_it(ana: Typist, bob: Typist) -> None:
    assert ana.types("/me  waves {at} all") == ["* ana waves {at} all"]
    assert texts(bob) == ["12:00 #4 * ana waves {at} all"]
    assert ana.refused("/me") == Usage("/me TEXT")
    ana.types("/leave")
    assert ana.refused("/me waves") == InNoRoom()


def test_editing_changes_ones_last_message(ana: Typist, bob: Typist) -> None:
    ana.types("helo")
    bob.types("hi")
    assert ana.types("/edit hello {all}") == ["12:00 #4 ana: hello {all} (edited)"]
    assert texts(bob) == ["12:00 #4 ana: hello {all} (edited)", "12:00 #5 bob: hi"]


def test_what_was_said_last_may_have_been_private(ana: Typist, bob: Typist) -> None:
    ana.types("to all")
    ana.types("/msg bob the pin is 1233")
    ana.types("/edit the pin is 1234")
    assert texts(bob) == ["12:00 #4 ana: to all"]
    ana.types("/delete")
    assert texts(bob) == ["12:00 #4 ana: to all"]
    ana.types("/delete")
    assert texts(bob) == ["12:00 #4 ana: (deleted)"]


def test_editing_by_number_changes_that_message(ana: Typist) -> None:
    ana.types("one")
    ana.types("two")
    assert ana.types("/edit #3 uno\ndue") == ["12:00 #3 ana: uno", "      due (edited)"]
    assert texts(ana) == ["12:00 #3 ana: uno", "      due (edited)", "12:00 #4 ana: two"]


def test_an_edit_that_changes_nothing_says_so(ana: Typist) -> None:
    ana.types("hello")
    assert ana.types("/edit hello") == ["It reads so already."]


def test_editing_can_be_refused(ana: Typist, bob: Typist) -> None:
    assert ana.refused("/edit hello") == NoSuchMessage()
    bob.types("hi")
    assert ana.refused("/edit hello") == NoSuchMessage()
    assert ana.refused("/edit #4 hello") == NotYourMessage()
    assert ana.refused("/edit #1 hello") == NoSuchMessage()
    assert ana.refused("/edit #999 hello") == NoSuchMessage()
    assert ana.refused("/edit #4") == Usage("/edit [#SEQ] TEXT")


def test_deleting_takes_ones_last_message_back(ana: Typist) -> None:
    ana.types("one")
    ana.types("two")
    assert ana.types("/delete") == ["Message #4 is deleted."]
    assert ana.types("/delete") == ["Message #3 is deleted."]
    assert ana.refused("/delete") == NoSuchMessage()
    assert ana.refused("/delete #3") == MessageGone()


@pytest.mark.parametrize("number", ["#3", "3"])
def test_deleting_by_number_takes_that_message_back(ana: Typist, number: str) -> None:
    ana.types("one")
    ana.types("two")
    assert ana.types(f"/delete {number}") == ["Message #3 is deleted."]
    assert texts(ana) == ["12:00 #3 ana: (deleted)", "12:00 #4 ana: two"]


def test_deleting_what_is_no_number_is_refused(ana: Typist) -> None:
    assert ana.refused("/delete that one") == Usage("/delete [#SEQ]")


def test_reacting_takes_the_last_message_of_somebody_else(ana: Typist, bob: Typist) -> None:
    bob.types("hi")
    ana.types("hello")
    assert ana.types("/react 👍") == ["You reacted with 👍 to #4 by bob."]
    assert bob.types("/react wow") == ["You reacted with wow to #5 by ana."]
    assert bob.types("/react 👍 #4") == ["You reacted with 👍 to #4 by bob."]
    assert texts(ana) == ["12:00 #4 bob: hi [👍 2]", "12:00 #5 ana: hello [wow]"]


def test_reacting_can_be_refused(ana: Typist, bob: Typist) -> None:
    ana.types("hello")
    assert ana.refused("/react 👍") == NoSuchMessage()
    bob.types("/react 👍")
    assert bob.refused("/react 👍") == AlreadyReacted("👍")
    assert bob.refused("/react " + "x" * 99) == InvalidReaction(24)
    assert bob.refused("/react") == Usage("/react EMOJI [#SEQ]")
    assert bob.refused("/react 👍 👍") == Usage("/react EMOJI [#SEQ]")


def test_a_reaction_is_taken_back_where_one_gave_it(ana: Typist, bob: Typist) -> None:
    bob.types("hi")
    ana.types("/react 👍")
    bob.types("bye")
    assert ana.types("/unreact 👍") == ["Your reaction to #4 is gone."]
    assert ana.refused("/unreact 👍") == NoSuchMessage()
    assert ana.refused("/unreact 👍 #4") == NoSuchReaction("👍")
    assert ana.refused("/unreact") == Usage("/unreact EMOJI [#SEQ]")


def test_a_message_that_is_not_at_hand_is_read_from_the_log(
    gateway: FakeGateway, ana: Typist, bob: Typist
) -> None:
    ana.types("helo")
    gateway.at_hand = 1
    bob.types("hi")
    assert ana.types("/edit #4 hello") == ["12:00 #4 ana: hello (edited)"]
    assert ana.types("/edit hello all") == ["12:00 #4 ana: hello all (edited)"]
    assert ana.types("/delete") == ["Message #4 is deleted."]


def test_a_log_that_cannot_be_read_is_a_refusal(gateway: FakeGateway, ana: Typist) -> None:
    gateway.unreadable = StoreUnavailable()
    assert ana.refused("/edit #1 hello") == StoreUnavailable()


def test_somebody_who_has_gone_has_no_messages(ana: Typist) -> None:
    ana.gateway.close(ana.session, LeaveReason.LOST)
    ana.types("/delete")
    assert ana.reply.refusals
