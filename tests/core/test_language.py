from __future__ import annotations

import pytest

from tertulia.core.language import LANGUAGE_NAMES, LANGUAGES, English, fold, match_language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("en", "en"),
        ("EN-US", "en"),
        ("pt-BR", "pt"),
        ("PT", "pt"),
        (" pt_PT.UTF-8 ", "pt"),
        ("português", "pt"),
        ("Portugues", "pt"),
        ("es_ES", "es"),
        ("es@euro", "es"),
        ("ESPAÑOL", "es"),
        ("castellano", "es"),
        ("spa", "es"),
        ("inglés", "en"),
    ],
)
def test_a_language_is_known_by_what_people_call_it(text: str, code: str) -> None:
    assert match_language(text) == code


@pytest.mark.parametrize("text", ["", "-", "klingon", "e", "pte", "ptBR"])
def test_what_names_no_language_is_none(text: str) -> None:
    assert match_language(text) is None


def test_every_language_answers_to_its_own_name() -> None:
    assert [match_language(LANGUAGE_NAMES[code]) for code in LANGUAGES] == list(LANGUAGES)


def test_folding_drops_case_and_accents() -> None:
    assert fold("HISTÓRICO") == fold("histo\u0301rico") == "historico"
    assert fold("Ñandú ß") == "nandu ss"


def test_english_needs_no_translation() -> None:
    english = English()
    assert english.gettext("{x} is here") == "{x} is here"
    assert [english.ngettext("one", "many", count) for count in (0, 1, 2)] == [
        "many",
        "one",
        "many",
    ]
