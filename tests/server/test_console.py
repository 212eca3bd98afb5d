"""Tests of `tertulia.server.console`: typed lines in, answers and deeds out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import pytest

from tertulia.server.console import LONGEST_LINE, Console, TerminalReader


class Recorder:
    """Controls that write down what is asked of them."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.answers: list[str] = []

    def end(self) -> None:
        self.done.append("end")

    def announce(self, text: str) -> int:
        self.done.append(f"announce {text}")
        return 3

    def status(self) -> str:
        return "up 1 min"

    def reload(self, tell: Callable[[str], None]) -> None:
        self.done.append("reload")
        tell("dice: reloaded")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def console(recorder: Recorder) -> Console:
    return Console(recorder, recorder.answers.append)


@pytest.mark.parametrize("typed", [b"q\n", b"Q\n", b" quit \r\n", b"q now\n"])
def test_q_ends_the_chat_and_says_so(console: Console, recorder: Recorder, typed: bytes) -> None:
    console.take(typed)
    assert recorder.done == ["end"]
    assert recorder.answers == ["The chat is being shut down."]


def test_say_tells_everyone_and_how_many_that_were(console: Console, recorder: Recorder) -> None:
    console.take("say  olá a todos\n".encode())
    assert recorder.done == ["announce olá a todos"]
    assert recorder.answers == ["Told to 3."]


def test_say_without_words_tells_nobody(console: Console, recorder: Recorder) -> None:
    console.take(b"say\n")
    assert recorder.done == []
    assert recorder.answers == ["Say what? say TEXT"]


def test_status_shows_the_status(console: Console, recorder: Recorder) -> None:
    console.take(b"status\n")
    assert recorder.answers == ["up 1 min"]


def test_reload_tells_what_came_of_it(console: Console, recorder: Recorder) -> None:
    console.take(b"reload\n")
    assert recorder.done == ["reload"]
    assert recorder.answers == ["dice: reloaded"]


def test_help_names_every_command(console: Console, recorder: Recorder) -> None:
    console.take(b"help\n")
    [answer] = recorder.answers
    words = [line.split()[0] for line in answer.splitlines()]
    assert words == ["q", "status", "say", "reload", "help"]


def test_an_unknown_word_gets_a_hint(console: Console, recorder: Recorder) -> None:
    console.take(b"stauts\n")
    assert recorder.answers == ["There is no command 'stauts' here; help lists them."]


def test_an_empty_line_is_nothing(console: Console, recorder: Recorder) -> None:
    console.take(b"\n  \n")
    assert (recorder.done, recorder.answers) == ([], [])


def test_a_line_may_come_in_pieces(console: Console, recorder: Recorder) -> None:
    for piece in (b"sa", b"y caf\xc3", b"\xa9", b"\nstatus\nsay"):
        console.take(piece)
    assert recorder.done == ["announce café"]
    assert recorder.answers == ["Told to 3.", "up 1 min"]


def test_a_line_without_end_is_forgotten(console: Console, recorder: Recorder) -> None:
    console.take(b"say " + b"x" * LONGEST_LINE)
    console.take(b"\nstatus\n")
    assert (recorder.done, recorder.answers) == ([], ["up 1 min"])


async def test_a_terminal_is_read_as_lines_are_typed() -> None:
    ours, theirs = os.openpty()
    taken: asyncio.Queue[bytes] = asyncio.Queue()
    reader = TerminalReader(asyncio.get_running_loop(), theirs, taken.put_nowait)
    reader.start()
    try:
        os.write(ours, b"status\n")
        assert await asyncio.wait_for(taken.get(), 10) == b"status\n"
    finally:
        reader.stop()
        os.close(ours)
        os.close(theirs)


async def test_the_end_of_the_input_is_not_the_end_of_the_console(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tertulia.server.console.PAUSE", 0.001)
    ours, theirs = os.openpty()
    taken: asyncio.Queue[bytes] = asyncio.Queue()
    reader = TerminalReader(asyncio.get_running_loop(), theirs, taken.put_nowait)
    reader.start()
    try:
        os.write(ours, b"\x04")
        os.write(ours, b"q\n")
        assert await asyncio.wait_for(taken.get(), 10) == b"q\n"
    finally:
        reader.stop()
        os.close(ours)
        os.close(theirs)
