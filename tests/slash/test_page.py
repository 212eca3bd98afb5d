from __future__ import annotations

from pathlib import Path

import pytest

from tertulia import i18n
from tertulia.slash import BUILTIN, builtin, page
from tertulia.slash.columns import SCREEN, width

REFERENCE = Path(__file__).parents[2] / "docs" / "slash-commands.md"


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_the_overview_gives_every_row_one_line_that_fits(code: str) -> None:
    catalog = i18n.catalog(code)
    lines = page.overview(BUILTIN, catalog)
    for row in BUILTIN:
        [line] = [line for line in lines if line.startswith(f"  {catalog.gettext(row.usage)} ")]
        assert line.endswith(f"  {catalog.gettext(row.help)}")
    assert all(width(line) <= SCREEN for line in lines)


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_the_sentences_of_the_overview_stand_in_one_column(code: str) -> None:
    catalog = i18n.catalog(code)
    helps = [catalog.gettext(row.help) for row in BUILTIN]
    lines = page.overview(BUILTIN, catalog)
    columns = {width(line[: line.index(help)]) for line in lines for help in helps if help in line}
    assert len(columns) == 1


def test_the_overview_leaves_out_groups_without_rows() -> None:
    rows = [row for row in BUILTIN if row.name in ("join", "help")]
    lines = page.overview(rows, i18n.catalog("en"))
    assert [line for line in lines if line and line[0] not in " /"][1:] == ["Rooms", "This chat"]
    assert page.overview([], i18n.catalog("en"))[1:] == [
        "",
        "/help WORD tells more about one. //text says /text.",
    ]


def test_a_page_in_another_language_begins_with_its_word() -> None:
    row = builtin().find("users")
    lines = page.about(row, i18n.catalog("pt"))
    assert lines[0] == "/usuários [SALA]"
    assert "/usuários" not in lines[-1]
    assert "/users" in lines[-1]


def test_a_row_without_other_words_has_no_line_of_them() -> None:
    row = builtin().find("back")
    assert len(page.about(row, i18n.catalog("en"))) == 3


def test_the_reference_page_has_every_word_and_is_current() -> None:
    text = page.reference(BUILTIN)
    for row in BUILTIN:
        assert f"`{row.usage}`" in text
        assert all(f"`/{word}`" in text for word in row.aliases)
    # `python tools/slash_page.py` writes it.
    assert REFERENCE.read_text("utf-8") == text
