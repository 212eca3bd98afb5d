"""Tests of `tertulia.server.status`: what is printed for people, and what for programs."""

from __future__ import annotations

import pytest

from tertulia import __version__
from tertulia.server.status import time_span, welcome


def test_programs_get_one_line_for_each_address_and_ready() -> None:
    listening = [("line", "127.0.0.1", 8888), ("line", "::1", 8889)]
    assert welcome(listening, with_console=False).splitlines() == [
        f"Tertulia {__version__} is open. To join:",
        "  telnet 127.0.0.1 8888      (or: nc 127.0.0.1 8888)",
        "  telnet ::1 8889      (or: nc ::1 8889)",
        "listening line 127.0.0.1:8888",
        "listening line [::1]:8889",
        "ready",
    ]


def test_an_address_that_is_all_addresses_is_joined_through_loopback() -> None:
    listening = [("line", "0.0.0.0", 1), ("line", "::", 2)]
    lines = welcome(listening, with_console=False).splitlines()
    assert lines[1:3] == [
        "  telnet 127.0.0.1 1      (or: nc 127.0.0.1 1)",
        "  telnet ::1 2      (or: nc ::1 2)",
    ]
    assert lines[3:5] == ["listening line 0.0.0.0:1", "listening line [::]:2"]


def test_a_plugin_tells_itself_how_to_join_through_its_door() -> None:
    ways_in = {"finger": "finger @{host} on port {port}, or {what}"}
    lines = welcome([("finger", "127.0.0.1", 79)], ways_in, with_console=False).splitlines()
    assert lines[1] == "  finger @127.0.0.1 on port 79, or {what}"


def test_who_has_a_console_is_told_of_it() -> None:
    lines = welcome([("line", "127.0.0.1", 1)], with_console=True).splitlines()
    assert lines[2] == "To end: q and Enter, or Ctrl+C. More: help"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.4, "0 min 0 s"),
        (61, "1 min 1 s"),
        (3_661, "1 h 1 min"),
        (90_061, "1 d 1 h"),
    ],
)
def test_a_time_span_is_shown_in_its_two_largest_units(seconds: float, shown: str) -> None:
    assert time_span(seconds) == shown
