"""Tests of `tertulia.server.absences`: tokens, and who is away."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from tertulia.core.ids import UserId
from tertulia.ports import Client
from tertulia.server import absences as absences_module
from tertulia.server.absences import AWAY_PER_ADDRESS, Absences
from tertulia.server.limits import UNLIMITED
from tertulia.server.session import LiveSession
from tests.server.driving import FakeFormat, FakeView
from tests.server.virtual import in_virtual_time


def absences() -> Absences:
    return Absences(asyncio.get_running_loop().call_later)


def session(number: int = 1, address: str = "127.0.0.1") -> LiveSession:
    return LiveSession(
        UserId(number),
        Client("events", f"{address}:{number}", address),
        FakeView(FakeFormat()),
        messages=UNLIMITED,
        actions=UNLIMITED,
    )


@in_virtual_time
async def test_a_token_leads_to_its_session_and_no_other_text_does() -> None:
    known, ana, bob = absences(), session(1), session(2)
    first, second = known.issue(ana), known.issue(bob)
    assert known.find(first) is ana
    assert known.find(second) is bob
    assert known.find(first + "x") is None
    assert known.find("") is None
    assert len(first) >= 32


@in_virtual_time
async def test_the_tokens_themselves_are_not_held() -> None:
    known = absences()
    token = known.issue(session())
    assert token not in str(vars(known))
    assert token.encode() not in known._sessions


@in_virtual_time
async def test_the_token_one_came_back_with_counts_until_the_new_one_is_known_to_have_come() -> (
    None
):
    known, ana = absences(), session()
    first = known.issue(ana)
    assert known.find(first) is ana
    second = known.issue(ana)
    assert known.find(first) is ana
    third = known.issue(ana)
    assert known.find(second) is None
    known.confirm(ana)
    assert known.find(first) is None
    assert known.find(third) is ana
    known.confirm(session(2))


@in_virtual_time
async def test_to_come_back_with_the_new_token_spends_the_old_one() -> None:
    known, ana = absences(), session()
    first, second = known.issue(ana), known.issue(ana)
    assert known.find(second) is ana
    assert known.find(first) is None
    known.issue(ana)
    assert known.find(second) is ana


@in_virtual_time
async def test_a_session_that_is_over_has_no_token() -> None:
    known, ana = absences(), session()
    first = known.issue(ana)
    known.find(first)
    second = known.issue(ana)
    known.forget(ana)
    known.forget(ana)
    assert known.find(first) is known.find(second) is None
    assert not known._sessions
    assert not known._tokens


@in_virtual_time
async def test_who_does_not_come_back_in_time_is_gone() -> None:
    known, gone = absences(), list[LiveSession]()
    ana, bob = session(1), session(2)
    known.begin(ana, 60.0, partial(gone.append, ana))
    known.begin(bob, 60.0, partial(gone.append, bob))
    await asyncio.sleep(59)
    assert known.everyone() == [ana, bob]
    known.end(bob)
    known.end(bob)
    await asyncio.sleep(2)
    assert gone == [ana]


@in_virtual_time
async def test_of_one_address_only_so_many_are_away_and_the_first_goes_first() -> None:
    known, gone = absences(), list[LiveSession]()
    away = [session(number) for number in range(AWAY_PER_ADDRESS + 1)]
    stranger = session(9999, "10.0.0.1")
    for one in (stranger, *away):

        def expire(one: LiveSession = one) -> None:
            gone.append(one)
            known.forget(one)

        known.begin(one, 60.0, expire)
    assert gone == [away[0]]
    assert known.everyone() == [stranger, *away[1:]]


def test_only_so_many_are_away_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absences_module, "AWAY", 2)

    @in_virtual_time
    async def test() -> None:
        known, gone = absences(), list[LiveSession]()
        people = [session(number, f"10.0.0.{number}") for number in range(3)]
        for one in people:
            known.begin(one, 60.0, partial(gone.append, one))
        assert gone == [people[0]]

    test()
