"""Lanes: commands wait here for the verdict of a filter, and the order of each session stays.

Only there while plugins filter commands. A session without a command under judgement has no lane,
and what no filter wants to see goes straight on; but behind a command that waits, everything that
the same person asks for waits too, their farewell included.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from tertulia.core.errors import RateLimited, Refusal, ShuttingDown
from tertulia.core.ids import UserId
from tertulia.ports import CommandFilter, Verdict
from tertulia.server.engine import Submission

MOST_WAITING: Final = 100_000
"""Commands of all sessions that may wait here; more are refused."""


class _Place:
    """One command in its lane."""

    __slots__ = ("is_judged", "refusal", "submission")

    def __init__(self, submission: Submission, *, is_judged: bool) -> None:
        self.submission = submission
        self.is_judged = is_judged
        self.refusal: Refusal | None = None


class Lanes:
    """The lanes of all sessions."""

    def __init__(
        self,
        go_on: Callable[[Submission], None],
        refuse: Callable[[Submission, Refusal], None],
        on_idle: Callable[[], None],
    ) -> None:
        """`on_idle` is called when there is no filter and nothing waits any more."""
        self._go_on = go_on
        self._refuse = refuse
        self._on_idle = on_idle
        self._filter: CommandFilter | None = None
        self._lanes: dict[UserId, deque[_Place]] = {}
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """Commands that have not gone on yet."""
        return self._waiting

    def use(self, chosen: CommandFilter | None) -> None:
        """Have commands judged by another filter from here on."""
        self._filter = chosen
        self._note_idle()

    def submit(self, submission: Submission) -> None:
        """Let a command go on, as soon as it may."""
        chosen, session = self._filter, submission.origin
        # What belongs to no session is a farewell, which nobody is asked about.
        is_judged = chosen is None or session is None or not chosen.wants(submission.command)
        if is_judged and submission.actor not in self._lanes:
            self._go_on(submission)
            return
        if self._waiting >= MOST_WAITING and session is not None:
            self._refuse(submission, RateLimited(1.0))
            return
        place = _Place(submission, is_judged=is_judged)
        self._lanes.setdefault(submission.actor, deque()).append(place)
        self._waiting += 1
        if chosen is not None and session is not None and not is_judged:
            chosen.judge(session, submission.command, partial(self._note_verdict, place))

    def end(self) -> None:
        """Let nothing wait any more: what has not been judged is refused, for the chat ends."""
        self._filter = None
        for actor, lane in list(self._lanes.items()):
            for place in lane:
                if not place.is_judged:
                    place.is_judged, place.refusal = True, ShuttingDown()
            self._advance(actor)

    def _note_verdict(self, place: _Place, verdict: Verdict) -> None:
        if place.is_judged:
            return
        place.is_judged = True
        if isinstance(verdict, Refusal):
            place.refusal = verdict
        else:
            place.submission.command = verdict
        self._advance(place.submission.actor)

    def _advance(self, actor: UserId) -> None:
        """Let go on whatever nothing waits in front of."""
        lane = self._lanes.get(actor)
        if lane is None:
            return
        while lane and lane[0].is_judged:
            place = lane.popleft()
            self._waiting -= 1
            if place.refusal is None:
                self._go_on(place.submission)
            else:
                self._refuse(place.submission, place.refusal)
        if not lane and self._lanes.get(actor) is lane:
            del self._lanes[actor]
            self._note_idle()

    def _note_idle(self) -> None:
        if self._filter is None and not self._lanes:
            self._on_idle()
