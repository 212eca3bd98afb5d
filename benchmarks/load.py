"""The load, a process of its own: `python -m benchmarks.load JSON` puts a scenario on a server.

Reads an `Order` from its argument and writes a `Result` to stdout, both as JSON.
"""

from __future__ import annotations

import gc
import sys
from typing import TypeAlias

import msgspec
from msgspec import Struct

from benchmarks.crowd import Crowd, LoadError
from benchmarks.dialects import DIALECTS, MAIN_ROOM
from benchmarks.scenarios import Arrival, Scenario, Traffic
from benchmarks.system import Cores, Meter, Usage, pin, raise_descriptor_limit, resident_kib
from benchmarks.traffic import Talk, TrafficResult


class Order(Struct, frozen=True):
    """What to do to which server."""

    host: str
    port: int
    pid: int
    dialect: str
    scenario: Scenario
    cores: Cores
    warm: float = 0.5
    seconds: float = 3.0
    silence: float = 0.8
    """How long nothing must come for everything to have come: longer than a server may keep news
    of comings and goings together."""
    give_up: float = 3.0
    """How long to wait for a delivery, with nothing coming, before it counts as lost."""


class ArrivalResult(Struct, frozen=True, tag="arrival"):
    """What one run of an `Arrival` scenario measured."""

    usage: Usage
    """From the first newcomer until all had been told everything."""
    newcomers: int
    seconds: float
    """Until the last newcomer was welcomed."""
    growth_kib: float
    """What the server's resident memory grew by for each newcomer."""


class Failure(Struct, frozen=True, tag="failure"):
    """Why nothing could be measured."""

    reason: str


Result: TypeAlias = TrafficResult | ArrivalResult | Failure


def carry_out(order: Order) -> Result:
    """Put the load on the server and return what was measured."""
    crowd = Crowd(order.host, order.port, DIALECTS[order.dialect])
    try:
        if isinstance(order.scenario, Traffic):
            return _talk(crowd, order, order.scenario)
        return _arrive(crowd, order, order.scenario)
    except (LoadError, OSError) as error:
        return Failure(str(error))
    finally:
        crowd.close()


def _talk(crowd: Crowd, order: Order, scenario: Traffic) -> TrafficResult:
    names = [MAIN_ROOM] if scenario.rooms == 1 else [f"r{n:03}" for n in range(scenario.rooms)]
    crowd.connect(names * scenario.members)
    crowd.move_in()
    crowd.check_hearing()
    crowd.wait_for_silence(order.silence)
    talk = Talk(crowd, scenario, order.give_up)
    return talk.run(Meter(order.pid, order.cores), order.warm, order.seconds)


def _arrive(crowd: Crowd, order: Order, scenario: Arrival) -> ArrivalResult:
    crowd.connect([MAIN_ROOM] * scenario.early)
    crowd.wait_for_silence(order.silence)
    before = resident_kib(order.pid)
    meter = Meter(order.pid, order.cores)
    seconds = crowd.connect([MAIN_ROOM] * scenario.newcomers)
    crowd.wait_for_silence(order.silence)
    usage = meter.usage()
    growth = (resident_kib(order.pid) - before) / scenario.newcomers
    return ArrivalResult(usage, scenario.newcomers, seconds, growth)


def main() -> None:
    """Carry out the order in the first argument."""
    order = msgspec.json.decode(sys.argv[1].encode(), type=Order)
    raise_descriptor_limit(order.scenario.clients)
    pin(order.cores.load)
    # Everything is kept until the end of the run, and nothing refers to itself.
    gc.disable()
    sys.stdout.buffer.write(msgspec.json.encode(carry_out(order)))


if __name__ == "__main__":
    main()
