"""Loading catalogues: compiled gettext files that lie beside this module, each read once."""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations
from importlib.resources import files

from tertulia.core.errors import Translate
from tertulia.core.language import LANGUAGES, Catalog, English


class GettextCatalog:
    """The texts of one language; implements `core.language.Catalog`."""

    __slots__ = ("_translations", "code")

    def __init__(self, code: str, translations: GNUTranslations) -> None:
        """Speak the language `code` with `translations`."""
        self.code = code
        self._translations = translations

    def gettext(self, message: str, /) -> str:
        """Return `message` in this language; unchanged when it has no translation."""
        # The empty message id holds the file's header, which is no text for anybody.
        return self._translations.gettext(message) if message else ""

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        """Return the form that goes with `count`."""
        return self._translations.ngettext(one, many, count)


@cache
def catalog(code: str) -> Catalog:
    """Return the catalogue of a language, the same one every time.

    Raises:
        ValueError: `code` is none of `LANGUAGES`.
    """
    if code not in LANGUAGES:
        raise ValueError(f"no such language: {code}")
    if code == English.code:
        return English()
    place = files("tertulia.i18n") / "locales" / code / "LC_MESSAGES" / "tertulia.mo"
    with place.open("rb") as file:
        return GettextCatalog(code, GNUTranslations(file))


def translator(code: str) -> Translate:
    """Return the function that translates into a language.

    Raises:
        ValueError: `code` is none of `LANGUAGES`.
    """
    return catalog(code).gettext
