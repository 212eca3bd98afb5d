"""The front: what a conversation is held through, a terminal or a pipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tertulia.wire.events import Envelope
from tertulia.wire.events import events as w


class Front(Protocol):
    """Where lines come from, and where they go."""

    @property
    def is_interactive(self) -> bool:
        """Whether a person sits there, who can wait and be asked."""
        ...

    async def read(self) -> str | None:
        """Return the next line that was typed; None when there are no more."""
        ...

    async def ask(self, question: str) -> str | None:
        """Put a question, and return the next line as its answer; None when there is none."""
        ...

    def prompt(self, text: str) -> None:
        """Show `text` in front of what is being typed, from here on."""
        ...

    def heard(self, envelope: Envelope[w.Event]) -> None:
        """Take in an event as it is, before any line about it."""
        ...

    def show(self, lines: Sequence[str]) -> None:
        """Show what happens in the chat."""
        ...

    def answer(self, lines: Sequence[str]) -> None:
        """Show what a command of the client itself has to say."""
        ...

    def complain(self, lines: Sequence[str]) -> None:
        """Show why something was not done."""
        ...

    def stop(self) -> None:
        """Take no more lines: `read` returns None from here on."""
        ...

    def clear(self) -> None:
        """Clear the screen, where there is one."""
        ...
