"""Tests of `tertulia.config.address`."""

from __future__ import annotations

import pytest

from tertulia.config.address import Address, format_address, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8888", Address("127.0.0.1", 8888)),
        ("localhost:0", Address("localhost", 0)),
        ("[::1]:8888", Address("::1", 8888)),
        ("[fe80::1%eth0]:65535", Address("fe80::1%eth0", 65535)),
    ],
)
def test_an_address_reads_and_writes_the_same(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert format_address(address) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8888",
        ":8888",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:port",
        "127.0.0.1:-1",
        "127.0.0.1:65536",
        "127.0.0.1:٣",
        "::1:8888",
        "[::1]",
        "[localhost]:8888",
        "[]:8888",
        "local\nhost:8888",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not "):
        parse_address(text)
