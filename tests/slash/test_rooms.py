from __future__ import annotations

from tertulia.core.errors import (
    AlreadyInRoom,
    InNoRoom,
    InvalidRoomName,
    MainRoomStays,
    NoSuchRoom,
    NotInRoom,
    OwnersOnly,
    RateLimited,
    RoomExists,
    Usage,
)
from tertulia.slash.columns import SCREEN, width
from tests.fakes import FakeGateway
from tests.slash.typist import Typist


def test_rooms_are_listed_with_who_is_inside_and_their_topic(ana: Typist, bob: Typist) -> None:
    bob.types("/create tea Hot things")
    assert ana.types("/rooms") == [
        "2 rooms (name, how many are inside, topic):",
        "  lobby  2",
        "  tea    1  Hot things",
        "You are in: lobby",
    ]


def test_rooms_can_be_looked_for_by_name_and_topic(ana: Typist) -> None:
    ana.types("/create tea Hot things")
    ana.types("/create chess")
    for words in ("TEA", "hôt things"):
        assert ana.types(f"/rooms {words}") == [
            "1 room (its name, how many are inside, its topic):",
            "  tea  1  Hot things",
            "You are in: lobby, tea, chess",
        ]
    assert ana.types("/rooms coffee") == ["No room has coffee in its name or topic."]


def test_a_long_list_of_rooms_shows_the_fullest(ana: Typist, bob: Typist) -> None:
    for number in range(49):
        bob.types(f"/create room{number}")
    for number in range(48):
        ana.types(f"/create other{number}")
    ana.types("/join room48")
    lines = ana.types("/rooms")
    assert lines[0] == "98 rooms (name, how many are inside, topic):"
    assert lines[1:3] == ["  lobby   2", "  room48  2"]
    assert (lines[51], lines[52][:26]) == ("and 48 more", "You are in: lobby, other0,")
    assert all(width(line) <= SCREEN for line in lines)


def test_a_long_topic_is_cut_to_the_screen(ana: Typist) -> None:
    ana.types("/create tea " + "much to say " * 20)
    ana.types("/create " + "n" * 50 + " " + "お茶" * 100)
    lines = ana.types("/rooms")
    assert all(width(line) <= SCREEN for line in lines)
    assert lines[2].endswith("…")


def test_somebody_in_no_room_still_sees_the_list(ana: Typist) -> None:
    ana.types("/leave")
    assert ana.types("/rooms")[-1] == "You are in no room."


def test_joining_a_room_welcomes_into_it(ana: Typist, bob: Typist) -> None:
    bob.types("/create tea")
    assert ana.types("/join #TEA") == []
    assert (ana.reply.entered, ana.here) == (["tea"], "tea")


def test_joining_a_room_that_one_is_in_goes_back_to_it(ana: Typist) -> None:
    ana.types("/create tea")
    assert ana.types("/join lobby") == ["You are talking in lobby now."]
    assert ana.here == "lobby"
    assert ana.refused("/join lobby") == AlreadyInRoom("lobby")


def test_joining_needs_a_room_that_exists(ana: Typist) -> None:
    assert ana.refused("/join coffee") == NoSuchRoom("coffee")
    assert ana.refused("/join") == Usage("/join ROOM")
    assert ana.refused("/join tea time") == Usage("/join ROOM")


def test_leaving_tells_where_one_is_then(ana: Typist) -> None:
    ana.types("/create tea")
    assert ana.types("/leave") == ["You have left tea.", "You are talking in lobby now."]
    assert ana.types("/leave LOBBY") == [
        "You have left lobby.",
        "You are in no room now. /join ROOM takes you into one.",
    ]
    assert ana.refused("/leave") == InNoRoom()


def test_leaving_a_room_that_one_is_not_in_is_refused(ana: Typist, bob: Typist) -> None:
    bob.types("/create tea")
    assert ana.refused("/leave tea") == NotInRoom("tea")
    assert ana.refused("/leave coffee") == NoSuchRoom("coffee")
    assert ana.refused("/leave one two") == Usage("/leave [ROOM]")


def test_creating_a_room_makes_one_its_owner(ana: Typist) -> None:
    assert ana.types("/create #tea Hot things") == ["The room tea is made, and you own it."]
    assert ana.reply.entered == ["tea"]
    assert ana.types("/topic") == ["Topic of tea: Hot things"]
    assert ana.types("/users tea")[0] == "In tea (1): ana (owner)"


def test_creating_a_room_can_be_refused(ana: Typist) -> None:
    ana.types("/create tea")
    assert ana.refused("/create TEA") == RoomExists("tea")
    assert ana.refused("/create a/b") == InvalidRoomName("a/b", 50)
    assert ana.refused("/create") == Usage("/create ROOM [TOPIC]")


def test_closing_a_room_deletes_it(ana: Typist) -> None:
    ana.types("/create tea")
    assert ana.types("/close tea") == [
        "The room tea is deleted.",
        "You are talking in lobby now.",
    ]
    assert ana.refused("/join tea") == NoSuchRoom("tea")


def test_closing_a_room_from_outside_leaves_one_where_one_is(ana: Typist, bob: Typist) -> None:
    ana.types("/create tea")
    bob.types("/join tea")
    ana.types("/leave")
    assert ana.types("/close tea") == ["The room tea is deleted."]


def test_only_the_owner_closes_a_room(ana: Typist, bob: Typist) -> None:
    ana.types("/create tea")
    assert bob.refused("/close tea") == OwnersOnly("tea")
    assert bob.refused("/close lobby") == MainRoomStays("lobby")
    assert bob.refused("/close") == Usage("/close ROOM")
    assert bob.refused("/close tea now") == Usage("/close ROOM")


def test_the_topic_is_shown_set_and_removed(ana: Typist) -> None:
    assert ana.types("/topic") == ["lobby has no topic."]
    assert ana.types("/topic all about {tea}") == ["Topic of lobby: all about {tea}"]
    assert ana.types("/topic") == ["Topic of lobby: all about {tea}"]
    assert ana.types("/topic -") == ["lobby has no topic."]


def test_a_topic_needs_a_room(ana: Typist) -> None:
    ana.types("/leave")
    assert ana.refused("/topic tea") == InNoRoom()


def test_users_lists_the_room_and_counts_the_chat(ana: Typist, bob: Typist) -> None:
    bob.types("/create tea")
    bob.types("/away")
    assert ana.types("/users") == ["In lobby (2): ana, bob (away)", "2 people are online."]
    assert ana.types("/users #tea") == ["In tea (1): bob (owner, away)", "2 people are online."]


def test_users_is_wrapped_and_bounded(gateway: FakeGateway, ana: Typist) -> None:
    for number in range(120):
        gateway.enter(f"person{number}")
    lines = ana.types("/users")
    assert lines[0].startswith("In lobby (121): ana, person0, person1, person10,")
    assert all(width(line) <= SCREEN for line in lines)
    assert lines[-2:] == ["and 21 more", "121 people are online."]


def test_users_without_a_room_counts_the_chat(ana: Typist) -> None:
    ana.types("/leave")
    assert ana.types("/users") == ["1 person is online."]
    assert ana.refused("/users coffee") == NoSuchRoom("coffee")
    assert ana.refused("/users tea time") == Usage("/users [ROOM]")


def test_a_refusal_on_the_spot_is_shown(gateway: FakeGateway, ana: Typist) -> None:
    gateway.refusal = RateLimited(3.0)
    assert ana.refused("/create tea") == RateLimited(3.0)
