"""An errand: one call of a plugin's function, from being handed over to its reply.

Made and answered on the server's loop, carried out in the plugin's thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tertulia.core.errors import PluginFailed, Refusal

if TYPE_CHECKING:
    from tertulia.plugins.worker import Worker

Function = Callable[..., Any]


class Fault(Enum):
    """How a call went wrong."""

    RAISED = "raised"
    OVERRAN = "overran"


class Reply(Struct, frozen=True):
    """What came of a call: what the function returned, or a polite no."""

    value: object = None
    refusal: Refusal | None = None
    fault: Fault | None = None


class Errand:
    """One call of one function."""

    __slots__ = (
        "_answer",
        "_asked",
        "_begun",
        "_cancel",
        "_function",
        "_timer",
        "_with",
        "_worker",
    )

    def __init__(
        self,
        worker: Worker,
        answer: asyncio.Future[Reply],
        function: Function,
        args: tuple[object, ...],
        named: dict[str, object],
    ) -> None:
        self._worker = worker
        self._answer = answer
        self._function = function
        self._with = (args, named)
        self._asked = time.monotonic()
        self._begun = 0.0
        self._cancel: Callable[[], object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        answer.add_done_callback(self._note_settled)

    # In the thread

    def begin(self) -> None:
        """Call the function, unless nobody waits for it any more."""
        if not self._answer.done():
            self._cancel = self._worker.spawn(self._carry_out())

    async def _carry_out(self) -> None:
        self._begun = time.monotonic()
        args, named = self._with
        reply = await self._worker.carry_out(self._function, *args, **named)
        self._worker.tell_server(self.settle, reply)
        # After the reply, which somebody waits for.
        self._worker.report(reply, self._function)

    def _call_off(self) -> None:
        if self._cancel is not None:
            self._cancel()

    # On the server's loop

    def watch(self, server: asyncio.AbstractEventLoop, budget: float) -> None:
        """See to it that there is a reply in time, whatever the thread does.

        The budget is counted from the function's beginning; to that point it may take as long.
        """
        now = time.monotonic()
        due = self._begun + budget if self._begun else self._asked + 2 * budget
        if now > due:
            self.settle(Reply(refusal=PluginFailed(self._worker.name), fault=Fault.OVERRAN))
        else:
            # A little longer, for the thread tells of most overruns itself.
            wait = min(due - now, budget) + 0.2 * budget
            self._timer = server.call_later(wait, self.watch, server, budget)

    def settle(self, reply: Reply) -> None:
        """Give the reply, if there was none yet."""
        if not self._answer.done():
            self._answer.set_result(reply)

    def _note_settled(self, answer: asyncio.Future[Reply]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._worker.forget(self)
        if answer.cancelled() or answer.result().fault is Fault.OVERRAN:
            self._worker.post(self._call_off)
