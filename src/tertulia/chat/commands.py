"""The commands of the plain client: the super commands, and how to get connected.

What is no command of the client's is a slash-command of the server's, and goes there as it was
typed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typing_extensions import override

from tertulia.core.errors import N_
from tertulia.core.language import fold
from tertulia.declare import command
from tertulia.sdk.client import Client
from tertulia.sdk.commands import Context
from tertulia.sdk.errors import ClientClosed
from tertulia.sdk.models import Room
from tertulia.sdk.super_commands import SuperCommands
from tertulia.slash import BUILTIN

if TYPE_CHECKING:
    from tertulia.chat.conversation import Conversation

HOST: Final = "127.0.0.1"
PORT: Final = "4444"
"""What a question takes for the answer when none is given."""
NOT_CONNECTED: Final = N_("You are not connected. /connect asks where to, and as whom.")


class TypedContext(Context):
    """A line that was typed here."""

    def __init__(self, conversation: Conversation, line: str) -> None:
        super().__init__(conversation.client, line, conversation.room)
        self._conversation = conversation

    @property
    @override
    def client(self) -> Client:
        """The client, while there is one.

        Raises:
            ClientClosed: there is none; the text says what to do.
        """
        if self._client is None:
            raise ClientClosed(self._conversation.words(NOT_CONNECTED))
        return self._client

    @override
    async def reply(self, text: str) -> None:
        """See `Context.reply`."""
        self._conversation.front.answer(text.splitlines())


class ChatCommands(SuperCommands):
    """What can be typed into the plain client."""

    def __init__(self, conversation: Conversation) -> None:
        super().__init__(translate=conversation.words)
        self._conversation = conversation

    @command(
        name="connect",
        usage=N_("connect [URL] [NICK]"),
        description=N_("Connects to a chat; asks for what is not given."),
        aliases=("entrar", "conectar"),
    )
    async def connect(
        self, context: Context, url: str | None = None, nick: str | None = None
    ) -> str | None:
        """Connect, or ask where to."""
        conversation = self._conversation
        if conversation.client is not None:
            if url is not None:
                # At the other doors, the same word takes a nick.
                await conversation.ask_server(f"/nick {url}")
                return None
            return self.translate(N_("You are connected already. /exit leaves."))
        if url is None:
            url, nick = await self._ask_where()
        if url is not None:
            await conversation.connect(url, nick or conversation.nick)
        return None

    async def _ask_where(self) -> tuple[str | None, str | None]:
        """Ask for address, port and nickname, one after the other."""
        ask = self._conversation.front.ask
        host = await ask(self.translate(N_("Address [{usual}]:")).format(usual=HOST))
        if host is None:
            return None, None
        host = host.strip() or HOST
        url = host
        if "://" not in host:
            port = await ask(self.translate(N_("Port [{usual}]:")).format(usual=PORT))
            if port is None:
                return None, None
            host = f"[{host}]" if ":" in host and not host.startswith("[") else host
            url = f"tcp://{host}:{port.strip() or PORT}"
        nick = await ask(self.translate(N_("Nickname, or nothing for a guest's:")))
        return (None, None) if nick is None else (url, nick.strip() or None)

    @command(
        name="exit",
        usage=N_("exit [TEXT]"),
        description=N_("Leaves the chat, with parting words or without."),
        aliases=("quit", "sair", "salir"),
    )
    @override
    async def exit(self, context: Context, *, text: str = "") -> None:
        """Go offline and end."""
        self._conversation.end(text)

    @override
    def room_changed(self, context: Context, room: Room | None) -> None:
        """See `SuperCommands.room_changed`."""
        self._conversation.talk_in(room)

    @override
    def clear_screen(self) -> None:
        """See `SuperCommands.clear_screen`."""
        self._conversation.front.clear()

    @command(
        name="help",
        usage=N_("help [COMMAND]"),
        description=N_("Lists the commands, or one."),
        aliases=("ajuda", "ayuda"),
    )
    @override
    async def help(self, context: Context, word: str | None = None) -> str:
        """List the client's commands, then the server's."""
        conversation = self._conversation
        if word is not None and self.find(word.removeprefix(self.prefix)) is not None:
            return await super().help(context, word)
        if conversation.client is None:
            return await super().help(context, word)
        if word is None:
            conversation.front.answer(self.overview())
        await conversation.ask_server(f"/help {word or ''}".rstrip())
        return ""

    @override
    async def answer_unknown(self, word: str, context: Context) -> None:
        """See `Commands.answer_unknown`: the server may know it."""
        if self._conversation.client is not None:
            await self._conversation.ask_server(context.line)
        elif any(fold(word) in map(fold, row.words) for row in BUILTIN):
            await context.reply(self.translate(NOT_CONNECTED))
        else:
            await super().answer_unknown(word, context)
