"""Tests of what is one sign, and how wide it is."""

from __future__ import annotations

import pytest

from tertulia.chat.clusters import after, before, signs, width

FAMILY = "👩\u200d👩\u200d👧"
ACCENT = "e\u0301"
THUMB = "👍\U0001f3fd"


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("abc", 3), ("olá", 3), (ACCENT, 1), ("日本", 4), ("👍", 2), (THUMB, 2), (FAMILY, 2)],
)
def test_a_text_has_so_many_columns(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize("sign", ["a", ACCENT, "日", THUMB, FAMILY])
def test_a_sign_is_passed_as_one(sign: str) -> None:
    text = f"x{sign}y"
    assert before(text, 1 + len(sign)) == 1
    assert after(text, 1) == 1 + len(sign)
    assert list(signs(text)) == ["x", sign, "y"]


def test_there_is_nothing_beyond_the_ends() -> None:
    assert before("", 0) == before("a", 0) == 0
    assert after("", 0) == 0
    assert after("a", 1) == 1
