"""The one table, and how far to trust it. Pure: rows in, text out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.figures import Gap, Row
from benchmarks.scenarios import TARGETS

_HEADER = (
    "figure",
    "server",
    "cost",
    "÷ naive",
    "÷ bare",
    "per s",
    "p50 ms",
    "p99 ms",
    "per read",
    "wrong",
    "spread",
    "target",
)
_LEFT = (0, 1, 11)
_DISTURBED = 0.2
_FULL = 0.95
_MUCH_LATER = 0.05
_NOTHING = "–"


def table(rows: Sequence[Row]) -> str:
    """Return all rows as one table of text."""
    cells = [_HEADER, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADER))]
    lines = [_line(line, widths) for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(_separate(lines, rows))


def notes(rows: Sequence[Row], gaps: Sequence[Gap]) -> str:
    """Return what to know about the table: what failed, and how noisy it was."""
    lines = [f"{gap.figure}, {gap.server}: not measured: {gap.reason}" for gap in gaps]
    if not rows:
        return "\n".join(lines)
    busy = [row.median.others for row in rows]
    disturbed = sum(share > _DISTURBED for share in busy)
    lines.append(
        f"Noise: other programs used up to {max(busy):.0%} of one of the two cores;"
        f" {disturbed} of {len(rows)} figures had more than {_DISTURBED:.0%} of it."
    )
    later = ", ".join(
        f"{row.figure} {row.server} {row.median.late:.0%}"
        for row in rows
        if row.median.late > _MUCH_LATER
    )
    if later:
        lines.append(f"Put off until everything was delivered, and in the cost: {later}.")
    full = ", ".join(f"{row.figure} {row.server}" for row in rows if row.median.load > _FULL)
    if full:
        lines.append(f"The load had no time left, so that rates are a lower bound: {full}.")
    repeated = [row.spread for row in rows if row.runs > 1]
    if repeated:
        lines.append(
            f"Between rounds, a cost varied by up to {max(repeated):.0%}."
            " Ratios are taken within a round, then the median over the rounds."
        )
    else:
        lines.append("One round only: nothing is known of how much it varies.")
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, ...]:
    sample = row.median
    return (
        row.figure,
        row.server,
        f"{_number(sample.cost)} {row.unit}",
        _number(row.to_naive),
        _number(row.to_bare),
        _NOTHING if sample.per_second is None else f"{sample.per_second:,.0f}",
        _number(sample.p50),
        _number(sample.p99),
        _number(sample.per_read),
        _NOTHING if sample.wrong is None else str(sample.wrong),
        f"{row.spread:.0%}" if row.runs > 1 else _NOTHING,
        _target(row),
    )


def _target(row: Row) -> str:
    target = TARGETS.get(row.figure)
    if target is None or row.server != "ours":
        return ""
    verdict = {True: "met", False: "missed", None: "can't be told"}[row.is_met]
    return f"{verdict}: {target.text}"


def _number(value: float | None) -> str:
    """Write about three digits."""
    if value is None:
        return _NOTHING
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.ljust(width) if column in _LEFT else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(padded).rstrip()


def _separate(lines: Sequence[str], rows: Sequence[Row]) -> Iterable[str]:
    """Put an empty line between one figure and the next."""
    yield from lines[:2]
    before = rows[0].figure if rows else ""
    for line, row in zip(lines[2:], rows, strict=True):
        if row.figure != before:
            yield ""
        before = row.figure
        yield line
