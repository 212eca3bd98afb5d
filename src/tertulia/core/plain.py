"""Plain text: messages as lines that read well on any terminal and in any screen reader.

Every line that begins a message begins with its time, and every further line is indented, so
that no text can pass for somebody else's message. Doors share these lines; bytes, line ends and
encodings are theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from tertulia.core.errors import N_, Translate
from tertulia.core.history import Message, Reaction

INDENT: Final = " " * 6
"""What the second and later lines of a text begin with: as wide as a time and a blank."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment(time: int, zone: tzinfo) -> datetime:
    """Return `time`, milliseconds of Unix time, on the clocks of `zone`."""
    return (_EPOCH + timedelta(milliseconds=time)).astimezone(zone)


def clock(time: int, zone: tzinfo) -> str:
    """Return the time of day, such as `14:02`."""
    return f"{moment(time, zone):%H:%M}"


def day_line(day: date) -> str:
    """Return the line that tells of another day."""
    return f"--- {day.isoformat()} ---"


def spoken(start: str, nick: str, text: str, *, action: bool = False) -> list[str]:
    """Return the lines of something said (`ana: hello`) or done (`* ana waves`).

    `start` stands before it, such as a time and a blank; it should not be empty nor begin with
    a blank where other people's lines begin so too.
    """
    author = f"* {nick} " if action else f"{nick}: "
    first, *others = text.splitlines() or [""]
    return [f"{start}{author}{first}", *(INDENT + line for line in others)]


def message_lines(
    message: Message, zone: tzinfo, translate: Translate, *, numbered: bool = True
) -> list[str]:
    """Return a message as it reads now: `14:02 #41 ana: hello (edited) [👍 2]`.

    `numbered` shows the place in the room's log, by which people name a message.
    """
    start = f"{clock(message.time, zone)} "
    if numbered:
        start += f"#{message.seq} "
    text = translate(N_("(deleted)")) if message.is_deleted else message.text
    lines = spoken(start, message.author.nick, text, action=message.action)
    marks = []
    if message.edited is not None and not message.is_deleted:
        marks.append(translate(N_("(edited)")))
    if message.reactions:
        marks.append(f"[{', '.join(map(_counted, message.reactions))}]")
    lines[-1] = " ".join((lines[-1], *marks))
    return lines


def listing(
    messages: Iterable[Message],
    zone: tzinfo,
    translate: Translate,
    *,
    now: int,
    numbered: bool = True,
) -> list[str]:
    """Return messages one after the other, with a line wherever the day changes.

    The reader takes the first ones to be of the day of `now`, unless a line says otherwise.
    `numbered`: see `message_lines`.
    """
    lines: list[str] = []
    shown = moment(now, zone).date()
    for message in messages:
        day = moment(message.time, zone).date()
        if day != shown:
            lines.append(day_line(day))
            shown = day
        lines += message_lines(message, zone, translate, numbered=numbered)
    return lines


def _counted(given: Reaction) -> str:
    return given.reaction if len(given.by) == 1 else f"{given.reaction} {len(given.by)}"
