"""The IRC door: every IRC client there is, in the same rooms."""

from __future__ import annotations

from tertulia.doors.irc.door import IrcDoor, IrcSettings

__all__ = ["IrcDoor", "IrcSettings"]
