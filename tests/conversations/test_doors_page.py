"""The page of what each door carries leaves nothing out, and is true."""

from __future__ import annotations

import re
from typing import get_args

from tertulia.core.commands import Command
from tertulia.core.events import Event, Signal
from tertulia.doors.irc.commands import COMMANDS as IRC_COMMANDS
from tertulia.server.parts import DOORS
from tertulia.slash import builtin
from tertulia.wire.events.requests import REQUESTS
from tools import doors_page


def test_the_page_is_current() -> None:
    # `python tools/doors_page.py` writes it.
    assert doors_page.PAGE.read_text(encoding="utf-8") == doors_page.page()


def test_every_door_has_a_column() -> None:
    assert set(doors_page.DOORS) == set(DOORS)


def test_every_command_has_a_row() -> None:
    assert set(doors_page.COMMANDS) == set(get_args(Command))


def test_everything_that_can_happen_has_a_row() -> None:
    assert {type(event) for _, event, _ in doors_page.EVENTS} == set(get_args(Event))
    assert {type(signal) for _, signal in doors_page.SIGNALS} == set(get_args(Signal))


def ways(door: str) -> list[str]:
    """Return all that the page says of how one asks at a door."""
    rows = [ways for _, ways in doors_page.COMMANDS.values()] + [*doors_page.READINGS.values()]
    return [row[doors_page.DOORS.index(door)] for row in rows]


def test_every_slash_command_has_its_place() -> None:
    written = {word for door in ("line", "frames") for way in ways(door) for word in slashes(way)}
    assert written == {row.name for row in builtin().rows(operator=True)}


def test_every_request_of_the_event_protocol_has_its_place() -> None:
    written = {word for way in ways("events") for word in re.findall(r"`(\w+)`", way)}
    answers = {"missed_messages"}
    assert written - answers == set(REQUESTS)


def test_every_command_of_irc_on_the_page_exists() -> None:
    written = {word for way in ways("irc") for word in re.findall(r"`(\w+)`", way)}
    assert written - set(IRC_COMMANDS) == set()


def slashes(way: str) -> list[str]:
    return re.findall(r"`/(\w+)", way)
