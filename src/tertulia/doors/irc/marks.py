"""MARKREAD: how far somebody has read, as long as they are here (IRCv3 read-marker)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tertulia.core.names import nick_key
from tertulia.doors.irc.reply import Reply
from tertulia.wire.irc.format import time_tag
from tertulia.wire.irc.message import Message

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

MOST: Final = 1000
"""Targets that one client's marks are kept for."""
_STAMP: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,3})\d*)?Z")


def stamp(text: str) -> int | None:
    """Return milliseconds of Unix time from a time as server-time has them."""
    found = _STAMP.fullmatch(text)
    if found is None:
        return None
    try:
        moment = datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1000 + int((found[2] or "0").ljust(3, "0"))


def markread(client: IrcClient, message: Message, reply: Reply) -> None:
    """MARKREAD target [timestamp=...]: how far one has read."""
    if not message.params or not message.params[0]:
        reply.fail("MARKREAD", "NEED_MORE_PARAMS", "Missing parameters")
        return
    target = message.params[0][:200]
    if len(message.params) > 1:
        kind, _, value = message.params[1].partition("=")
        time = stamp(value) if kind == "timestamp" else None
        key = nick_key(target)
        if time is None or (key not in client.marks and len(client.marks) >= MOST):
            reply.fail("MARKREAD", "INVALID_PARAMS", message.params[1][:50], "Invalid timestamp")
            return
        client.marks[key] = max(time, client.marks.get(key, 0))
    tell_mark(client, reply, target)


def tell_mark(client: IrcClient, reply: Reply, target: str) -> None:
    """Add how far a client has read a target."""
    time = client.marks.get(nick_key(target))
    shown = "*" if time is None else f"timestamp={time_tag(time)}"
    reply.line(client.server, "MARKREAD", target, shown)
