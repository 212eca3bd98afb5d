"""A proxy between clients and a server: it passes bytes on until it is told to break lines."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final, Self

DEADLINE: Final = 20.0


class Proxy:
    """Listens on a port of its own while the `async with` block lasts."""

    def __init__(self, port: int) -> None:
        """Lead to `port` on this machine."""
        self.target = port
        self.is_closed = False
        """New connections are hung up on at once."""
        self.is_deaf = False
        """What the server says is dropped, as are answers when a line breaks."""
        self.lines = 0
        """Connections so far."""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where clients connect to."""
        assert self._server is not None, "not listening"
        return f"tcp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Break every line, in the middle of whatever is on it."""
        for writer in self._open:
            writer.transport.abort()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None, "not listening"
        self._server.close()
        self.cut()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=DEADLINE)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "run by a task"
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.lines += 1
        if self.is_closed:
            writer.transport.abort()
            return
        try:
            their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, their_writer}
        try:
            await asyncio.gather(
                self._pass_on(reader, their_writer, is_answer=False),
                self._pass_on(their_reader, writer, is_answer=True),
            )
        finally:
            self._open -= {writer, their_writer}

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        try:
            while data := await reader.read(65_536):
                if not (is_answer and self.is_deaf):
                    writer.write(data)
                    await writer.drain()
        except OSError:
            pass
        finally:
            writer.transport.abort()
