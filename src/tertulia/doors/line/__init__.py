"""The line door: UTF-8 lines, for telnet, netcat and anything that writes lines."""

from __future__ import annotations

from tertulia.doors.line.door import LineDoor, LineSettings

__all__ = ["LineDoor", "LineSettings"]
