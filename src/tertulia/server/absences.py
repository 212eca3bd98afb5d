"""Absences: sessions whose connection is lost and who may come back, each by a secret token.

Holds only hashes of the tokens. Who is away, and for how long, is bounded: the one that has been
away longest goes first. What coming back means for rooms is the gateway's business.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from typing import Final, Protocol

from tertulia.server.limits import network_of
from tertulia.server.session import LiveSession

AWAY: Final = 2000
"""Sessions that may be away at once."""
AWAY_PER_ADDRESS: Final = 200
"""Of them, those that came from one address."""


class Later(Protocol):
    """Calls something after so many seconds."""

    def __call__(self, seconds: float, call: Callable[[], None], /) -> asyncio.TimerHandle: ...


class _Absence:
    __slots__ = ("expire", "network", "timer")

    def __init__(self, network: str, expire: Callable[[], None], timer: asyncio.TimerHandle):
        self.network = network
        self.expire = expire
        self.timer = timer


class Absences:
    """Tokens to come back with, and who is away."""

    def __init__(
        self, later: Later, make_token: Callable[[], str] = lambda: secrets.token_urlsafe(24)
    ) -> None:
        self._later = later
        self._make_token = make_token
        self._sessions: dict[bytes, LiveSession] = {}
        self._tokens: dict[LiveSession, list[bytes]] = {}
        """Of each session: the token it came back with, while it still counts, and its newest."""
        self._away: dict[LiveSession, _Absence] = {}

    # Tokens

    def issue(self, session: LiveSession) -> str:
        """Return a new token for `session`; of those before, only the newest still counts."""
        token = self._make_token()
        hashed = _hash(token)
        tokens = self._tokens.setdefault(session, [])
        for spent in tokens[:-1]:
            del self._sessions[spent]
        del tokens[:-1]
        tokens.append(hashed)
        self._sessions[hashed] = session
        return token

    def confirm(self, session: LiveSession) -> None:
        """Let only the newest token count: its owner has it."""
        tokens = self._tokens.get(session, [])
        for spent in tokens[:-1]:
            del self._sessions[spent]
        del tokens[:-1]

    def find(self, token: str) -> LiveSession | None:
        """Return the session that a token is for; the other token of that session is spent."""
        hashed = _hash(token)
        session = self._sessions.get(hashed)
        if session is not None:
            for other in self._tokens[session]:
                if other != hashed:
                    del self._sessions[other]
            self._tokens[session] = [hashed]
        return session

    def forget(self, session: LiveSession) -> None:
        """Take in that a session is over: nobody comes back to it."""
        self.end(session)
        for token in self._tokens.pop(session, ()):
            del self._sessions[token]

    # Being away

    def begin(self, session: LiveSession, seconds: float, expire: Callable[[], None]) -> None:
        """Call `expire` when nobody has come back to `session` in time, or there is no room."""
        network = network_of(session.client.address)
        timer = self._later(seconds, expire)
        self._away[session] = _Absence(network, expire, timer)
        same = [other for other, one in self._away.items() if one.network == network]
        if len(same) > AWAY_PER_ADDRESS:
            self._away[same[0]].expire()
        elif len(self._away) > AWAY:
            next(iter(self._away.values())).expire()

    def end(self, session: LiveSession) -> None:
        """Take in that somebody has come back to `session`, or nobody will."""
        absence = self._away.pop(session, None)
        if absence is not None:
            absence.timer.cancel()

    def everyone(self) -> list[LiveSession]:
        """Return all sessions that are away."""
        return list(self._away)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
