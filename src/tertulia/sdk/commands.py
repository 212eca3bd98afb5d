"""Commands: methods of a class that people call by typing, found when the class is made.

A line that begins with the prefix is cut, its word is looked up, its arguments are read by the
method's signature (`tertulia.declare`), and what does not fit is answered with a sentence and the
usage. Where lines come from and answers go is the `Context`'s business.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar, Final

from typing_extensions import override

from tertulia.core.errors import N_
from tertulia.core.language import fold
from tertulia.declare import Declared, Misfit, Problem, command, declared_commands
from tertulia.sdk.client import Client
from tertulia.sdk.errors import ClientClosed, ServerError, TertuliaError
from tertulia.sdk.models import Message, Room

logger = logging.getLogger(__name__)

LEADING: Final = 2
"""Parameters of a command's method that are not typed: itself, and the context."""
SHOWN: Final = 32
"""How much of an unknown word is shown again."""

Translate = Callable[[str], str]
Check = Callable[[Message], bool]


class Context(ABC):
    """One line that was typed: where, by whom, and how to answer."""

    def __init__(self, client: Client | None, line: str, room: Room | None = None) -> None:
        self._client = client
        self.line = line
        """What was typed, with the prefix."""
        self.room = room
        """Where it was typed, if that is a room."""

    @property
    def client(self) -> Client:
        """The client, while there is one.

        Raises:
            ClientClosed: there is none.
        """
        if self._client is None:
            raise ClientClosed("not connected")
        return self._client

    @property
    def message(self) -> Message | None:
        """The message that holds the line, if others have typed it."""
        return None

    @abstractmethod
    async def reply(self, text: str) -> None:
        """Answer; the text may have several lines."""
        ...


class MessageContext(Context):
    """A line that somebody said in a room, or to the client alone."""

    def __init__(self, client: Client, message: Message) -> None:
        super().__init__(client, message.text, message.room)
        self._message = message

    @property
    @override
    def message(self) -> Message:
        """See `Context.message`."""
        return self._message

    @override
    async def reply(self, text: str) -> None:
        """See `Context.reply`."""
        await self._message.reply(text)


class Commands:
    """Base of all sets of commands.

        class Weather(Commands):
            @command(name="weather", usage="weather <city>", description="Tells the weather.")
            async def weather(self, context: Context, city: str, days: int = 1) -> str:
                return f"{city}: sunny for {days} day(s)"

    What a method returns is the answer, if it is a text. The parameters' types say how words are
    read: str, int, float, bool, `Literal`, enums; `*words: str` takes all that are left, and a
    parameter after a bare `*` the rest of the line.
    """

    prefix: str = "/"
    """What a command begins with."""

    declared: ClassVar[Sequence[Declared]] = ()
    """The commands of this class and its bases, in order."""

    def __init__(self, *, prefix: str | None = None, translate: Translate = str) -> None:
        """Prepare to carry out commands.

        Args:
            prefix: What they begin with, in place of the class's own.
            translate: Returns our texts, and the descriptions, in another language.

        Raises:
            ValueError: the prefix is empty, or has blanks.
        """
        if prefix is not None:
            self.prefix = prefix
        if not self.prefix or self.prefix.split() != [self.prefix]:
            raise ValueError(f"{self.prefix!r} can't be a prefix: some signs without blanks")
        self.translate = translate

    @override
    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.declared = declared_commands(cls, leading=LEADING)
        seen: dict[str, Declared] = {}
        for one in cls.declared:
            for word in (one.name, *one.aliases):
                other = seen.setdefault(fold(word), one)
                if other is not one:
                    raise ValueError(f"{word} is both {other.name} and {one.name}")

    # Carrying out

    def answer_messages(self, client: Client, check: Check | None = None) -> None:
        """Carry out what others say that begins with the prefix, as bots do.

        Args:
            client: Whose messages.
            check: Tells whether a message may be a command, such as by its author.
        """

        async def on_message(message: Message) -> None:
            if not message.is_own and (check is None or check(message)):
                await self.run(MessageContext(client, message))

        client.add_listener(on_message)

    async def run(self, context: Context) -> bool:
        """Carry out a line if it is a command; False if it does not begin with the prefix.

        Whatever goes wrong is answered, and nothing is raised.
        """
        if not context.line.startswith(self.prefix):
            return False
        word, rest = _halves(context.line[len(self.prefix) :])
        found = self.find(word)
        try:
            if found is None:
                await self.answer_unknown(word, context)
            else:
                await self._call(found, rest, context)
        except ServerError as error:
            await self._reply(context, error.text)
        except TertuliaError as error:
            await self._reply(context, str(error))
        except Exception:
            logger.exception("the command %s failed", word[:SHOWN])
            await self._reply(context, self.translate(N_("That went wrong.")))
        return True

    def find(self, word: str) -> Declared | None:
        """Return the command that a word means, whatever its case and accents."""
        key = fold(word)
        for one in self.declared:
            if any(fold(name) == key for name in (one.name, *one.aliases)):
                return one
        return None

    def usage(self, declared: Declared) -> str:
        """Return how a command is typed, with the prefix."""
        return self.prefix + self.translate(declared.usage)

    async def answer_unknown(self, word: str, context: Context) -> None:
        """Answer a word that is no command; a subclass may know what to do with it."""
        names = {fold(name): name for one in self.declared for name in (one.name, *one.aliases)}
        near = get_close_matches(fold(word), names, n=1)
        shown = self.prefix + word[:SHOWN]
        if near:
            text = self.translate(N_("There is no command {word}. Did you mean {suggestion}?"))
            text = text.format(word=shown, suggestion=self.prefix + names[near[0]])
        else:
            text = self.translate(N_("There is no command {word}. {help} lists them all."))
            text = text.format(word=shown, help=f"{self.prefix}help")
        await context.reply(text)

    async def _call(self, declared: Declared, rest: str, context: Context) -> None:
        try:
            parsed = declared.parse(rest)
        except Misfit as misfit:
            usage = self.translate(N_("Usage: {usage}")).format(usage=self.usage(declared))
            await context.reply(f"{self._misfit(misfit)}\n{usage}")
            return
        answer = declared.function(self, context, *parsed.positional, **parsed.named)
        if hasattr(answer, "__await__"):
            answer = await answer
        if isinstance(answer, str) and answer:
            await context.reply(answer)

    async def _reply(self, context: Context, text: str) -> None:
        try:
            await context.reply(text)
        except TertuliaError as error:
            logger.warning("a command can't be answered: %s", error)

    def _misfit(self, misfit: Misfit) -> str:
        match misfit.problem:
            case Problem.MISSING:
                text = N_("{name} is missing.")
            case Problem.TOO_MANY:
                text = N_("That is too much: {word}")
            case Problem.WRONG:
                text = N_("{name} must be {expected}, not {word}.")
        return self.translate(text).format(
            name=misfit.name, word=misfit.word, expected=self.translate(misfit.expected)
        )

    # What every set has

    @command(name="help", usage=N_("help [COMMAND]"), description=N_("Lists the commands, or one."))
    async def help(self, context: Context, word: str | None = None) -> str:
        """Answer with all commands, or with everything about one."""
        if word is None:
            return "\n".join(self.overview())
        found = self.find(word.removeprefix(self.prefix))
        if found is None:
            await self.answer_unknown(word.removeprefix(self.prefix), context)
            return ""
        return "\n".join(self.about(found))

    def overview(self) -> list[str]:
        """Return a line for each command."""
        width = max((len(self.usage(one)) for one in self.declared), default=0)
        return [
            f"{self.usage(one):{width}}  {self.translate(one.description)}" for one in self.declared
        ]

    def about(self, declared: Declared) -> list[str]:
        """Return everything about one command."""
        lines = [self.usage(declared), f"  {self.translate(declared.description)}"]
        if declared.aliases:
            others = ", ".join(self.prefix + word for word in declared.aliases)
            lines.append(f"  {self.translate(N_('Also:'))} {others}")
        return lines


def _halves(text: str) -> tuple[str, str]:
    """Return a command's word, which ends at the first white space, and the rest."""
    word = text.split(maxsplit=1)[0] if text and not text[0].isspace() else ""
    return word, text[len(word) :].strip()
