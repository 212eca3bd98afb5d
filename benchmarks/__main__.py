"""`python -m benchmarks`: measure our doors beside naive chats and the bare sends."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

import click
import msgspec

from benchmarks.figures import Row, summarise
from benchmarks.launch import candidates, default_program
from benchmarks.load import Failure
from benchmarks.report import notes, table
from benchmarks.rounds import Plan, Run, candidates_for, play
from benchmarks.scenarios import SCENARIOS, shorter
from benchmarks.system import choose_cores, file_system_of, raise_descriptor_limit

_SERVERS = ("ours", "naive", "bare", "bare-send")
_DEFAULT_SERVERS = ("ours", "naive", "bare")


@click.command()
@click.option("--quick", is_flag=True, help="One short round: about a minute.")
@click.option(
    "--scenario",
    "names",
    multiple=True,
    type=click.Choice([scenario.name for scenario in SCENARIOS]),
    help="Only this scenario (repeatable).",
)
@click.option(
    "--server",
    "servers",
    multiple=True,
    type=click.Choice(_SERVERS),
    help="Only this server (repeatable); bare-send is run only when named.",
)
@click.option("--rounds", type=click.IntRange(1), help="How many rounds: 3, or 1 with --quick.")
@click.option("--seconds", type=click.FloatRange(0.2), help="How long each run measures.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write all runs to FILE.")
@click.option("--program", help="The `tertulia` to measure, instead of the one installed here.")
def main(
    quick: bool,
    names: tuple[str, ...],
    servers: tuple[str, ...],
    rounds: int | None,
    seconds: float | None,
    file: Path | None,
    program: str | None,
) -> None:
    """Measure our doors beside naive chats and the bare cost of the same sends."""
    if not sys.platform.startswith("linux"):
        raise click.ClickException("the benchmark needs Linux: it uses epoll and reads /proc")
    chosen = (one for one in SCENARIOS if not names or one.name in names)
    scenarios = tuple(shorter(one) if quick else one for one in chosen)
    needed = max(scenario.clients for scenario in scenarios)
    if not raise_descriptor_limit(needed):
        raise click.ClickException(
            f"{needed} connections are more than may be open here; raise `ulimit -Hn`"
        )
    wanted = servers or _DEFAULT_SERVERS
    known = candidates(program or default_program())
    plan = Plan(
        candidates=tuple(candidate for candidate in known if candidate.name in wanted),
        scenarios=scenarios,
        rounds=rounds or (1 if quick else 3),
        warm=0.3 if quick else 0.5,
        seconds=seconds or (1.5 if quick else 2.5),
        cores=choose_cores(),
    )
    runs = _play(plan)
    rows, gaps = summarise(runs)
    click.echo(_conditions(plan))
    click.echo(table(rows))
    click.echo()
    click.echo(notes(rows, gaps))
    if file is not None:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(Record(runs, rows)), indent=1))
    sys.exit(1 if gaps or any(row.median.wrong for row in rows) else 0)


class Record(msgspec.Struct, frozen=True):
    """What `--json` writes: every run, and the rows of the table."""

    runs: list[Run]
    rows: list[Row]


def _play(plan: Plan) -> list[Run]:
    total = plan.rounds * sum(len(candidates_for(plan, one)) for one in plan.scenarios)
    runs: list[Run] = []
    for run in play(plan):
        runs.append(run)
        failed = f": {run.result.reason}" if isinstance(run.result, Failure) else ""
        click.echo(
            f"[{len(runs)}/{total}] {run.scenario}, {run.server}, round {run.round}{failed}",
            err=True,
        )
    return runs


def _conditions(plan: Plan) -> str:
    cores = plan.cores
    pinning = "not pinned: there is one core only"
    if cores.server is not None:
        pinning = f"server on core {cores.server}, load on core {cores.load}"
    system = f"Python {platform.python_version()}, Linux {platform.release()}"
    log = f"log on {file_system_of(tempfile.gettempdir())}"
    often = "One round" if plan.rounds == 1 else f"Medians of {plan.rounds} rounds"
    lines = [
        f"{system}, {os.cpu_count()} cores ({pinning}), {log}.",
        f"{often} of {plan.seconds:g} s. Cost: the server's CPU, or memory. 100 bytes a message.",
    ]
    lines += [f"  {scenario.name}: {scenario.title}" for scenario in plan.scenarios]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
