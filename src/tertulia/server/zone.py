"""The time zone that times are shown in: a named one, or that of the machine."""

from __future__ import annotations

import os
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MACHINE = "/etc/localtime"


def time_zone(name: str) -> tzinfo:
    """Return the zone called `name`; for an empty name the machine's, summer time and all.

    Raises:
        ZoneInfoNotFoundError: there is no zone of that name.
    """
    if name:
        return ZoneInfo(name)
    asked = os.environ.get("TZ", "").removeprefix(":")
    if asked:
        try:
            return ZoneInfo(asked)
        except (ZoneInfoNotFoundError, ValueError):
            return _present_offset()
    try:
        with open(_MACHINE, "rb") as file:
            return ZoneInfo.from_file(file, key="local")
    except (OSError, ValueError):
        return _present_offset()


def _present_offset() -> tzinfo:
    """Return what the C library makes of the clock now, for zones that have no name."""
    return datetime.now(UTC).astimezone().tzinfo or UTC
