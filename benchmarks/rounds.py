"""The runs, one after another: each server fresh for each, the servers taking turns.

Knows how a run is made and nothing of what its figures mean; that is `figures` and `report`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from benchmarks.launch import Candidate, ServerError, running
from benchmarks.load import Failure, Order, Result
from benchmarks.scenarios import Scenario
from benchmarks.system import Cores

_LOAD_PATIENCE = 240.0
_DECODER: msgspec.json.Decoder[Result] = msgspec.json.Decoder(Result)


class Plan(Struct, frozen=True):
    """What to run."""

    candidates: tuple[Candidate, ...]
    scenarios: tuple[Scenario, ...]
    rounds: int
    warm: float
    seconds: float
    cores: Cores


class Run(Struct, frozen=True):
    """One run and what came of it."""

    round: int
    scenario: str
    server: str
    result: Result


def play(plan: Plan) -> Iterator[Run]:
    """Make all runs of a plan, scenario by scenario, the order of servers rotated each round."""
    for scenario in plan.scenarios:
        able = candidates_for(plan, scenario)
        for number in range(plan.rounds if able else 0):
            shift = number % len(able)
            for candidate in able[shift:] + able[:shift]:
                result = _run(plan, scenario, candidate)
                yield Run(number + 1, scenario.name, candidate.name, result)


def candidates_for(plan: Plan, scenario: Scenario) -> tuple[Candidate, ...]:
    """Return the servers that what carries the words in a scenario is spoken with."""
    return tuple(one for one in plan.candidates if one.carrier == scenario.carrier)


def _run(plan: Plan, scenario: Scenario, candidate: Candidate) -> Result:
    try:
        with running(candidate, plan.cores.server) as server:
            order = Order(
                host=server.host,
                port=server.port,
                pid=server.pid,
                dialect=candidate.dialect,
                scenario=scenario,
                cores=plan.cores,
                warm=plan.warm,
                seconds=plan.seconds,
            )
            return _load(order)
    except ServerError as error:
        return Failure(f"did not start: {error}")


def _load(order: Order) -> Result:
    words = msgspec.json.encode(order).decode()
    command: Sequence[str] = (sys.executable, "-m", "benchmarks.load", words)
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LOAD_PATIENCE, check=True)
    except subprocess.TimeoutExpired:
        return Failure(f"the load did not end within {_LOAD_PATIENCE:.0f} s")
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return Failure(f"the load ended with {' '.join(last) or error.returncode}")
    return _DECODER.decode(done.stdout)
