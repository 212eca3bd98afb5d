"""A bot that plays a quiz: `!quiz` begins one, the first right answer gets the point.

    python examples/quiz_bot.py tcp://127.0.0.1:4444 [SECONDS]

Shows commands with typed arguments, and waiting for an event with a deadline.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

from tertulia.core.language import fold
from tertulia.declare import command
from tertulia.sdk import Client, Message, Room
from tertulia.sdk.commands import Commands, Context

QUESTIONS = (
    ("Which language was called Oak before?", "java"),
    ("What does TCP stand for? The first word will do.", "transmission"),
    ("How many bits has an IPv6 address?", "128"),
    ("In which year was the first e-mail sent?", "1971"),
    ("Which port does telnet use?", "23"),
)


class Quiz(Commands):
    """The commands of the quiz, and the games that are on."""

    prefix = "!"

    def __init__(self, client: Client, seconds: float) -> None:
        super().__init__()
        self._client = client
        self._seconds = seconds
        self._points: Counter[str] = Counter()
        self._playing: set[Room] = set()

    @command(usage="quiz [questions]", description="Begins a quiz.")
    async def quiz(self, context: Context, questions: int = 3) -> str | None:
        """Ask some questions, one after the other."""
        room = context.room
        if room is None or room in self._playing:
            return "We are playing already."
        if not 1 <= questions <= len(QUESTIONS):
            return f"I know {len(QUESTIONS)} questions."
        self._playing.add(room)
        try:
            for question, answer in random.sample(QUESTIONS, questions):
                await self._ask(room, question, answer)
        finally:
            self._playing.discard(room)
        return "That was the quiz. !points"

    @command(description="Shows who has how many points.")
    async def points(self, context: Context) -> str:
        """List the players, the best first."""
        best = self._points.most_common(10)
        return ", ".join(f"{nick} {points}" for nick, points in best) or "Nobody has a point yet."

    async def _ask(self, room: Room, question: str, answer: str) -> None:
        """Ask one question, and wait for somebody who knows the answer."""

        def is_right(message: Message) -> bool:
            return message.room == room and not message.is_own and fold(message.text) == answer

        # Listening begins here, before anybody can have seen the question.
        right = self._client.wait_for("message", is_right, timeout=self._seconds)
        await room.say(question)
        try:
            message: Message = await right
        except TimeoutError:
            await room.say(f"Nobody knew: {answer}.")
        else:
            self._points[message.author.nick] += 1
            await message.reply(f"Right, {message.author.nick}!")


def main(url: str, seconds: str = "30") -> None:
    """Run the bot until it is interrupted."""
    client = Client(url, nick="quizmaster")
    Quiz(client, float(seconds)).answer_messages(client)
    client.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
