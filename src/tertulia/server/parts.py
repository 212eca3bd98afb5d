"""From settings to parts: the store, the doors, and what the other parts are set up with.

The only module that knows concrete stores and doors; they are imported when they are wanted. A
new door is a row in `DOORS`.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from msgspec import Struct, structs

from tertulia import __version__
from tertulia.config import Opening, Settings, format_address
from tertulia.core.policy import Policy
from tertulia.doors.stream import StreamSettings
from tertulia.plugins.doors import OpenDoor
from tertulia.plugins.manager import PluginManager
from tertulia.plugins.plugin import PluginSettings
from tertulia.ports import Admission, Backstage, Gateway, Store, StreamDoor
from tertulia.server.failure import CannotStart
from tertulia.server.gateway import GatewaySettings
from tertulia.server.hub import HubSettings
from tertulia.server.limits import AddressCaps, AddressLimits, NoCaps, Rate
from tertulia.server.zone import time_zone
from tertulia.slash.registry import Registry

DATABASE: Final = "tertulia.db"
"""The database's name in the data folder."""
_BYTES: Final = 4
"""The most that a character takes in UTF-8 (RFC 3629, §3)."""


class Door(StreamDoor, Protocol):
    """A door that may have something to end."""

    async def close(self) -> None:
        """End what is still going on behind the door."""
        ...


class DoorRow(Struct, frozen=True):
    """One door: how it is made, and what people type to join through it."""

    make: Callable[[Settings, Gateway, Registry, Callable[[], int]], Door]
    way_in: str
    """With `{host}` and `{port}`."""


def _line(
    settings: Settings, gateway: Gateway, registry: Registry, now_ms: Callable[[], int]
) -> Door:
    from tertulia.doors.line import LineDoor, LineSettings
    from tertulia.i18n import catalog

    section = settings.doors.line
    return LineDoor(
        gateway,
        LineSettings(
            max_sessions=section.max_sessions,
            max_line=section.max_line,
            history=section.history,
            language=settings.server.language,
            main_room=settings.server.main_room,
        ),
        registry=registry,
        catalog=catalog,
        zone=time_zone(settings.server.timezone),
        now_ms=now_ms,
        monotonic=time.monotonic,
    )


def _events(
    settings: Settings, gateway: Gateway, registry: Registry, now_ms: Callable[[], int]
) -> Door:
    from tertulia.doors.events import EventsDoor, EventsSettings
    from tertulia.i18n import catalog

    section = settings.doors.events
    return EventsDoor(
        gateway,
        EventsSettings(
            max_event=section.max_event,
            login_seconds=section.login_seconds,
            resume_seconds=section.resume_seconds,
            resume_entries=section.resume_entries,
            history=section.history,
            origins=tuple(filter(None, map(str.strip, section.origins.split(",")))),
            language=settings.server.language,
            main_room=settings.server.main_room,
            largest_push=settings.limits.outbox_bytes // 2,
        ),
        registry=registry,
        catalog=catalog,
        zone=time_zone(settings.server.timezone),
        now_ms=now_ms,
        monotonic=time.monotonic,
    )


def _frames(
    settings: Settings, gateway: Gateway, registry: Registry, now_ms: Callable[[], int]
) -> Door:
    from tertulia.doors.frames import FramesDoor, FramesSettings
    from tertulia.i18n import catalog

    section = settings.doors.frames
    return FramesDoor(
        gateway,
        FramesSettings(
            max_sessions=section.max_sessions,
            max_frame=section.max_frame,
            max_name=section.max_name,
            login_seconds=section.login_seconds,
            history=section.history,
            text_length=settings.policy.text_length,
            language=settings.server.language,
            main_room=settings.server.main_room,
        ),
        registry=registry,
        catalog=catalog,
        zone=time_zone(settings.server.timezone),
        now_ms=now_ms,
        monotonic=time.monotonic,
    )


def _irc(
    settings: Settings, gateway: Gateway, registry: Registry, now_ms: Callable[[], int]
) -> Door:
    from tertulia.doors.irc import IrcDoor, IrcSettings

    section = settings.doors.irc
    pairs = (one.partition("=") for one in section.operators.split())
    return IrcDoor(
        gateway,
        IrcSettings(
            name=section.name,
            network=section.network,
            description=section.description,
            motd=section.motd,
            password=section.password,
            operators={name: password for name, _, password in pairs if name and password},
            max_sessions=section.max_sessions,
            registration_seconds=section.registration_seconds,
            commands_per_second=section.commands_per_second if settings.limits.enabled else 0.0,
            ping_seconds=section.ping_seconds,
            pong_seconds=section.pong_seconds,
            version=f"tertulia-{__version__}",
            policy=policy(settings),
        ),
        now_ms=now_ms,
        monotonic=time.monotonic,
    )


DOORS: Final = {
    "line": DoorRow(_line, "telnet {host} {port}      (or: nc {host} {port})"),
    "events": DoorRow(_events, "ws://{host}:{port}/events      (for programs; also JSON lines)"),
    "frames": DoorRow(_frames, "printf '3         ana2         hi' | nc -N {host} {port}"),
    "irc": DoorRow(_irc, "any IRC client, such as: irssi -c {host} -p {port}"),
}


def store(settings: Settings) -> Store:
    """Return the store, not open yet."""
    if settings.store.kind == "memory":
        from tertulia.stores.memory import MemoryStore

        return MemoryStore()
    from tertulia.stores.sqlite import SqliteStore

    path = Path(settings.server.data) / DATABASE
    return SqliteStore(path, synchronous=settings.store.synchronous)


def cannot_listen(opening: Opening, error: OSError | UnicodeError) -> CannotStart:
    """Return what to tell when a door can't be opened at its address."""
    where = format_address(opening.address)
    if isinstance(error, UnicodeError):
        reason = "that is no host's name"
    elif error.errno == errno.EADDRINUSE:
        reason = "another program, perhaps another Tertulia, listens there"
    elif error.errno == errno.EACCES:
        reason = "ports below 1024 need special rights"
    else:
        reason = error.strerror or str(error)
    return CannotStart(
        f"The door {opening.door} can't be opened at {where}: {reason}. "
        f"Choose another address with --listen {opening.door}=HOST:PORT (port 0: any free one)."
    )


def policy(settings: Settings) -> Policy:
    """Return the bounds of the core."""
    return Policy(
        main_room=settings.server.main_room,
        main_room_topic=settings.server.topic,
        **structs.asdict(settings.policy),
    )


def hub_settings(settings: Settings) -> HubSettings:
    """Return how long fan-out may wait."""
    return HubSettings(**structs.asdict(settings.hub))


def gateway_settings(settings: Settings) -> GatewaySettings:
    """Return the limits on sessions, and who may end the chat."""
    doors = {"line"} if settings.doors.line.anyone_may_shutdown else set()
    limits = settings.limits
    if not limits.enabled:
        return GatewaySettings(shutdown_doors=frozenset(doors))
    return GatewaySettings(
        messages=Rate(limits.message_burst, limits.message_rate),
        actions=Rate(limits.command_burst, limits.command_rate),
        shutdown_doors=frozenset(doors),
    )


def plugins(
    settings: Settings,
    gateway: Gateway,
    backstage: Backstage,
    registry: Registry,
    open_door: OpenDoor,
) -> PluginManager:
    """Return what loads the plugins; `registry` has the built-in slash-commands from here on."""
    section = settings.plugins
    return PluginManager(
        gateway,
        backstage,
        registry,
        PluginSettings(
            budget_seconds=section.budget_seconds,
            strikes=section.strikes,
            backlog=section.backlog,
        ),
        named=section.load,
        discovers=section.discover,
        open_door=open_door,
    )


def admission(settings: Settings, monotonic: Callable[[], float]) -> Admission:
    """Return who decides on new connections."""
    limits = settings.limits
    if not limits.enabled:
        return NoCaps()
    arrivals = Rate(limits.connect_burst, limits.connect_rate)
    caps = AddressLimits(limits.connections_per_address, limits.sessions, arrivals)
    return AddressCaps(caps, monotonic)


def stream_settings(settings: Settings) -> StreamSettings:
    """Return the bounds on one connection; one long message is never too much for a reader."""
    longest = _BYTES * settings.policy.text_length
    return StreamSettings(outbox_bytes=max(settings.limits.outbox_bytes, longest))
