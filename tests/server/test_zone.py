"""Tests of `tertulia.server.zone`."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from tertulia.server.zone import time_zone

SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_a_name_is_that_zone() -> None:
    assert time_zone("UTC") == ZoneInfo("UTC")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        time_zone("Nowhere/Atlantis")


def test_the_machine_may_name_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":UTC")
    assert time_zone("") == ZoneInfo("UTC")


def test_the_machine_s_zone_shows_the_machine_s_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    assert SUMMER.astimezone(time_zone("")).utcoffset() == SUMMER.astimezone().utcoffset()


@pytest.mark.parametrize("rule", ["<-03>3", "../../etc/passwd"])
def test_a_rule_without_a_name_is_what_the_clock_shows(
    monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    monkeypatch.setenv("TZ", rule)
    assert SUMMER.astimezone(time_zone("")) == SUMMER


def test_a_machine_without_zone_file_shows_its_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr("tertulia.server.zone._MACHINE", "/nowhere/localtime")
    assert SUMMER.astimezone(time_zone("")) == SUMMER
