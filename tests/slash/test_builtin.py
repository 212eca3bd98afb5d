from __future__ import annotations

import re
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia import i18n
from tertulia.core.errors import describe
from tertulia.core.language import fold
from tertulia.slash import BUILTIN, Row, Typed, builtin, run
from tests.fakes import FakeGateway
from tests.slash.typist import Typist

NAMES = """
    help nick join leave create close rooms users whois msg reply me topic history search edit
    delete react unreact away back ignore unignore lang time quit shutdown
""".split()

FOREIGN = {
    "ENTRAR": "nick",
    "USUARIOS": "users",
    "USUÁRIOS": "users",
    "SAIR": "quit",
    "SALIR": "quit",
    "salas": "rooms",
    "ir": "join",
    "dejar": "leave",
    "deixar": "leave",
    "criar": "create",
    "crear": "create",
    "fechar": "close",
    "cerrar": "close",
    "quem": "whois",
    "quién": "whois",
    "mensagem": "msg",
    "mensaje": "msg",
    "responder": "reply",
    "eu": "me",
    "yo": "me",
    "assunto": "topic",
    "tema": "topic",
    "historico": "history",
    "historial": "history",
    "buscar": "search",
    "editar": "edit",
    "apagar": "delete",
    "borrar": "delete",
    "reagir": "react",
    "reaccionar": "react",
    "retirar": "unreact",
    "ausente": "away",
    "voltei": "back",
    "volvi": "back",
    "ignorar": "ignore",
    "designorar": "unignore",
    "idioma": "lang",
    "hora": "time",
    "ajuda": "help",
    "ayuda": "help",
    "desligar": "shutdown",
    "detener": "shutdown",
}

rows = pytest.mark.parametrize("row", BUILTIN, ids=lambda row: row.name)


def test_these_are_the_commands() -> None:
    assert sorted(row.name for row in BUILTIN) == sorted(NAMES)


@pytest.mark.parametrize(("word", "name"), FOREIGN.items())
def test_portuguese_and_spanish_words_mean_the_same_rows(word: str, name: str) -> None:
    assert builtin().find(word).name == name


def test_every_row_has_a_word_in_portuguese_and_spanish() -> None:
    assert {builtin().find(word).name for word in FOREIGN} == set(NAMES)


@rows
def test_a_usage_begins_with_the_name_and_a_help_is_one_sentence(row: Row) -> None:
    assert row.usage.split()[0] == f"/{row.name}"
    assert re.fullmatch(r"[A-Z][^.]*\.", row.help)


@rows
@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_a_usage_in_any_language_names_the_row_it_is_of(row: Row, code: str) -> None:
    word = i18n.catalog(code).gettext(row.usage).split()[0]
    assert word.startswith("/")
    assert fold(word[1:]) in map(fold, row.words)


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_every_command_named_in_a_text_is_one(code: str) -> None:
    catalog = i18n.catalog(code)
    exact = {fold(word) for row in BUILTIN for word in row.words}
    for row in BUILTIN:
        named = re.findall(r"(?<!/)/(\w+)", catalog.gettext(row.help))
        assert all(fold(word) in exact for word in named)


typed = st.builds(
    Typed,
    st.sampled_from([word for row in BUILTIN for word in row.words]) | st.text(max_size=12),
    st.text(max_size=40)
    | st.lists(
        st.sampled_from(["#3", "#99", "ana", "bob", "@bob", "lobby", "#lobby", "tea", "-", "{0}"])
        | st.text(max_size=5),
        max_size=4,
    ).map(" ".join),
)


@settings(deadline=None)
@given(st.lists(typed, max_size=8), st.sampled_from(i18n.LANGUAGES), st.booleans())
def test_whatever_is_typed_is_answered_in_clean_lines(
    lines: list[Typed], code: str, operator: bool
) -> None:
    gateway = FakeGateway()
    catalog = i18n.catalog(code)
    ana = Typist(gateway, "ana", operator=operator, catalog=catalog)
    bob = Typist(gateway, "bob")
    ana.types("hello\nall")
    bob.types("hi")
    for line in lines:
        pending = run(ana.call(), line)
        if pending is not None:
            with pytest.raises(StopIteration):
                pending.send(None)
    shown = ana.reply.lines + [describe(refusal, catalog.gettext) for refusal in ana.reply.refusals]
    assert not any(category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in "".join(shown))
