from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.errors import (
    AmbiguousCommand,
    DidYouMean,
    OperatorsOnly,
    Refusal,
    Refused,
    UnknownCommand,
    Usage,
)
from tertulia.core.language import English
from tertulia.slash.call import Call
from tertulia.slash.parse import Arguments, Typed
from tertulia.slash.registry import Group, Registry, Row, ServerRole, run
from tests.fakes import FakeGateway
from tests.slash.typist import Typist


def say_rest(call: Call, arguments: Arguments) -> None:
    call.say(arguments.text())


async def read_rest(call: Call, arguments: Arguments) -> None:
    call.say(arguments.text())


def row(name: str, *aliases: str, role: ServerRole = ServerRole.USER) -> Row:
    return Row(name, aliases, f"/{name} TEXT", "Helps.", Group.CHAT, say_rest, role=role)


REGISTRY = Registry(
    [
        row("join", "j", "ir"),
        row("history", "histórico"),
        row("hint"),
        row("me"),
        row("message"),
        row("stop", "detener", role=ServerRole.OPERATOR),
        Row("read", (), "/read TEXT", "Reads.", Group.CHAT, read_rest),
    ]
)


def refusal(word: str, *, operator: bool = False) -> Refusal:
    with pytest.raises(Refused) as caught:
        REGISTRY.find(word, operator=operator)
    return caught.value.refusal


@pytest.mark.parametrize("word", ["join", "JOIN", "j", "Ir", "jo"])
def test_a_row_is_found_by_name_alias_or_beginning_in_any_case(word: str) -> None:
    assert REGISTRY.find(word).name == "join"


@pytest.mark.parametrize("word", ["histórico", "HISTORICO", "histor", "histo\u0301r"])
def test_accents_make_no_difference(word: str) -> None:
    assert REGISTRY.find(word).name == "history"


def test_an_exact_word_wins_over_longer_ones() -> None:
    assert REGISTRY.find("me").name == "me"


def test_a_beginning_of_several_rows_is_refused_with_all_of_them() -> None:
    assert refusal("hi") == AmbiguousCommand("hi", "/history, /hint")


def test_a_mistyped_word_gets_the_nearest_one() -> None:
    assert refusal("jion") == DidYouMean("jion", "join")
    assert refusal("Mesage") == DidYouMean("Mesage", "message")
    assert refusal("historrico") == DidYouMean("historrico", "histórico")


def test_a_word_like_no_other_is_unknown() -> None:
    assert refusal("xyzzy") == UnknownCommand("xyzzy")
    assert refusal("") == UnknownCommand("")


def test_an_unknown_word_is_shown_short_and_clean() -> None:
    assert refusal("\x1b[2J" + "q" * 100) == UnknownCommand("q" * 32)


def test_rows_for_operators_are_not_suggested_to_others() -> None:
    assert refusal("sto") == UnknownCommand("sto")
    assert refusal("stopp") == UnknownCommand("stopp")
    assert REGISTRY.find("sto", operator=True).name == "stop"
    assert refusal("stopp", operator=True) == DidYouMean("stopp", "stop")


def test_completion_gives_one_word_for_each_row() -> None:
    assert REGISTRY.complete("HI") == ["history", "hint"]
    assert REGISTRY.complete("historic") == ["histórico"]
    assert REGISTRY.complete("st") == []
    assert REGISTRY.complete("st", operator=True) == ["stop"]
    assert REGISTRY.complete("") == ["join", "history", "hint", "me", "message", "read"]


def test_two_rows_may_not_share_a_word() -> None:
    with pytest.raises(ValueError, match="/SAIR is both /quit and /leave"):
        Registry([row("quit", "sair"), row("leave", "SAIR")])


def test_rows_can_be_added_and_removed_again() -> None:
    registry = Registry([row("join")])
    more = (row("roll", "r"), row("reroll"))
    registry.add(more)
    assert registry.find("r").name == "roll"
    assert [one.name for one in registry.rows(operator=False)] == ["join", "roll", "reroll"]
    registry.remove(more)
    assert registry.complete("") == ["join"]


def test_rows_that_share_a_word_with_one_that_is_there_are_not_added_at_all() -> None:
    registry = Registry([row("join", "ir")])
    with pytest.raises(ValueError, match="/ir is both /join and /leave"):
        registry.add([row("roll"), row("leave", "ir")])
    assert registry.complete("") == ["join"]


@given(st.text(max_size=50), st.booleans())
def test_looking_up_any_word_gives_a_row_or_a_refusal(word: str, operator: bool) -> None:
    try:
        found = REGISTRY.find(word, operator=operator)
    except Refused:
        return
    assert found in REGISTRY.rows(operator=True)


def typist(*, operator: bool = False) -> Typist:
    return Typist(FakeGateway(), "ana", operator=operator, registry=REGISTRY, catalog=English())


def test_running_hands_the_arguments_to_the_row() -> None:
    assert typist().types("/join tea time") == ["tea time"]


def test_running_refuses_what_does_not_fit_with_the_usage() -> None:
    assert typist().refused("/jo") == Usage("/join TEXT")


def test_running_a_row_for_operators_is_refused_to_others() -> None:
    assert typist().refused("/stop now") == OperatorsOnly()
    assert typist().refused("/DETENER now") == OperatorsOnly()
    assert typist(operator=True).types("/stop now") == ["now"]


def test_a_row_that_reads_is_awaited_and_its_refusals_are_shown() -> None:
    person = typist()
    assert run(person.call(), Typed("join", "now")) is None
    assert person.types("/read this") == ["this"]
    assert person.refused("/read") == Usage("/read TEXT")
