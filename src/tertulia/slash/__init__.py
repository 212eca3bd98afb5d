"""Slash-commands: one table for every door. Pure; see `builtin` for the rows.

A door cuts a typed line (`cut`), says what is a text, and runs what is a command (`run`) with a
`Call` that it made; its own part is `Reply`.
"""

from __future__ import annotations

from tertulia.slash.builtin import BUILTIN, builtin
from tertulia.slash.call import Call, Handler, Pending, Reading, Reply
from tertulia.slash.parse import Arguments, Line, Said, Typed, cut
from tertulia.slash.registry import Group, Registry, Row, ServerRole, run

__all__ = [
    "BUILTIN",
    "Arguments",
    "Call",
    "Group",
    "Handler",
    "Line",
    "Pending",
    "Reading",
    "Registry",
    "Reply",
    "Row",
    "Said",
    "ServerRole",
    "Typed",
    "builtin",
    "cut",
    "run",
]
