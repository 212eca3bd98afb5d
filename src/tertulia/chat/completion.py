"""Completion: what the beginning of a word may become. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tertulia.core.language import fold


def begun(words: Iterable[str], beginning: str, after: str) -> list[str]:
    """Return the words that begin so, whatever their case and accents, with `after` behind."""
    key = fold(beginning)
    return sorted({word + after for word in words if fold(word).startswith(key)}, key=fold)


def complete(
    before: str,
    beginning: str,
    *,
    commands: Sequence[str],
    nicks: Iterable[str],
    rooms: Iterable[str],
) -> list[str]:
    """Return what `beginning` may become, with what stands `before` it in the line.

    A command at the start of a line; a room where a command was typed that takes one, or after
    `#`; else somebody's nick, who is addressed by it at the start of a line.
    """
    if not before and beginning.startswith("/"):
        return begun(commands, beginning, " ")
    if not beginning:
        return []
    if beginning.startswith("#"):
        return begun((f"#{room}" for room in rooms), beginning, " ")
    if not before:
        return begun(nicks, beginning, ": ")
    people = begun(nicks, beginning, " ")
    return people + begun(rooms, beginning, " ") if before.startswith("/") else people
