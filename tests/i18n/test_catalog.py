from __future__ import annotations

import pytest

from tertulia import i18n
from tertulia.core.errors import RateLimited, Refusal, describe

ONE, MANY = "{count} person is online.", "{count} people are online."


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "That would be you."),
        ("pt", "É o seu próprio nick."),
        ("es", "Ese es tu propio nick."),
    ],
)
def test_each_language_has_its_texts(code: str, text: str) -> None:
    assert i18n.translator(code)("That would be you.") == text
    assert i18n.catalog(code).code == code


@pytest.mark.parametrize(
    ("code", "none", "one", "two"),
    [
        ("en", "0 people are online.", "1 person is online.", "2 people are online."),
        ("pt", "Há 0 pessoas online.", "Há 1 pessoa online.", "Há 2 pessoas online."),
        ("es", "Hay 0 personas en línea.", "Hay 1 persona en línea.", "Hay 2 personas en línea."),
    ],
)
def test_each_language_counts_in_its_own_way(code: str, none: str, one: str, two: str) -> None:
    catalog = i18n.catalog(code)
    said = [catalog.ngettext(ONE, MANY, count).format(count=count) for count in (0, 1, 2)]
    assert said == [none, one, two]


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_what_has_no_translation_stays_as_it_is(code: str) -> None:
    catalog = i18n.catalog(code)
    assert catalog.gettext("no such text") == "no such text"
    assert catalog.ngettext("one of it", "many of it", 2) == "many of it"
    assert catalog.gettext("") == ""


def test_a_catalogue_is_loaded_once() -> None:
    assert i18n.catalog("pt") is i18n.catalog("pt")


def test_there_is_no_catalogue_of_another_language() -> None:
    for code in ("", "fr", "pt-BR", "../pt"):
        with pytest.raises(ValueError, match="no such language"):
            i18n.catalog(code)


@pytest.mark.parametrize("code", ["pt", "es"])
def test_every_refusal_is_translated(code: str) -> None:
    translate = i18n.translator(code)
    for kind in Refusal.__subclasses__():
        assert translate(kind.template) != kind.template


def test_a_refusal_is_told_with_its_data_in_each_language() -> None:
    assert [describe(RateLimited(2.6), i18n.translator(code)) for code in i18n.LANGUAGES] == [
        "You are too fast. Try again in 3 s.",
        "Rápido demais. Tente de novo daqui a 3 s.",
        "Vas demasiado rápido. Inténtalo de nuevo dentro de 3 s.",
    ]
