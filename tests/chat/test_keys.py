"""Tests of keys: what terminals send, whole and in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.chat.keys import LONGEST_PASTE, Action, Key, KeyReader

KEYS = {
    b"a": Key(Action.INSERT, "a"),
    "ã日👍".encode(): Key(Action.INSERT, "ã日👍"),
    b"\r": Key(Action.ENTER),
    b"\n": Key(Action.ENTER),
    b"\t": Key(Action.COMPLETE),
    b"\x7f": Key(Action.DELETE_BEFORE),
    b"\x08": Key(Action.DELETE_BEFORE),
    b"\x01": Key(Action.START),
    b"\x05": Key(Action.END),
    b"\x15": Key(Action.DELETE_TO_START),
    b"\x0b": Key(Action.DELETE_TO_END),
    b"\x17": Key(Action.DELETE_WORD_BEFORE),
    b"\x03": Key(Action.INTERRUPT),
    b"\x04": Key(Action.END_OF_INPUT),
    b"\x1a": Key(Action.SUSPEND),
    b"\x0c": Key(Action.CLEAR),
    b"\x1b[A": Key(Action.OLDER),
    b"\x1bOA": Key(Action.OLDER),
    b"\x1b[B": Key(Action.NEWER),
    b"\x1b[C": Key(Action.RIGHT),
    b"\x1b[D": Key(Action.LEFT),
    b"\x1b[H": Key(Action.START),
    b"\x1b[1~": Key(Action.START),
    b"\x1b[F": Key(Action.END),
    b"\x1b[3~": Key(Action.DELETE_AFTER),
    b"\x1b[1;5D": Key(Action.WORD_LEFT),
    b"\x1b[1;3C": Key(Action.WORD_RIGHT),
    b"\x1b[3;5~": Key(Action.DELETE_WORD_AFTER),
    b"\x1b[1;1C": Key(Action.RIGHT),
    b"\x1bb": Key(Action.WORD_LEFT),
    b"\x1bf": Key(Action.WORD_RIGHT),
    b"\x1b\x7f": Key(Action.DELETE_WORD_BEFORE),
    b"\x1b[200~two\r\nlines\x1b[A\x1b[201~": Key(Action.INSERT, "two\nlines\x1b[A"),
}


@pytest.mark.parametrize("data", KEYS, ids=repr)
def test_a_key_is_known_by_what_it_sends(data: bytes) -> None:
    assert KeyReader().receive_data(data) == [KEYS[data]]


@pytest.mark.parametrize("data", KEYS, ids=repr)
def test_a_key_may_come_one_byte_at_a_time(data: bytes) -> None:
    reader = KeyReader()
    keys = [key for place in range(len(data)) for key in reader.receive_data(data[place:][:1])]
    text = "".join(key.text for key in keys)
    assert {key.action for key in keys} == {KEYS[data].action}
    assert text == KEYS[data].text


@pytest.mark.parametrize(
    "data", [b"\x1b[5~", b"\x1b[15~", b"\x1bOP", b"\x1b[Z", b"\x00", b"\x1b[M"]
)
def test_a_key_without_a_meaning_does_nothing(data: bytes) -> None:
    assert KeyReader().receive_data(data + b"x") == [Key(Action.INSERT, "x")]


def test_escape_and_a_letter_is_the_letter() -> None:
    reader = KeyReader()
    assert reader.receive_data(b"\x1b") == []
    assert reader.receive_data(b"x") == [Key(Action.INSERT, "x")]
    assert reader.receive_data(b"\x1b\x1b[A") == [Key(Action.OLDER)]


def test_both_ends_of_a_line_are_one_key() -> None:
    assert KeyReader().receive_data(b"a\r\nb\r") == [
        Key(Action.INSERT, "a"),
        Key(Action.ENTER),
        Key(Action.INSERT, "b"),
        Key(Action.ENTER),
    ]


def test_what_is_no_utf_8_is_shown_as_such() -> None:
    assert KeyReader().receive_data(b"a\xffb") == [Key(Action.INSERT, "a\ufffdb")]


def test_a_paste_has_a_bound() -> None:
    reader = KeyReader()
    assert reader.receive_data(b"\x1b[200~") == []
    for _ in range(20):
        assert reader.receive_data(b"x" * 10_000) == []
    [key] = reader.receive_data(b"\x1b[201~")
    assert key.text == "x" * LONGEST_PASTE


@given(st.lists(st.binary(max_size=12), max_size=8))
def test_nothing_that_is_sent_breaks_it(pieces: list[bytes]) -> None:
    reader = KeyReader()
    for piece in pieces:
        for key in reader.receive_data(piece):
            assert key.text or key.action is not Action.INSERT or "200~" in repr(pieces)
    assert reader.receive_data(b"\x1b[201~\x1b[201~z")[-1].text.endswith("z")
