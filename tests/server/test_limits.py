"""Limits: a rate is never passed, and an address never holds more than it may."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.errors import TooManyConnections
from tertulia.server.limits import (
    FORGET_AFTER,
    UNLIMITED,
    AddressCaps,
    AddressLimits,
    Metered,
    NoCaps,
    Rate,
    network_of,
)

RATES = st.builds(
    Rate, burst=st.integers(1, 50), per_second=st.floats(0.1, 100, allow_subnormal=False)
)
STEPS = st.lists(st.floats(0, 5), min_size=1, max_size=200)
PLENTY = Rate(1_000_000, 1_000_000.0)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 5_000.0

    def __call__(self) -> float:
        return self.now


@given(RATES, STEPS)
def test_no_more_is_ever_taken_than_the_burst_and_the_rate_allow(
    rate: Rate, steps: list[float]
) -> None:
    meter, now, taken = Metered(rate), 5_000.0, list[float]()
    for step in steps:
        now += step
        if not meter.take(now):
            taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            span = taken[last] - taken[first]
            assert last - first + 1 <= rate.burst + rate.per_second * span + 1e-6


@given(RATES)
def test_the_whole_burst_can_be_taken_at_once_and_not_one_more(rate: Rate) -> None:
    meter = Metered(rate)
    assert [meter.take(5_000.0) for _ in range(rate.burst)] == [0.0] * rate.burst
    assert meter.take(5_000.0) > 0.0


@given(RATES, STEPS)
def test_whoever_waits_as_long_as_told_may_go_on(rate: Rate, steps: list[float]) -> None:
    meter, now = Metered(rate), 5_000.0
    for step in steps:
        now += step
        wait = meter.take(now)
        if wait:
            now += wait + 1e-6
            assert meter.take(now) == 0.0


def test_being_refused_costs_nothing() -> None:
    meter = Metered(Rate(1, 1.0))
    assert meter.take(10.0) == 0.0
    waits = [meter.take(10.0) for _ in range(100)]
    assert waits == [1.0] * 100
    assert meter.take(11.0) == 0.0


def test_without_a_limit_everything_is_allowed() -> None:
    assert {UNLIMITED.take(0.0) for _ in range(1000)} == {0.0}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("a-unix-socket", "a-unix-socket"),
    ],
)
def test_an_ipv6_address_counts_by_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


@given(st.ip_addresses(v=6))
def test_all_addresses_of_one_ipv6_network_count_as_one(address: object) -> None:
    text = str(address)
    assert network_of(text) == network_of(network_of(text).removesuffix("/64"))


def test_an_address_holds_no_more_connections_than_it_may() -> None:
    caps = AddressCaps(AddressLimits(2, 100, PLENTY), Clock())
    assert [caps.admit("192.0.2.1") for _ in range(3)] == [None, None, TooManyConnections()]
    assert caps.admit("192.0.2.2") is None
    caps.release("192.0.2.1")
    assert [caps.admit("192.0.2.1") for _ in range(2)] == [None, TooManyConnections()]


def test_one_ipv6_network_is_one_address() -> None:
    caps = AddressCaps(AddressLimits(1, 100, PLENTY), Clock())
    assert caps.admit("2001:db8::1") is None
    assert caps.admit("2001:db8::2") == TooManyConnections()
    caps.release("2001:db8::1")
    assert caps.admit("2001:db8::2") is None


def test_all_together_hold_no_more_connections_than_the_server_takes() -> None:
    caps = AddressCaps(AddressLimits(10, 3, PLENTY), Clock())
    answers = [caps.admit(f"192.0.2.{number}") for number in range(5)]
    assert answers == [None, None, None, TooManyConnections(), TooManyConnections()]
    caps.release("192.0.2.0")
    assert caps.admit("192.0.2.9") is None


def test_an_address_that_comes_and_goes_too_fast_has_to_wait() -> None:
    clock = Clock()
    caps = AddressCaps(AddressLimits(10, 100, Rate(2, 1.0)), clock)
    for _ in range(2):
        assert caps.admit("192.0.2.1") is None
        caps.release("192.0.2.1")
    assert caps.admit("192.0.2.1") == TooManyConnections()
    clock.now += 1.0
    assert caps.admit("192.0.2.1") is None


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=100))
def test_what_is_held_is_always_what_was_admitted_and_not_released(
    steps: list[tuple[int, bool]],
) -> None:
    caps = AddressCaps(AddressLimits(3, 8, PLENTY), Clock())
    held = [0] * 6
    for address, comes in steps:
        name = f"192.0.2.{address}"
        if comes:
            is_full = held[address] == 3 or sum(held) == 8
            assert (caps.admit(name) is not None) == is_full
            held[address] += not is_full
        elif held[address]:
            caps.release(name)
            held[address] -= 1


def test_addresses_that_hold_nothing_are_forgotten_and_the_others_are_not() -> None:
    caps = AddressCaps(AddressLimits(1, 10**9, PLENTY), Clock())
    assert caps.admit("192.0.2.1") is None
    for number in range(3 * FORGET_AFTER):
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        assert caps.admit(address) is None
        caps.release(address)
    assert caps.remembered <= FORGET_AFTER
    assert caps.admit("192.0.2.1") == TooManyConnections()
    caps.release("192.0.2.1")


def test_many_addresses_that_hold_something_are_not_swept_over_and_over() -> None:
    caps = AddressCaps(AddressLimits(1, 10**9, PLENTY), Clock())
    addresses = [
        f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in range(20_000)
    ]
    assert {caps.admit(address) for address in addresses} == {None}
    assert caps.remembered == 20_000
    for address in addresses:
        caps.release(address)


def test_without_caps_everyone_is_admitted() -> None:
    caps = NoCaps()
    assert {caps.admit("192.0.2.1") for _ in range(1000)} == {None}
    caps.release("192.0.2.1")
