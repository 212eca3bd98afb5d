from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.masks import clean_mask, matches
from tertulia.wire.irc.message import (
    MAX_PARAMS,
    Message,
    escape,
    format_line,
    format_tags,
    parse,
    split_text,
    unescape,
)

VECTORS = json.loads((Path(__file__).parent / "vectors" / "parser-tests.json").read_text())
CORPUS = [
    "",
    " ",
    ":",
    "@",
    "@ ",
    "@a=b",
    ":source",
    ": PRIVMSG",
    "PRIVMSG",
    "PRIVMSG :",
    "PRIVMSG #a :one\rtwo\0three",
    "@" + "a;" * 5000 + " PING x",
    "PING " + "a " * 10_000,
    "@a=\\ PING",
    "\ufffd\u202e PRIVMSG",
]

texts = st.text(max_size=60)


@pytest.mark.parametrize("vector", VECTORS["msg-split"], ids=lambda vector: vector["input"][:40])
def test_the_vectors_are_read_as_they_say(vector: dict[str, Any]) -> None:
    atoms = vector["atoms"]
    message = parse(vector["input"])
    assert message is not None
    assert message.command == atoms["verb"].upper()
    assert list(message.params) == atoms.get("params", [])
    assert message.source == atoms.get("source", "")
    assert dict(message.tags) == atoms.get("tags", {})


@pytest.mark.parametrize("vector", VECTORS["mask-match"], ids=lambda vector: vector["mask"])
def test_the_masks_match_as_the_vectors_say(vector: dict[str, Any]) -> None:
    assert all(matches(vector["mask"], text) for text in vector["matches"])
    assert not any(matches(vector["mask"], text) for text in vector["fails"])


@pytest.mark.parametrize("line", CORPUS)
def test_rubbish_is_a_message_or_none(line: str) -> None:
    message = parse(line)
    assert message is None or len(message.params) <= MAX_PARAMS + 2


@given(texts)
def test_any_line_is_a_message_or_none(line: str) -> None:
    assert parse(line) is None or isinstance(parse(line), Message)


@given(texts, st.text(st.characters(codec="utf-8"), max_size=50))
def test_nothing_that_is_written_begins_another_line(source: str, last: str) -> None:
    line = format_line("irc.example", "PRIVMSG", ("#a", source + last))
    assert not {"\r", "\n", "\0"} & set(line)


@given(st.dictionaries(st.from_regex(r"\+?[a-z]{1,8}", fullmatch=True), texts, max_size=4))
def test_tags_come_back_as_they_were(tags: dict[str, str]) -> None:
    written = format_tags(tags.items())
    message = parse(f"{written}PING x")
    assert message is not None
    assert dict(message.tags) == {name: value.replace("\0", "") for name, value in tags.items()}


@given(texts)
def test_an_escaped_value_holds_nothing_that_ends_it(value: str) -> None:
    assert not {";", " ", "\r", "\n", "\0"} & set(escape(value))
    assert unescape(escape(value)) == value.replace("\0", "")


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.integers(4, 60))
def test_a_text_is_split_on_the_borders_of_characters(text: str, size: int) -> None:
    pieces = split_text(text, size)
    assert all(len(piece.encode()) <= size for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("typed", "mask"),
    [
        ("ana", "ana!*@*"),
        ("@host", "*!*@host"),
        ("u@host", "*!u@host"),
        ("a!b@c", "a!b@c"),
        ("a!b", "a!b@*"),
        ("", ""),
        ("two words", ""),
    ],
)
def test_a_mask_is_made_whole(typed: str, mask: str) -> None:
    assert clean_mask(typed) == mask


def test_a_mask_of_many_stars_takes_no_time() -> None:
    assert not matches("*a" * 90, "a" * 200 + "b" * 200)
