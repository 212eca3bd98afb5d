"""Ledgers and streams, fed with bytes: what is complete, what is wrong, and for how many."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.ledger import Faults, Ledger, Stream
from benchmarks.payload import compose


def _line(sender: int, number: int) -> bytes:
    return b"12:34 ana: " + compose(sender, number, 1000 * number) + b"\r\n"


def _lines(*messages: tuple[int, int]) -> bytes:
    return b"".join(_line(*message) for message in messages)


def _receive(stream: Stream, member: int, data: bytes) -> list[int]:
    return list(stream.receive(member, memoryview(data)))


@pytest.mark.parametrize(
    ("numbers", "faults"),
    [
        ([1, 2, 3], Faults()),
        ([1, 3], Faults(lost=1)),
        ([1, 2], Faults(lost=1)),
        ([], Faults(lost=3)),
        ([1, 2, 2, 3], Faults(doubled=1)),
        ([1, 3, 2], Faults(misordered=1)),
        ([3, 1, 2], Faults(misordered=2)),
        ([1, 3, 2, 2], Faults(misordered=1, doubled=1)),
    ],
)
def test_a_ledger_tells_what_is_wrong_with_the_numbers_of_a_sender(
    numbers: Sequence[int], faults: Faults
) -> None:
    ledger = Ledger([5])
    for number in numbers:
        ledger.note(5, number)
    assert ledger.faults({5: 3}) == faults


def test_a_ledger_does_not_take_messages_of_strangers() -> None:
    ledger = Ledger([5])
    assert not ledger.note(6, 1)
    assert ledger.faults({5: 0, 6: 1}) == Faults(stray=1)


def test_a_record_is_complete_when_the_last_member_has_read_it() -> None:
    stream = Stream([0, 1], 3)
    data = _lines((0, 1), (1, 1))
    assert _receive(stream, 0, data) == []
    assert _receive(stream, 2, data) == []
    assert _receive(stream, 1, data[:150]) == [0]
    assert _receive(stream, 1, data[150:]) == [1]
    assert stream.faults({0: 1, 1: 1}) == Faults()


def test_members_may_read_the_same_bytes_in_any_pieces() -> None:
    stream = Stream([0], 2)
    data = _lines((0, 1), (0, 2), (0, 3))
    for at in range(0, len(data), 7):
        _receive(stream, 0, data[at : at + 7])
    for at in range(0, len(data), 50):
        _receive(stream, 1, data[at : at + 50])
    assert stream.deliveries() == 6
    assert not stream.forks
    assert stream.faults({0: 3}) == Faults()


def test_lines_that_are_no_messages_are_no_faults() -> None:
    stream = Stream([0], 2)
    data = b"bea has joined\r\n" + _line(0, 1)
    assert [_receive(stream, member, data) for member in (0, 1)] == [[], [0]]
    assert stream.faults({0: 1}) == Faults()


def test_the_times_of_messages_are_kept_in_order() -> None:
    stream = Stream([0, 1], 1)
    _receive(stream, 0, _lines((0, 1), (1, 1), (0, 2)))
    assert list(stream.stamps) == [1000, 1000, 2000]
    assert list(zip(stream.heard_from, stream.numbers, strict=True)) == [(0, 1), (1, 1), (0, 2)]


def test_a_member_that_is_behind_at_the_end_lost_the_rest() -> None:
    stream = Stream([0], 2)
    _receive(stream, 0, _lines((0, 1), (0, 2)))
    _receive(stream, 1, _lines((0, 1)))
    assert stream.faults({0: 2}) == Faults(lost=1)


def test_what_all_members_lost_is_counted_for_each() -> None:
    stream = Stream([0], 2)
    for member in (0, 1):
        _receive(stream, member, _lines((0, 1), (0, 3)))
    assert stream.faults({0: 3}) == Faults(lost=2)


@pytest.mark.parametrize(
    ("read", "faults"),
    [
        ([(0, 1), (0, 3), (0, 4)], Faults(lost=1)),
        ([(0, 1), (0, 2), (0, 2), (0, 3), (0, 4)], Faults(doubled=1)),
        ([(0, 1), (0, 3), (0, 2), (0, 4)], Faults(misordered=1)),
        ([(0, 1), (0, 2), (1, 1), (0, 3), (0, 4)], Faults(stray=1)),
    ],
)
@pytest.mark.parametrize("leads", [False, True], ids=["behind", "ahead"])
def test_a_fault_of_one_member_is_not_put_on_the_others(
    read: Sequence[tuple[int, int]], faults: Faults, leads: bool
) -> None:
    stream = Stream([0], 3)
    right = _lines((0, 1), (0, 2), (0, 3), (0, 4))
    wrong = _lines(*read)
    reads = [(0, wrong), (1, right), (2, right)] if leads else [(1, right), (0, wrong), (2, right)]
    for member, data in reads:
        _receive(stream, member, data)
    assert stream.faults({0: 4}) == faults


def test_a_damaged_message_is_lost_too() -> None:
    stream = Stream([0], 1)
    _receive(stream, 0, _line(0, 1).replace(b"room", b"tomb"))
    assert stream.faults({0: 1}) == Faults(lost=1, damaged=1)


def test_others_in_another_order_between_senders_are_no_fault() -> None:
    stream = Stream([0, 1], 2)
    _receive(stream, 0, _lines((0, 1), (1, 1), (0, 2)))
    _receive(stream, 1, _lines((1, 1), (0, 1), (0, 2)))
    assert list(stream.forks) == [1]
    assert stream.faults({0: 2, 1: 1}) == Faults()
    assert stream.deliveries() == 6


def test_the_others_go_on_when_a_member_is_forked_off() -> None:
    stream = Stream([0], 3)
    first, second = _line(0, 1), _line(0, 2)
    assert _receive(stream, 0, first) == []
    assert _receive(stream, 1, first) == []
    assert _receive(stream, 2, second) == [0]
    assert _receive(stream, 0, second) == []
    assert _receive(stream, 1, second) == [1]
