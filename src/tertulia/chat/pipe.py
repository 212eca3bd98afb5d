"""The pipe: lines from standard input, lines or events to standard output, complaints to error.

Input is read by a thread of its own, for it may be anything (a file, a pipe, a terminal that can't
draw), and not all of that can be waited for by an event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Sequence
from typing import BinaryIO, Final

from tertulia.chat.prompt import safe
from tertulia.wire.events import Envelope, encode
from tertulia.wire.events import events as w

LONGEST_LINE: Final = 65_536
"""Bytes of a line; a longer one is taken in pieces."""
BLOCK: Final = 65_536
"""Bytes that are read at once."""
AHEAD: Final = 100
"""Lines that are read ahead."""


class Pipe:
    """Implements `front.Front`."""

    def __init__(
        self, stdin: int, stdout: BinaryIO, stderr: BinaryIO, *, as_json: bool = False
    ) -> None:
        """Begin to read the descriptor `stdin`.

        With `as_json`, `stdout` gets an event of JSON to a line.
        """
        self._stdin = stdin
        self._stdout = stdout
        self._stderr = stderr
        self._as_json = as_json
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._places = threading.Semaphore(AHEAD)
        self._has_ended = False
        # A daemon, for a read that waits for ever must not keep the program alive.
        threading.Thread(target=self._read_lines, name="stdin", daemon=True).start()

    def _read_lines(self) -> None:
        """Read lines in a thread, no faster than they are taken."""
        rest = b""
        while True:
            try:
                data = os.read(self._stdin, BLOCK)
            except OSError:
                data = b""
            *lines, rest = (rest + data).split(b"\n")
            while len(rest) > LONGEST_LINE:
                lines.append(rest[:LONGEST_LINE])
                rest = rest[LONGEST_LINE:]
            if not data and rest:
                lines.append(rest)
            for line in lines:
                self._put(line.decode("utf-8", errors="replace").rstrip("\r"))
            if not data:
                self._put(None)
                return

    def _put(self, line: str | None) -> None:
        self._places.acquire()
        # A loop that has ended takes nothing more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)

    # The front

    @property
    def is_interactive(self) -> bool:
        """See `Front.is_interactive`."""
        return False

    def stop(self) -> None:
        """See `Front.stop`."""
        self._has_ended = True
        self._lines.put_nowait(None)

    async def read(self) -> str | None:
        """See `Front.read`."""
        if self._has_ended:
            return None
        line = await self._lines.get()
        self._places.release()
        if line is None:
            self._has_ended = True
        return line

    async def ask(self, question: str) -> str | None:
        """See `Front.ask`."""
        self.answer([question])
        return await self.read()

    def prompt(self, text: str) -> None:
        """See `Front.prompt`: nobody sees one here."""

    def heard(self, envelope: Envelope[w.Event]) -> None:
        """See `Front.heard`."""
        if self._as_json:
            self._write(self._stdout, encode(envelope.content, envelope.request) + b"\n")

    def show(self, lines: Sequence[str]) -> None:
        """See `Front.show`: whoever takes events is told by events."""
        if not self._as_json:
            self._write_lines(self._stdout, lines)

    def answer(self, lines: Sequence[str]) -> None:
        """See `Front.answer`."""
        self._write_lines(self._stderr if self._as_json else self._stdout, lines)

    def complain(self, lines: Sequence[str]) -> None:
        """See `Front.complain`."""
        self._write_lines(self._stderr, lines)

    def clear(self) -> None:
        """See `Front.clear`: there is no screen."""

    def _write_lines(self, stream: BinaryIO, lines: Sequence[str]) -> None:
        text = "".join(f"{safe(line)}\n" for line in lines)
        self._write(stream, text.encode("utf-8", errors="replace"))

    def _write(self, stream: BinaryIO, data: bytes) -> None:
        try:
            stream.write(data)
            stream.flush()
        except (BrokenPipeError, ValueError):
            # Whoever read this has enough; what is still in the buffer has nowhere to go.
            self.stop()
