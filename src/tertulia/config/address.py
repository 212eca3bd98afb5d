"""Addresses to listen on: `HOST:PORT`, with IPv6 hosts in brackets.

Only reads and writes them; opening one is the server's business.
"""

from __future__ import annotations

from msgspec import Struct


class Address(Struct, frozen=True):
    """Where something listens."""

    host: str
    port: int


def parse_address(text: str) -> Address:
    """Read `HOST:PORT` or `[IPV6]:PORT`; port 0 stands for any free one.

    Raises:
        ValueError: it is neither.
    """
    host, colon, port = text.rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    if is_bracketed:
        host = host[1:-1]
    if not colon or not host or (":" in host) != is_bracketed or not host.isprintable():
        raise ValueError(f"not HOST:PORT: {text}")
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= 65_535):
        raise ValueError(f"not a port: {port}")
    return Address(host, int(port))


def format_address(address: Address) -> str:
    """Write an address as `parse_address` reads it."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}"
