"""`tertulia chat`: from options to a conversation, and from its end to an exit status."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from tertulia.chat.conversation import Conversation, Wishes
from tertulia.chat.pipe import Pipe
from tertulia.core.language import LANGUAGES, match_language
from tertulia.i18n import catalog

INTERRUPTED: Final = 130
_ENDS: Final = (signal.SIGTERM, signal.SIGHUP) if hasattr(signal, "SIGHUP") else (signal.SIGTERM,)


def talk(url: str | None, nick: str | None, room: str | None, *, as_json: bool) -> int:
    """Hold a conversation; return the exit status of the process.

    0: all went well; 1: something could not be said; 2: there was no coming in.
    """
    try:
        return asyncio.run(_talk(Wishes(url, nick, room), as_json))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED


def language_of(environ: Mapping[str, str]) -> str:
    """Return the language that somebody wants, by what their environment says (POSIX, 8.2)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return match_language(environ[name]) or LANGUAGES[0]
    return LANGUAGES[0]


async def _talk(wishes: Wishes, as_json: bool) -> int:
    conversation = Conversation(wishes, language_of(os.environ), catalog)
    task = asyncio.current_task()
    assert task is not None, "run by a task"
    with suppress(NotImplementedError):
        for number in _ENDS:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    if not as_json and _is_terminal():
        from tertulia.chat.terminal import Terminal

        with Terminal(conversation.complete) as terminal:
            return await conversation.run(terminal)
    pipe = Pipe(sys.stdin.fileno(), sys.stdout.buffer, sys.stderr.buffer, as_json=as_json)
    return await conversation.run(pipe)


def _is_terminal() -> bool:
    """Tell whether somebody sits in front of this program, at a terminal that can draw."""
    is_drawing = os.name == "posix" and os.environ.get("TERM", "dumb") != "dumb"
    return is_drawing and sys.stdin.isatty() and sys.stdout.isatty()
