"""The frames door: names and texts with their lengths before them, for clients that count bytes."""

from __future__ import annotations

from tertulia.doors.frames.door import FramesDoor, FramesSettings

__all__ = ["FramesDoor", "FramesSettings"]
