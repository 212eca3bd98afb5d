"""The time zone of the machine, summer time and all."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from typing_extensions import override


class LocalZone(tzinfo):
    """Follows the clock of the machine, as the C library knows it, for any time there was."""

    @override
    def fromutc(self, moment: datetime) -> datetime:
        """See `tzinfo.fromutc`."""
        return moment + _offset(moment.replace(tzinfo=UTC).timestamp())

    @override
    def utcoffset(self, moment: datetime | None) -> timedelta:
        """See `tzinfo.utcoffset`."""
        if moment is None:
            return timedelta(0)
        naive = moment.replace(tzinfo=None)
        return _offset(naive.timestamp())

    @override
    def dst(self, moment: datetime | None) -> timedelta:
        """See `tzinfo.dst`; not known, and of no interest here."""
        return timedelta(0)

    @override
    def tzname(self, moment: datetime | None) -> str:
        """See `tzinfo.tzname`."""
        return "local"


def _offset(seconds: float) -> timedelta:
    return timedelta(seconds=time.localtime(seconds).tm_gmtoff)


LOCAL: Final = LocalZone()
