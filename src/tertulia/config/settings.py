"""Every setting: its name, its type, its default and one sentence about it.

A new setting is one field here; the loader, the environment, `--set` and the example file learn
of it from the field. Values that need more than a type are checked by a `Form`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from tertulia.config.address import parse_address
from tertulia.core.policy import Policy

_POLICY = Policy()


class Form(Struct, frozen=True):
    """What a text must look like, for the settings where not every text will do."""

    expected: str
    """How an error goes on after "expected"."""
    fits: Callable[[str], bool]


def _is_address(value: str) -> bool:
    try:
        parse_address(value)
    except ValueError:
        return False
    return True


def _is_room_name(value: str) -> bool:
    from tertulia.core.names import clean_room_name

    return clean_room_name(value, _POLICY.room_name_length) is not None


def _is_timezone(value: str) -> bool:
    from zoneinfo import ZoneInfo

    if not value:
        return True
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _form(expected: str, fits: Callable[[str], bool]) -> dict[str, Any]:
    """Return what carries a `Form` beside a field."""
    return {"form": Form(expected, fits)}


_ADDRESS = _form("HOST:PORT, such as 127.0.0.1:8888 or [::1]:8888", _is_address)
_FOLDER = _form("the name of a folder", lambda value: value != "" and "\0" not in value)
_ROOM_NAME = _form("a room name: letters, digits, - and _", _is_room_name)
_TIMEZONE = _form("the name of a time zone, such as Europe/Lisbon", _is_timezone)


class _Section(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all sections."""


class ServerSection(_Section, frozen=True):
    """The server as a whole."""

    main_room: Annotated[
        str,
        Meta(
            description="The room that everybody enters first; it can't be deleted.",
            extra=_ROOM_NAME,
        ),
    ] = "lobby"
    topic: Annotated[
        str, Meta(description="The topic that the main room is created with.", max_length=300)
    ] = ""
    language: Annotated[
        Literal["en", "pt", "es"],
        Meta(description="The language of those who have not chosen one with /lang."),
    ] = "en"
    timezone: Annotated[
        str,
        Meta(
            description="The time zone in which text doors show times; empty for the machine's.",
            extra=_TIMEZONE,
        ),
    ] = ""
    data: Annotated[
        str,
        Meta(
            description="The folder of the database; made when it is missing.",
            extra=_FOLDER,
        ),
    ] = "data"


class LineDoorSection(_Section, frozen=True):
    """Lines of text, for telnet, netcat and anything that writes lines."""

    enabled: Annotated[bool, Meta(description="Whether this door is opened.")] = True
    listen: Annotated[
        str,
        Meta(
            description="Where this door listens; port 0 takes a free one.",
            extra=_ADDRESS,
        ),
    ] = "127.0.0.1:8888"
    max_sessions: Annotated[
        int,
        Meta(
            description="How many may be connected at once; the next is told that it is full.", ge=1
        ),
    ] = 50
    anyone_may_shutdown: Annotated[
        bool,
        Meta(description="Whether SHUTDOWN, typed by anybody, ends the whole chat."),
    ] = False
    max_line: Annotated[
        int,
        Meta(description="The longest line that is taken in, in bytes.", ge=128, le=1_048_576),
    ] = 8192
    history: Annotated[
        int,
        Meta(description="How many earlier messages newcomers are shown.", ge=0, le=200),
    ] = 10


class EventsDoorSection(_Section, frozen=True):
    """Events as JSON, over plain TCP or a WebSocket, for bots, scripts and web pages."""

    enabled: Annotated[bool, Meta(description="Whether this door is opened.")] = True
    listen: Annotated[
        str,
        Meta(
            description="Where this door listens; port 0 takes a free one.",
            extra=_ADDRESS,
        ),
    ] = "127.0.0.1:4444"
    max_event: Annotated[
        int,
        Meta(description="The longest event that is taken in, in bytes.", ge=1024, le=1_048_576),
    ] = 65_536
    login_seconds: Annotated[
        float,
        Meta(description="How many seconds a connection may take to log in.", gt=0, le=3600),
    ] = 10.0
    resume_seconds: Annotated[
        float,
        Meta(
            description=(
                "For how many seconds somebody whose connection is lost stays in their rooms "
                "and may come back; 0: not at all."
            ),
            ge=0,
            le=86_400,
        ),
    ] = 60.0
    resume_entries: Annotated[
        int,
        Meta(
            description=(
                "How many missed events of a room somebody is told who comes back; past that "
                "they are told how the room is now."
            ),
            ge=0,
            le=100_000,
        ),
    ] = 1000
    history: Annotated[
        int,
        Meta(description="How many earlier messages come with a room.", ge=0, le=100),
    ] = 50
    origins: Annotated[
        str,
        Meta(
            description=(
                "Web pages that may connect, such as https://chat.example.org, with commas "
                "between them; * for all, empty for those of the same host."
            )
        ),
    ] = ""


class FramesDoorSection(_Section, frozen=True):
    """Names and texts with their lengths before them, for clients that count bytes."""

    enabled: Annotated[bool, Meta(description="Whether this door is opened.")] = True
    listen: Annotated[
        str,
        Meta(
            description="Where this door listens; port 0 takes a free one.",
            extra=_ADDRESS,
        ),
    ] = "127.0.0.1:1234"
    max_sessions: Annotated[
        int,
        Meta(
            description="How many may be connected at once; the next is told that it is full.", ge=1
        ),
    ] = 1000
    max_frame: Annotated[
        int,
        Meta(
            description=(
                "The longest frame, in bytes: a client that announces a longer one is "
                "disconnected, and a longer text is cut. policy.text_length bounds messages, too."
            ),
            ge=1024,
            le=1 << 24,
        ),
    ] = 1_048_576
    max_name: Annotated[
        int,
        Meta(description="The longest first frame, the name, in bytes.", ge=12, le=4096),
    ] = 400
    login_seconds: Annotated[
        float,
        Meta(description="How many seconds a connection may take to send its name.", gt=0, le=3600),
    ] = 10.0
    history: Annotated[
        int,
        Meta(
            description="How many earlier messages somebody is shown who enters another room.",
            ge=0,
            le=200,
        ),
    ] = 10


class IrcDoorSection(_Section, frozen=True):
    """IRC, for every client that speaks it."""

    enabled: Annotated[bool, Meta(description="Whether this door is opened.")] = True
    listen: Annotated[
        str,
        Meta(
            description="Where this door listens; port 0 takes a free one.",
            extra=_ADDRESS,
        ),
    ] = "127.0.0.1:6667"
    name: Annotated[
        str, Meta(description="The server's name, with a dot in it.", pattern=r"^[\w.-]+$")
    ] = "irc.tertulia.local"
    network: Annotated[
        str, Meta(description="The network's name, one word.", pattern=r"^[\w.-]+$")
    ] = "Tertulia"
    description: Annotated[str, Meta(description="What it says of itself.")] = "Tertulia"
    motd: Annotated[
        str, Meta(description="The message of the day, shown to everyone who comes.")
    ] = ""
    password: Annotated[
        str, Meta(description="What lets people in, plain or hashed; empty: everybody.")
    ] = ""
    operators: Annotated[
        str,
        Meta(
            description=(
                "Operators as NAME=PASSWORD, with blanks between them; passwords plain or as "
                "scrypt:SALT:HASH."
            )
        ),
    ] = ""
    max_sessions: Annotated[
        int,
        Meta(
            description="How many may be connected at once; the next is told that it is full.", ge=1
        ),
    ] = 10_000
    commands_per_second: Annotated[
        float,
        Meta(
            description=(
                "How many commands a second, besides messages, a client may go on giving, where "
                "the limits hold."
            ),
            gt=0,
        ),
    ] = 10.0
    registration_seconds: Annotated[
        float,
        Meta(description="How many seconds a connection may take to register.", gt=0, le=3600),
    ] = 15.0
    ping_seconds: Annotated[
        float,
        Meta(
            description="After how many silent seconds a client is asked whether it is there.", gt=0
        ),
    ] = 120.0
    pong_seconds: Annotated[
        float,
        Meta(description="How many seconds it then has to answer.", gt=0),
    ] = 60.0


class DoorsSection(_Section, frozen=True):
    """The doors, one section each."""

    line: LineDoorSection = LineDoorSection()
    events: EventsDoorSection = EventsDoorSection()
    frames: FramesDoorSection = FramesDoorSection()
    irc: IrcDoorSection = IrcDoorSection()


class LimitsSection(_Section, frozen=True):
    """What one address, one session and the whole server may take."""

    enabled: Annotated[
        bool,
        Meta(description="Whether the limits on speed and on addresses hold; off for benchmarks."),
    ] = True
    message_burst: Annotated[
        int, Meta(description="How many messages a session may send at once.", ge=1)
    ] = 100
    message_rate: Annotated[
        float,
        Meta(description="How many messages a second a session may go on sending.", gt=0),
    ] = 10.0
    command_burst: Annotated[
        int,
        Meta(description="How many other commands a session may give at once.", ge=1),
    ] = 30
    command_rate: Annotated[
        float,
        Meta(description="How many other commands a second a session may go on giving.", gt=0),
    ] = 3.0
    connections_per_address: Annotated[
        int,
        Meta(description="How many connections one address may hold open.", ge=1),
    ] = 100
    connect_burst: Annotated[
        int,
        Meta(description="How many connections one address may make at once.", ge=1),
    ] = 200
    connect_rate: Annotated[
        float,
        Meta(description="How many connections a second one address may go on making.", gt=0),
    ] = 20.0
    sessions: Annotated[
        int,
        Meta(description="How many may be connected at once through all doors.", ge=1),
    ] = 10_000
    outbox_bytes: Annotated[
        int,
        Meta(
            description=(
                "How many bytes may wait for one reader; past it that one is disconnected. "
                "Holds even when the limits are off."
            ),
            ge=16_384,
        ),
    ] = 1_048_576


class HubSection(_Section, frozen=True):
    """How events are handed out."""

    room_share: Annotated[
        float,
        Meta(
            description=(
                "A room waits this many times as long as its last hand-out took before the next: "
                "3 leaves it a quarter of the server's time, 0 lets it take all."
            ),
            ge=0,
            le=100,
        ),
    ] = 0.0
    crowd: Annotated[
        int,
        Meta(
            description="From this many members on, a room's joins and leaves are gathered.", ge=2
        ),
    ] = 50
    crowd_delay: Annotated[
        float,
        Meta(
            description="For how many seconds the joins and leaves of a crowd are gathered.",
            ge=0,
            le=60,
        ),
    ] = 0.5


class HistorySection(_Section, frozen=True):
    """What is kept of what was said."""

    keep_days: Annotated[
        int,
        Meta(
            description="Messages older than this many days are erased for good; 0 keeps them all.",
            ge=0,
        ),
    ] = 0


class StoreSection(_Section, frozen=True):
    """Where the log is kept."""

    kind: Annotated[
        Literal["sqlite", "memory"],
        Meta(description="sqlite keeps the log in the data folder, memory forgets it at the end."),
    ] = "sqlite"
    synchronous: Annotated[
        Literal["FULL", "NORMAL"],
        Meta(
            description=(
                "FULL survives a power cut; NORMAL is faster, survives a crash of the server "
                "and may lose the last moments before a power cut."
            )
        ),
    ] = "FULL"


class LogSection(_Section, frozen=True):
    """What the server writes about itself, to standard error; never what people say."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="The least important lines that are written."),
    ] = "info"
    format: Annotated[
        Literal["text", "json"],
        Meta(description="text for people, json for programs: one object per line."),
    ] = "text"


class PluginsSection(_Section, frozen=True):
    """Code of your own that runs in the server."""

    load: Annotated[
        tuple[str, ...],
        Meta(description="The plugins to load: files, folders of packages, or modules."),
    ] = ()
    discover: Annotated[
        bool,
        Meta(description="Whether plugins that installed packages bring are loaded as well."),
    ] = True
    budget_seconds: Annotated[
        float,
        Meta(description="How many seconds one call of a plugin's function may take.", gt=0, le=60),
    ] = 2.0
    strikes: Annotated[
        int,
        Meta(
            description=(
                "A plugin that takes longer than that, or fails as a filter, so many times within "
                "a minute is suspended."
            ),
            ge=1,
            le=1000,
        ),
    ] = 3
    backlog: Annotated[
        int,
        Meta(
            description="How many events may wait for a plugin; past that it misses some.",
            ge=1,
            le=1_000_000,
        ),
    ] = 10_000


class PolicySection(_Section, frozen=True):
    """Bounds on what people may make; lengths are in characters."""

    nick_length: Annotated[int, Meta(description="The longest nick.", ge=12, le=100)] = (
        _POLICY.nick_length
    )
    room_name_length: Annotated[
        int, Meta(description="The longest name of a room.", ge=8, le=200)
    ] = _POLICY.room_name_length
    topic_length: Annotated[int, Meta(description="The longest topic.", ge=0, le=2000)] = (
        _POLICY.topic_length
    )
    away_length: Annotated[int, Meta(description="The longest away text.", ge=0, le=2000)] = (
        _POLICY.away_length
    )
    text_length: Annotated[int, Meta(description="The longest message.", ge=1, le=4_000_000)] = (
        _POLICY.text_length
    )
    text_lines: Annotated[
        int, Meta(description="The most lines in one message.", ge=1, le=10_000)
    ] = _POLICY.text_lines
    key_length: Annotated[int, Meta(description="The longest key of a room.", ge=1, le=100)] = (
        _POLICY.key_length
    )
    masks_per_list: Annotated[
        int, Meta(description="The most entries in each of a room's lists, such as bans.", ge=1)
    ] = _POLICY.masks_per_list
    tags_length: Annotated[
        int,
        Meta(description="The most that programs may attach to a message.", ge=0, le=4094),
    ] = _POLICY.tags_length
    reaction_length: Annotated[int, Meta(description="The longest reaction.", ge=1, le=100)] = (
        _POLICY.reaction_length
    )
    reactions_per_message: Annotated[
        int, Meta(description="The most different reactions to one message.", ge=0, le=1000)
    ] = _POLICY.reactions_per_message
    rooms_per_user: Annotated[
        int, Meta(description="In how many rooms somebody may be at once.", ge=1)
    ] = _POLICY.rooms_per_user
    rooms: Annotated[int, Meta(description="How many rooms there may be on the server.", ge=1)] = (
        _POLICY.rooms
    )


class Settings(_Section, frozen=True):
    """All settings of a server."""

    server: ServerSection = ServerSection()
    doors: DoorsSection = DoorsSection()
    limits: LimitsSection = LimitsSection()
    hub: HubSection = HubSection()
    history: HistorySection = HistorySection()
    store: StoreSection = StoreSection()
    log: LogSection = LogSection()
    plugins: PluginsSection = PluginsSection()
    policy: PolicySection = PolicySection()
