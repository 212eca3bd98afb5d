"""The Python SDK: bots and clients for a chat, on asyncio.

`Client` is where to begin; `docs/how-to/bots.md` shows what it does. Nothing here knows the server
but for the event protocol (`tertulia.wire.events`).
"""

from __future__ import annotations

from tertulia.sdk.client import Client, connect
from tertulia.sdk.errors import (
    CannotConnect,
    ClientClosed,
    ConnectionLost,
    LoginRefused,
    NoAnswer,
    QueueFull,
    ServerError,
    SessionReplaced,
    TertuliaError,
)
from tertulia.sdk.models import Message, Room, Rooms
from tertulia.wire.events import Envelope
from tertulia.wire.events.objects import Member, OnlineUser, OwnUser, Reaction, User

__all__ = [
    "CannotConnect",
    "Client",
    "ClientClosed",
    "ConnectionLost",
    "Envelope",
    "LoginRefused",
    "Member",
    "Message",
    "NoAnswer",
    "OnlineUser",
    "OwnUser",
    "QueueFull",
    "Reaction",
    "Room",
    "Rooms",
    "ServerError",
    "SessionReplaced",
    "TertuliaError",
    "User",
    "connect",
]
