"""The grammar of IRC: messages with tags, modes, replies, and what happens as lines of it."""

from __future__ import annotations
