"""One conversation through four doors at once: what everybody does, and what everybody is shown.

carla has telnet, ana a client of the frames protocol, tom a program on plain TCP and wanda one on
a WebSocket. Each step is shown in full: whoever is not named in it is shown nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.conversations.guests import (
    FramesGuest,
    Guest,
    LineGuest,
    Names,
    TcpGuest,
    WebSocketGuest,
)
from tests.running import RunningServer

LISTENS = ("line=127.0.0.1:0", "frames=127.0.0.1:0", "events=127.0.0.1:0")
SERVER = "*server*"
DOORS: dict[str, Callable[[RunningServer, str, Names], Guest]] = {
    "carla": LineGuest,
    "ana": FramesGuest,
    "tom": TcpGuest,
    "wanda": WebSocketGuest,
}

Events = Sequence[Sequence[Any]]
"""Names, params of any kind, and the id of the request that is answered."""


class Step(Struct, frozen=True):
    """What one does, and what each is shown of it."""

    who: str
    does: Any
    """A text, or an event's name and params."""
    carla: Sequence[str] = ()
    ana: Sequence[tuple[str, str]] = ()
    tom: Events = ()
    wanda: Events = ()


def both(name: str, **params: Any) -> Events:
    """Return an event that is the same to both who speak in events."""
    return [[name, params]]


HELLO = both("message", seq=7, id="m1", author="carla", text="hello everybody")
OLA = both("message", seq=8, id="m2", author="ana", text="olá 🎉")
WAVES = both("message", seq=12, id="m6", author="carla", text="waves", action=True)
NODS = both("message", seq=13, id="m7", author="ana", text="nods", action=True)
CHEERS = both("reaction_added", seq=18, message="m1", by="ana", reaction="🎉")
TEA = both("topic_changed", seq=22, by="ana", topic="tea and talk")

ARRIVALS = (
    Step("carla", None),
    Step(
        "ana",
        None,
        carla=["A new client has connected to the chat: id = ana's address (ana)"],
    ),
    Step(
        "tom",
        None,
        carla=["A new client has connected to the chat: id = tom's address (tom)"],
        ana=[(SERVER, "A new client has connected to the chat: id = tom's address (tom)")],
    ),
    Step(
        "wanda",
        None,
        carla=["A new client has connected to the chat: id = wanda's address (wanda)"],
        ana=[(SERVER, "A new client has connected to the chat: id = wanda's address (wanda)")],
        tom=[["user_joined", {"seq": 6, "user": "wanda"}]],
    ),
)

MESSAGES = (
    Step(
        "carla",
        "hello everybody",
        ana=[("carla", "hello everybody")],
        tom=HELLO,
        wanda=HELLO,
    ),
    Step("ana", "olá 🎉", carla=["12:00 ana: olá 🎉"], tom=OLA, wanda=OLA),
    Step(
        "tom",
        ["send_message", {"room": "lobby", "text": "hi from a program"}],
        carla=["12:00 tom: hi from a program"],
        ana=[("tom", "hi from a program")],
        tom=[
            ["message", {"seq": 9, "id": "m3", "author": "tom", "text": "hi from a program"}, 1],
        ],
        wanda=both("message", seq=9, id="m3", author="tom", text="hi from a program"),
    ),
    Step(
        "wanda",
        ["send_message", {"room": "lobby", "text": "one\n  two"}],
        carla=["12:00 wanda: one", "        two"],
        ana=[("wanda", "one\n  two")],
        tom=both("message", seq=10, id="m4", author="wanda", text="one\n  two"),
        wanda=[["message", {"seq": 10, "id": "m4", "author": "wanda", "text": "one\n  two"}, 1]],
    ),
    Step(
        "ana",
        "first\n12:00 carla: second",
        carla=["12:00 ana: first", "      12:00 carla: second"],
        tom=both("message", seq=11, id="m5", author="ana", text="first\n12:00 carla: second"),
        wanda=both("message", seq=11, id="m5", author="ana", text="first\n12:00 carla: second"),
    ),
    Step(
        "carla",
        "/me waves",
        carla=["* carla waves"],
        ana=[("carla", "* carla waves")],
        tom=WAVES,
        wanda=WAVES,
    ),
    Step(
        "ana",
        "/me nods",
        carla=["12:00 * ana nods"],
        ana=[(SERVER, "* ana nods")],
        tom=NODS,
        wanda=NODS,
    ),
    Step(
        "wanda",
        ["send_message", {"room": "lobby", "text": "blinks", "action": True}],
        carla=["12:00 * wanda blinks"],
        ana=[("wanda", "* wanda blinks")],
        tom=both("message", seq=14, id="m8", author="wanda", text="blinks", action=True),
        wanda=[
            [
                "message",
                {"seq": 14, "id": "m8", "author": "wanda", "text": "blinks", "action": True},
                2,
            ]
        ],
    ),
)

SECOND_THOUGHTS = (
    Step(
        "tom",
        ["edit_message", {"message": "m3", "text": "hello from a program"}],
        carla=["12:00 tom corrects: hello from a program"],
        ana=[(SERVER, "tom corrects: hello from a program")],
        tom=[
            [
                "message_edited",
                {"seq": 15, "message": "m3", "by": "tom", "text": "hello from a program"},
                2,
            ]
        ],
        wanda=both("message_edited", seq=15, message="m3", by="tom", text="hello from a program"),
    ),
    Step(
        "carla",
        "/edit #7 hello, all",
        carla=["12:00 #7 carla: hello, all (edited)"],
        ana=[(SERVER, "carla corrects: hello, all")],
        tom=both("message_edited", seq=16, message="m1", by="carla", text="hello, all"),
        wanda=both("message_edited", seq=16, message="m1", by="carla", text="hello, all"),
    ),
    Step(
        "wanda",
        ["add_reaction", {"message": "m1", "reaction": "👍"}],
        carla=["12:00 wanda reacted with 👍"],
        ana=[(SERVER, "wanda reacted with 👍")],
        tom=both("reaction_added", seq=17, message="m1", by="wanda", reaction="👍"),
        wanda=[
            ["reaction_added", {"seq": 17, "message": "m1", "by": "wanda", "reaction": "👍"}, 3]
        ],
    ),
    Step(
        "ana",
        "/react 🎉 #7",
        carla=["12:00 ana reacted with 🎉"],
        ana=[(SERVER, "You reacted with 🎉 to #7 by carla.")],
        tom=CHEERS,
        wanda=CHEERS,
    ),
    Step(
        "ana",
        "/delete #11",
        carla=["12:00 ana took a message back"],
        ana=[(SERVER, "Message #11 is deleted.")],
        tom=both("message_deleted", seq=19, message="m5", by="ana"),
        wanda=both("message_deleted", seq=19, message="m5", by="ana"),
    ),
)

PEOPLE = (
    Step(
        "carla",
        "/nick clara",
        carla=["You are clara now."],
        ana=[(SERVER, "carla is clara now")],
        tom=[
            ["user_renamed", {"seq": 20, "user": "clara", "old_nick": "carla"}],
            ["nick_changed", {"user": "clara", "old_nick": "carla"}],
        ],
        wanda=[
            ["user_renamed", {"seq": 20, "user": "clara", "old_nick": "carla"}],
            ["nick_changed", {"user": "clara", "old_nick": "carla"}],
        ],
    ),
    Step(
        "wanda",
        ["change_nick", {"nick": "wendy"}],
        carla=["wanda is wendy now"],
        ana=[(SERVER, "wanda is wendy now")],
        tom=[
            ["user_renamed", {"seq": 21, "user": "wendy", "old_nick": "wanda"}],
            ["nick_changed", {"user": "wendy", "old_nick": "wanda"}],
        ],
        wanda=[
            ["done", {}, 4],
            ["user_renamed", {"seq": 21, "user": "wendy", "old_nick": "wanda"}],
            ["nick_changed", {"user": "wendy", "old_nick": "wanda"}],
        ],
    ),
    Step(
        "carla",
        "/away lunch",
        carla=["You are away now. /back ends it."],
        ana=[(SERVER, "clara is away: lunch")],
        tom=both("presence", user="clara", away="lunch"),
        wanda=both("presence", user="clara", away="lunch"),
    ),
    Step(
        "tom",
        ["set_typing", {"room": "lobby"}],
        tom=[["done", {}, 3]],
        wanda=both("typing", user="tom"),
    ),
    Step(
        "ana",
        "/msg tom psst",
        tom=[
            [
                "room_opened",
                {
                    "room": "a room of two",
                    "seq": 1,
                    "kind": "direct",
                    "by": "ana",
                    "parties": ["n:ana", "n:tom"],
                },
            ],
            [
                "message",
                {
                    "room": "a room of two",
                    "seq": 2,
                    "id": "m9",
                    "author": "ana",
                    "text": "psst",
                    "to": "tom",
                },
            ],
        ],
    ),
    Step(
        "tom",
        ["send_direct", {"nick": "ana", "text": "what?"}],
        ana=[(SERVER, "tom -> ana: what?")],
        tom=[
            [
                "message",
                {
                    "room": "a room of two",
                    "seq": 3,
                    "id": "m10",
                    "author": "tom",
                    "text": "what?",
                    "to": "ana",
                },
                4,
            ]
        ],
    ),
)

COMMANDS = (
    Step(
        "carla",
        "/users",
        carla=["In lobby (4): ana, clara (away), tom, wendy", "4 people are online."],
    ),
    Step(
        "ana",
        "/users",
        ana=[(SERVER, "In lobby (4): ana, clara (away), tom, wendy\n4 people are online.")],
    ),
    Step(
        "tom",
        ["run_command", {"text": "/users"}],
        tom=[
            [
                "notice",
                {
                    "lines": [
                        "In lobby (4): ana, clara (away), tom, wendy",
                        "4 people are online.",
                    ],
                    "source": "command",
                },
                5,
            ]
        ],
    ),
    Step(
        "ana",
        "/topic tea and talk",
        carla=["12:00 ana has set the topic: tea and talk"],
        ana=[(SERVER, "Topic of lobby: tea and talk")],
        tom=TEA,
        wanda=TEA,
    ),
    Step(
        "ana",
        "/nosuch",
        ana=[(SERVER, "There is no command /nosuch. /help lists them all.")],
    ),
    Step(
        "tom",
        ["send_message", {"room": "lobby", "text": ""}],
        tom=[
            [
                "server_error",
                {
                    "code": "empty_text",
                    "text": "There is nothing in it that could be shown.",
                    "event": "send_message",
                    "path": "$.text",
                },
                6,
            ]
        ],
    ),
)

ANOTHER_ROOM = (
    Step(
        "ana",
        "/create tea",
        ana=[
            (SERVER, "The room tea is made, and you own it."),
            (SERVER, "You are in tea. Nobody else is here just now."),
        ],
    ),
    Step(
        "carla",
        "/join tea",
        carla=["You are in tea, with 1 other."],
        ana=[(SERVER, "clara has joined [tea]")],
    ),
    Step("ana", "a cup?", carla=["12:00 ana: a cup?"]),
    Step("carla", "/join lobby", carla=["You are talking in lobby now."]),
    Step("ana", "another?", carla=["12:00 [tea] ana: another?"]),
    Step("ana", "/join lobby", ana=[(SERVER, "You are talking in lobby now.")]),
    Step("carla", "/join tea", carla=["You are talking in tea now."]),
    Step("carla", "please", ana=[("clara [tea]", "please")]),
    Step(
        "carla",
        "/leave",
        carla=["You have left tea.", "You are talking in lobby now."],
        ana=[(SERVER, "clara has left [tea]")],
    ),
)

FAREWELLS = (
    Step(
        "wanda",
        ["logout", {"text": "bye"}],
        carla=["wanda's address has left the chat (wendy: bye)"],
        ana=[(SERVER, "wanda's address has left the chat (wendy: bye)")],
        tom=both("user_left", seq=23, user="wendy", reason="quit", text="bye"),
        wanda=[["goodbye", {"reason": "quit"}, 5]],
    ),
    Step(
        "ana",
        "/quit so long",
        carla=["ana's address has left the chat (ana: so long)"],
        ana=[(SERVER, "Goodbye.")],
        tom=both("user_left", seq=24, user="ana", reason="quit", text="so long"),
    ),
    Step(
        "carla",
        "QUIT",
        carla=["Goodbye."],
        tom=both("user_left", seq=25, user="clara", reason="quit"),
    ),
    Step("tom", ["logout", {}], tom=[["goodbye", {"reason": "quit"}, 7]]),
)

CONVERSATION = (
    *ARRIVALS,
    *MESSAGES,
    *SECOND_THOUGHTS,
    *PEOPLE,
    *COMMANDS,
    *ANOTHER_ROOM,
    *FAREWELLS,
)


def test_everybody_sees_the_others_right_through_whichever_door(tmp_path: Path) -> None:
    names = Names()
    guests: dict[str, Guest] = {}
    with RunningServer(tmp_path, listens=LISTENS) as server, ExitStack() as stack:
        for step in CONVERSATION:
            if step.does is None:
                guest = DOORS[step.who](server, step.who, names)
                guests[step.who] = stack.enter_context(closing(guest))
            else:
                guests[step.who].do(step.does)
            for name, guest in guests.items():
                expected = list(getattr(step, name))
                shown = [guest.read() for _ in expected]
                assert shown == expected, (step.who, step.does)
        assert [guest.rest() for guest in guests.values()] == [[], [], [], []]
