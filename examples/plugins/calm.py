"""Calm: filters that rewrite what is shouted and refuse what is not wanted.

tertulia serve --plugin examples/plugins/calm.py
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from tertulia.core.commands import EditMessage, PostDirect, PostMessage
from tertulia.plugins import Asked, command_filter

SHOUTED = 8
"""Letters from which on capitals are shouting."""
UNWANTED = re.compile(r"\b(darn|heck)\b", re.IGNORECASE)


@command_filter()
def mind_your_words(asked: Asked, command: PostMessage | PostDirect | EditMessage) -> None:
    """Refuse some words, wherever they are said."""
    found = UNWANTED.search(command.text)
    if found is not None:
        raise asked.refusal(f"Not {found[0]}, please.")


@command_filter()
def speak_softly(asked: Asked, command: PostMessage) -> PostMessage | None:
    """Say what is shouted in small letters."""
    letters = [letter for letter in command.text if letter.isalpha()]
    if len(letters) < SHOUTED or not all(map(str.isupper, letters)):
        return None
    return replace(command, text=command.text.capitalize())
