"""Languages: which there are, how people write their names, and what a catalogue can do.

The catalogues themselves are files and are loaded elsewhere (`tertulia.i18n`); whatever makes
sentences is handed one that looks like `Catalog`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Protocol

LANGUAGES: Final = ("en", "pt", "es")
"""The languages that every text of ours exists in; the first is the one they are written in."""

LANGUAGE_NAMES: Final = {"en": "English", "pt": "português", "es": "español"}
"""Each language's own name for itself."""

_ALSO: Final = {
    "en": ("eng", "english", "ingles"),
    "pt": ("por", "portugues", "portuguese", "brasileiro"),
    "es": ("spa", "espanol", "spanish", "espanhol", "castellano"),
}
_CODES: Final = {name: code for code in LANGUAGES for name in (code, *_ALSO[code])}


class Catalog(Protocol):
    """The texts of one language."""

    @property
    def code(self) -> str:
        """Which of `LANGUAGES` this is."""
        ...

    def gettext(self, message: str, /) -> str:
        """Return `message` in this language; unchanged when it has no translation."""
        ...

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        """Return the form that goes with `count`."""
        ...


class English:
    """The catalogue of the language that all texts are written in: it changes nothing."""

    code: Final = "en"

    def gettext(self, message: str, /) -> str:
        """Return `message`."""
        return message

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        """Return `one` when `count` is 1, else `many`."""
        return one if count == 1 else many


def match_language(text: str) -> str | None:
    """Return the language that `text` names (`pt-BR`, `es_ES.UTF-8`, `português`), or None."""
    return _CODES.get(re.split(r"[-_.@]", fold(text.strip()), maxsplit=1)[0])


def fold(text: str) -> str:
    """Return `text` without case and accents, for comparing words that people typed."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
