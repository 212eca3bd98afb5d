"""Tests of the bots among the examples, each against a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tertulia.sdk import Client, Message, OnlineUser, connect
from tests.examples.running import EXAMPLES, Example
from tests.running import RunningServer
from tests.sdk.waiting import DEADLINE


class Visitor:
    """Somebody who talks to bots, and keeps everything that is said."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.said: list[Message] = []
        self._changed = asyncio.Event()
        client.add_listener(self._on_message, "message")

    async def _on_message(self, message: Message) -> None:
        self.said.append(message)
        self._changed.set()

    async def until(self, text: str, *, by: str = "") -> Message:
        """Wait until somebody says something with `text`, and return it."""
        async with asyncio.timeout(DEADLINE):
            while True:
                for message in self.said:
                    if text in message.text and message.author.nick == (by or message.author.nick):
                        return message
                self._changed.clear()
                await self._changed.wait()

    async def until_there(self, nick: str) -> OnlineUser:
        """Wait until somebody is online."""
        joined = self.client.wait_for("user_joined", lambda event: event.user.nick == nick)
        waiting = asyncio.create_task(joined)
        for user in await self.client.users():
            if user.nick == nick:
                waiting.cancel()
                return user
        await waiting
        return await self.until_there(nick)

    async def until_room(self, name: str) -> None:
        """Wait until there is a room."""
        created = self.client.wait_for("room_created", lambda room: room.name == name)
        waiting = asyncio.create_task(created)
        if name in self.client.rooms:
            waiting.cancel()
        else:
            await waiting


@asynccontextmanager
async def visitor(url: str, nick: str) -> AsyncIterator[Visitor]:
    async with connect(url, nick=nick) as client:
        yield Visitor(client)


async def test_ten_lines_are_a_bot(url: str, tmp_path: Path) -> None:
    program = (EXAMPLES / "ten_lines.py").read_text(encoding="utf-8")
    assert len([line for line in program.splitlines() if line]) <= 10
    path = tmp_path / "ten_lines.py"
    path.write_text(program.replace("tcp://127.0.0.1:4444", url), encoding="utf-8")
    async with visitor(url, "ana") as ana:
        with Example(path):
            await ana.until_there("parrot")
            asked = await ana.client.say("lobby", "!echo hello, world")
            answer = await ana.until("hello, world", by="parrot")
            assert (answer.text, answer.reply_to) == ("hello, world", asked.id)


async def test_the_echo_bot_answers_who_calls_it_and_greets(url: str) -> None:
    async with visitor(url, "ana") as ana:
        with Example("echo_bot.py", url, "echo"):
            await ana.until("I say it again.", by="echo")
            await ana.client.say("lobby", "echo: olá")
            assert (await ana.until("olá", by="echo")).text == "olá"
            await ana.client.direct("echo", "psst")
            assert (await ana.until("psst", by="echo")).is_direct
            await ana.client.say("lobby", "nobody in particular")
            async with visitor(url, "newcomer") as newcomer:
                assert (await newcomer.until("Welcome to lobby!", by="echo")).is_direct
            assert [one.text for one in ana.said if one.author.nick == "echo"][1:] == [
                "olá",
                "psst",
            ]


async def test_the_moderation_bot_marks_warns_and_forgives(url: str) -> None:
    async with visitor(url, "owner") as owner, visitor(url, "rude") as rude:
        with Example("moderation_bot.py", url, "garden", "weeds", "Pôxa"):
            await rude.until_room("garden")
            await rude.client.join("garden")
            await owner.client.join("garden")
            reacted = asyncio.create_task(owner.client.wait_for("reaction_added"))
            await asyncio.sleep(0)
            bad = await rude.client.say("garden", "look at these WEEDS")
            assert ((await reacted).message_id, (await reacted).reaction) == (bad.id, "⚠")
            warned = await rude.until("Please take that back: weeds (1/3)")
            assert warned.is_direct
            fine = await rude.client.say("garden", "flowers")
            await fine.edit("poxa, flowers")
            await rude.until("(2/3)")
            await rude.client.say("garden", "!rules")
            await rude.until("Not wanted here: poxa, weeds")
            await rude.client.say("garden", "weeds, weeds")
            await owner.until("rude was warned 3 times")
            await owner.client.say("garden", "!warnings rude")
            await owner.until("rude: 3")
            await owner.client.say("garden", "!forgive rude")
            await owner.until("rude starts anew.")
            await rude.client.say("garden", "!forgive rude")
            await rude.until("That is for the one who runs me.")


async def test_the_bridge_carries_both_ways_and_survives_a_restart(
    url: str, tmp_path: Path
) -> None:
    listens = ("events=127.0.0.1:0",)
    settings = ["limits.enabled=false"]
    with RunningServer(tmp_path, listens=listens, settings=settings) as other:
        port = other.port("events")
        far_url = f"tcp://127.0.0.1:{port}"
        async with visitor(url, "near") as near, visitor(far_url, "far") as far:
            with Example("bridge.py", url, "lobby", far_url, "harbour"):
                await near.until("bridged to harbour", by="bridge")
                await far.client.join("harbour")
                await near.client.say("lobby", "ahoy")
                await far.until("<near> ahoy")
                await far.client.say("harbour", "waves", action=True)
                await near.until("* far waves")
                other.stop()
                for number in range(20):
                    await near.client.say("lobby", f"while you were gone {number}")
                again = RunningServer(
                    tmp_path, listens=(f"events=127.0.0.1:{port}",), settings=settings
                )
                with again:
                    await far.until("while you were gone 19")
                    carried = [one.text for one in far.said if "gone" in one.text]
                    assert carried == [f"<near> while you were gone {n}" for n in range(20)]
                    await far.client.say("harbour", "back again")
                    await near.until("<far> back again")
                    await far.client.close()


async def test_the_log_follower_writes_each_message_once(url: str, tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"

    def texts() -> list[str]:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["text"] for line in lines]

    async with connect(url, nick="writer") as writer:
        room = await writer.create_room("logged")
        for number in range(250):
            await room.say(f"{number}")
        with Example("log_follower.py", url, str(path), "logged") as follower:
            assert await asyncio.to_thread(follower.read_line) == "following"
            heard = asyncio.create_task(asyncio.to_thread(wait_for_text, path, "254"))
            for number in range(250, 255):
                await room.say(f"{number}")
            await heard
        for number in range(255, 260):
            await room.say(f"{number}")
        with Example("log_follower.py", url, str(path), "logged") as follower:
            assert await asyncio.to_thread(follower.read_line) == "following"
        assert texts() == [f"{number}" for number in range(260)]


def wait_for_text(path: Path, text: str) -> None:
    """Wait until a file has a line with this text."""
    with path.open(encoding="utf-8") as file:
        while f'"text": "{text}"' not in file.readline():
            pass


async def test_the_quiz_bot_plays(url: str) -> None:
    answers = {"Oak": "Java", "TCP": "transmission", "IPv6": "128", "e-mail": "1971", "port": "23"}
    async with visitor(url, "player") as player:
        with Example("quiz_bot.py", url, "0.5"):
            await player.until_there("quizmaster")
            await player.client.say("lobby", "!quiz many")
            await player.until("QUESTIONS must be a whole number, not many.")
            await player.client.say("lobby", "!points")
            await player.until("Nobody has a point yet.")
            await player.client.say("lobby", "!quiz 2")
            async with asyncio.timeout(DEADLINE):
                while not any("Right, player!" in one.text for one in player.said):
                    question = await player.until("?", by="quizmaster")
                    player.said.remove(question)
                    [answer] = [text for word, text in answers.items() if word in question.text]
                    await player.client.say("lobby", answer)
                    await player.until("Right, player!")
            # The next one is not answered in time.
            await player.until("Nobody knew: ")
            await player.until("That was the quiz.")
            await player.client.say("lobby", "!points")
            await player.until("player 1")
