"""From runs to figures: medians over the rounds, ratios within each round, and verdicts.

Pure: runs in, rows out; how they look is the business of `report`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

import msgspec
from msgspec import Struct

from benchmarks.load import ArrivalResult, Failure
from benchmarks.rounds import Run
from benchmarks.scenarios import TARGETS, Limit
from benchmarks.traffic import TrafficResult

OURS, NAIVE, BARE = "ours", "naive", "bare"


class Sample(Struct, frozen=True):
    """One figure of one run."""

    cost: float
    """Of a delivery or a client: CPU in microseconds, or memory in KiB."""
    per_second: float | None = None
    """Messages sent, or clients connected."""
    p50: float | None = None
    p99: float | None = None
    per_read: float | None = None
    """Messages that the load found in one read: how much the server sends at once."""
    seconds: float | None = None
    """Until the last client was in."""
    wrong: int | None = None
    """Deliveries that were lost, doubled, out of order, stray or damaged."""
    late: float = 0.0
    """The part of the cost that came when everything had been delivered, 0 to 1."""
    load: float = 0.0
    """How much of its core the load used, 0 to 1."""
    others: float = 0.0
    """What other programs used of the busier of the two cores, 0 to 1."""


class Row(Struct, frozen=True):
    """One figure of one server: medians over the rounds."""

    figure: str
    server: str
    unit: str
    runs: int
    median: Sample
    spread: float
    """Of the cost: (greatest - least) / median."""
    to_naive: float | None
    to_bare: float | None
    p50_to_bare: float | None
    is_met: bool | None
    """Whether the target is met; None without a target, or when it can't be told."""


class Gap(Struct, frozen=True):
    """A figure that could not be measured."""

    figure: str
    server: str
    reason: str


UNITS = {"connect": "µs/client", "idle": "KiB/client"}
_DELIVERY = "µs/delivery"


def summarise(runs: Sequence[Run]) -> tuple[list[Row], list[Gap]]:
    """Return a row for each figure and server, and what failed."""
    samples: dict[str, dict[str, dict[int, Sample]]] = {}
    gaps: list[Gap] = []
    for run in runs:
        if isinstance(run.result, Failure):
            gaps.append(Gap(run.scenario, run.server, run.result.reason))
            continue
        for figure, sample in _samples(run.scenario, run.result):
            samples.setdefault(figure, {}).setdefault(run.server, {})[run.round] = sample
    rows = [
        _row(figure, server, servers) for figure, servers in samples.items() for server in servers
    ]
    return rows, gaps


def _samples(scenario: str, result: TrafficResult | ArrivalResult) -> Iterable[tuple[str, Sample]]:
    usage = result.usage
    if isinstance(result, ArrivalResult):
        yield (
            scenario,
            Sample(
                cost=usage.server.total / result.newcomers * 1e6,
                per_second=result.newcomers / result.seconds,
                seconds=result.seconds,
                load=usage.load,
                others=usage.others,
            ),
        )
        yield "idle", Sample(cost=result.growth_kib)
        return
    deliveries = max(1, result.deliveries)
    cpu = usage.server.total + result.late
    yield (
        scenario,
        Sample(
            cost=cpu / deliveries * 1e6,
            per_second=result.messages / usage.seconds,
            p50=result.p50,
            p99=result.p99,
            per_read=deliveries / max(1, result.reads),
            wrong=result.faults.total,
            late=result.late / cpu if cpu else 0.0,
            load=usage.load,
            others=usage.others,
        ),
    )


def _row(figure: str, server: str, servers: Mapping[str, Mapping[int, Sample]]) -> Row:
    own = servers[server]
    middle = _median(list(own.values()))
    costs = [sample.cost for sample in own.values()]
    row = Row(
        figure=figure,
        server=server,
        unit=UNITS.get(figure, _DELIVERY),
        runs=len(own),
        median=middle,
        spread=(max(costs) - min(costs)) / middle.cost if middle.cost else 0.0,
        to_naive=_ratio(own, servers.get(NAIVE, {}), _cost),
        to_bare=_ratio(own, servers.get(BARE, {}), _cost),
        p50_to_bare=_ratio(own, servers.get(BARE, {}), _p50),
        is_met=None,
    )
    if server == OURS:
        return _judge(row)
    return row


def _median(samples: Sequence[Sample]) -> Sample:
    def middle(read: Callable[[Sample], float | None]) -> float | None:
        values = [value for value in map(read, samples) if value is not None]
        return median(values) if values else None

    wrong = [sample.wrong for sample in samples if sample.wrong is not None]
    return Sample(
        cost=median(sample.cost for sample in samples),
        per_second=middle(lambda sample: sample.per_second),
        p50=middle(lambda sample: sample.p50),
        p99=middle(lambda sample: sample.p99),
        per_read=middle(lambda sample: sample.per_read),
        seconds=middle(lambda sample: sample.seconds),
        # A fault is a fault in whichever round: these are added up.
        wrong=sum(wrong) if wrong else None,
        late=median(sample.late for sample in samples),
        load=median(sample.load for sample in samples),
        others=median(sample.others for sample in samples),
    )


def _ratio(
    own: Mapping[int, Sample],
    other: Mapping[int, Sample],
    read: Callable[[Sample], float | None],
) -> float | None:
    """Return the median of the rounds' own ratios: what slows a round slows both."""
    pairs = [(read(own[number]), read(other[number])) for number in own.keys() & other.keys()]
    ratios = [ours / theirs for ours, theirs in pairs if ours is not None and theirs]
    return median(ratios) if ratios else None


def _cost(sample: Sample) -> float | None:
    return sample.cost


def _p50(sample: Sample) -> float | None:
    return sample.p50


def _judge(row: Row) -> Row:
    target = TARGETS.get(row.figure)
    if target is None:
        return row
    verdicts = [_holds_all(limits, row) for limits in target.alternatives]
    met: bool | None = None
    if True in verdicts:
        met = not row.median.wrong
    elif None not in verdicts:
        met = False
    return msgspec.structs.replace(row, is_met=met)


def _holds_all(limits: Iterable[Limit], row: Row) -> bool | None:
    """Tell whether all limits hold; None when none is broken but one can't be told."""
    values = {
        "cost": row.median.cost,
        "to_naive": row.to_naive,
        "to_bare": row.to_bare,
        "p50_to_bare": row.p50_to_bare,
        "seconds": row.median.seconds,
    }
    is_unknown = False
    for limit in limits:
        value = values[limit.figure]
        if value is None:
            is_unknown = True
        elif value > limit.at_most:
            return False
    return None if is_unknown else True
