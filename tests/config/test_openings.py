"""Tests of `tertulia.config.openings`: which doors are opened, and where."""

from __future__ import annotations

import pytest

from tertulia.config import Address, ConfigError, Opening, Settings, load, openings


def test_the_enabled_doors_open_where_the_settings_say() -> None:
    settings = load(
        None,
        {},
        ["doors.line.listen=[::1]:9999", "doors.frames.enabled=false", "doors.irc.enabled=false"],
    )
    assert openings(settings, []) == [
        Opening("line", Address("::1", 9999)),
        Opening("events", Address("127.0.0.1", 4444)),
    ]


def test_only_the_doors_named_open_once_any_is_named() -> None:
    found = openings(Settings(), ["line=127.0.0.1:0", "line=[::1]:0"])
    assert found == [Opening("line", Address("127.0.0.1", 0)), Opening("line", Address("::1", 0))]


def test_a_door_that_is_not_enabled_opens_when_it_is_named() -> None:
    settings = load(None, {}, ["doors.line.enabled=false"])
    assert openings(settings, ["line=127.0.0.1:1"]) == [Opening("line", Address("127.0.0.1", 1))]


def test_a_server_without_doors_is_refused() -> None:
    settings = load(
        None, {}, [f"doors.{door}.enabled=false" for door in Settings().doors.__struct_fields__]
    )
    with pytest.raises(ConfigError, match=r"set one of these to true: doors\.line\.enabled"):
        openings(settings, [])


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        openings(Settings(), ["lime=127.0.0.1:1", "line=8888", "127.0.0.1:8888"])
    assert caught.value.faults == (
        "--listen lime=127.0.0.1:1: no such door; there is line, events, frames, irc",
        "--listen line=8888: expected DOOR=HOST:PORT",
        "--listen 127.0.0.1:8888: expected DOOR=HOST:PORT",
    )
