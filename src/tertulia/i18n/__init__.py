"""Translations: the catalogues of the languages of `tertulia.core.language`.

Every text is written in English in the code; `locales` has the others. Nothing is loaded before
it is asked for.
"""

from __future__ import annotations

from tertulia.core.language import LANGUAGE_NAMES, LANGUAGES, match_language
from tertulia.i18n.catalog import GettextCatalog, catalog, translator

__all__ = [
    "LANGUAGES",
    "LANGUAGE_NAMES",
    "GettextCatalog",
    "catalog",
    "match_language",
    "translator",
]
