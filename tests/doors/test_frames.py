"""The frames door: what one connection reads and what its frames lead to, without a socket."""

from __future__ import annotations

import asyncio
from datetime import UTC

import pytest
from typing_extensions import override

from tertulia.core import errors as e
from tertulia.core.events import (
    Entry,
    LeaveReason,
    MemberLeft,
    MessagePosted,
    Person,
)
from tertulia.core.history import Message
from tertulia.core.ids import EventId, RoomId, UserId
from tertulia.core.language import Catalog, English
from tertulia.core.room import RoomState
from tertulia.doors.frames import FramesDoor, FramesSettings
from tertulia.doors.frames.session import FramesHandler
from tertulia.doors.text.handler import COMMANDS_AT_ONCE, FULL_PAUSE, MAX_WAITING
from tertulia.ports import Conversation, Session
from tertulia.slash import builtin
from tests.fakes import NOON, FakeGateway, FakeLink

SERVER = "*server*"


class Pretended(English):
    """A language that marks each of its texts."""

    def __init__(self, mark: str) -> None:
        self._mark = mark

    @override
    def gettext(self, message: str, /) -> str:
        return f"{self._mark}:{message}"


class Chat:
    """A frames door into a fake chat, with a clock that stands still."""

    def __init__(
        self, settings: FramesSettings | None = None, gateway: FakeGateway | None = None
    ) -> None:
        self.gateway = gateway or FakeGateway()
        self.seconds = 1000.0
        self.door = FramesDoor(
            self.gateway,
            settings or FramesSettings(),
            registry=builtin(),
            catalog=catalog,
            zone=UTC,
            now_ms=lambda: self.gateway.now,
            monotonic=lambda: self.seconds,
        )

    def connect(self, label: str = "127.0.0.1:50312") -> tuple[FakeLink, FramesHandler]:
        link = FakeLink(label, "frames")
        handler = self.door.make(link)
        assert isinstance(handler, FramesHandler)
        return link, handler

    def arrive(
        self, name: str = "ana", label: str = "127.0.0.1:50312"
    ) -> tuple[FakeLink, FramesHandler]:
        """Connect, and give a name."""
        link, handler = self.connect(label)
        handler.receive_data(frame(name))
        return link, handler

    def said(self) -> list[str]:
        """Return all texts of the log."""
        events = [entry.event for entry in self.gateway.log]
        return [event.text for event in events if isinstance(event, MessagePosted)]

    def nicks(self) -> list[str]:
        """Return who is online."""
        return [user.person.nick for user in self.gateway.users()]

    def room(self, name: str = "lobby") -> RoomState:
        room = self.gateway.room_named(name)
        assert room is not None
        return room


def catalog(code: str) -> Catalog:
    return English() if code == "en" else Pretended(code)


def frame(text: str) -> bytes:
    """Write a frame as a client does."""
    data = text.encode()
    return f"{len(data):<10}".encode() + data


def taken(link: FakeLink) -> list[tuple[str, str]]:
    """Return the pairs that were sent since the last call."""
    data, link.outbox.data = link.outbox.data, b""
    texts: list[str] = []
    while data:
        length = int(data[:10])
        texts.append(data[10 : 10 + length].decode())
        data = data[10 + length :]
    return list(zip(texts[::2], texts[1::2], strict=True))


def told(refusal: e.Refusal) -> list[tuple[str, str]]:
    return [(SERVER, e.describe(refusal, str))]


@pytest.fixture
def chat() -> Chat:
    return Chat()


# The name


def test_the_first_frame_is_the_name_and_is_not_answered(chat: Chat) -> None:
    link, handler = chat.connect()
    assert chat.nicks() == []
    handler.receive_data(frame("ana"))
    assert chat.nicks() == ["ana"]
    assert (link.outbox.data, link.closed) == (b"", None)


def test_a_name_may_come_in_pieces_with_frames_behind_it(chat: Chat) -> None:
    link, handler = chat.connect()
    data = frame("ana") + frame("hello")
    for at in range(len(data)):
        handler.receive_data(data[at : at + 1])
    assert (chat.nicks(), chat.said(), taken(link)) == (["ana"], ["hello"], [])


@pytest.mark.parametrize("name", ["", " ", "\r\n"])
def test_an_empty_name_is_told_and_closed(chat: Chat, name: str) -> None:
    link, _ = chat.arrive(name)
    assert taken(link) == [(SERVER, "The first frame has to be your name, and this one is empty.")]
    assert link.closed is LeaveReason.LOST
    assert (chat.nicks(), chat.door.taken) == ([], 0)


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("bob", e.NickInUse("bob", "bob2")),
        ("not a name", e.InvalidNick("not a name", 32)),
        ("*server*", e.InvalidNick("*server*", 32)),
        ("server", e.ReservedNick("server")),
    ],
)
def test_a_refused_name_is_told_and_closed(chat: Chat, name: str, refusal: e.Refusal) -> None:
    chat.gateway.enter("bob")
    link, handler = chat.arrive(name)
    assert taken(link) == told(refusal)
    assert link.closed is LeaveReason.LOST
    handler.connection_lost(LeaveReason.LOST)
    assert (chat.nicks(), chat.door.taken) == (["bob"], 0)


def test_a_name_that_is_no_utf8_is_told_and_closed(chat: Chat) -> None:
    link, handler = chat.connect()
    handler.receive_data(b"3         an\xe9")
    assert taken(link) == told(e.InvalidEncoding())
    assert link.closed is LeaveReason.LOST


def test_a_name_that_is_too_long_is_not_waited_for() -> None:
    link, handler = Chat(FramesSettings(max_name=20)).connect()
    handler.receive_data(b"21        ")
    assert taken(link) == [
        (SERVER, "That frame is too long: 20 bytes is the most. The connection is closed.")
    ]
    assert link.closed is LeaveReason.LOST


def test_what_is_no_frame_is_told_and_closed(chat: Chat) -> None:
    link, handler = chat.connect()
    handler.receive_data(b"GET / HTTP/1.1\r\n\r\n")
    text = (
        "That is no frame: it has to begin with its length in bytes, in ten characters. "
        "The connection is closed."
    )
    assert taken(link) == [(SERVER, text)]
    assert link.closed is LeaveReason.LOST


@pytest.mark.parametrize("sent", [b"", b"3  ", b"3         an"])
def test_who_gives_no_name_in_time_is_told_and_closed(chat: Chat, sent: bytes) -> None:
    link, handler = chat.connect()
    handler.receive_data(sent)
    [(seconds, call)] = link.timers
    assert seconds == 10.0
    call()
    assert taken(link) == told(e.LoginTimeout())
    assert link.closed is LeaveReason.TIMEOUT
    handler.receive_data(frame("ana"))
    handler.connection_lost(LeaveReason.TIMEOUT)
    assert (chat.nicks(), chat.door.taken) == ([], 0)


def test_who_has_a_name_has_no_deadline_any_more(chat: Chat) -> None:
    link, _ = chat.arrive()
    assert link.timers == []


def test_a_deadline_that_passes_while_the_chat_thinks_does_nothing(chat: Chat) -> None:
    chat.gateway.answers_later = True
    link, handler = chat.connect()
    [(_, call)] = link.timers
    handler.receive_data(frame("ana"))
    call()
    assert link.closed is None


@pytest.mark.parametrize("sent", [b"", b"3         an"])
def test_who_ends_without_a_name_is_let_go(chat: Chat, sent: bytes) -> None:
    link, handler = chat.connect()
    handler.receive_data(sent)
    handler.receive_eof()
    assert link.closed is LeaveReason.LOST
    assert (chat.door.taken, link.timers) == (0, [])


def test_frames_wait_until_one_is_in(chat: Chat) -> None:
    chat.gateway.answers_later = True
    link, handler = chat.arrive()
    handler.receive_data(frame("hello"))
    assert chat.said() == []
    chat.gateway.answer_all()
    assert chat.said() == ["hello"]


def test_what_waits_is_bounded_by_reading_no_more(chat: Chat) -> None:
    chat.gateway.answers_later = True
    link, handler = chat.arrive()
    handler.receive_data(frame("x" * 4000) * 16)
    assert link.pauses == []
    handler.receive_data(frame("x" * 4000))
    assert link.pauses == [FULL_PAUSE]


def test_a_long_frame_that_is_still_coming_is_read_on() -> None:
    chat = Chat(FramesSettings(text_length=1_000_000))
    link, handler = chat.arrive()
    handler.receive_data(frame("x" * 500_000)[: MAX_WAITING * 2])
    assert link.pauses == []


def test_who_can_not_enter_the_main_room_is_online_and_told_so(chat: Chat) -> None:
    chat.gateway.arrival_room = e.StoreUnavailable()
    link, handler = chat.arrive()
    assert taken(link) == told(e.StoreUnavailable())
    handler.receive_data(frame("hello"))
    assert taken(link) == told(e.InNoRoom())


def test_when_all_places_are_taken_the_next_is_told_so() -> None:
    chat = Chat(FramesSettings(max_sessions=1))
    chat.connect("127.0.0.1:1")
    link = FakeLink("127.0.0.1:2", "frames")
    chat.door.make(link)
    assert taken(link) == told(e.ChatFull(1))
    assert link.closed is not None


# Texts


def test_frames_are_said_in_the_main_room_and_not_echoed(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(frame("hel") + frame("lo"))
    assert chat.said() == ["hel", "lo"]
    assert chat.gateway.log[-1].room == chat.room().id
    assert link.outbox.data == b""
    assert handler.encode_own(chat.gateway.log[-1], chat.room(), None) == b""


def test_a_text_of_several_lines_is_one_message(chat: Chat) -> None:
    _, handler = chat.arrive()
    handler.receive_data(frame("one\n  two\r\n/quit"))
    assert chat.said() == ["one\n  two\n/quit"]


@pytest.mark.parametrize("text", ["QUIT", "SHUTDOWN"])
def test_no_word_is_a_command_without_a_slash(chat: Chat, text: str) -> None:
    _, handler = chat.arrive()
    handler.receive_data(frame(text))
    assert chat.said() == [text]


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_an_empty_frame_does_nothing(chat: Chat, text: str) -> None:
    link, handler = chat.arrive()
    handler.receive_data(frame(text) + frame("hello"))
    assert (chat.said(), taken(link)) == (["hello"], [])


def test_bytes_that_are_no_utf8_are_refused_and_the_connection_stays(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"4         caf\xe9" + frame("café"))
    assert taken(link) == told(e.InvalidEncoding())
    assert (chat.said(), link.closed) == (["café"], None)


def test_a_message_that_is_too_long_is_refused_by_the_core_in_words(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(frame("x" * 4001) + frame("after"))
    assert taken(link) == told(e.TextTooLong(4001, 4000))
    assert (chat.said(), link.closed) == (["after"], None)


def test_a_message_that_is_far_too_long_is_refused_without_being_held(chat: Chat) -> None:
    link, handler = chat.arrive()
    data = frame("é" * 500_000)
    for at in range(0, len(data), 65_536):
        handler.receive_data(data[at : at + 65_536])
        assert handler._buffer.held <= 65_536
    handler.receive_data(frame("after"))
    assert taken(link) == told(e.TextTooLong(500_000, 4000))
    assert (chat.said(), link.closed) == (["after"], None)


def test_the_bound_of_the_core_decides_what_is_held() -> None:
    assert FramesSettings().max_kept == 16_000
    assert FramesSettings(text_length=100).max_kept == 8192
    assert FramesSettings(text_length=2_000_000).max_kept == 1 << 20


@pytest.mark.parametrize(
    "header", [b"hello     ", b"-1        ", b"          ", b"\0" * 10, b"9999999999"], ids=repr
)
def test_what_is_out_of_step_is_told_once_and_closed(chat: Chat, header: bytes) -> None:
    link, handler = chat.arrive()
    handler.receive_data(frame("before") + header + frame("after"))
    handler.receive_data(frame("more"))
    assert chat.said() == ["before"]
    [(name, text)] = taken(link)
    assert (name, text.endswith("The connection is closed.")) == (SERVER, True)
    assert link.closed is LeaveReason.LOST


# Flood


def test_frames_that_are_too_fast_wait_and_none_is_lost(chat: Chat) -> None:
    link, handler = chat.arrive()
    chat.gateway.refusal = e.RateLimited(2.5)
    handler.receive_data(frame("one") + frame("two"))
    assert (chat.said(), link.pauses) == ([], [2.5])
    assert taken(link) == [(SERVER, "You are fast. Your lines go out more slowly from here on.")]
    chat.gateway.refusal = None
    handler.receive_data(b"")
    assert chat.said() == ["one", "two"]


@pytest.mark.parametrize("noise", [frame(""), frame("/nosuch"), b"1         \xff"], ids=repr)
def test_what_asks_nothing_of_the_chat_is_metered_too(chat: Chat, noise: bytes) -> None:
    link, handler = chat.arrive()
    handler.receive_data(noise * (COMMANDS_AT_ONCE + 1) + frame("hello"))
    assert len(link.pauses) == 1
    assert chat.said() == []
    chat.seconds += link.pauses[0]
    handler.receive_data(b"")
    assert chat.said() == ["hello"]


# Commands


def test_a_command_is_answered_by_the_server_in_one_pair(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(frame("/users"))
    assert taken(link) == [(SERVER, "In lobby (1): ana\n1 person is online.")]
    assert chat.said() == []


def test_a_refused_command_is_told_by_the_server(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(frame("/halp"))
    assert taken(link) == told(e.DidYouMean("halp", "help"))


def test_after_a_command_into_another_room_frames_go_there(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(frame("/create tea\n") + frame("a cup?"))
    assert chat.gateway.log[-1].room == chat.room("tea").id
    assert taken(link) == [
        (SERVER, "The room tea is made, and you own it."),
        (SERVER, "You are in tea. Nobody else is here just now."),
    ]


def test_the_current_room_is_written_plainly_and_others_with_their_names(chat: Chat) -> None:
    _, handler = chat.arrive()
    handler.receive_data(frame("/create tea"))
    assert written(handler, chat.room("tea")) == frame("rui") + frame("hi")
    assert written(handler, chat.room()) == frame("rui [lobby]") + frame("hi")


def test_all_who_read_one_language_share_their_formats(chat: Chat) -> None:
    _, one = chat.arrive("ana", "127.0.0.1:1")
    _, two = chat.arrive("bob", "127.0.0.1:2")
    assert one.format_for(chat.room()) is two.format_for(chat.room())


async def test_a_long_answer_is_told_in_several_pairs() -> None:
    chat = Chat(FramesSettings(max_frame=1024))
    link, handler = chat.arrive()
    for number in range(3):
        handler.receive_data(frame(f"{number}" * 600))
    handler.receive_data(frame("/history"))
    await ended(handler)
    assert [text[6:13] for _, text in taken(link)] == ["#3 ana:", "#4 ana:", "#5 ana:"]


def test_a_language_is_spoken_from_then_on(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(frame("/lang pt") + frame("/halp"))
    assert [text[:3] for _, text in taken(link)] == ["pt:", "pt:"]


# What was missed


class Kept(FakeGateway):
    """A chat that has kept messages for whoever is called ana."""

    missed_with: e.Refusal | None = None
    messages = 1

    @override
    def conversations(self, session: Session) -> list[Conversation]:
        me = self.me(session)
        is_ana = me is not None and me.person.nick == "ana"
        return [Conversation(RoomState(RoomId(7), ""), "rui")] if is_ana else []

    @override
    async def missed(self, session: Session) -> list[Message]:
        if self.missed_with is not None:
            raise e.Refused(self.missed_with)
        rui = Person(UserId(1), "rui", "127.0.0.1:1")
        said = Message(RoomId(7), 2, EventId(9), NOON, rui, "call me", to="ana")
        return [said] * self.messages


async def test_who_comes_back_is_told_what_they_missed_before_anything_else() -> None:
    chat = Chat(gateway=Kept())
    link, handler = chat.connect()
    handler.receive_data(frame("ana") + frame("hello"))
    assert chat.said() == []
    await ended(handler)
    assert taken(link) == [
        (SERVER, "While you were gone, 1 message came for you:\n12:00 rui: call me")
    ]
    assert chat.said() == ["hello"]


async def test_who_takes_a_name_is_told_what_was_missed_under_it_once() -> None:
    chat = Chat(gateway=Kept())
    link, handler = chat.arrive("bob")
    handler.receive_data(frame("/nick ana") + frame("/away") + frame("hello"))
    await ended(handler)
    assert [text.partition("\n")[0] for _, text in taken(link)] == [
        "You are ana now.",
        "While you were gone, 1 message came for you:",
        "You are away now. /back ends it.",
    ]
    assert chat.said() == ["hello"]


async def test_where_nothing_was_missed_nothing_is_told() -> None:
    gateway = Kept()
    gateway.messages = 0
    link, handler = Chat(gateway=gateway).arrive()
    await ended(handler)
    assert taken(link) == []


async def test_what_was_missed_and_can_not_be_read_is_told() -> None:
    gateway = Kept()
    gateway.missed_with = e.HistoryDamaged()
    link, handler = Chat(gateway=gateway).arrive()
    await ended(handler)
    assert taken(link) == told(e.HistoryDamaged())


# Ending


def test_quit_leaves(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(frame("hello") + frame("/quit see you") + frame("never"))
    assert taken(link) == [(SERVER, "Goodbye.")]
    assert link.closed is LeaveReason.QUIT
    assert (chat.said(), chat.nicks()) == (["hello"], [])


def test_after_the_last_frame_what_was_sent_is_still_said(chat: Chat) -> None:
    chat.gateway.answers_later = True
    link, handler = chat.connect()
    handler.receive_data(frame("ana") + frame("hello") + b"5         hal")
    handler.receive_eof()
    assert link.closed is None
    chat.gateway.answer_all()
    assert chat.said() == ["hello"]
    assert link.closed is LeaveReason.QUIT


def test_frames_that_wait_are_said_after_the_end_too(chat: Chat) -> None:
    link, handler = chat.arrive()
    chat.gateway.refusal = e.RateLimited(0.1)
    handler.receive_data(frame("one") + frame("two"))
    handler.receive_eof()
    assert link.closed is None
    chat.gateway.refusal = None
    handler.receive_data(b"")
    assert chat.said() == ["one", "two"]
    assert link.closed is LeaveReason.QUIT


def test_a_lost_connection_leaves_once(chat: Chat) -> None:
    _, handler = chat.arrive()
    handler.connection_lost(LeaveReason.TOO_SLOW)
    handler.receive_data(frame("never"))
    left = [entry.event for entry in chat.gateway.log if isinstance(entry.event, MemberLeft)]
    assert [event.reason for event in left] == [LeaveReason.TOO_SLOW]
    assert (chat.said(), chat.door.taken) == ([], 0)


def test_when_the_chat_ends_everyone_is_told_and_let_go(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.evict(e.ShuttingDown())
    assert taken(link) == [(SERVER, "The chat has been shut down")]
    assert link.closed is LeaveReason.SHUTDOWN


def written(handler: FramesHandler, room: RoomState) -> bytes:
    rui = Person(UserId(1), "rui", "127.0.0.1:1")
    entry = Entry(room.id, 1, EventId(1), NOON, MessagePosted(rui, "hi"))
    return handler.format_for(room).encode(entry, room)


async def ended(handler: FramesHandler) -> None:
    """Wait until a look into the log is done, and what follows from it."""
    while handler._reading is not None:
        await asyncio.wait([handler._reading], timeout=5)
        await asyncio.sleep(0)
