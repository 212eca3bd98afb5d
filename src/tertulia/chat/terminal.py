"""The terminal: keys in, a prompt that stays whole while lines come in, and raw mode in between.

Raw mode (termios) is left whatever happens: at the end, on exceptions, and while the program is
stopped by Ctrl+Z. What keys do is `editor`'s, what is drawn `prompt`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import termios
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from tertulia.chat.editor import Complete, LineEditor, Outcome, Result
from tertulia.chat.keys import KeyReader
from tertulia.chat.prompt import Prompt
from tertulia.wire.events import Envelope
from tertulia.wire.events import events as w

READ_SIZE: Final = 4096
MOST_WAITING: Final = 1000
"""Lines that were typed and not taken yet; more are dropped, with a bell."""
COLUMNS: Final = 80
"""How wide a terminal is that does not say."""

_PASTES_ON: Final = "\x1b[?2004h"
_PASTES_OFF: Final = "\x1b[?2004l"
_BELL: Final = "\a"
_LFLAG, _IFLAG, _CC = 3, 0, 6


class Terminal:
    """Implements `front.Front`, within a `with` block."""

    def __init__(self, complete: Complete) -> None:
        """Use the terminal of this process; `complete` is asked when a word is to be completed."""
        self._input, self._output = sys.stdin.fileno(), sys.stdout.fileno()
        self._loop = asyncio.get_running_loop()
        self._saved = termios.tcgetattr(self._input)
        self._keys = KeyReader()
        self._editor = LineEditor(complete)
        self._prompt = Prompt(self._columns())
        self._text = ""
        self._question: str | None = None
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._has_ended = False

    # The terminal itself

    def __enter__(self) -> Self:
        self._enter_raw()
        try:
            self._loop.add_reader(self._input, self._on_readable)
            self._loop.add_signal_handler(signal.SIGWINCH, self._on_resize)
            self._loop.add_signal_handler(signal.SIGCONT, self._on_continued)
            self._draw()
        except BaseException:
            self._leave_raw()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.remove_reader(self._input)
        self._loop.remove_signal_handler(signal.SIGWINCH)
        self._loop.remove_signal_handler(signal.SIGCONT)
        self._leave_raw()

    def _enter_raw(self) -> None:
        """Let every key come at once and unechoed; what is written stays as it is."""
        raw = termios.tcgetattr(self._input)
        raw[_LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
        raw[_IFLAG] &= ~(termios.ICRNL | termios.INLCR | termios.IXON | termios.ISTRIP)
        raw[_CC][termios.VMIN], raw[_CC][termios.VTIME] = 1, 0
        termios.tcsetattr(self._input, termios.TCSADRAIN, raw)
        self._write(_PASTES_ON)

    def _leave_raw(self) -> None:
        # A terminal that is gone needs nothing.
        with contextlib.suppress(OSError, termios.error):
            self._write(self._prompt.erase() + _PASTES_OFF)
            termios.tcsetattr(self._input, termios.TCSADRAIN, self._saved)

    def _columns(self) -> int:
        return shutil.get_terminal_size((COLUMNS, 24)).columns

    def _on_resize(self) -> None:
        self._write(self._prompt.resize(self._columns()))

    def _on_continued(self) -> None:
        """Somebody else may have had the terminal meanwhile."""
        self._enter_raw()
        self._on_resize()

    def _suspend(self) -> None:
        self._leave_raw()
        # The whole group stops, as the terminal itself would have it; it goes on from here. A
        # group that nobody could continue does not stop at all (POSIX, 2.4.3).
        os.killpg(os.getpgrp(), signal.SIGTSTP)
        self._on_continued()

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", errors="replace")
        try:
            while data:
                data = data[os.write(self._output, data) :]
        except OSError:
            # It was closed: nobody is there any more.
            self._end()

    # What is typed

    def _on_readable(self) -> None:
        try:
            data = os.read(self._input, READ_SIZE)
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._input)
            self._end()
            return
        for key in self._keys.receive_data(data):
            result = self._editor.press(key)
            if result is not None:
                self._take(result)
        self._draw()

    def _take(self, result: Result) -> None:
        match result.outcome:
            case Outcome.SUBMITTED:
                self._submit(result.text)
            case Outcome.INTERRUPTED | Outcome.ENDED:
                self._end()
            case Outcome.CLEARED:
                self.clear()
            case Outcome.SUSPENDED:
                self._suspend()
            case Outcome.CHOICES:
                self.show(["  ".join(result.choices)])

    def _submit(self, line: str) -> None:
        if self._question is not None:
            self.show([f"{self._question} {line}"])
            self._question = None
            self._editor.remembers = True
        if self._lines.qsize() < MOST_WAITING:
            self._lines.put_nowait(line)
        else:
            self._write(_BELL)

    def _end(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._lines.put_nowait(None)

    def _draw(self) -> None:
        prompt = self._text if self._question is None else self._question
        self._write(self._prompt.set(prompt, self._editor.text, self._editor.cursor))

    # The front

    @property
    def is_interactive(self) -> bool:
        """See `Front.is_interactive`."""
        return True

    def stop(self) -> None:
        """See `Front.stop`."""
        self._end()

    async def read(self) -> str | None:
        """See `Front.read`."""
        line = await self._lines.get()
        if line is None:
            # It stays the end, however often it is asked for.
            self._lines.put_nowait(None)
        return line

    async def ask(self, question: str) -> str | None:
        """See `Front.ask`."""
        if self._lines.empty():
            self._question = question
            self._editor.remembers = False
            self._draw()
        return await self.read()

    def prompt(self, text: str) -> None:
        """See `Front.prompt`."""
        if text != self._text:
            self._text = text
            self._draw()

    def heard(self, envelope: Envelope[w.Event]) -> None:
        """See `Front.heard`: people are told in lines."""

    def show(self, lines: Sequence[str]) -> None:
        """See `Front.show`."""
        if lines:
            self._write(self._prompt.above(lines))

    def answer(self, lines: Sequence[str]) -> None:
        """See `Front.answer`."""
        self.show(lines)

    def complain(self, lines: Sequence[str]) -> None:
        """See `Front.complain`."""
        self.show(lines)

    def clear(self) -> None:
        """See `Front.clear`."""
        self._write(self._prompt.clear())
