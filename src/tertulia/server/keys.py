"""Keys: what a session's client has marked its messages with, and what came of each.

A client that never heard the answer sends the message again with the same key; it is then told
the first one's answer, and nothing is said twice.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tertulia.core.events import MessagePosted
from tertulia.ports import Answer, Done, OnAnswer
from tertulia.wire.events.objects import KEYS

WORDS: Final = 65_536
"""Characters of the messages that are remembered with their keys; fewer of very long ones."""


class Keys:
    """The keys of one session, the newest ones."""

    __slots__ = ("_answers", "_words")

    def __init__(self) -> None:
        self._answers: dict[str, Done | list[OnAnswer]] = {}
        """What came of each; while that is not known, who else has asked."""
        self._words = 0

    def recall(self, key: str, on_answer: OnAnswer | None) -> bool:
        """Tell whether `key` is known; then `on_answer` is given the answer there was or will be.

        That answer says that it is a repeat.
        """
        known = self._answers.get(key)
        if known is None:
            return False
        if on_answer is not None:
            if isinstance(known, list):
                known.append(on_answer)
            else:
                on_answer(known)
        return True

    def remember(self, key: str, on_answer: OnAnswer | None) -> OnAnswer:
        """Take in a new key, whose command is under way; return what is to be given its answer."""
        waiting: list[OnAnswer] = []
        self._answers[key] = waiting
        if len(self._answers) > KEYS:
            self._forget(next(iter(self._answers)))

        def answered(answer: Answer) -> None:
            again: Answer = replace(answer, is_repeat=True) if isinstance(answer, Done) else answer
            if self._answers.get(key) is waiting:
                self._settle(key, again)
            if on_answer is not None:
                on_answer(answer)
            for other in waiting:
                other(again)

        return answered

    def _settle(self, key: str, answer: Answer) -> None:
        """Keep what was done; what was refused may be tried again."""
        if not isinstance(answer, Done):
            del self._answers[key]
            return
        self._answers[key] = answer
        self._words += _words(answer)
        while self._words > WORDS:
            self._forget(next(iter(self._answers)))

    def _forget(self, key: str) -> None:
        answer = self._answers.pop(key)
        if isinstance(answer, Done):
            self._words -= _words(answer)


def _words(answer: Done) -> int:
    """Return how many characters an answer holds."""
    events = (entry.event for entry in answer.entries)
    return sum(len(event.text) for event in events if isinstance(event, MessagePosted))
