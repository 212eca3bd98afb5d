"""The opening handshake of a WebSocket (RFC 6455, section 4), the server's side.

What is done by the letter of the RFC is done by `websockets`; what is ours is who may come in:
which path, and pages of which origins. Frames are `websocket`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from websockets.datastructures import Headers, MultipleValuesError
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

MAX_HEAD: Final = 16_384
"""Bytes of a request's head at the most."""
END_OF_HEAD: Final = b"\r\n\r\n"

ANY_ORIGIN: Final = "*"


class Terms(Struct, frozen=True):
    """Who is let in."""

    path: str
    """Where the WebSocket is; whatever stands behind a `?` makes no difference."""
    origins: Collection[str] = ()
    """Pages that may connect, such as `https://chat.example.org`; `*` for all.

    Without any, pages of the same host, and programs, which have no origin.
    """
    subprotocols: Collection[str] = ()
    """What may be spoken inside, for clients that ask."""


class Outcome(Struct, frozen=True):
    """How a request for a WebSocket is answered."""

    is_open: bool
    answer: bytes


def answer_head(head: bytes, terms: Terms, *, is_local: bool) -> Outcome:
    """Answer the head of a request, which ends in `END_OF_HEAD`.

    `is_local`: it comes from this machine. Then the host that it asks for must be this machine
    as well: a page whose name was made to point here (DNS rebinding) is nobody's neighbour.
    """

    def select(_: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        # To offer nothing that is spoken here is no fault: most clients offer nothing at all.
        return next((name for name in offered if name in terms.subprotocols), None)

    protocol = ServerProtocol(select_subprotocol=select)
    protocol.receive_data(head)
    requests = [event for event in protocol.events_received() if isinstance(event, Request)]
    if not requests:
        return Outcome(is_open=False, answer=b"".join(protocol.data_to_send()) or _REJECTED)
    response = _respond(protocol, requests[0], terms, is_local=is_local)
    return Outcome(response.status_code == 101, response.serialize())


_REJECTED: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def _respond(
    protocol: ServerProtocol, request: Request, terms: Terms, *, is_local: bool
) -> Response:
    if request.path.partition("?")[0] != terms.path:
        return protocol.reject(404, f"There is nothing here. The WebSocket is at {terms.path}\n")
    if not _may_come(request.headers, terms, is_local=is_local):
        return protocol.reject(403, "Pages of this origin may not connect.\n")
    return protocol.accept(request)


def _may_come(headers: Headers, terms: Terms, *, is_local: bool) -> bool:
    """Tell whether a page, if it is one, may connect (RFC 6455, section 10.2)."""
    try:
        origin, host = headers.get("Origin"), headers.get("Host", "")
    except MultipleValuesError:
        return False
    if origin is None or ANY_ORIGIN in terms.origins or origin in terms.origins:
        return True
    if terms.origins:
        return False
    asked_for = _host_of(f"//{host}")
    if asked_for is None or _host_of(origin) != asked_for:
        return False
    return not is_local or is_this_machine(asked_for)


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def is_this_machine(host: str) -> bool:
    """Tell whether a host's name or address always means the machine that one is on."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
