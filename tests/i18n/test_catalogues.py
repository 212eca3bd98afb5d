from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tools import catalogues


def test_the_catalogues_are_complete_and_current() -> None:
    assert list(catalogues.problems()) == []


def test_bringing_them_up_to_date_again_changes_no_file() -> None:
    before = [catalogues.po_path(code).read_bytes() for code in catalogues.TRANSLATED]
    fresh = catalogues.template()
    after = [catalogues.updated(code, fresh) for code in catalogues.TRANSLATED]
    assert after == before


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source of two texts, whose catalogues are in the temporary folder too."""
    source = tmp_path / "src"
    source.mkdir()
    (source / "texts.py").write_text(
        'gettext("hello {name}")\nngettext("{n} of it", "{n} of them", n)\nother("not this")\n'
    )
    monkeypatch.setattr(catalogues, "SOURCE", source)
    monkeypatch.setattr(catalogues, "LOCALES", tmp_path / "locales")
    monkeypatch.setattr(catalogues, "TRANSLATED", ("pt",))
    return tmp_path


def translate(**texts: str | tuple[str, ...]) -> None:
    catalog = catalogues.read_translations("pt")
    for message in catalog:
        for name, text in texts.items():
            if name in str(message.id):
                message.string = text
    write(catalog)


def write(catalog: Catalog) -> None:
    catalogues.po_path("pt").write_bytes(catalogues.po_bytes("pt", catalog))


def test_what_is_not_translated_is_a_problem(elsewhere: Path) -> None:
    catalogues.update()
    catalogues.compile_all()
    assert list(catalogues.problems()) == [
        "pt: not translated: 'hello {name}'",
        "pt: not translated: ('{n} of it', '{n} of them')",
    ]


def test_a_complete_translation_is_no_problem(elsewhere: Path) -> None:
    catalogues.update()
    translate(hello="olá {name}", of=("{n} disso", "{n} disso tudo"))
    assert list(catalogues.problems()) == ["pt: the .mo file is not what the .po file says"]
    catalogues.compile_all()
    assert list(catalogues.problems()) == []


def test_other_placeholders_are_a_problem(elsewhere: Path) -> None:
    catalogues.update()
    translate(hello="olá {nome}", of=("{n} disso", "disso tudo"))
    catalogues.compile_all()
    assert list(catalogues.problems()) == [
        "pt: other placeholders: 'hello {name}'",
        "pt: other placeholders: ('{n} of it', '{n} of them')",
    ]


def test_a_doubtful_translation_is_a_problem(elsewhere: Path) -> None:
    catalogues.update()
    translate(hello="olá {name}", of=("{n} disso", "{n} disso tudo"))
    catalog = catalogues.read_translations("pt")
    for message in catalog:
        if message.id == "hello {name}":
            message.flags.add("fuzzy")
    write(catalog)
    assert "pt: fuzzy: 'hello {name}'" in list(catalogues.problems())


def test_a_changed_source_is_a_problem_until_it_is_updated(elsewhere: Path) -> None:
    catalogues.update()
    translate(hello="olá {name}", of=("{n} disso", "{n} disso tudo"))
    (elsewhere / "src" / "texts.py").write_text('N_("hello {name}")\n_("bye")\n')
    catalogues.compile_all()
    assert list(catalogues.problems()) == [
        "pt: not in the .po file: 'bye'",
        "pt: not in the source: ('{n} of it', '{n} of them')",
    ]
    catalogues.update()
    catalogues.compile_all()
    assert list(catalogues.problems()) == ["pt: not translated: 'bye'"]


def test_checking_ends_with_what_is_wrong(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogues.update()
    with pytest.raises(SystemExit, match="not translated: 'hello {name}'"):
        catalogues.check()


def test_checking_what_is_right_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    catalogues.check()
    assert capsys.readouterr().out == ""


def test_the_template_has_the_texts_and_their_files(
    elsewhere: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    catalogues.extract()
    printed = capfdbinary.readouterr().out
    assert b'#: texts.py\n#, python-brace-format\nmsgid "hello {name}"' in printed
    assert b"not this" not in printed
