"""The console: what the operator types where the server runs. Never blocks, never ends by itself.

Reads a terminal's lines as the event loop finds them; what the commands do is handed in.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Final, Protocol

READ_SIZE: Final = 4096
LONGEST_LINE: Final = 65_536
"""Bytes of one line; a longer one is forgotten."""
PAUSE: Final = 1.0
"""Seconds until a terminal that had nothing to give is tried again."""

_HELP: Final = """\
q         end the chat: tell everyone, keep everything, close
status    how the server is doing
say TEXT  tell everyone something
reload    load the plugins' code anew; nobody is disconnected
help      this list"""


class Controls(Protocol):
    """What the console's commands do."""

    def end(self) -> None:
        """End the chat."""
        ...

    def announce(self, text: str) -> int:
        """Tell everyone `text`; return how many that are."""
        ...

    def status(self) -> str:
        """Return how the server is doing, in some lines."""
        ...

    def reload(self, tell: Callable[[str], None]) -> None:
        """Load the plugins' code anew, and then tell what came of it."""
        ...


class Console:
    """Carries out the lines typed on a terminal."""

    def __init__(self, controls: Controls, write: Callable[[str], None]) -> None:
        """`write` takes an answer, without the line's end."""
        self._controls = controls
        self._write = write
        self._waiting = b""
        self._words: dict[str, Callable[[str], None]] = {
            "q": self._quit,
            "quit": self._quit,
            "help": self._help,
            "?": self._help,
            "status": self._status,
            "say": self._say,
            "reload": self._reload,
        }

    def take(self, data: bytes) -> None:
        """Take in what was typed, and carry out the lines that are complete."""
        *lines, self._waiting = (self._waiting + data).split(b"\n")
        if len(self._waiting) > LONGEST_LINE:
            self._waiting = b""
        for line in lines:
            self.carry_out(line.decode("utf-8", errors="replace").strip())

    def carry_out(self, line: str) -> None:
        """Carry out one line."""
        word, _, rest = line.partition(" ")
        if not word:
            return
        command = self._words.get(word.lower())
        if command is None:
            self._write(f"There is no command {word!r} here; help lists them.")
        else:
            command(rest.strip())

    def _quit(self, rest: str) -> None:
        self._write("The chat is being shut down.")
        self._controls.end()

    def _help(self, rest: str) -> None:
        self._write(_HELP)

    def _status(self, rest: str) -> None:
        self._write(self._controls.status())

    def _reload(self, rest: str) -> None:
        self._controls.reload(self._write)

    def _say(self, rest: str) -> None:
        if rest:
            self._write(f"Told to {self._controls.announce(rest)}.")
        else:
            self._write("Say what? say TEXT")


class TerminalReader:
    """Feeds a console from a terminal, while there is one and it is ours."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, descriptor: int, take: Callable[[bytes], None]
    ) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._take = take
        self._is_open = True

    def start(self) -> None:
        """Begin to read."""
        # A program in the background that reads its terminal would be stopped by this signal;
        # ignored, the read fails with EIO instead.
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
        self._loop.add_reader(self._descriptor, self._on_readable)

    def stop(self) -> None:
        """Read no more."""
        self._is_open = False
        self._loop.remove_reader(self._descriptor)

    def _on_readable(self) -> None:
        try:
            data = os.read(self._descriptor, READ_SIZE)
        except OSError:
            data = b""
        if data:
            self._take(data)
        else:
            # Ctrl+D, a terminal that belongs to another program just now, or none any more.
            self._loop.remove_reader(self._descriptor)
            self._loop.call_later(PAUSE, self._read_again)

    def _read_again(self) -> None:
        if self._is_open:
            self._loop.add_reader(self._descriptor, self._on_readable)
