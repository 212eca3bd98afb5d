"""Tests of `tertulia.server.parts`: settings reach the parts that they are for."""

from __future__ import annotations

import errno

import pytest

from tertulia.config import Address, Opening, Settings, load
from tertulia.core.policy import Policy
from tertulia.doors.stream import StreamSettings
from tertulia.server import parts
from tertulia.server.gateway import GatewaySettings
from tertulia.server.hub import HubSettings
from tertulia.server.limits import AddressCaps, NoCaps, Rate

OPENING = Opening("line", Address("::1", 80))


def settings(*overrides: str) -> Settings:
    return load(None, {}, overrides)


def test_the_bounds_of_the_core_come_from_the_settings() -> None:
    asked = settings("server.main_room=square", "policy.nick_length=20")
    assert parts.policy(asked) == Policy(main_room="square", nick_length=20)
    assert parts.policy(Settings()) == Policy()


def test_the_hub_s_patience_comes_from_the_settings() -> None:
    asked = settings("hub.room_share=3", "hub.crowd=9", "hub.crowd_delay=1")
    assert parts.hub_settings(asked) == HubSettings(3.0, 9, 1.0)
    assert parts.hub_settings(Settings()) == HubSettings()


def test_the_limits_on_sessions_come_from_the_settings() -> None:
    asked = settings("limits.message_burst=5", "limits.message_rate=2")
    found = parts.gateway_settings(asked)
    assert found.messages == Rate(5, 2.0)
    assert found.actions == Rate(30, 3.0)


def test_without_limits_there_are_no_limits() -> None:
    asked = settings("limits.enabled=false")
    assert parts.gateway_settings(asked) == GatewaySettings()
    assert isinstance(parts.admission(asked, lambda: 0.0), NoCaps)


def test_the_caps_on_addresses_come_from_the_settings() -> None:
    found = parts.admission(settings("limits.connections_per_address=2"), lambda: 0.0)
    assert isinstance(found, AddressCaps)
    answers = [found.admit("192.0.2.1") for _ in range(3)]
    assert [answer is None for answer in answers] == [True, True, False]


def test_the_bound_on_outboxes_holds_even_without_limits() -> None:
    asked = settings("limits.enabled=false", "limits.outbox_bytes=20000")
    assert parts.stream_settings(asked) == StreamSettings(outbox_bytes=20_000)
    assert parts.stream_settings(Settings()) == StreamSettings()


def test_an_outbox_holds_the_longest_message_whatever_its_bound() -> None:
    asked = settings("policy.text_length=1000000")
    assert parts.stream_settings(asked) == StreamSettings(outbox_bytes=4_000_000)


def test_doors_at_which_anyone_may_end_the_chat_are_named() -> None:
    asked = settings("doors.line.anyone_may_shutdown=true")
    assert parts.gateway_settings(asked).shutdown_doors == {"line"}
    assert parts.gateway_settings(Settings()).shutdown_doors == frozenset()


def test_there_is_a_row_for_every_door_in_the_settings() -> None:
    assert set(parts.DOORS) == set(Settings().doors.__struct_fields__)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.EADDRINUSE, ""), "another program, perhaps another Tertulia, listens there"),
        (OSError(errno.EACCES, ""), "ports below 1024 need special rights"),
        (OSError(errno.EADDRNOTAVAIL, "Not ours"), "Not ours"),
        (UnicodeError("label empty"), "that is no host's name"),
    ],
)
def test_an_address_that_can_t_be_had_is_told_of(
    error: OSError | UnicodeError, reason: str
) -> None:
    assert str(parts.cannot_listen(OPENING, error)) == (
        f"The door line can't be opened at [::1]:80: {reason}. "
        "Choose another address with --listen line=HOST:PORT (port 0: any free one)."
    )
