"""Messages of the benchmark: their length, and that nothing but a whole one matches."""

from __future__ import annotations

from benchmarks.payload import RECORD, compose


def test_a_message_has_100_bytes_whatever_its_numbers() -> None:
    assert [len(compose(*numbers)) for numbers in [(0, 1, 0), (9999, 99_999_999, 10**12 - 1)]] == [
        100,
        100,
    ]


def test_a_message_is_found_behind_its_author_with_its_numbers() -> None:
    match = RECORD.search(b"12:34 ana: " + compose(7, 42, 1234567) + b"\r\n")
    assert match is not None
    assert [int(group) for group in match.groups()] == [7, 42, 1234567]


def test_a_message_with_a_letter_changed_does_not_match() -> None:
    line = compose(7, 42, 1234567) + b"\r\n"
    assert RECORD.search(line.replace(b"room", b"broom")) is None
    assert RECORD.search(line[:-3] + b"\r\n") is None
