from __future__ import annotations

from datetime import UTC, timedelta, timezone, tzinfo

import pytest

from tertulia import i18n
from tertulia.core.errors import DidYouMean, OperatorsOnly, UnknownLanguage, Usage
from tests.fakes import FakeGateway
from tests.slash.typist import Typist

LANGUAGES = "English (en), português (pt), español (es)"


def test_help_lists_the_commands(ana: Typist) -> None:
    lines = ana.types("/help")
    assert "  /join ROOM             Takes you into a room, or back to one of yours." in lines
    assert not any("/shutdown" in line for line in lines)


def test_help_for_operators_lists_theirs_too(gateway: FakeGateway) -> None:
    assert any("/shutdown" in line for line in Typist(gateway, operator=True).types("/?"))


@pytest.mark.parametrize("word", ["leave", "/LEAVE", "deixar", "lea"])
def test_help_tells_about_one_command(ana: Typist, word: str) -> None:
    assert ana.types(f"/help {word}") == [
        "/leave [ROOM]",
        "  Leaves ROOM, or the one you talk in.",
        "  Also: /part /deixar /dejar",
    ]


def test_help_about_a_command_for_operators_says_so(ana: Typist) -> None:
    assert ana.types("/help shutdown")[-1] == "  For operators."


def test_help_about_what_is_no_command_is_refused(ana: Typist) -> None:
    assert ana.refused("/help jion") == DidYouMean("jion", "join")
    assert ana.refused("/help join leave") == Usage("/help [WORD]")


def test_lang_tells_which_language_one_reads(ana: Typist) -> None:
    assert ana.types("/lang") == [f"You read English. This chat speaks {LANGUAGES}."]


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("pt-BR", "pt", "português"),
        ("español", "es", "español"),
        ("EN", "en", "English"),
    ],
)
def test_lang_changes_the_language_and_says_so_in_it(
    ana: Typist, typed: str, code: str, said: str
) -> None:
    ana.reply.catalogs = {code: i18n.catalog(code) for code in i18n.LANGUAGES}
    [line] = ana.types(f"/lang {typed}")
    assert ana.reply.languages == [code]
    assert said in line
    assert (line == "You read English from now on.") == (code == "en")


def test_a_language_that_the_chat_does_not_speak_is_refused(ana: Typist) -> None:
    assert ana.refused("/lang klingon") == UnknownLanguage("klingon", LANGUAGES)
    assert ana.refused("/lang pt br") == Usage("/lang [CODE]")


@pytest.mark.parametrize(
    ("zone", "line"),
    [
        (UTC, "It is 12:00:00 on 2026-11-20 (UTC)."),
        (timezone(timedelta(hours=13)), "It is 01:00:00 on 2026-11-21 (UTC+13:00)."),
    ],
)
def test_time_tells_the_time_of_the_zone(ana: Typist, zone: tzinfo, line: str) -> None:
    ana.zone = zone
    assert ana.types("/time") == [line]
    assert ana.refused("/time now") == Usage("/time")


def test_quit_takes_the_parting_words_along(ana: Typist) -> None:
    assert ana.types("/QUIT good \x1b[1mnight ") == []
    assert ana.types("/SAIR") == []
    assert ana.types("/SALIR") == []
    assert ana.reply.partings == ["good night", "", ""]


def test_shutdown_is_for_operators(gateway: FakeGateway, ana: Typist) -> None:
    assert ana.refused("/shutdown") == OperatorsOnly()
    assert gateway.shutdowns == 0
    assert Typist(gateway, operator=True).types("/shutdown") == []
    assert gateway.shutdowns == 1


def test_a_setting_may_let_everyone_shut_the_chat_down(gateway: FakeGateway, ana: Typist) -> None:
    gateway.anyone_may_shutdown = True
    assert ana.types("/shutdown") == []
    assert ana.refused("/shutdown now") == Usage("/shutdown")
    assert gateway.shutdowns == 1
