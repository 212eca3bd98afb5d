from __future__ import annotations

from tertulia.core.errors import EmptyText, HistoryDamaged, InNoRoom, Usage
from tests.fakes import FakeGateway
from tests.slash.typist import Typist

DAY = 24 * 3600_000


def test_history_shows_the_last_messages_with_their_numbers(ana: Typist, bob: Typist) -> None:
    ana.types("one")
    bob.types("two")
    ana.types("three")
    assert ana.types("/history 2") == ["12:00 #5 bob: two", "12:00 #6 ana: three"]


def test_history_and_search_hide_whom_one_ignores(ana: Typist, bob: Typist) -> None:
    bob.types("noise")
    ana.types("/ignore bob")
    assert ana.types("/history") == ["All of it is by people whom you ignore."]
    assert ana.types("/search noise") == ["Nothing found for: noise"]
    ana.types("words")
    assert ana.types("/history") == ["12:00 #5 ana: words"]


def test_history_shows_twenty_and_never_more_than_two_hundred(ana: Typist) -> None:
    for number in range(250):
        ana.types(f"text {number}")
    assert len(ana.types("/history")) == 20
    assert len(ana.types("/history 999999")) == 200
    assert len(ana.types("/history 0")) == 1


def test_history_goes_back_from_a_message(ana: Typist) -> None:
    for number in range(5):
        ana.types(f"text {number}")
    assert ana.types("/history 2 #6") == ["12:00 #4 ana: text 1", "12:00 #5 ana: text 2"]
    assert ana.types("/history #4") == ["12:00 #3 ana: text 0"]
    assert ana.types("/history #3") == ["There is nothing before #3."]


def test_history_of_another_day_begins_with_the_day(gateway: FakeGateway, ana: Typist) -> None:
    ana.types("yesterday")
    gateway.now += DAY
    ana.types("today")
    assert ana.types("/history") == [
        "--- 2026-11-20 ---",
        "12:00 #3 ana: yesterday",
        "--- 2026-11-21 ---",
        "12:00 #4 ana: today",
    ]


def test_an_empty_room_says_so(ana: Typist) -> None:
    assert ana.types("/history") == ["Nothing was said in lobby yet."]


def test_history_can_be_refused(gateway: FakeGateway, ana: Typist) -> None:
    assert ana.refused("/history much") == Usage("/history [N] [#SEQ]")
    assert ana.refused("/history -5") == Usage("/history [N] [#SEQ]")
    gateway.unreadable = HistoryDamaged()
    assert ana.refused("/history") == HistoryDamaged()
    ana.types("/leave")
    assert ana.refused("/history") == InNoRoom()


def test_search_finds_messages_in_all_rooms_by_room(
    gateway: FakeGateway, ana: Typist, bob: Typist
) -> None:
    ana.types("tea in the lobby")
    bob.types("/msg ana tea for two")
    gateway.now += 60_000
    ana.types("/create kitchen")
    ana.types("more tea")
    ana.types("and even more TEA")
    assert ana.types("/search Tea") == [
        "In lobby:",
        "12:00 #4 ana: tea in the lobby",
        "In bob and ana:",
        "12:00 #2 bob: tea for two",
        "In kitchen:",
        "12:01 #3 ana: more tea",
        "12:01 #4 ana: and even more TEA",
    ]
    assert bob.types("/search lobby") == ["In lobby:", "12:00 #4 ana: tea in the lobby"]


def test_search_says_when_there_may_be_more(ana: Typist) -> None:
    for number in range(21):
        ana.types(f"tea {number}")
    lines = ana.types("/search tea")
    assert lines[:2] == ["In lobby:", "12:00 #4 ana: tea 1"]
    assert lines[-1] == "There may be more; these are the newest 20."


def test_search_that_finds_nothing_says_so(ana: Typist) -> None:
    assert ana.types("/search  {coffee}\x07 ") == ["Nothing found for: {coffee}"]


def test_search_can_be_refused(gateway: FakeGateway, ana: Typist) -> None:
    assert ana.refused("/search") == Usage("/search WORDS")
    gateway.unreadable = EmptyText()
    assert ana.refused("/search ...") == EmptyText()
