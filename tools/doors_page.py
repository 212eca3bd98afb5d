"""The page of what each door can carry: `python tools/doors_page.py` writes it.

How people ask is written down here, by command; what they are shown is rendered by the doors' own
wire formats from samples. A command, an event or a door without its place here fails a test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import json

from tertulia.core import commands as c
from tertulia.core import events as e
from tertulia.core.events import Entry, Event, Person, Signal
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.language import English
from tertulia.core.room import Member, RoomState
from tertulia.doors.irc.capabilities import CAPS
from tertulia.ports import WireFormat
from tertulia.wire.events.format import LINES
from tertulia.wire.frames import Frame, FrameBuffer, FramesFormat
from tertulia.wire.irc.format import IrcFormat
from tertulia.wire.line import LineFormat

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference" / "doors.md"

DOORS: Final = ("line", "frames", "events", "irc")
NOTHING: Final = "–"
"""A cell of a door that does not carry it."""

_INTRODUCTION: Final = """\
# What each door carries

Every door leads into the same rooms, and no feature belongs to one door: this page says how each
is asked for and how it is shown, door by door. It is made by `tools/doors_page.py`; what is shown
is what the doors' own wire formats write.

- **line**: lines of text, for telnet and netcat
- **frames**: names and texts with their lengths before them: [the page](frames.md)
- **events**: JSON over TCP or a WebSocket, for programs: [the page](events.md)
- **irc**: any IRC client; this is what one is shown that takes all capabilities it is offered,
  without the tags of most lines (`^A` is a control character)

[Slash-commands](../slash-commands.md) are the same ones at all doors of text; at the events door
`run_command` takes them. A dash stands where a door has no way for something.
"""

# How people ask

_Ways: TypeAlias = tuple[str, ...]
"""One way for each of `DOORS`, in that order."""


def _typed(usages: str, events: str, irc: str = "") -> _Ways:
    """Return the ways to something that is typed at all doors of text."""
    typed, sent, said = (
        ", ".join(f"`{way}`" for way in ways.split(" | ")) if ways else NOTHING
        for ways in (usages, events, irc)
    )
    return (typed, typed, sent, said)


COMMANDS: Final[Mapping[type[c.Command], tuple[str, _Ways]]] = {
    c.Connect: (
        "Coming in",
        (
            "connecting; a guest's nick is drawn",
            "the first frame, one's name",
            "`login`",
            "`NICK` and `USER`",
        ),
    ),
    c.Disconnect: (
        "Leaving the chat",
        ("`QUIT`, `/quit [TEXT]`, hanging up", "`/quit [TEXT]`, hanging up", "`logout`", "`QUIT`"),
    ),
    c.ChangeNick: ("Another nick", _typed("/nick NAME", "change_nick", "NICK")),
    c.SetAway: ("Being away, and back", _typed("/away [TEXT] | /back", "set_away", "AWAY")),
    c.SetRealname: ("Another name besides the nick", _typed("", "", "SETNAME")),
    c.CreateRoom: ("Making a room", _typed("/create ROOM [TOPIC]", "create_room", "JOIN")),
    c.DeleteRoom: ("Deleting one's room", _typed("/close ROOM", "delete_room")),
    c.JoinRoom: ("Entering a room", _typed("/join ROOM", "join_room", "JOIN")),
    c.LeaveRoom: ("Leaving a room", _typed("/leave [ROOM]", "leave_room", "PART")),
    c.SetTopic: ("Another topic", _typed("/topic [TEXT]", "set_topic", "TOPIC")),
    c.ChangeRules: ("Other rules and roles in a room", _typed("", "", "MODE")),
    c.Kick: ("Putting somebody out of a room", _typed("", "", "KICK")),
    c.Invite: ("Asking somebody into a room", _typed("", "", "INVITE")),
    c.RenameRoom: ("Another name for a room", _typed("", "", "RENAME")),
    c.PostMessage: (
        "Saying something",
        ("a line, `/me TEXT`", "a frame, `/me TEXT`", "`send_message`", "`PRIVMSG`, `NOTICE`"),
    ),
    c.PostDirect: (
        "Saying something to one person",
        _typed("/msg NICK TEXT | /reply TEXT", "send_direct", "PRIVMSG | NOTICE"),
    ),
    c.EditMessage: ("Editing one's message", _typed("/edit [#SEQ] TEXT", "edit_message")),
    c.DeleteMessage: (
        "Deleting one's message",
        _typed("/delete [#SEQ]", "delete_message", "REDACT"),
    ),
    c.AddReaction: (
        "Reacting to a message",
        _typed("/react EMOJI [#SEQ]", "add_reaction", "TAGMSG"),
    ),
    c.RemoveReaction: (
        "Taking a reaction back",
        _typed("/unreact EMOJI [#SEQ]", "remove_reaction", "TAGMSG"),
    ),
    c.ShowTyping: ("Showing that one is writing", _typed("", "set_typing", "TAGMSG")),
    c.SendTags: ("Telling other people's programs something", _typed("", "", "TAGMSG")),
}
"""How each command is given."""

READINGS: Final[Mapping[str, _Ways]] = {
    "Several lines in one message": (
        NOTHING,
        "a frame with line breaks",
        "`send_message`",
        NOTHING,
    ),
    "What was said before": _typed("/history [N] [#SEQ]", "get_history", "CHATHISTORY"),
    "Messages with certain words": _typed("/search WORDS", "search"),
    "Direct messages that came meanwhile": (
        "told after `/nick NAME`",
        "told after the first frame, and after `/nick NAME`",
        "told after `login`, as `missed_messages`",
        "told after `NICK` and `USER`",
    ),
    "Which rooms there are": _typed("/rooms [WORD]", "get_rooms", "LIST"),
    "Who is there": _typed("/users [ROOM]", "get_users", "NAMES | WHO"),
    "Who somebody is": _typed("/whois NICK", "run_command", "WHOIS"),
    "Hiding what somebody says": _typed("/ignore [NICK] | /unignore NICK", "ignore | unignore"),
    "Coming back to where one was": (NOTHING, NOTHING, "`login` with a token", NOTHING),
    "Another language": ("`/lang [CODE]`", "`/lang [CODE]`", "`login` with a language", NOTHING),
    "The time": _typed("/time", "ping", "TIME"),
    "Help": _typed("/help [WORD]", "run_command", "HELP"),
    "Ending the chat": _typed("/shutdown", "run_command"),
}
"""What is asked for otherwise."""

# What people are shown

_ANA: Final = Person(UserId(10), "ana", "127.0.0.1:50312")
_BOB: Final = Person(UserId(11), "bob", "127.0.0.1:50313")
_LOBBY: Final = RoomState(RoomId(1), "lobby")
_TEA: Final = RoomState(RoomId(2), "tea", members={_BOB.id: Member(_BOB)})
_DIRECT: Final = RoomState(RoomId(3), "", e.RoomKind.DIRECT)
_FIRST: Final = EventId(20)
_AT_14_02: Final = 1_795_269_720_000
"""2026-11-21T14:02:00Z in milliseconds of Unix time."""

EVENTS: Final[Sequence[tuple[str, Event, RoomState]]] = (
    ("Something is said", e.MessagePosted(_ANA, "hello"), _TEA),
    ("Something is said in several lines", e.MessagePosted(_ANA, "one\ntwo"), _TEA),
    ("Something is told in the third person", e.MessagePosted(_ANA, "waves", action=True), _TEA),
    ("Something is said to one person", e.MessagePosted(_ANA, "psst", to="bob"), _DIRECT),
    ("A message is edited", e.MessageEdited(_ANA, _FIRST, "hello!"), _TEA),
    ("A message is deleted", e.MessageDeleted(_ANA, _FIRST), _TEA),
    ("A message is reacted to", e.ReactionAdded(_ANA, _FIRST, "👍"), _TEA),
    ("A reaction is taken back", e.ReactionRemoved(_ANA, _FIRST, "👍"), _TEA),
    ("Somebody enters the main room", e.MemberJoined(_ANA), _LOBBY),
    ("Somebody enters another room", e.MemberJoined(_ANA), _TEA),
    ("Somebody leaves the chat", e.MemberLeft(_ANA, e.LeaveReason.LOST), _LOBBY),
    ("Somebody leaves a room", e.MemberLeft(_ANA, e.LeaveReason.LEFT), _TEA),
    (
        "Somebody is put out of a room",
        e.MemberLeft(_ANA, e.LeaveReason.KICKED, "enough", by=_BOB),
        _TEA,
    ),
    ("Somebody has another nick (once in each room)", e.MemberRenamed(_ANA, "anna"), _TEA),
    ("Somebody is asked in (told in the room)", e.MemberInvited(_ANA, _BOB), _TEA),
    ("A room is made", e.RoomCreated("tea", by=_ANA), _TEA),
    ("A room has another topic", e.TopicChanged(_ANA, "green tea"), _TEA),
    ("A room has another name", e.RoomRenamed(_ANA, "tea", "coffee"), _TEA),
    ("A room has other rules", e.RulesChanged(_ANA, (e.RuleChange(e.Rule.MODERATED),)), _TEA),
    ("A room is deleted", e.RoomDeleted(_ANA), _TEA),
)
"""What is kept of a room, with an example of each."""

SIGNALS: Final[Sequence[tuple[str, Signal]]] = (
    ("Somebody has another nick (once to each)", e.UserRenamed(_ANA, "anna")),
    ("Somebody goes away", e.AwayChanged(_ANA, "lunch")),
    ("Somebody is back", e.AwayChanged(_ANA, None)),
    ("Somebody is writing", e.Typing(_TEA.id, _ANA)),
    ("Somebody is asked in (told to them)", e.Invited(_ANA, _BOB, _TEA.id, "tea")),
    ("Somebody comes online", e.UserArrived(_ANA)),
    ("Somebody goes offline", e.UserGone(_ANA, e.LeaveReason.QUIT)),
    ("Somebody has another name besides the nick", e.RealnameChanged(_ANA, "Ana Lopes")),
    ("Somebody's program tells others something", e.Tagged(_TEA.id, _ANA, (("+key", "value"),))),
    ("The operator tells everyone", e.Announced("a pause at six")),
    ("A room has another name (for doors with a way of their own)", e.RoomMoved(_TEA.id, "coffee")),
    ("A room is listed, or reads otherwise there", e.RoomListed(_TEA.id, "tea", "", 1)),
    ("A room is listed no more", e.RoomUnlisted(_TEA.id)),
)
"""What is told and not kept, with an example of each."""

_LINE: Final = LineFormat(English(), UTC, is_current=True, main_room=_LOBBY.id)
_FRAMES: Final = FramesFormat(English(), is_current=True, main_room=_LOBBY.id, max_frame=1000)
_IRC: Final = IrcFormat(frozenset(CAPS), "irc.example.org")


def _show_lines(data: bytes) -> str:
    return "<br>".join(_code(line) for line in data.decode().splitlines())


def _show_frames(data: bytes) -> str:
    buffer = FrameBuffer(1000, 1000)
    buffer.receive_data(data)
    shown = []
    while isinstance(frame := buffer.next_frame(), Frame):
        shown.append("<br>".join(map(_code, frame.text.split("\n"))))
    return ", ".join(shown)


def _show_event(data: bytes) -> str:
    return _code(str(json.decode(data)[0])) if data else ""


def _show_irc(data: bytes) -> str:
    # The tags of most lines are the time and an id, which say nothing here.
    lines = [re.sub(r"^@\S+ (?!\S+ TAGMSG )", "", line) for line in data.decode().splitlines()]
    return "<br>".join(map(_code, lines))


def _code(text: str) -> str:
    # IRC marks what is done by this control character.
    return f"`{text.replace(chr(1), '^A')}`"


_FORMATS: Final[Mapping[str, tuple[WireFormat, Callable[[bytes], str]]]] = {
    "line": (_LINE, _show_lines),
    "frames": (_FRAMES, _show_frames),
    "events": (LINES, _show_event),
    "irc": (_IRC, _show_irc),
}


def shown(door: str, event: Event | Signal, room: RoomState) -> str:
    """Return how a door shows something, as a cell."""
    wire, show = _FORMATS[door]
    if isinstance(event, Event):
        entry = Entry(room.id, 7, EventId(70), _AT_14_02, event)
        return show(wire.encode(entry, room)) or NOTHING
    return show(wire.encode_signal(event, room)) or NOTHING


# The page


def page() -> str:
    """Return the page."""
    asked = [(what, *ways) for what, ways in (*COMMANDS.values(), *READINGS.items())]
    kept = [(what, *(shown(door, event, room) for door in DOORS)) for what, event, room in EVENTS]
    told = [(what, *(shown(door, signal, _TEA) for door in DOORS)) for what, signal in SIGNALS]
    return "\n".join(
        (
            _INTRODUCTION,
            "## How to ask for it\n",
            *_table("What", asked),
            "",
            "## What happens in a room\n",
            "The room is called tea, and its readers talk in it. Where one talks in another, its",
            "name stands beside it: `14:02 [tea] ana: hello`, or `ana [tea]`, `hello`.\n",
            *_table("What", kept),
            "",
            "## What is told and not kept\n",
            *_table("What", told),
            "",
        )
    )


def _table(head: str, rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [(head, *DOORS), ("---",) * (len(DOORS) + 1), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
