"""The scenarios, and the figures to reach in each.

Plain data: what the load does, and what our server is held to.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

Carrier: TypeAlias = Literal["lines", "websocket"]
"""What carries the words."""


class Traffic(Struct, frozen=True, tag=True):
    """People who talk, and a room around each of them."""

    name: str
    title: str
    rooms: int
    members: int
    """Of each room."""
    senders: int
    """Of each room; they are members too."""
    window: int = 0
    """Messages that each sender has on the way at once (closed loop)."""
    rate: float = 0.0
    """Messages a second in all, whatever happens (open loop); when there is no window."""
    carrier: Carrier = "lines"

    @property
    def clients(self) -> int:
        """How many connections it needs."""
        return self.rooms * self.members


class Arrival(Struct, frozen=True, tag=True):
    """A crowd that comes into one room and then stays, silent."""

    name: str
    newcomers: int
    """How many come, once the early ones are there."""
    early: int = 50
    """Who is there before, so that what a server does once in its life is not counted."""
    carrier: Carrier = "lines"

    @property
    def clients(self) -> int:
        """How many connections it needs."""
        return self.newcomers + self.early

    @property
    def title(self) -> str:
        """What happens, in a few words."""
        return f"{self.newcomers} connect and join one room, 128 at once"


Scenario: TypeAlias = Traffic | Arrival

SCENARIOS: tuple[Scenario, ...] = (
    Traffic(
        "flood",
        "one room of 1000, 10 senders with 10 messages on the way each",
        rooms=1,
        members=1000,
        senders=10,
        window=10,
    ),
    Traffic(
        "rooms",
        "100 rooms of 10, 2 senders in each with 2 messages on the way each",
        rooms=100,
        members=10,
        senders=2,
        window=2,
    ),
    Traffic(
        "paced",
        "200 messages a second into one room of 1000, whatever happens",
        rooms=1,
        members=1000,
        senders=10,
        rate=200.0,
    ),
    Arrival("connect", newcomers=2000),
    Traffic(
        "ws-flood",
        "one room of 500 WebSockets, 10 senders with 10 messages on the way each",
        rooms=1,
        members=500,
        senders=10,
        window=10,
        carrier="websocket",
    ),
    Traffic(
        "ws-paced",
        "200 messages a second into one room of 500 WebSockets, whatever happens",
        rooms=1,
        members=500,
        senders=10,
        rate=200.0,
        carrier="websocket",
    ),
)


def shorter(scenario: Scenario) -> Scenario:
    """Return the scenario for a short run: a smaller crowd arrives, talk stays as it is."""
    if isinstance(scenario, Arrival):
        return msgspec.structs.replace(scenario, newcomers=scenario.newcomers // 2)
    return scenario


class Limit(Struct, frozen=True):
    """The most that one figure of our server may be."""

    figure: Literal["cost", "to_naive", "to_bare", "p50_to_bare", "seconds"]
    at_most: float
    text: str


class Target(Struct, frozen=True):
    """What our server is held to: all limits of one of the alternatives."""

    alternatives: tuple[tuple[Limit, ...], ...]

    @property
    def text(self) -> str:
        """The target in words."""
        return ", or ".join(
            " and ".join(limit.text for limit in limits) for limits in self.alternatives
        )


TARGETS: dict[str, Target] = {
    "flood": Target(
        (
            (
                Limit("to_naive", 0.05, "≤ 1/20 of naive"),
                Limit("to_bare", 1.6, "≤ 1.6 × bare"),
            ),
        )
    ),
    "rooms": Target(((Limit("to_bare", 2.2, "≤ 2.2 × bare"),),)),
    "paced": Target(
        (
            (
                Limit("to_bare", 1.4, "≤ 1.4 × bare"),
                Limit("p50_to_bare", 1.8, "p50 ≤ 1.8 × bare"),
            ),
            (
                Limit("to_bare", 0.65, "≤ 0.65 × bare"),
                Limit("p50_to_bare", 8.0, "p50 ≤ 8 × bare"),
            ),
        )
    ),
    "connect": Target(
        ((Limit("cost", 150.0, "≤ 150 µs each"), Limit("seconds", 1.0, "≤ 1 s in all")),)
    ),
    "ws-flood": Target(((Limit("to_naive", 0.05, "≤ 0.05 × broadcast()"),),)),
    "ws-paced": Target(((Limit("to_naive", 0.6, "≤ 0.6 × broadcast()"),),)),
    "idle": Target(((Limit("cost", 4.0, "≤ 4 KiB each"),),)),
}
"""By figure: each scenario has one, and the crowd of `connect` is also weighed when it is idle."""
