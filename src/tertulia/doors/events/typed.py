"""What a person typed, sent as it is: a slash-command, or a text for the room they talk in.

The same commands as at every other door. Lines that answer come as `notice`, refusals as
`server_error`; what the command brings about is told by the events of it, as always.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from tertulia.core import errors as e
from tertulia.core import events as happened
from tertulia.core.commands import Command, PostMessage
from tertulia.core.errors import Refusal, Refused
from tertulia.core.language import Catalog
from tertulia.core.names import nick_key
from tertulia.core.room import RoomState
from tertulia.ports import Answer, Done
from tertulia.slash.call import HEARD, Call
from tertulia.slash.parse import Typed, cut
from tertulia.slash.registry import run
from tertulia.wire.events import events as w
from tertulia.wire.events.requests import RunCommand

if TYPE_CHECKING:
    from tertulia.doors.events.asked import Asked

logger = logging.getLogger(__name__)


def run_command(asked: Asked, request: RunCommand) -> None:
    """Do what somebody typed."""
    typed = cut(request.text)
    if isinstance(typed, Typed):
        reply = TypedReply(asked)
        pending = run(_call(asked, reply), typed)
        if pending is not None:
            asked.read(_read(pending, reply))
        else:
            reply.finish()
        return
    current = asked.session.current
    if current is None:
        raise Refused(e.InNoRoom())
    asked.submit(PostMessage(current, typed.text), happened.MessagePosted)


async def _read(pending: Coroutine[object, object, None], reply: TypedReply) -> None:
    await pending
    reply.finish()


def _call(asked: Asked, reply: TypedReply) -> _Call:
    door = asked.door
    return _Call(
        gateway=asked.gateway,
        session=asked.session,
        reply=reply,
        registry=door.registry,
        catalog=asked.catalog,
        now=door.now_ms(),
        zone=door.zone,
        asked=asked,
        typed=reply,
    )


@dataclass(frozen=True, slots=True)
class _Call(Call):
    """A command whose answers are counted as answers to its request."""

    asked: Asked
    typed: TypedReply

    @override
    def submit(self, command: Command, done: Callable[[Done], None] | None = None) -> None:
        """Ask for `command`; a refusal is shown, else `done` is called."""

        def on_answer(answer: Answer) -> None:
            self.asked.note_answer()
            self.typed.waiting -= 1
            if isinstance(answer, Refusal):
                self.reply.refuse(answer)
            elif done is not None:
                self._finish(answer, done)
            self.typed.finish()

        self.asked.expect_answer()
        self.typed.waiting += 1
        refusal = self.gateway.submit(self.session, command, on_answer)
        if self.refuse(refusal):
            self.asked.note_answer()
            self.typed.waiting -= 1

    def _finish(self, answer: Done, done: Callable[[Done], None]) -> None:
        try:
            done(answer)
        except Refused as refused:
            self.reply.refuse(refused.refusal)
        except Exception:
            # The chat was answering everybody, and they must not pay for one command.
            logger.exception("a slash-command failed after it was done")
            self.reply.refuse(e.InternalError())


class TypedReply:
    """Implements `slash.call.Reply` for one command."""

    __slots__ = ("_asked", "_is_answered", "waiting")

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._is_answered = False
        self.waiting = 0
        """What was asked of the chat for it and is not answered yet."""

    def finish(self) -> None:
        """Answer that it is done, if nothing else has answered and nothing is waited for."""
        if not self._is_answered and not self.waiting and self._asked.id is not None:
            self._is_answered = True
            self._asked.answer(w.Done())

    def say(self, lines: Sequence[str]) -> None:
        """See `Reply.say`."""
        if lines:
            self._is_answered = True
            self._asked.answer(w.Notice(lines=tuple(lines), source="command"))

    def confirm(self, lines: Sequence[str]) -> None:
        """See `Reply.confirm`: one's own events tell it."""

    def refuse(self, refusal: Refusal) -> None:
        """See `Reply.refuse`."""
        self._is_answered = True
        self._asked.refuse(refusal)

    def enter(self, room: RoomState) -> None:
        """See `Reply.enter`."""
        self._is_answered = True
        self._asked.enter(room)

    def set_language(self, code: str) -> Catalog:
        """See `Reply.set_language`."""
        return self._asked.set_language(code)

    @property
    def last_direct(self) -> str | None:
        """See `Reply.last_direct`: the log of their direct conversations tells."""
        gateway, session = self._asked.gateway, self._asked.session
        ignored = {nick_key(nick) for nick in gateway.ignored(session)}
        last = [
            (message.id, one.nick)
            for one in gateway.conversations(session)
            for message in gateway.recent(one.room.id, HEARD)
            if nick_key(message.author.nick) not in ignored
        ]
        return max(last)[1] if last else None

    def remember_direct(self, nick: str) -> None:
        """See `Reply.remember_direct`: the log remembers."""

    def quit(self, text: str) -> None:
        """See `Reply.quit`."""
        self._is_answered = True
        self._asked.leave(text)
