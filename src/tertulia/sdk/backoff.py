"""Backoff: how long to wait before the next try, so that many clients do not come at once.

Randomness is an argument. See "Exponential Backoff And Jitter" (Brooker, 2015): full jitter.
"""

from __future__ import annotations


class Backoff:
    """Waits that grow from try to try."""

    __slots__ = ("_first", "_longest", "_tries")

    def __init__(self, first: float = 0.5, longest: float = 30.0) -> None:
        """Wait up to `first` seconds, then twice that, and so on, up to `longest`."""
        self._first = first
        self._longest = longest
        self._tries = 0

    def next(self, lot: float) -> float:
        """Return the seconds to wait, by a random number `lot` between 0 and 1."""
        # Past 2**16 the longest is reached whatever the first was, and powers stay small.
        ceiling = min(self._longest, self._first * float(1 << min(self._tries, 16)))
        self._tries += 1
        return ceiling * lot

    def reset(self) -> None:
        """Begin anew: it went well."""
        self._tries = 0
