"""Declarations: a function with a decorator becomes a command with typed arguments.

Pure, and the same on both sides of the wire: plugins of the server and clients share it. What a
command is called with first (who typed it, and the like) and who calls it is theirs.
"""

from __future__ import annotations

from tertulia.declare.arguments import Misfit, Parsed, Problem, Signature, words_of
from tertulia.declare.command import CommandMark, Declared, command, declared_commands
from tertulia.declare.marks import Mark, marked, marks_of, put_mark

__all__ = [
    "CommandMark",
    "Declared",
    "Mark",
    "Misfit",
    "Parsed",
    "Problem",
    "Signature",
    "command",
    "declared_commands",
    "marked",
    "marks_of",
    "put_mark",
    "words_of",
]
