"""Tests of completion."""

from __future__ import annotations

import pytest

from tertulia.chat.completion import complete


@pytest.mark.parametrize(
    ("before", "beginning", "choices"),
    [
        ("", "/jo", ["/join "]),
        ("", "/", ["/join ", "/leave "]),
        ("", "/JO", ["/join "]),
        ("", "an", ["Ana: ", "Anabela: "]),
        ("hello ", "JOAO", ["João "]),
        ("hello ", "/jo", []),
        ("", "", []),
        ("/join ", "lo", ["lobby "]),
        ("/msg ", "b", ["bar ", "bob "]),
        ("see ", "#l", ["#lobby "]),
        ("see ", "lob", []),
    ],
)
def test_a_word_may_become(before: str, beginning: str, choices: list[str]) -> None:
    found = complete(
        before,
        beginning,
        commands=["/join", "/leave"],
        nicks=["bob", "Ana", "Anabela", "João"],
        rooms=["lobby", "bar"],
    )
    assert sorted(found) == sorted(choices)
