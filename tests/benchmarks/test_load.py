"""The load against real servers over loopback: it finds nothing wrong, and then what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from benchmarks.launch import Candidate, ServerError, candidates, default_program, running
from benchmarks.ledger import Faults
from benchmarks.load import ArrivalResult, Failure, Order, Result, carry_out
from benchmarks.scenarios import Arrival, Carrier, Scenario, Traffic
from benchmarks.system import Cores
from benchmarks.traffic import TrafficResult

_UNPINNED = Cores(None, None)
_FLOOD = Traffic("flood", "a room of 20", rooms=1, members=20, senders=2, window=3)
_ROOMS = Traffic("rooms", "5 rooms of 4", rooms=5, members=4, senders=2, window=2)
_PACED = Traffic("paced", "a room of 20", rooms=1, members=20, senders=2, rate=200.0)
_WS_FLOOD = replace(_FLOOD, name="ws-flood", carrier="websocket")
_WS_PACED = replace(_PACED, name="ws-paced", carrier="websocket")


def _measure(candidate: Candidate, scenario: Scenario) -> Result:
    with running(candidate, None) as server:
        return carry_out(
            Order(
                host=server.host,
                port=server.port,
                pid=server.pid,
                dialect=candidate.dialect,
                scenario=scenario,
                cores=_UNPINNED,
                warm=0.05,
                seconds=0.2,
                silence=0.1,
                give_up=5.0,
            )
        )


def _candidate(name: str, carrier: Carrier = "lines") -> Candidate:
    [found] = [
        one for one in candidates(default_program()) if (one.name, one.carrier) == (name, carrier)
    ]
    return found


def _faulty(fault: str) -> Candidate:
    command: Sequence[str] = (sys.executable, "-m", "tests.benchmarks.faulty", fault)
    return Candidate(fault, "simple", tuple(command))


@pytest.mark.parametrize(
    ("name", "scenario"),
    [
        ("naive", _FLOOD),
        ("naive", _PACED),
        ("bare", _FLOOD),
        ("bare", _ROOMS),
        ("bare", _PACED),
        ("bare-send", _ROOMS),
        ("naive", _WS_FLOOD),
        ("ours", _WS_FLOOD),
        ("ours", _WS_PACED),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_everybody_hears_everything_from_a_server_without_fault(
    name: str, scenario: Traffic
) -> None:
    result = _measure(_candidate(name, scenario.carrier), scenario)
    assert isinstance(result, TrafficResult)
    assert result.faults == Faults()
    assert result.forks == 0
    assert result.p50 <= result.p99


@pytest.mark.parametrize("name", ["naive", "bare"])
def test_a_crowd_that_arrives_is_counted_and_weighed(name: str) -> None:
    result = _measure(_candidate(name), Arrival("connect", newcomers=20, early=2))
    assert isinstance(result, ArrivalResult)
    assert result.newcomers == 20
    assert result.seconds > 0


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("drop", Faults(lost=1)),
        ("double", Faults(doubled=1)),
        ("swap", Faults(misordered=1)),
        ("damage", Faults(lost=1, damaged=1)),
        ("stray", Faults(stray=1)),
    ],
)
def test_one_wrong_delivery_to_one_member_is_found(fault: str, found: Faults) -> None:
    result = _measure(_faulty(fault), _FLOOD)
    assert isinstance(result, TrafficResult)
    assert result.faults == found


def test_a_server_that_cuts_a_client_off_fails_the_run() -> None:
    result = _measure(_faulty("close"), _FLOOD)
    assert result == Failure("the server cut off a client")


def test_a_server_that_does_not_start_is_told_with_its_own_words() -> None:
    command = (sys.executable, "-c", "raise SystemExit('no room at the inn')")
    with pytest.raises(ServerError, match="no room at the inn"):
        with running(Candidate("none", "simple", command), None):
            pass
