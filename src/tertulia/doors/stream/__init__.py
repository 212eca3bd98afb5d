"""The driver of byte-stream doors: sockets in, handlers out, one write path for each connection."""

from __future__ import annotations

from tertulia.doors.stream.connection import Connection, StreamSettings
from tertulia.doors.stream.listener import Listener, bind

__all__ = ["Connection", "Listener", "StreamSettings", "bind"]
