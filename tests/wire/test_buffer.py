"""Lines out of bytes: any cut gives the same lines, and the memory is bounded."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.wire.buffer import Line, LineBuffer, NotUtf8, Result, TooLong


def lines(*pieces: bytes, limit: int = 100) -> list[Result]:
    buffer = LineBuffer(limit)
    return [result for piece in pieces for result in buffer.receive_data(piece)]


def texts(*pieces: bytes) -> list[str]:
    return [result.text for result in lines(*pieces) if isinstance(result, Line)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\0", b"\r"])
def test_every_line_end_ends_one_line(end: bytes) -> None:
    assert lines(b"one" + end + b"two" + end + end) == [Line("one"), Line("two"), Line("")]


@pytest.mark.parametrize("end", [b"\r\n", b"\r\0"])
def test_a_line_end_that_is_cut_in_two_ends_one_line(end: bytes) -> None:
    buffer = LineBuffer(100)
    assert buffer.receive_data(b"one" + end[:1]) == [Line("one")]
    assert buffer.receive_data(end[1:] + b"two\n") == [Line("two")]


def test_a_carriage_return_after_a_carriage_return_is_another_line() -> None:
    assert texts(b"one\r", b"\rtwo\n") == ["one", "", "two"]


def test_only_one_line_feed_belongs_to_a_carriage_return() -> None:
    assert texts(b"one\r", b"\n", b"\n") == ["one", ""]


def test_a_letter_that_is_cut_in_two_is_put_together() -> None:
    data = "ação 🎉\n".encode()
    assert texts(*(data[at : at + 1] for at in range(len(data)))) == ["ação 🎉"]


def test_several_lines_in_one_piece_come_in_order() -> None:
    assert texts(b"a\nb\n", b"c\nd", b"e\n") == ["a", "b", "c", "de"]


def test_nothing_in_is_nothing_out() -> None:
    assert lines(b"") == []


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xe9t\xe9"])
def test_bytes_that_are_no_utf8_are_told_and_not_passed_on(bad: bytes) -> None:
    assert lines(b"one\n" + bad + b"\ntwo\n") == [Line("one"), NotUtf8(), Line("two")]


def test_a_line_of_exactly_the_bound_is_taken() -> None:
    assert lines(b"x" * 10 + b"\r\n", limit=10) == [Line("x" * 10)]


@pytest.mark.parametrize("cut", [0, 1, 9, 10, 11, 15])
def test_a_longer_line_is_told_once_and_skipped_to_its_end(cut: int) -> None:
    data = b"x" * 15 + b"\nafter\n"
    assert lines(data[:cut], data[cut:], limit=10) == [TooLong(), Line("after")]


def test_a_line_that_is_too_long_is_told_before_its_end_comes() -> None:
    assert lines(b"x" * 11, b"y" * 50, limit=10) == [TooLong()]


def test_a_line_that_is_too_long_among_others_keeps_its_place() -> None:
    data = b"one\n" + b"x" * 11 + b"\ntwo\n"
    assert lines(data, limit=10) == [Line("one"), TooLong(), Line("two")]


def test_ten_megabytes_without_a_line_end_hold_no_memory() -> None:
    buffer = LineBuffer(8192)
    piece = b"x" * 65536
    tracemalloc.start()
    try:
        told = [result for _ in range(160) for result in buffer.receive_data(piece)]
        assert tracemalloc.get_traced_memory()[1] < 20_000
    finally:
        tracemalloc.stop()
    assert told == [TooLong()]
    assert buffer.receive_data(b"\nhello\n") == [Line("hello")]


@pytest.mark.parametrize("key", [b"\x08", b"\x7f"])
def test_backspace_takes_back_a_whole_letter(key: bytes) -> None:
    assert texts("añ".encode() + key + "b🎉".encode() + key + b"c\r") == ["abc"]


def test_backspace_in_a_piece_of_its_own_takes_back_a_letter() -> None:
    assert texts(*(bytes((key,)) for key in b"helpo\x7f\x7flo\r")) == ["hello"]


def test_backspace_at_the_start_of_a_line_takes_back_nothing() -> None:
    assert texts(b"one\n\x08\x08two\n", b"\x7f\x7f\n") == ["one", "two", ""]


def test_control_u_takes_back_the_line() -> None:
    assert texts(b"hello", b" wor\x15bye\n", b"\x15\n") == ["bye", ""]


def test_a_line_is_measured_as_it_reads_after_erasing() -> None:
    assert lines(b"ab\x7f" * 10 + b"\n", limit=11) == [Line("a" * 10)]
    assert lines(b"x" * 11 + b"\x7f" * 11 + b"\n\x7fok\n", limit=10) == [TooLong(), Line("ok")]


def test_a_last_line_without_an_end_counts() -> None:
    buffer = LineBuffer(100)
    assert buffer.receive_data(b"one\ntwo") == [Line("one")]
    assert buffer.receive_eof() == [Line("two")]
    assert buffer.receive_eof() == []


@pytest.mark.parametrize("data", [b"", b"one\n", b"one\r", b"x\x7f", b"x" * 200])
def test_nothing_counts_at_the_end_when_nothing_is_left(data: bytes) -> None:
    buffer = LineBuffer(100)
    buffer.receive_data(data)
    assert buffer.receive_eof() == []


def test_a_last_line_that_is_no_utf8_is_told() -> None:
    buffer = LineBuffer(100)
    buffer.receive_data(b"\xe2\x82")
    assert buffer.receive_eof() == [NotUtf8()]


def expected(data: bytes, limit: int) -> list[Result]:
    """Read `data` one byte at a time, by the rules and nothing else."""
    results: list[Result] = []
    line, is_over, after_cr = b"", False, False
    for byte in data:
        key = bytes((byte,))
        if after_cr and key in b"\n\0":
            after_cr = False
            continue
        after_cr = key == b"\r"
        if key in b"\r\n":
            if not is_over:
                results.append(read(line))
            line, is_over = b"", False
        elif is_over:
            pass
        elif key == b"\x15":
            line = b""
        elif key in b"\x08\x7f":
            tail = line[-3:]
            continuation = len(tail) - len(tail.rstrip(bytes(range(0x80, 0xC0))))
            line = line[: max(0, len(line) - continuation - 1)]
        else:
            line += key
            if len(line) > limit:
                results.append(TooLong())
                is_over = True
    if line and not is_over:
        results.append(read(line))
    return results


def read(line: bytes) -> Result:
    try:
        return Line(line.decode())
    except UnicodeDecodeError:
        return NotUtf8()


keys = st.one_of(
    st.sampled_from([b"\r", b"\n", b"\0", b"\r\n", b"\x08", b"\x7f", b"\x15"]),
    st.sampled_from(["a", "é", "€", "🎉", "word"]).map(str.encode),
    st.binary(max_size=6),
)


@given(
    st.lists(st.lists(keys, max_size=8).map(b"".join), max_size=12),
    st.integers(min_value=1, max_value=12),
)
def test_any_cut_gives_the_lines_that_the_rules_say(pieces: list[bytes], limit: int) -> None:
    buffer = LineBuffer(limit)
    results = [result for piece in pieces for result in buffer.receive_data(piece)]
    assert results + buffer.receive_eof() == expected(b"".join(pieces), limit)
