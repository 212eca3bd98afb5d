"""Tests of waiting between tries."""

from __future__ import annotations

from tertulia.sdk.backoff import Backoff


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(first=0.5, longest=5.0)
    assert [backoff.next(1.0) for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_a_wait_is_drawn_from_all_that_is_possible() -> None:
    backoff = Backoff(first=1.0)
    assert [backoff.next(lot) for lot in (0.0, 0.5, 0.25)] == [0.0, 1.0, 1.0]


def test_after_success_waits_are_short_again() -> None:
    backoff = Backoff(first=1.0)
    for _ in range(1000):
        backoff.next(1.0)
    assert backoff.next(1.0) == 30.0
    backoff.reset()
    assert backoff.next(1.0) == 1.0
