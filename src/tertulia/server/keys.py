"""Keys: what a session's client has marked its messages with, and what came of each.

A client that never heard the answer sends the message again with the same key; it is then told
the first one's answer, and nothing is said twice.
"""

from __future__ import annotations

from msgspec.structs import replace

from tertulia.ports import Answer, Done, OnAnswer
from tertulia.wire.events.objects import KEYS


class Keys:
    """The keys of one session."""

    __slots__ = ("_answers",)

    def __init__(self) -> None:
        self._answers: dict[str, Done | list[OnAnswer]] = {}
        """What came of each; while that is not known, who else has asked."""

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
            del self._answers[next(iter(self._answers))]

        def answered(answer: Answer) -> None:
            again: Answer = replace(answer, is_repeat=True) if isinstance(answer, Done) else answer
            if isinstance(again, Done):
                if key in self._answers:
                    self._answers[key] = again
            else:
                # It was not done, so it may be tried again.
                self._answers.pop(key, None)
            if on_answer is not None:
                on_answer(answer)
            for other in waiting:
                other(again)

        return answered
