"""The line door: what one connection reads and what its lines lead to, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC

import pytest
from typing_extensions import override

from tertulia.core import commands as c
from tertulia.core import errors as e
from tertulia.core.events import (
    Entry,
    LeaveReason,
    MemberJoined,
    MemberLeft,
    MessagePosted,
    Person,
    RoomKind,
)
from tertulia.core.ids import EventId, UserId
from tertulia.core.language import Catalog, English
from tertulia.core.room import RoomState
from tertulia.doors.line import LineDoor, LineSettings
from tertulia.doors.line.session import NOISE_PAUSE, LineHandler
from tertulia.doors.text.handler import (
    COMMANDS_AT_ONCE,
    LONGEST_PAUSE,
    MAX_WAITING,
    TELL_AGAIN,
)
from tertulia.ports import StreamHandler
from tertulia.slash import Arguments, Call, Group, Pending, Registry, Row, builtin
from tests.fakes import NOON, FakeGateway, FakeLink, FakeSession


class Pretended(English):
    """A language that marks each of its texts."""

    def __init__(self, mark: str) -> None:
        self._mark = mark

    @override
    def gettext(self, message: str, /) -> str:
        return f"{self._mark}:{message}"


class Chat:
    """A line door into a fake chat, with a clock that stands still."""

    def __init__(
        self, settings: LineSettings | None = None, registry: Registry | None = None
    ) -> None:
        self.gateway = FakeGateway()
        self.seconds = 1000.0
        self.door = LineDoor(
            self.gateway,
            settings or LineSettings(),
            registry=registry or builtin(),
            catalog=catalog,
            zone=UTC,
            now_ms=lambda: self.gateway.now,
            monotonic=lambda: self.seconds,
        )

    def arrive(self, label: str = "127.0.0.1:50312") -> tuple[FakeLink, LineHandler]:
        """Connect, and drop the welcome."""
        link, handler = self.connect(label)
        link.taken()
        assert isinstance(handler, LineHandler)
        return link, handler

    def connect(self, label: str = "127.0.0.1:50312") -> tuple[FakeLink, StreamHandler]:
        link = FakeLink(label)
        return link, self.door.make(link)

    def said(self) -> list[str]:
        """Return all texts of the log."""
        events = [entry.event for entry in self.gateway.log]
        return [event.text for event in events if isinstance(event, MessagePosted)]

    def room(self, name: str = "lobby") -> RoomState:
        room = self.gateway.room_named(name)
        assert room is not None
        return room


def catalog(code: str) -> Catalog:
    return English() if code == "en" else Pretended(code)


def session_of(handler: LineHandler) -> FakeSession:
    session = handler._session
    assert isinstance(session, FakeSession)
    return session


@pytest.fixture
def chat() -> Chat:
    return Chat()


# Arriving


def test_the_welcome_begins_with_its_three_lines(chat: Chat) -> None:
    chat.gateway.enter("ana")
    link, _ = chat.connect("127.0.0.1:50312")
    lines = link.taken()
    assert lines[:3] == [
        "Congratulations! You've successfully joined the chat server.",
        "Your id is: '127.0.0.1:50312'.",
        "There are 2 client(s) connected to this server.",
    ]


def test_the_welcome_goes_on_with_who_and_where_one_is_and_how_to_get_help(chat: Chat) -> None:
    ana = chat.gateway.enter("ana")
    chat.gateway.submit(ana, c.SetTopic(chat.room().id, "All about tea"))
    chat.gateway.submit(ana, c.PostMessage(chat.room().id, "hello"))
    link, handler = chat.connect()
    assert isinstance(handler, LineHandler)
    me = chat.gateway.me(session_of(handler))
    assert me is not None
    assert link.taken()[3:] == [
        f"You are {me.person.nick}; /nick NAME changes that.",
        "You are in lobby, with 1 other.",
        "Topic: All about tea",
        "12:00 #4 ana: hello",
        "Type and press Enter to talk. /help lists the commands, QUIT leaves.",
    ]


def test_who_is_alone_is_told_so(chat: Chat) -> None:
    link, _ = chat.connect()
    assert link.taken()[4] == "You are in lobby. Nobody else is here just now."


def test_only_the_last_lines_of_the_history_are_shown() -> None:
    chat = Chat(LineSettings(history=2))
    ana = chat.gateway.enter("ana")
    for text in ("one", "two", "three"):
        chat.gateway.submit(ana, c.PostMessage(chat.room().id, text))
    link, _ = chat.connect()
    assert [line for line in link.taken() if " ana: " in line] == [
        "12:00 #4 ana: two",
        "12:00 #5 ana: three",
    ]


def test_the_welcome_is_in_the_language_of_the_server() -> None:
    link, _ = Chat(LineSettings(language="pt")).connect()
    assert link.taken()[0].startswith("pt:Congratulations!")


def test_lines_ends_are_carriage_return_and_line_feed(chat: Chat) -> None:
    link, _ = chat.connect()
    assert link.outbox.data.count(b"\n") == link.outbox.data.count(b"\r\n") > 0


def test_nothing_is_sent_before_somebody_is_in(chat: Chat) -> None:
    chat.gateway.answers_later = True
    link, handler = chat.connect()
    handler.receive_data(b"hello\n")
    assert (link.taken(), chat.said()) == ([], [])
    chat.gateway.answer_all()
    assert link.taken()[0].startswith("Congratulations!")
    assert chat.said() == ["hello"]


def test_what_waits_for_the_welcome_is_bounded_by_reading_no_more(chat: Chat) -> None:
    chat.gateway.answers_later = True
    link, handler = chat.connect()
    handler.receive_data(b"x" * MAX_WAITING)
    assert link.pauses != []


def test_who_can_not_come_in_is_told_why_and_let_go(chat: Chat) -> None:
    chat.gateway.arrival = e.ShuttingDown()
    link, handler = chat.connect()
    assert link.taken() == ["The chat is being shut down."]
    assert link.closed is LeaveReason.LOST
    assert chat.door.taken == 0
    handler.connection_lost(LeaveReason.LOST)
    assert chat.door.taken == 0


def test_who_can_not_enter_the_main_room_is_online_all_the_same(chat: Chat) -> None:
    chat.gateway.arrival_room = e.StoreUnavailable()
    link, handler = chat.connect()
    lines = link.taken()
    assert lines[0].startswith("Congratulations!")
    assert lines[4].startswith("The server can't keep anything just now")
    handler.receive_data(b"hello\n")
    assert link.taken() == [e.describe(e.InNoRoom(), str)]


def test_who_is_gone_before_the_answer_is_not_welcomed(chat: Chat) -> None:
    chat.gateway.answers_later = True
    link, handler = chat.connect()
    handler.connection_lost(LeaveReason.LOST)
    chat.gateway.answer_all()
    assert link.taken() == []
    assert len(chat.gateway.users()) == 0


# Places


def test_when_all_places_are_taken_the_next_is_told_so_and_not_announced() -> None:
    chat = Chat(LineSettings(max_sessions=2))
    chat.arrive("127.0.0.1:1")
    chat.arrive("127.0.0.1:2")
    before = list(chat.gateway.log)
    link, handler = chat.connect("127.0.0.1:3")
    assert link.taken() == [
        "Apologies: the chat server is full (2 clients). Please try again later."
    ]
    assert link.closed is not None
    handler.receive_data(b"hello\n")
    handler.receive_eof()
    handler.connection_lost(LeaveReason.LOST)
    assert chat.gateway.log == before
    assert chat.door.taken == 2


def test_a_place_that_is_free_again_is_a_place() -> None:
    chat = Chat(LineSettings(max_sessions=1))
    _, handler = chat.arrive("127.0.0.1:1")
    handler.connection_lost(LeaveReason.LOST)
    link, _ = chat.connect("127.0.0.1:2")
    assert link.taken()[0].startswith("Congratulations!")


# Texts


def test_a_line_is_said_in_the_current_room(chat: Chat) -> None:
    _, handler = chat.arrive()
    handler.receive_data(b"hel")
    handler.receive_data(b"lo\r\nagain\n")
    assert chat.said() == ["hello", "again"]


def test_a_line_is_not_echoed(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"hello\n")
    assert link.taken() == []
    assert handler.encode_own(chat.gateway.log[-1], chat.room(), None) == b""


@pytest.mark.parametrize("line", [b"", b"   ", b"\t"])
def test_an_empty_line_does_nothing(chat: Chat, line: bytes) -> None:
    link, handler = chat.arrive()
    handler.receive_data(line + b"\r\n")
    assert (link.taken(), chat.said()) == ([], [])


def test_two_slashes_say_one(chat: Chat) -> None:
    _, handler = chat.arrive()
    handler.receive_data(b"//help is a command\n")
    assert chat.said() == ["/help is a command"]


def test_a_line_that_is_too_long_is_refused_and_the_connection_stays() -> None:
    chat = Chat(LineSettings(max_line=10))
    link, handler = chat.arrive()
    handler.receive_data(b"x" * 11 + b"\nhello\n")
    assert link.taken() == [e.describe(e.LineTooLong(10), str)]
    assert link.closed is None
    assert chat.said() == ["hello"]


def test_bytes_that_are_no_utf8_are_refused_once_for_each_read(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"\xe9\n\xe9\nhello\n\xe9\n")
    assert link.taken() == [e.describe(e.InvalidEncoding(), str)]
    handler.receive_data(b"\xe9\n")
    assert link.taken() == [e.describe(e.InvalidEncoding(), str)]
    assert chat.said() == ["hello"]


def test_what_the_chat_refuses_is_told_in_words(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data("\u202e\n".encode())
    assert link.taken() == [e.describe(e.EmptyText(), str)]
    chat.gateway.refusal = e.StoreUnavailable()
    handler.receive_data(b"hello\n")
    assert link.taken() == [e.describe(e.StoreUnavailable(), str)]


def test_telnet_is_answered_and_taken_out(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"he\xff")
    handler.receive_data(b"\xfb\x1fllo\n")
    assert link.outbox.data == b"\xff\xfe\x1f"
    assert chat.said() == ["hello"]


def test_when_the_room_is_gone_the_next_line_is_kept_back_once(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"/create tea\n")
    link.taken()
    chat.gateway.submit(session_of(handler), c.DeleteRoom(chat.room("tea").id))
    handler.receive_data(b"secret of the tea room\nfor all\n")
    assert link.taken() == [
        "You talk in lobby now, so that line was not sent. Type it again if it is for lobby."
    ]
    assert chat.said() == ["for all"]


# Flood


def test_lines_that_are_too_fast_wait_and_none_is_lost(chat: Chat) -> None:
    link, handler = chat.arrive()
    chat.gateway.refusal = e.RateLimited(2.5)
    handler.receive_data(b"one\ntwo\n")
    assert chat.said() == []
    assert link.pauses == [2.5]
    assert link.taken() == ["You are fast. Your lines go out more slowly from here on."]
    chat.gateway.refusal = None
    handler.receive_data(b"")
    assert chat.said() == ["one", "two"]


def test_a_pause_is_never_long(chat: Chat) -> None:
    link, handler = chat.arrive()
    chat.gateway.refusal = e.RateLimited(1000.0)
    handler.receive_data(b"one\n")
    assert link.pauses == [LONGEST_PAUSE]


def test_who_is_too_fast_is_told_so_once_in_a_while(chat: Chat) -> None:
    link, handler = chat.arrive()
    chat.gateway.refusal = e.RateLimited(0.1)
    handler.receive_data(b"one\n")
    handler.receive_data(b"")
    assert len(link.taken()) == 1
    chat.seconds += TELL_AGAIN
    handler.receive_data(b"")
    assert len(link.taken()) == 1


def test_what_comes_while_lines_wait_stays_in_order_and_bounded(chat: Chat) -> None:
    link, handler = chat.arrive()
    chat.gateway.refusal = e.RateLimited(0.1)
    handler.receive_data(b"one\n")
    handler.receive_data(b"two\n")
    assert len(link.pauses) == 1
    handler.receive_data(b"\n" * MAX_WAITING)
    assert len(link.pauses) == 2
    chat.gateway.refusal = None
    handler.receive_data(b"")
    assert chat.said() == ["one", "two"]


def test_a_command_that_is_too_fast_waits_and_is_carried_out_once(chat: Chat) -> None:
    link, handler = chat.arrive()
    chat.gateway.refusal = e.RateLimited(0.5)
    handler.receive_data(b"/nick bea\nhello\n")
    assert link.pauses == [0.5]
    link.taken()
    chat.gateway.refusal = None
    handler.receive_data(b"")
    assert link.taken() == ["You are bea now."]
    assert chat.said() == ["hello"]


def test_commands_that_ask_the_chat_for_nothing_are_metered_too(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"/nosuch\n" * (COMMANDS_AT_ONCE + 1))
    assert len(link.taken()) == COMMANDS_AT_ONCE
    assert len(link.pauses) == 1
    chat.seconds += link.pauses[0]
    handler.receive_data(b"")
    assert len(link.taken()) == 1


@pytest.mark.parametrize("noise", [b"\n", b"a\x08", b"\xff\xf1", b"\r\0"])
def test_noise_is_taken_in_small_helpings(chat: Chat, noise: bytes) -> None:
    link, handler = chat.arrive()
    handler.receive_data(noise * 16_384 + b"\nhello\n")
    assert link.pauses == [NOISE_PAUSE]
    assert chat.said() == []
    for _ in range(10):
        handler.receive_data(b"")
    assert chat.said()[-1:] == ["hello"]


# Commands


def test_a_command_is_answered_to_its_typist_alone(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"/time\n")
    assert link.taken() == ["It is 12:00:00 on 2026-11-20 (UTC)."]
    assert chat.said() == []


def test_a_command_that_is_unknown_is_refused(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"/halp\n")
    assert link.taken() == [e.describe(e.DidYouMean("halp", "help"), str)]


def test_a_command_that_the_chat_refuses_is_refused_in_words(chat: Chat) -> None:
    chat.gateway.enter("ana")
    link, handler = chat.arrive()
    handler.receive_data(b"/nick Ana\n")
    assert link.taken()[0].startswith("The nick Ana is taken")


def test_nothing_to_say_sends_nothing(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.say([])
    handler.confirm([])
    assert link.outbox.data == b""


def test_lines_wait_for_the_command_before_them(chat: Chat) -> None:
    chat.gateway.enter("ana")
    _, handler = chat.arrive()
    chat.gateway.answers_later = True
    handler.receive_data(b"/create tea\nin tea\n")
    assert chat.said() == []
    chat.gateway.answer_all()
    posted = chat.gateway.log[-1]
    assert (chat.said(), posted.room) == (["in tea"], chat.room("tea").id)


def test_a_command_waits_for_the_lines_before_it(chat: Chat) -> None:
    link, handler = chat.arrive()
    chat.gateway.answers_later = True
    handler.receive_data(b"one\n/time\ntwo\n")
    assert (chat.said(), link.taken()) == (["one"], [])
    chat.gateway.answer_all()
    assert chat.said() == ["one", "two"]
    assert len(link.taken()) == 1


def test_entering_a_room_shows_what_was_said_there(chat: Chat) -> None:
    ana = chat.gateway.enter("ana")
    chat.gateway.submit(ana, c.CreateRoom("tea"))
    chat.gateway.submit(ana, c.PostMessage(chat.room("tea").id, "hello"))
    link, handler = chat.arrive()
    handler.receive_data(b"/join tea\n")
    assert link.taken() == ["You are in tea, with 1 other.", "12:00 #3 ana: hello"]


async def test_a_look_into_the_log_is_waited_for(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"hello\n/history\nafter\n")
    assert chat.said() == ["hello"]
    await ended(handler)
    assert link.taken()[0].endswith(": hello")
    assert chat.said() == ["hello", "after"]


async def test_a_look_into_the_log_that_is_refused_is_told(chat: Chat) -> None:
    chat.gateway.unreadable = e.HistoryDamaged()
    link, handler = chat.arrive()
    handler.receive_data(b"/history\nafter\n")
    await ended(handler)
    assert link.taken() == [e.describe(e.HistoryDamaged(), str)]
    assert chat.said() == ["after"]


async def test_a_look_into_the_log_ends_with_the_connection() -> None:
    chat = Chat(registry=Registry([row("wait", waiting)]))
    link, handler = chat.arrive()
    handler.receive_data(b"/wait\n")
    handler.connection_lost(LeaveReason.LOST)
    await ended(handler)
    assert handler._reading is None
    assert chat.said() == []


async def test_a_look_into_the_log_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.doors.text.door.READING", 0.0)
    chat = Chat(registry=Registry([row("wait", waiting)]))
    link, handler = chat.arrive()
    handler.receive_data(b"/wait\nafter\n")
    await ended(handler)
    assert link.taken() == ["That took too long, so it was given up. Try again later."]
    assert chat.said() == ["after"]


async def test_a_door_that_closes_gives_up_what_is_being_read() -> None:
    chat = Chat(registry=Registry([row("wait", waiting)]))
    _, handler = chat.arrive()
    handler.receive_data(b"/wait\n")
    await chat.door.close()
    await ended(handler)
    assert handler._reading is None


async def test_a_look_into_the_log_that_breaks_is_told_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(call: Call, arguments: Arguments) -> None:
        raise ZeroDivisionError

    link, handler = Chat(registry=Registry([row("break", broken)])).arrive()
    handler.receive_data(b"/break\n")
    await ended(handler)
    assert link.taken() == [e.describe(e.InternalError(), str)]
    assert "a look into the log failed" in caplog.text


def test_a_command_that_breaks_is_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def broken(call: Call, arguments: Arguments) -> None:
        raise ZeroDivisionError

    chat = Chat(registry=Registry([row("break", broken)]))
    link, handler = chat.arrive()
    handler.receive_data(b"/break\nhello\n")
    assert link.taken() == [e.describe(e.InternalError(), str)]
    assert chat.said() == ["hello"]
    assert "a slash-command failed: /break" in caplog.text


@pytest.mark.parametrize(
    ("error", "refusal"),
    [(ZeroDivisionError(), e.InternalError()), (e.Refused(e.ToYourself()), e.ToYourself())],
)
def test_a_command_that_breaks_when_it_is_done_harms_nobody_else(
    error: Exception, refusal: e.Refusal
) -> None:
    def done(_: object) -> None:
        raise error

    def broken(call: Call, arguments: Arguments) -> None:
        call.submit(c.SetAway(""), done)

    chat = Chat(registry=Registry([row("break", broken)]))
    link, handler = chat.arrive()
    handler.receive_data(b"/break\nhello\n")
    assert link.taken() == [e.describe(refusal, str)]
    assert chat.said() == ["hello"]


def test_a_command_that_has_done_something_is_refused_and_not_repeated() -> None:
    gateway: FakeGateway

    def twice(call: Call, arguments: Arguments) -> None:
        call.submit(c.SetAway("one"))
        gateway.refusal = e.RateLimited(1.0)
        call.submit(c.SetAway("two"))

    chat = Chat(registry=Registry([row("twice", twice)]))
    gateway = chat.gateway
    link, handler = chat.arrive()
    gateway.answers_later = True
    handler.receive_data(b"/twice\n")
    gateway.answer_all()
    assert link.taken() == [e.describe(e.RateLimited(1.0), str)]
    assert link.pauses == []


def test_a_language_is_spoken_from_then_on(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"/lang es\n/halp\n")
    assert [line[:3] for line in link.taken()] == ["es:", "es:"]
    assert handler.format_for(None) is not chat.door.voice("en").here


# Whom one wrote with


def test_there_is_nobody_to_answer_at_first(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"/reply hello\n")
    assert link.taken() == [e.describe(e.NobodyToAnswer(), str)]


def test_an_answer_goes_to_who_wrote_last(chat: Chat) -> None:
    ana, bob = chat.gateway.enter("ana"), chat.gateway.enter("bob")
    _, handler = chat.arrive()
    handler.receive_data(b"/nick rui\n")
    for session in (ana, bob):
        chat.gateway.submit(session, c.PostDirect("rui", "hi"))
        show_directs(chat, handler)
    assert handler.last_direct == "bob"
    handler.receive_data(b"/msg ana hello\n")
    assert handler.last_direct == "ana"


# Ending


def test_quit_leaves(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"hello\nQUIT\nnever\n")
    assert link.taken() == ["Goodbye."]
    assert link.closed is LeaveReason.QUIT
    assert chat.said() == ["hello"]
    assert len(chat.gateway.users()) == 0
    handler.receive_data(b"never\n")
    assert chat.said() == ["hello"]


@pytest.mark.parametrize("text", ["quit", "QUIT now", " QUIT", "Quit"])
def test_only_quit_alone_in_capitals_leaves(chat: Chat, text: str) -> None:
    link, handler = chat.arrive()
    handler.receive_data(f"{text}\n".encode())
    assert link.closed is None
    assert chat.said() == [text]


def test_parting_words_go_along(chat: Chat) -> None:
    _, handler = chat.arrive()
    handler.receive_data(b"/quit see you\n")
    handler.connection_lost(LeaveReason.QUIT)
    left = [entry.event for entry in chat.gateway.log if isinstance(entry.event, MemberLeft)]
    assert [(event.reason, event.text) for event in left] == [(LeaveReason.QUIT, "see you")]


def test_shutdown_is_refused_to_others_and_nothing_happens(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"SHUTDOWN\n")
    assert link.taken() == [e.describe(e.OperatorsOnly(), str)]
    assert (chat.gateway.shutdowns, chat.said()) == (0, [])


def test_shutdown_ends_the_chat_where_anyone_may(chat: Chat) -> None:
    chat.gateway.anyone_may_shutdown = True
    _, handler = chat.arrive()
    handler.receive_data(b"SHUTDOWN\n")
    assert chat.gateway.shutdowns == 1


def test_a_pipe_is_said_and_ends_once_it_is_stored(chat: Chat) -> None:
    chat.gateway.answers_later = True
    link, handler = chat.connect()
    handler.receive_data(b"hello")
    handler.receive_eof()
    assert (link.closed, chat.said()) == (None, [])
    chat.gateway.answer_all()
    assert chat.said() == ["hello"]
    assert link.closed is LeaveReason.QUIT


def test_a_pipe_that_is_too_fast_is_said_to_its_end(chat: Chat) -> None:
    link, handler = chat.arrive()
    chat.gateway.refusal = e.RateLimited(0.1)
    handler.receive_data(b"one\ntwo")
    handler.receive_eof()
    handler.receive_eof()
    assert link.closed is None
    chat.gateway.refusal = None
    handler.receive_data(b"")
    assert chat.said() == ["one", "two"]
    assert link.closed is LeaveReason.QUIT


async def test_a_pipe_waits_for_its_last_command(chat: Chat) -> None:
    link, handler = chat.arrive()
    handler.receive_data(b"/history\n")
    handler.receive_eof()
    assert link.closed is None
    await ended(handler)
    assert link.taken() == ["Nothing was said in lobby yet."]
    assert link.closed is LeaveReason.QUIT


def test_a_pipe_that_is_refused_still_ends(chat: Chat) -> None:
    link, handler = chat.arrive()
    chat.gateway.answers_later = True
    handler.receive_data("\u202e\n".encode())
    handler.receive_eof()
    chat.gateway.answer_all()
    assert link.taken() == [e.describe(e.EmptyText(), str)]
    assert link.closed is LeaveReason.QUIT


def test_a_lost_connection_leaves_once(chat: Chat) -> None:
    _, handler = chat.arrive()
    handler.connection_lost(LeaveReason.TOO_SLOW)
    handler.receive_data(b"never\n")
    left = [entry.event for entry in chat.gateway.log if isinstance(entry.event, MemberLeft)]
    assert [event.reason for event in left] == [LeaveReason.TOO_SLOW]
    assert chat.door.taken == 0


def test_when_the_chat_ends_everyone_is_told_and_let_go() -> None:
    chat = Chat(LineSettings(language="pt"))
    link, handler = chat.arrive()
    handler.evict(e.ShuttingDown())
    assert link.taken() == ["pt:The chat has been shut down"]
    assert link.closed is LeaveReason.SHUTDOWN


@pytest.mark.parametrize(
    ("refusal", "lines"),
    [(None, []), (e.TooManyConnections(), [e.describe(e.TooManyConnections(), str)])],
)
def test_who_is_put_out_is_told_why(
    chat: Chat, refusal: e.Refusal | None, lines: list[str]
) -> None:
    link, handler = chat.arrive()
    handler.evict(refusal)
    assert link.taken() == lines
    assert link.closed is LeaveReason.LOST


# Formats


def test_the_current_room_is_written_plainly_and_others_with_their_names(chat: Chat) -> None:
    _, handler = chat.arrive()
    handler.receive_data(b"/create tea\n")
    lobby, tea = chat.room(), chat.room("tea")
    assert written(handler, tea) == "12:00 ana: hi\r\n"
    assert written(handler, lobby) == "12:00 [lobby] ana: hi\r\n"
    handler.receive_data(b"/join lobby\n")
    assert written(handler, lobby) == "12:00 ana: hi\r\n"
    assert written(handler, tea) == "12:00 [tea] ana: hi\r\n"


def test_all_who_read_one_language_share_their_formats(chat: Chat) -> None:
    _, one = chat.arrive("127.0.0.1:1")
    _, two = chat.arrive("127.0.0.1:2")
    assert one.format_for(chat.room()) is two.format_for(chat.room())


def test_who_comes_into_the_main_room_has_connected_to_the_chat(chat: Chat) -> None:
    _, handler = chat.arrive()
    joined = next(entry for entry in chat.gateway.log if isinstance(entry.event, MemberJoined))
    data = handler.format_for(chat.room()).encode(joined, chat.room())
    assert data.startswith(b"A new client has connected to the chat: id = 127.0.0.1:50312 (")


def written(handler: LineHandler, room: RoomState) -> str:
    ana = Person(UserId(1), "ana", "127.0.0.1:1")
    entry = Entry(room.id, 1, EventId(1), NOON, MessagePosted(ana, "hi"))
    return handler.format_for(room).encode(entry, room).decode()


def show_directs(chat: Chat, handler: LineHandler) -> None:
    """Do what a gateway does when somebody hears a direct conversation."""
    for room in chat.gateway.world.rooms.values():
        if room.kind is RoomKind.DIRECT:
            handler.format_for(room)


async def ended(handler: LineHandler) -> None:
    """Wait until a look into the log is done, and what follows from it."""
    if handler._reading is not None:
        await asyncio.wait([handler._reading], timeout=5)
    await asyncio.sleep(0)


async def waiting(call: Call, arguments: Arguments) -> None:
    """Look for something that never comes."""
    await asyncio.Event().wait()


def row(name: str, handler: Callable[[Call, Arguments], Pending]) -> Row:
    return Row(name, (), usage=f"/{name}", help="Breaks.", group=Group.CHAT, handler=handler)
