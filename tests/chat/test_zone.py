"""Tests of the machine's time zone, in processes whose zone is set."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.running import environment

_PROGRAM = """
from datetime import UTC
from tertulia.chat.zone import LOCAL
from tertulia.core.plain import clock, moment
print(clock(1_752_580_800_000, LOCAL), clock(1_736_942_400_000, LOCAL))
print(moment(1_752_580_800_000, LOCAL).astimezone(UTC).hour, LOCAL.utcoffset(None))
"""
# 12:00 UTC on 2025-07-15 and on 2025-01-15.


@pytest.mark.parametrize(
    ("zone", "summer", "winter"),
    [("Europe/Lisbon", "13:00", "12:00"), ("America/Sao_Paulo", "09:00", "09:00")],
)
def test_times_are_those_of_the_machine_in_summer_and_winter(
    zone: str, summer: str, winter: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=environment({"TZ": zone}),
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert done.stdout.splitlines() == [f"{summer} {winter}", "12 0:00:00"]
