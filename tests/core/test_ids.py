from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.ids import EPOCH_MS, MAX_NODE, IdSource, first_id_at, format_id, parse_id

NOW = EPOCH_MS + 12_345
clocks = st.lists(st.integers(EPOCH_MS - 10, EPOCH_MS + 10), min_size=1, max_size=60)


@given(clocks, st.integers(0, MAX_NODE), st.integers(0, 1 << 62))
def test_ids_rise_whatever_the_clock_does(clock: list[int], node: int, last: int) -> None:
    source = IdSource(node, last=last)
    ids = [source.next(now) for now in clock]
    assert [last, *ids] == sorted({last, *ids})


@given(clocks, clocks, st.lists(st.integers(0, MAX_NODE), min_size=2, max_size=2, unique=True))
def test_ids_of_two_nodes_never_meet(one: list[int], other: list[int], nodes: list[int]) -> None:
    first, second = (IdSource(node) for node in nodes)
    assert not {first.next(now) for now in one} & {second.next(now) for now in other}


def test_ids_of_a_node_stay_its_own_after_a_start_from_the_last_of_another() -> None:
    last = IdSource(MAX_NODE).next(NOW)
    first, second = IdSource(3, last=last).next(NOW), IdSource(4, last=last).next(NOW)
    assert len({last, first, second}) == 3
    assert min(first, second) > last


def test_more_ids_than_a_millisecond_has_room_for_borrow_from_the_next() -> None:
    source = IdSource(7)
    ids = [source.next(NOW) for _ in range(5000)]
    assert ids == sorted(set(ids))
    assert first_id_at(NOW) <= ids[0] < first_id_at(NOW + 1) <= ids[-1] < first_id_at(NOW + 2)


def test_an_id_tells_when_it_was_made() -> None:
    assert first_id_at(NOW) <= IdSource(5).next(NOW) < first_id_at(NOW + 1)
    assert first_id_at(0) == 0


@pytest.mark.parametrize("node", [-1, MAX_NODE + 1])
def test_a_node_that_does_not_fit_is_refused(node: int) -> None:
    with pytest.raises(ValueError, match="node must be between 0 and 1023"):
        IdSource(node)


@given(st.integers(0, (1 << 63) - 1))
def test_what_is_written_is_read(value: int) -> None:
    text = format_id(value)
    assert parse_id(text) == parse_id(text.upper()) == value
    assert len(text) == 13


@given(st.integers(0, (1 << 63) - 1), st.integers(0, (1 << 63) - 1))
def test_written_ids_sort_as_numbers_do(one: int, other: int) -> None:
    assert (format_id(one) < format_id(other)) == (one < other)


@pytest.mark.parametrize(
    "text",
    [
        *("", "0", "0" * 12, "0" * 14, "000000000000i", "000000000000-", " 000000000000"),
        *("8000000000000", "zzzzzzzzzzzzz", "000000000000\u212a", "٠" * 13),
    ],
)
def test_anything_else_is_no_id(text: str) -> None:
    assert parse_id(text) is None
