"""Addresses: where a server's events door is, and what carries the events there."""

from __future__ import annotations

from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from typing_extensions import override

DEFAULT_PORT: Final = 4444
DEFAULT_PATH: Final = "/events"
FORMS: Final = "tcp://HOST:PORT, tertulia://HOST, ws://HOST:PORT/events or wss://HOST/events"


class Carrier(Enum):
    """What carries events."""

    LINES = "tcp"
    """Plain TCP, an event to a line."""
    WEBSOCKET = "ws"
    """A WebSocket, an event to a text frame."""


class Address(Struct, frozen=True):
    """Where an events door is."""

    carrier: Carrier
    host: str
    port: int
    path: str = ""
    """Of a WebSocket: where it is on its host, with the query if there is one."""
    is_secure: bool = False
    """Whether the connection is encrypted (TLS)."""

    @property
    def authority(self) -> str:
        """Host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @override
    def __str__(self) -> str:
        scheme = self.carrier.value + ("s" if self.is_secure else "")
        return f"{scheme}://{self.authority}{self.path}"


_SCHEMES: Final = {
    "tcp": (Carrier.LINES, DEFAULT_PORT, False),
    "tertulia": (Carrier.LINES, DEFAULT_PORT, False),
    "ws": (Carrier.WEBSOCKET, 80, False),
    "wss": (Carrier.WEBSOCKET, 443, True),
}


def parse_address(text: str) -> Address:
    """Read the address of an events door; `HOST:PORT` and `HOST` alone are plain TCP.

    Raises:
        ValueError: it is none; the message says what one looks like.
    """
    text = text.strip()
    url = text if "://" in text else f"tcp://{text}"
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise _no_address(text) from None
    known = _SCHEMES.get(parts.scheme)
    if known is None or not host or port == 0 or parts.username is not None or parts.fragment:
        raise _no_address(text)
    carrier, usual_port, is_secure = known
    path = _path(parts.path, parts.query)
    if carrier is Carrier.LINES:
        if path != DEFAULT_PATH:
            raise _no_address(text)
        path = ""
    return Address(carrier, host, port or usual_port, path, is_secure)


def _path(path: str, query: str) -> str:
    path = DEFAULT_PATH if path in ("", "/") else path
    return f"{path}?{query}" if query else path


def _no_address(text: str) -> ValueError:
    return ValueError(f"{text!r} is no address of a chat: {FORMS}")
