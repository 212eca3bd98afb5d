"""Strikes and the log of faults, with the time as a number."""

from __future__ import annotations

import pytest

from tertulia.plugins.faults import TOLD, WINDOW, FaultLog, Strikes


@pytest.mark.parametrize(
    ("times", "verdicts"),
    [
        ([0, 1, 2], [False, False, True]),
        ([0, 30, 60], [False, False, True]),
        ([0, 30, 61, 62], [False, False, False, True]),
        ([0, 61, 122, 183], [False] * 4),
    ],
)
def test_so_many_within_a_minute_are_too_many(times: list[float], verdicts: list[bool]) -> None:
    strikes = Strikes(3)
    assert [strikes.note(time) for time in times] == verdicts


def test_one_may_be_too_many() -> None:
    assert Strikes(1).note(0)


def test_the_log_does_not_fill_up_and_tells_how_much_it_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = FaultLog("dice")
    for _ in range(TOLD + 5):
        log.note("roll", ValueError("x"), 0.0)
    log.note("on_message", ValueError("x"), 0.0)
    log.note("roll", ValueError("x"), WINDOW + 1)
    assert caplog.messages == [
        *["plugin dice: roll failed"] * TOLD,
        "plugin dice: on_message failed",
        "plugin dice: roll failed 5 times more",
        "plugin dice: roll failed",
    ]
