"""The event protocol: JSON arrays `["name", {params}]`, both directions, for both ends.

`requests` and `events` are the types, `codec` reads and writes them, `convert` and `snapshots`
lead from and to the core. `docs/reference/events.md` is made from the types (`reference`).
"""

from __future__ import annotations

from tertulia.wire.events.codec import (
    Envelope,
    Fault,
    InvalidEvent,
    decode_event,
    decode_request,
    encode,
    name_of,
)
from tertulia.wire.events.objects import PROTOCOL

__all__ = [
    "PROTOCOL",
    "Envelope",
    "Fault",
    "InvalidEvent",
    "decode_event",
    "decode_request",
    "encode",
    "name_of",
]
