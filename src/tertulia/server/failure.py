"""The one exception for people: the server can't start, and here is what to do about it."""

from __future__ import annotations


class CannotStart(Exception):
    """The server can't start; its text is one line that says why and what to do."""
