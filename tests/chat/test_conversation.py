"""Tests of a conversation through a front that is neither terminal nor pipe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tertulia.chat.conversation import Conversation, Wishes
from tertulia.i18n import catalog
from tertulia.sdk import Client, connect
from tertulia.wire.events import Envelope
from tertulia.wire.events import events as w
from tests.sdk.waiting import DEADLINE, take_over


class Desk:
    """Implements `front.Front`: lines are handed in, and what is shown is kept."""

    def __init__(self, *, is_interactive: bool = True) -> None:
        self.is_interactive = is_interactive
        self.shown: list[str] = []
        self.prompts: list[str] = []
        self.token = ""
        """What one could come back with."""
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._changed = asyncio.Event()

    def type(self, *lines: str | None) -> None:
        for line in lines:
            self._lines.put_nowait(line)

    async def until(self, text: str) -> None:
        """Wait until a line with `text` is shown, or such a prompt."""
        async with asyncio.timeout(DEADLINE):
            while not any(text in line for line in (*self.shown, *self.prompts[-1:])):
                self._changed.clear()
                await self._changed.wait()

    async def read(self) -> str | None:
        return await self._lines.get()

    async def ask(self, question: str) -> str | None:
        self.show([question])
        return await self.read()

    def prompt(self, text: str) -> None:
        self.prompts.append(text)
        self._changed.set()

    def heard(self, envelope: Envelope[w.Event]) -> None:
        if isinstance(envelope.content, w.Welcome):
            self.token = envelope.content.token or ""

    def show(self, lines: Sequence[str]) -> None:
        self.shown += lines
        self._changed.set()

    answer = complain = show

    def stop(self) -> None:
        self.type(None)

    def clear(self) -> None:
        self.shown.clear()


class Talk:
    """A conversation that is under way."""

    def __init__(self, desk: Desk, conversation: Conversation, task: asyncio.Task[int]) -> None:
        self.desk = desk
        self.conversation = conversation
        self.task = task

    @property
    def client(self) -> Client:
        assert self.conversation.client is not None
        return self.conversation.client

    async def end(self) -> int:
        self.desk.type(None)
        async with asyncio.timeout(DEADLINE):
            return await self.task


@asynccontextmanager
async def talk(url: str | None, nick: str | None = None, **options: bool) -> AsyncIterator[Talk]:
    desk = Desk(**options)
    conversation = Conversation(Wishes(url, nick), "en", catalog)
    task = asyncio.create_task(conversation.run(desk))
    try:
        if url is not None:
            await desk.until("[lobby]")
        yield Talk(desk, conversation, task)
        if not task.done():
            desk.type(None)
            async with asyncio.timeout(DEADLINE):
                await task
    finally:
        task.cancel()


async def test_the_server_s_commands_are_about_the_room_that_one_talks_in(url: str) -> None:
    async with talk(url, "mover") as one:
        one.desk.type("/create study", "/join lobby", "/topic Lobby talk", "/join study")
        await one.desk.until("mover has set the topic: Lobby talk")
        one.desk.type("/topic Study talk")
        await one.desk.until("mover has set the topic: Study talk")
        assert one.client.rooms["lobby"].topic == "Lobby talk"
        assert one.client.rooms["study"].topic == "Study talk"
        assert await one.end() == 0


async def test_another_language_is_spoken_by_both_ends(url: str) -> None:
    async with talk(url, "linguist") as one:
        one.desk.type("/lang pt", "/connect", "/join nenhures")
        await one.desk.until("A ligação já está feita. /exit sai.")
        await one.desk.until("nenhures")
        assert one.desk.prompts[-1] == "[lobby] linguist>"


async def test_a_room_that_is_closed_is_left_for_another(url: str) -> None:
    async with connect(url, nick="landlady") as owner, talk(url, "tenant") as one:
        await owner.create_room("flat")
        one.desk.type("/join flat")
        await one.desk.until("[flat] tenant>")
        await owner.delete_room("flat")
        await one.desk.until("landlady has deleted [flat]")
        await one.desk.until("[lobby] tenant>")
        one.desk.type("/leave", "anybody?")
        await one.desk.until("You are in no room.")
        assert one.desk.prompts[-1] == "tenant>"
        assert await one.end() == 1


async def test_a_new_nick_is_shown(url: str) -> None:
    async with talk(url, "larva") as one:
        one.desk.type("/nick butterfly")
        await one.desk.until("[lobby] butterfly>")
        # The word for connecting takes a nick once that is done, as at the other doors.
        one.desk.type("/ENTRAR moth")
        await one.desk.until("[lobby] moth>")
        assert await one.end() == 0


async def test_who_is_replaced_ends(url: str) -> None:
    async with talk(url, "double") as one:
        writer = await take_over(url, one.desk.token)
        async with asyncio.timeout(DEADLINE):
            assert await one.task == 1
        writer.close()
        assert "somebody goes on with this session elsewhere" in one.desk.shown


async def test_who_connected_by_hand_can_do_so_again(url: str) -> None:
    async with talk(None) as one:
        one.desk.type(f"/connect {url} first")
        await one.desk.until("[lobby] first>")
        writer = await take_over(url, one.desk.token)
        await one.desk.until("somebody goes on with this session elsewhere")
        one.desk.type(f"/connect {url} second")
        await one.desk.until("[lobby] second>")
        writer.close()
        assert await one.end() == 1


async def test_commands_wait_for_a_connection(url: str) -> None:
    async with talk(None) as one:
        one.desk.type("/join den", "/users", "/help", "/clear", "/join den", "/dance")
        await one.desk.until("There is no command /dance. /help lists them all.")
        assert one.desk.shown.count("You are not connected. /connect asks where to, and as whom.")
        one.desk.type("/exit")
        assert await one.end() == 0


async def test_questions_without_an_answer_connect_nowhere() -> None:
    async with talk(None) as one:
        one.desk.type("/connect", "example.org", None)
        assert await one.end() == 0
        assert one.desk.shown[-2:] == ["Address [127.0.0.1]:", "Port [4444]:"]


async def test_help_lists_both_ends(url: str) -> None:
    async with talk(url, "helped") as one:
        one.desk.type("/help", "/help connect", "/help topic")
        await one.desk.until("/topic [TEXT]")
        await one.desk.until("  Connects to a chat; asks for what is not given.")
        assert await one.end() == 0


async def test_words_are_completed_with_what_there_is(url: str) -> None:
    async with talk(url, "tabber") as one:
        assert one.conversation.complete("", "/conn") == ["/connect "]
        assert one.conversation.complete("", "tab") == ["tabber: "]
        assert one.conversation.complete("/join ", "lob") == ["lobby "]
        assert "/whois " in one.conversation.complete("", "/w")
