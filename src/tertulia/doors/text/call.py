"""A slash-command typed at a door of text: what is behind it waits, and it waits for its turn."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from typing_extensions import override

from tertulia.core.commands import Command
from tertulia.core.errors import InternalError, RateLimited, Refusal, Refused
from tertulia.ports import Answer, Done
from tertulia.slash.call import Call

logger = logging.getLogger(__name__)


class TooFast(Exception):
    """A command came too soon, and has done nothing yet: it can be carried out later."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not for another {seconds} s")
        self.seconds = seconds


class Queue(Protocol):
    """The texts of one person, taken one after the other."""

    @property
    def may_wait(self) -> bool:
        """Tell whether the present text has done nothing yet and can be taken again."""
        ...

    def expect_answer(self) -> None:
        """Take in that something was asked of the chat, and its answer will come."""
        ...

    def note_answer(self) -> None:
        """Take in that the answer came and was dealt with."""
        ...


@dataclass(frozen=True, slots=True)
class QueuedCall(Call):
    """A command whose answers the texts behind it wait for."""

    queue: Queue

    @override
    def submit(self, command: Command, done: Callable[[Done], None] | None = None) -> None:
        """Ask for `command`; a refusal is shown, else `done` is called.

        Raises:
            TooFast: the limits put it off, and it can wait.
        """

        def on_answer(answer: Answer) -> None:
            self._finish(answer, done)
            self.queue.note_answer()

        may_wait = self.queue.may_wait
        self.queue.expect_answer()
        refusal = self.gateway.submit(self.session, command, on_answer)
        if refusal is None:
            return
        self.queue.note_answer()
        if isinstance(refusal, RateLimited) and may_wait:
            raise TooFast(refusal.retry_after)
        self.reply.refuse(refusal)

    def _finish(self, answer: Answer, done: Callable[[Done], None] | None) -> None:
        if isinstance(answer, Refusal):
            self.reply.refuse(answer)
        elif done is not None:
            try:
                done(answer)
            except Refused as refused:
                self.reply.refuse(refused.refusal)
            except Exception:
                # The chat was answering everybody, and they must not pay for one command.
                logger.exception("a slash-command failed after it was done")
                self.reply.refuse(InternalError())
