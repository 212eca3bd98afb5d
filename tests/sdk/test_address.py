"""Tests of addresses."""

from __future__ import annotations

import pytest

from tertulia.sdk.address import Address, Carrier, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://127.0.0.1:4444", Address(Carrier.LINES, "127.0.0.1", 4444)),
        ("tcp://chat.example.org", Address(Carrier.LINES, "chat.example.org", 4444)),
        ("tertulia://chat.example.org/", Address(Carrier.LINES, "chat.example.org", 4444)),
        ("TCP://[::1]:5000", Address(Carrier.LINES, "::1", 5000)),
        ("localhost:4444", Address(Carrier.LINES, "localhost", 4444)),
        (" localhost ", Address(Carrier.LINES, "localhost", 4444)),
        ("ws://localhost:8080", Address(Carrier.WEBSOCKET, "localhost", 8080, "/events")),
        ("ws://localhost/a/b?c=d", Address(Carrier.WEBSOCKET, "localhost", 80, "/a/b?c=d")),
        (
            "wss://chat.example.org/events",
            Address(Carrier.WEBSOCKET, "chat.example.org", 443, "/events", is_secure=True),
        ),
    ],
)
def test_an_address_is_read(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "http://localhost:4444",
        "tcp://",
        "tcp://:4444",
        "tcp://host:port",
        "tcp://host:0",
        "tcp://host:70000",
        "tcp://host/room",
        "tcp://ana@host",
        "ws://host/events#room",
        "tcp://[::1",
    ],
)
def test_what_is_no_address_is_refused_with_what_one_looks_like(text: str) -> None:
    with pytest.raises(ValueError, match="tcp://HOST:PORT"):
        parse_address(text)


@pytest.mark.parametrize(
    "url",
    ["tcp://127.0.0.1:4444", "tcp://[::1]:4444", "ws://host:80/events?a=b", "wss://host:443/x"],
)
def test_an_address_is_written_as_it_is_read(url: str) -> None:
    assert str(parse_address(url)) == url
