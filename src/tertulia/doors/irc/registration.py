"""Registration: from a fresh connection to somebody with a name, as one table.

A client says NICK and USER in either order, and while it negotiates capabilities it waits
(RFC 2812, 3.1; IRCv3 capability-negotiation). PASS counts only before the last of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final


class Step(Enum):
    """What is known of somebody."""

    NOTHING = "nothing"
    NICK = "nick"
    USER = "user"
    BOTH = "both"


STEPS: Final[Mapping[tuple[Step, str], Step]] = {
    (Step.NOTHING, "NICK"): Step.NICK,
    (Step.NOTHING, "USER"): Step.USER,
    (Step.NICK, "NICK"): Step.NICK,
    (Step.NICK, "USER"): Step.BOTH,
    (Step.USER, "NICK"): Step.BOTH,
    (Step.USER, "USER"): Step.USER,
    (Step.BOTH, "NICK"): Step.BOTH,
    (Step.BOTH, "USER"): Step.BOTH,
}
"""What follows each command. When the chat refuses a nick, it is `USER` again."""


class Registration:
    """What a connection has said of itself so far."""

    __slots__ = ("is_entering", "is_negotiating", "login", "nick", "password", "realname", "step")

    def __init__(self) -> None:
        self.step = Step.NOTHING
        self.nick = ""
        self.login = ""
        self.realname = ""
        self.password = ""
        self.is_negotiating = False
        self.is_entering = False

    def take(self, command: str) -> None:
        """Take in that NICK or USER was said."""
        self.step = STEPS[self.step, command]

    def forget_nick(self) -> None:
        """Take in that the nick can't be had."""
        self.step = Step.USER
        self.nick = ""
        self.is_entering = False

    @property
    def is_complete(self) -> bool:
        """Whether everything is known that it takes to come in."""
        return self.step is Step.BOTH and not self.is_negotiating and not self.is_entering
