"""How the server tells of itself: how to join it, and how it is doing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from tertulia import __version__
from tertulia.config import Address, Settings, format_address
from tertulia.core.text import clean_line
from tertulia.server.ending import Ending
from tertulia.server.engine import Engine
from tertulia.server.gateway import Gateway
from tertulia.server.parts import DOORS
from tertulia.server.process import memory_in_use

LONGEST_ANNOUNCEMENT: Final = 1000
"""Characters of what the operator tells everyone."""

_ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def welcome(
    listening: Sequence[tuple[str, str, int]],
    ways_in: Mapping[str, str] = MappingProxyType({}),
    *,
    with_console: bool,
) -> str:
    """Return what is said when all doors are open: first for people, then for programs.

    `listening` has the door, host and port of everything that listens, `ways_in` how to join
    through doors that are not among `parts.DOORS`.
    """
    lines = [f"Tertulia {__version__} is open. To join:"]
    for door, host, port in listening:
        way_in = DOORS[door].way_in if door in DOORS else ways_in[door]
        here = _ANY_ADDRESS.get(host, host)
        lines.append("  " + way_in.replace("{host}", here).replace("{port}", str(port)))
    if with_console:
        lines.append("To end: q and Enter, or Ctrl+C. More: help")
    lines += [
        f"listening {door} {format_address(Address(host, port))}" for door, host, port in listening
    ]
    return "\n".join((*lines, "ready"))


class Plugins(Protocol):
    """The plugins, as far as the operator is concerned."""

    def describe(self) -> list[str]:
        """Return all plugins, one in each line."""
        ...

    def reload(self, tell: Callable[[str], None]) -> None:
        """Load their code anew, and then tell what came of it."""
        ...


class ServerControls:
    """Implements `console.Controls` on a running server."""

    def __init__(
        self,
        gateway: Gateway,
        engine: Engine,
        plugins: Plugins,
        settings: Settings,
        ending: Ending,
    ) -> None:
        self._gateway = gateway
        self._engine = engine
        self._plugins = plugins
        self._settings = settings
        self._ending = ending
        self._began = time.monotonic()

    def end(self) -> None:
        """See `Controls.end`."""
        self._ending.ask("the console")

    def announce(self, text: str) -> int:
        """See `Controls.announce`."""
        self._gateway.announce(clean_line(text, LONGEST_ANNOUNCEMENT))
        return len(self._gateway.sessions())

    def reload(self, tell: Callable[[str], None]) -> None:
        """See `Controls.reload`."""
        self._plugins.reload(tell)

    def status(self) -> str:
        """See `Controls.status`."""
        engine = self._engine.statistics()
        rows = {
            "up": time_span(time.monotonic() - self._began),
            "sessions": self._sessions(),
            "rooms": str(len(self._gateway.rooms())),
            "events": f"{engine.entries} kept since the start, {engine.waiting} waiting",
            "store": self._store(engine.failed_turns),
            "memory": _size(memory_in_use()),
        }
        plugins = self._plugins.describe()
        if plugins:
            rows["plugins"] = f"\n{'':10}".join(plugins)
        return "\n".join(f"{name:9} {value}" for name, value in rows.items())

    def _sessions(self) -> str:
        sessions = self._gateway.sessions()
        doors = Counter(session.client.door for session in sessions)
        by_door = ", ".join(f"{door} {count}" for door, count in sorted(doors.items()))
        return f"{len(sessions)} ({by_door})" if by_door else "0"

    def _store(self, failed_turns: int) -> str:
        store = "memory"
        if self._settings.store.kind == "sqlite":
            folder = Path(self._settings.server.data)
            store = f"sqlite in {folder.resolve()}, {_size(_size_of(folder))}"
        return f"{store}; {failed_turns} turns failed" if failed_turns else store


def _size_of(folder: Path) -> int:
    """Return the bytes that the files right inside a folder take."""
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())


def _size(count: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{count / 1_048_576:.1f} MiB"


def time_span(seconds: float) -> str:
    """Return a time span in its two largest units."""
    minutes = int(seconds) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {int(seconds) % 60} s"
