"""Limits: how fast a session may ask, and how many connections an address may hold.

Rates are GCRA (the generic cell rate algorithm of ATM Forum TM 4.0, §4.4.2): one number for each
session, synchronous, the time an argument. In a cluster they hold per node.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Final, Protocol

from msgspec import Struct

from tertulia.core.errors import Refusal, TooManyConnections

FORGET_AFTER: Final = 4096
"""Addresses remembered at the least before those that hold no connection are swept out."""


class Rate(Struct, frozen=True):
    """So many at once, and so many a second in the long run."""

    burst: int
    per_second: float


class Allowance(Protocol):
    """What is left of a rate."""

    def take(self, now: float) -> float:
        """Take one at `now` (monotonic seconds); return 0, or the seconds to wait instead."""
        ...


class Metered:
    """An allowance that follows a rate."""

    __slots__ = ("_rate", "_theoretical")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._theoretical = 0.0

    def take(self, now: float) -> float:
        """Take one at `now`, or return how long to wait."""
        interval = 1.0 / self._rate.per_second
        due = max(self._theoretical, now)
        wait = due - now - interval * (self._rate.burst - 1)
        if wait > 1e-9:
            return wait
        self._theoretical = due + interval
        return 0.0


class Unlimited:
    """An allowance without end."""

    __slots__ = ()

    def take(self, now: float) -> float:
        """Allow it."""
        return 0.0


UNLIMITED: Final = Unlimited()


class AddressLimits(Struct, frozen=True):
    """Caps on connections; IPv6 addresses count by their /64."""

    per_address: int
    total: int
    arrivals: Rate


class _Address:
    __slots__ = ("arrivals", "held")

    def __init__(self, arrivals: Metered) -> None:
        self.held = 0
        self.arrivals = arrivals


class AddressCaps:
    """Counts connections by address; implements `ports.Admission`."""

    def __init__(self, limits: AddressLimits, monotonic: Callable[[], float]) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._addresses: dict[str, _Address] = {}
        self._sweep_at = FORGET_AFTER
        self._total = 0

    @property
    def remembered(self) -> int:
        """How many addresses there is something to remember of."""
        return len(self._addresses)

    def admit(self, address: str) -> Refusal | None:
        """Count a new connection from `address`, or say why it may not be."""
        if self._total >= self._limits.total:
            return TooManyConnections()
        key = network_of(address)
        known = self._addresses.get(key)
        if known is None:
            known = self._remember(key)
        if known.held >= self._limits.per_address or known.arrivals.take(self._monotonic()):
            return TooManyConnections()
        known.held += 1
        self._total += 1
        return None

    def release(self, address: str) -> None:
        """Count one connection less from an admitted address."""
        known = self._addresses[network_of(address)]
        known.held -= 1
        self._total -= 1

    def _remember(self, key: str) -> _Address:
        if len(self._addresses) >= self._sweep_at:
            held = {key: known for key, known in self._addresses.items() if known.held}
            self._addresses = held
            # Twice as many as there are now, so that sweeping stays a small part of the work.
            self._sweep_at = max(FORGET_AFTER, 2 * len(held))
        known = self._addresses[key] = _Address(Metered(self._limits.arrivals))
        return known


class NoCaps:
    """Admits everyone; implements `ports.Admission`."""

    __slots__ = ()

    def admit(self, address: str) -> Refusal | None:
        """Admit it."""
        return None

    def release(self, address: str) -> None:
        """Nothing was counted."""


def network_of(address: str) -> str:
    """Return what an address is counted under: itself, or the /64 of an IPv6 address.

    A site is given a /64 at least (RFC 6177), so one host can speak from any address in it.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
