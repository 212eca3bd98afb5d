"""Doors that plugins add, and that outlast the code behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tertulia.core.errors import ChatFull
from tertulia.core.events import LeaveReason
from tertulia.plugins.loading import LoadError
from tests.fakes import FakeLink
from tests.plugins.hall import Hall

ECHO = """
    class Handler:
        def __init__(self, link):
            self.link = link
        def receive_data(self, data):
            self.link.outbox.push(b"{0} " + data)
        def receive_eof(self):
            pass
        def connection_lost(self, reason):
            pass

    class Echo:
        name = "echo"
        def __init__(self, gateway):
            self.gateway = gateway
        def make(self, link):
            return Handler(link)
        def refuse(self, refusal):
            return refusal.code.encode()

    @door("127.0.0.1:7", way_in="nc {{host}} {{port}}")
    def echo(gateway):
        return Echo(gateway)
"""


async def test_a_door_is_opened_where_the_plugin_says(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("echo", ECHO.format("one"))
    async with hall:
        [(listen, door)] = hall.opened
        assert (listen, door.name, door.refuse(ChatFull(1))) == (
            "127.0.0.1:7",
            "echo",
            b"chat_full",
        )
        link = FakeLink()
        door.make(link).receive_data(b"hello")
        assert link.outbox.data == b"one hello"
    assert hall.opened == []


async def test_after_a_reload_newcomers_meet_the_new_code_and_the_others_their_own(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path)
    hall.write("echo", ECHO.format("one"))
    async with hall:
        [(_, door)] = hall.opened
        before, after = FakeLink(), FakeLink()
        handler = door.make(before)
        hall.write("echo", ECHO.format("two"))
        await hall.reload()
        assert [one for _, one in hall.opened] == [door]
        door.make(after).receive_data(b"hello")
        handler.receive_data(b"hello")
        assert (before.outbox.data, after.outbox.data) == (b"one hello", b"two hello")


async def test_a_door_that_is_gone_lets_nobody_in_any_more(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("echo", ECHO.format("one"))
    async with hall:
        [(_, door)] = hall.opened
        hall.plugin("echo").suspend("the test says so")
        assert hall.opened == []
        link = FakeLink()
        handler = door.make(link)
        handler.receive_data(b"hello")
        handler.receive_eof()
        handler.connection_lost(LeaveReason.LOST)
        assert (link.closed, link.outbox.data) == (LeaveReason.LOST, b"")
        assert door.refuse(ChatFull(1)) == b""


async def test_a_door_that_can_t_refuse_says_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(tmp_path)
    hall.write("echo", ECHO.format("one").replace("refusal.code", "refusal.cod"))
    async with hall:
        [(_, door)] = hall.opened
        assert door.refuse(ChatFull(1)) == b""
    assert "plugin echo: its door echo failed" in caplog.messages


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("127.0.0.1:7", "taken", "its door at taken can't be opened: OSError: Address already"),
        ("return Echo(gateway)", "1 / 0", "can't be opened: ZeroDivisionError"),
    ],
)
async def test_a_door_that_can_t_be_opened_keeps_the_plugin_out(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    hall = Hall(tmp_path)
    hall.write("echo", ECHO.format("one").replace(before, after))
    with pytest.raises(LoadError, match=told):
        async with hall:
            raise AssertionError("it started")
