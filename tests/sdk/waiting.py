"""Waiting for what must come, with a deadline and without sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from tertulia.sdk import Client, Envelope, Message
from tertulia.sdk.listeners import Listener
from tertulia.wire.events import encode
from tertulia.wire.events import events as w
from tertulia.wire.events import requests as r

DEADLINE: Final = 20.0


async def take_over(url: str, token: str) -> asyncio.StreamWriter:
    """Come back with somebody else's token; return the connection, to be closed."""
    host, port = url.removeprefix("tcp://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(encode(r.Login(token=token), 1) + b"\n")
    async with asyncio.timeout(DEADLINE):
        assert (await reader.readline()).startswith(b'["welcome"')
    return writer


class Noted:
    """What a client was told, in order, and waiting for it."""

    def __init__(self, client: Client) -> None:
        self.texts: list[str] = []
        """The texts of messages."""
        self.token = ""
        """What one could come back with, if this was made before the client was connected."""
        self.others: list[str] = []
        """The names of all other events."""
        self._changed = asyncio.Event()
        client.add_listener(self._on_message, "message")
        client.add_listener(self._on_event, "event")
        for event in ("ready", "reconnected", "disconnected", "room_joined", "server_error"):
            client.add_listener(self._noting(event), event)

    async def until(self, check: Callable[[], bool]) -> None:
        """Wait until `check` is true of what was told."""
        async with asyncio.timeout(DEADLINE):
            while not check():
                self._changed.clear()
                await self._changed.wait()

    async def until_text(self, text: str) -> None:
        """Wait for a message."""
        await self.until(lambda: text in self.texts)

    async def until_event(self, event: str, count: int = 1) -> None:
        """Wait for an event that is no message."""
        await self.until(lambda: self.others.count(event) >= count)

    async def _on_message(self, message: Message) -> None:
        self.texts.append(message.text)
        self._changed.set()

    async def _on_event(self, envelope: Envelope[w.Event]) -> None:
        if isinstance(envelope.content, w.Welcome):
            self.token = envelope.content.token or ""

    def _noting(self, event: str) -> Listener:
        async def note(*arguments: object) -> None:
            self.others.append(event)
            self._changed.set()

        async def note_nothing() -> None:
            await note()

        async def note_one(argument: object) -> None:
            await note(argument)

        return note_nothing if event == "ready" else note_one
