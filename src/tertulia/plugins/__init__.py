"""Plugins: code of the operator's own that runs in the server, each plugin in a thread of its own.

What a plugin's author needs is here: the hooks (`hooks` has them on one page) and what their
functions are called with. Commands, events and refusals are those of `tertulia.core`.
"""

from __future__ import annotations

from tertulia.core.errors import Refused
from tertulia.plugins.chat import Chat
from tertulia.plugins.contexts import Asked, Call, Heard
from tertulia.plugins.hooks import (
    Plugin,
    command,
    command_filter,
    door,
    every,
    lifespan,
    listener,
)

__all__ = [
    "Asked",
    "Call",
    "Chat",
    "Heard",
    "Plugin",
    "Refused",
    "command",
    "command_filter",
    "door",
    "every",
    "lifespan",
    "listener",
]
