"""From runs to rows: medians, ratios within a round, verdicts; and the table that shows them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.figures import Gap, Row, summarise
from benchmarks.ledger import Faults
from benchmarks.load import ArrivalResult, Failure
from benchmarks.report import notes, table
from benchmarks.rounds import Run
from benchmarks.system import Cpu, Usage
from benchmarks.traffic import TrafficResult


def _usage(server: float, *, others: float = 0.0, load: float = 0.5) -> Usage:
    return Usage(seconds=2.0, server=Cpu(server / 4, server * 3 / 4), load=load, others=others)


def _traffic(
    cpu: float, *, late: float = 0.0, p50: float = 1.0, wrong: int = 0, others: float = 0.0
) -> TrafficResult:
    return TrafficResult(
        usage=_usage(cpu, others=others),
        late=late,
        messages=1000,
        deliveries=1_000_000,
        reads=100_000,
        p50=p50,
        p99=2 * p50,
        faults=Faults(lost=wrong),
        forks=0,
    )


def _runs(scenario: str, **costs: Sequence[float]) -> list[Run]:
    return [
        Run(number, scenario, server, _traffic(cost))
        for server, values in costs.items()
        for number, cost in enumerate(values, 1)
    ]


def _only(runs: Sequence[Run], server: str = "ours") -> Row:
    rows, _ = summarise(runs)
    (row,) = [row for row in rows if row.server == server]
    return row


def test_a_row_has_the_medians_of_the_rounds_and_their_spread() -> None:
    row = _only(_runs("flood", ours=[1.0, 5.0, 2.0]))
    assert (row.runs, row.median.cost, row.spread) == (3, 2.0, 2.0)
    assert (row.median.per_second, row.median.per_read) == (500.0, 10.0)


def test_work_that_was_put_off_is_in_the_cost_and_told() -> None:
    row = _only([Run(1, "flood", "ours", _traffic(1.5, late=0.5))])
    assert (row.median.cost, row.median.late) == (2.0, 0.25)
    assert "Put off until everything was delivered, and in the cost: flood ours 25%." in notes(
        [row], []
    )


def test_ratios_are_taken_within_a_round() -> None:
    row = _only(_runs("flood", ours=[1.0, 8.0, 2.0], naive=[10.0, 80.0, 40.0]))
    assert row.to_naive == pytest.approx(0.1)
    assert row.to_bare is None


def test_the_target_is_met_when_all_its_limits_hold() -> None:
    assert _only(_runs("flood", ours=[1.5], naive=[40.0], bare=[1.0])).is_met is True


@pytest.mark.parametrize(("naive", "bare"), [(20.0, 1.0), (40.0, 0.5)])
def test_the_target_is_missed_when_one_limit_is_broken(naive: float, bare: float) -> None:
    assert _only(_runs("flood", ours=[1.5], naive=[naive], bare=[bare])).is_met is False


def test_the_target_can_not_be_told_without_the_server_to_compare_with() -> None:
    assert _only(_runs("flood", ours=[1.5], naive=[40.0])).is_met is None


def test_a_broken_limit_misses_the_target_whatever_else_is_unknown() -> None:
    assert _only(_runs("flood", ours=[1.5], naive=[2.0])).is_met is False


@pytest.mark.parametrize(
    ("cost", "p50", "is_met"),
    [(1.3, 1.5, True), (1.3, 2.0, False), (0.6, 7.0, True), (0.6, 9.0, False)],
)
def test_one_of_several_alternatives_is_enough(cost: float, p50: float, is_met: bool) -> None:
    runs = [
        Run(1, "paced", "ours", _traffic(cost, p50=p50)),
        Run(1, "paced", "bare", _traffic(1.0)),
    ]
    assert _only(runs).is_met is is_met


def test_no_speed_makes_up_for_a_wrong_delivery() -> None:
    runs = [
        Run(1, "rooms", "ours", _traffic(1.0)),
        Run(2, "rooms", "ours", _traffic(1.0, wrong=1)),
        *_runs("rooms", bare=[1.0, 1.0]),
    ]
    row = _only(runs)
    assert (row.median.wrong, row.is_met) == (1, False)


def test_a_crowd_gives_two_figures() -> None:
    result = ArrivalResult(_usage(0.2), newcomers=2000, seconds=0.5, growth_kib=3.0)
    rows, _ = summarise([Run(1, "connect", "ours", result)])
    assert [(row.figure, row.unit, row.is_met) for row in rows] == [
        ("connect", "µs/client", True),
        ("idle", "KiB/client", True),
    ]
    assert [row.median.cost for row in rows] == pytest.approx([100.0, 3.0])


def test_what_failed_is_a_gap_and_no_row() -> None:
    rows, gaps = summarise([Run(1, "flood", "ours", Failure("the server cut off a client"))])
    assert rows == []
    assert gaps == [Gap("flood", "ours", "the server cut off a client")]


def test_the_table_has_a_line_for_each_row_and_the_verdict_on_ours() -> None:
    rows, _ = summarise(
        [
            *_runs("flood", ours=[0.1], naive=[4.0], bare=[0.08]),
            *_runs("rooms", ours=[3.0], bare=[1.0]),
        ]
    )
    lines = table(rows).splitlines()
    assert [line.split()[:2] for line in lines[2:]] == [
        ["flood", "ours"],
        ["flood", "naive"],
        ["flood", "bare"],
        [],
        ["rooms", "ours"],
        ["rooms", "bare"],
    ]
    assert lines[2].endswith("met: ≤ 1/20 of naive and ≤ 1.6 × bare")
    assert lines[6].endswith("missed: ≤ 2.2 × bare")


def test_the_notes_tell_failures_and_noise() -> None:
    runs = [
        Run(1, "flood", "bare", _traffic(1.0, others=0.5)),
        Run(2, "flood", "bare", _traffic(1.5, others=0.5)),
        Run(1, "flood", "ours", Failure("did not start: no")),
    ]
    rows, gaps = summarise(runs)
    text = notes(rows, gaps)
    assert "flood, ours: not measured: did not start: no" in text
    assert "up to 50% of one of the two cores; 1 of 1 figures" in text
    assert "varied by up to 40%" in text
