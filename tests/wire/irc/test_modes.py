from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.events import Person, Role, Rule, RuleChange
from tertulia.core.ids import RoomId, UserId
from tertulia.core.room import Member, RoomState, Rules
from tertulia.wire.irc.modes import (
    MAX_CHANGES,
    Mode,
    format_modes,
    modes_of,
    parse_modes,
    prefix_of,
    room_modes,
)

ANA = Person(UserId(7), "ana", "~ana@127.0.0.1:1")


def test_letters_take_their_parameters_in_order() -> None:
    assert parse_modes(["+ok-l+b", "ana", "word", "a!*@*"]) == [
        Mode("o", True, "ana"),
        Mode("k", True, "word"),
        Mode("l", False),
        Mode("b", True, "a!*@*"),
    ]


def test_a_parameter_that_is_missing_is_none() -> None:
    assert parse_modes(["+o"]) == [Mode("o", True, None)]


@given(st.lists(st.text(max_size=40), max_size=5))
def test_whatever_is_typed_is_a_bounded_list_of_modes(params: list[str]) -> None:
    assert len(parse_modes(params)) <= MAX_CHANGES


def test_changes_of_rules_are_written_with_one_sign_for_many() -> None:
    changes = (
        RuleChange(Rule.MODERATED),
        RuleChange(Rule.MODERATOR, user=ANA),
        RuleChange(Rule.LIMIT, on=False),
        RuleChange(Rule.KEY, on=False, value="word"),
    )
    assert modes_of(changes) == ["+mo-lk", "ana", "word"]
    assert format_modes([]) == [""]


def test_a_key_is_shown_to_those_inside() -> None:
    room = RoomState(RoomId(1), "den", rules=Rules(key="word", limit=3))
    assert room_modes(room, is_inside=True) == ["+nkl", "word", "3"]
    assert room_modes(room, is_inside=False) == ["+nkl", "*", "3"]


def test_a_prefix_shows_the_highest_role_or_all() -> None:
    member = Member(ANA, Role.OWNER, (Role.MODERATOR, Role.SPEAKER))
    assert prefix_of(member, all_of_them=False) == "@"
    assert prefix_of(member, all_of_them=True) == "@+"
    assert prefix_of(Member(ANA), all_of_them=True) == ""
