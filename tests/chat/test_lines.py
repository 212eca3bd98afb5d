"""Tests of events in words."""

from __future__ import annotations

from datetime import UTC

import pytest

from tertulia.chat.lines import Lines
from tertulia.core import commands as c
from tertulia.i18n import catalog
from tertulia.wire.events import events as w
from tertulia.wire.events.convert import event_of
from tertulia.wire.events.objects import Message, User
from tertulia.wire.events.snapshots import joined_of
from tests.core.chat import Chat
from tests.sdk.test_mirror import Observer

TIME = 1_795_251_600_000
"""2026-11-21T09:00:00Z."""
ANA = User(id="0akp10a4g0000", nick="ana", label="127.0.0.1:50000")


class Told:
    """Eve's client, and the lines it shows."""

    def __init__(self, language: str = "en") -> None:
        self.chat = Chat()
        self.ana = self.chat.online("ana")
        self.eve = Observer(self.chat, "eve")
        self.eve.do(self.eve.user, c.JoinRoom(self.chat.lobby))
        self.lines = Lines(catalog(language), UTC, self.eve.mirror)

    def of(self, event: w.Event, current: str = "lobby") -> list[str]:
        return self.lines.of(event, self.eve.mirror.find(current), TIME)

    def of_last(self, current: str = "lobby") -> list[str]:
        """Return the lines about the last entry of the log."""
        return self.of(event_of(self.chat.log[-1]), current)


@pytest.fixture
def told() -> Told:
    return Told()


def test_what_is_said_is_told_with_its_time_and_author(told: Told) -> None:
    told.eve.do(told.ana, c.PostMessage(told.chat.lobby, "hi\nthere"))
    time = "00:16"
    assert told.of_last() == [f"{time} ana: hi", "      there"]
    assert told.of_last("elsewhere") == [f"{time} [lobby] ana: hi", "      there"]
    told.eve.do(told.ana, c.PostDirect("eve", "psst"))
    assert told.of_last("elsewhere") == [f"{time} ana -> eve: psst"]


def test_what_happens_is_told_in_words(told: Told) -> None:
    told.eve.do(told.ana, c.SetTopic(told.chat.lobby, "Tea"))
    assert told.of_last() == ["00:16 ana has set the topic: Tea"]
    told.eve.do(told.ana, c.LeaveRoom(told.chat.lobby))
    assert told.of_last() == ["ana has left [lobby]"]


def test_one_s_own_departure_names_the_room(told: Told) -> None:
    told.eve.do(told.eve.user, c.CreateRoom("den"))
    den = told.chat.log[-1].room
    told.eve.do(told.ana, c.JoinRoom(den))
    told.eve.do(told.eve.user, c.LeaveRoom(den))
    assert told.of_last() == ["eve has left [den]"]


def test_a_room_that_one_enters_is_shown_with_its_newest_messages(told: Told) -> None:
    state = told.chat.room(told.chat.lobby)
    said = Message(
        room="0akp109pm0000", seq=7, id="0akp10a7m0000", time=TIME, author=ANA, text="hello"
    )
    assert told.of(joined_of(state, 7, (said,))) == [
        "You are in lobby, with 1 other.",
        "09:00 #7 ana: hello",
    ]
    reset = told.of(joined_of(state, 7, (said,), reset=True))
    assert reset[1] == "Too much was said meanwhile; this is the newest:"


def test_an_empty_room_with_a_topic(told: Told) -> None:
    joined = w.RoomJoined(
        room="0akp109pm0000", seq=1, name="den", topic="Tea", created=1, changed=1
    )
    assert told.of(joined) == ["You are in den. Nobody else is here just now.", "Topic: Tea"]


def test_people_are_followed(told: Told) -> None:
    assert told.of(w.NickChanged(user=ANA, old_nick="anna")) == ["anna is ana now"]
    assert told.of(w.Presence(user=ANA, away="tea")) == ["ana is away: tea"]
    assert told.of(w.Presence(user=ANA)) == ["ana is back"]


def test_missed_messages_are_told_at_once(told: Told) -> None:
    message = Message(
        room="0akp109pm0000",
        seq=1,
        id="0akp10a7m0000",
        time=TIME,
        author=ANA,
        text="psst",
        to="eve",
    )
    assert told.of(w.MissedMessages(messages=(message,))) == [
        "While you were gone, 1 message came for you:",
        "09:00 ana: psst",
    ]


def test_the_server_s_own_words(told: Told) -> None:
    assert told.of(w.Notice(lines=("a", "b"), source="command")) == ["a", "b"]
    assert told.of(w.Notice(lines=("a",), source="operator")) == ["The operator says: a"]
    assert told.of(w.Goodbye(reason="shutdown", text="It ends.")) == ["It ends."]
    assert told.of(w.Goodbye(reason="quit")) == []


def test_what_people_need_not_be_told_is_left_out(told: Told) -> None:
    assert told.of(w.RoomUpdated(room="0akp109pm0000", name="den", members=3)) == []
    assert told.of(w.Typing(room="0akp109pm0000", user=ANA)) == []


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("pt", "Está na sala den. Não há aqui mais ninguém neste momento."),
        ("es", "Estás en la sala den."),
    ],
)
def test_other_languages(language: str, line: str) -> None:
    joined = w.RoomJoined(room="0akp109pm0000", seq=1, name="den", created=1, changed=1)
    assert Told(language).of(joined)[0].startswith(line)
