from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tertulia.core.names import (
    MAX_NAME,
    RESERVED_NICKS,
    clean_nick,
    clean_room_name,
    folded_nick,
    free_nick,
    guest_nick,
    is_guest_nick,
    is_reserved_nick,
    nick_key,
    room_key,
)

anything = st.text(st.characters(codec=None) | st.sampled_from("aeimoIl01-_.#рауνΝ\u0301ß"))
namelike = st.text(st.sampled_from("abimnoAIO019-_éãßжаоορÑ漢か한م٣אİı"), min_size=1, max_size=12)


def nobody(key: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("text", "nick"),
    [
        *(("ana", "ana"), ("Ana_2-x", "Ana_2-x"), ("_ana", "_ana"), (" ana\n", "ana")),
        *(("João", "João"), ("Joa\u0303o", "João"), ("Ñandú", "Ñandú"), ("Łukasz", "Łukasz")),
        *(("Мария", "Мария"), ("Άννα", "Άννα"), ("محمد", "محمد"), ("אבי", "אבי"), ("राम", "राम")),
        *(
            ("이준", "이준"),
            ("さくら", "さくら"),
            ("名前テスト", "名前テスト"),
            ("dev名前", "dev名前"),
        ),
        ("ａｎａ", "ana"),
    ],
)
def test_a_nick_may_be_in_any_script(text: str, nick: str) -> None:
    assert clean_nick(text, 32) == nick


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "_", "__", "-ana", "1ana", "٣ana", "ana maria", "ana\tb", "ana.b", "\u0301ana"),
        *(f"an{sign}a" for sign in "@!:#&,*?$~%+\"'/\\<>()[]{}|`^=;\x00\x1b\x7f"),
        *("an\u200da", "an\u200ca", "an\u202ea", "an\u00a0a", "an\u00ada", "an\ufe0fa", "an\ud800"),
        *("👍", "ana👍", "ﬁn", "ĳ", "a\u00b7b", "a\u20dd", "x" + "\u0301" * 5, "אבי-", "אna"),
        *("mаria", "Иван_dev", "gօogle", "ΑΝΝΑ", "\U0003fffe", "\U0001fae9x"),
    ],
)
def test_what_could_deceive_or_break_a_grammar_is_no_nick(text: str) -> None:
    assert clean_nick(text, 32) is None


def test_a_nick_has_its_length() -> None:
    assert clean_nick("a" * 32, 32) == "a" * 32
    assert clean_nick("a" * 33, 32) is None
    assert clean_nick("é" * 33, 32) is None
    assert clean_nick("e\u0301" * 32, 32) == "é" * 32
    assert clean_nick("é" * 10_000_000, 32) is None
    assert clean_nick("a" * (MAX_NAME + 1), MAX_NAME + 1) is None


@given(anything | namelike, st.integers(1, 120))
def test_a_clean_nick_stays_clean(text: str, limit: int) -> None:
    nick = clean_nick(text, limit)
    if nick is not None:
        assert clean_nick(nick, limit) == nick
        assert len(nick) <= limit
        assert not set(nick) & set(" @!:#&,*?$~%+\"'.\r\n\0")
        assert not nick[0].isdigit()
        assert nick[0] != "-"


def test_nicks_compare_without_case_and_by_looks() -> None:
    assert nick_key("João") == nick_key("joão")
    assert nick_key("João") != nick_key("Joao")
    assert nick_key("Alan") == nick_key("AIan") == nick_key("a1an")
    assert nick_key("раураӏ") == nick_key("PayPal")
    assert nick_key("a" * MAX_NAME + "b") == nick_key("a" * MAX_NAME + "c")


@given(anything | namelike)
def test_a_key_compares_as_its_nick_does(text: str) -> None:
    assert nick_key(nick_key(text)[:MAX_NAME])[:MAX_NAME] == nick_key(text)[:MAX_NAME]


@given(namelike)
@example("ΣΑΣ")
@example("İI")
def test_what_lasts_of_a_nick_compares_as_it_did(text: str) -> None:
    nick = clean_nick(text, 32)
    if nick is not None:
        assert nick_key(folded_nick(nick)) == nick_key(nick)
        assert folded_nick(folded_nick(nick)) == folded_nick(nick)


def test_what_lasts_of_a_nick_keeps_look_alikes_apart() -> None:
    assert folded_nick("Maria") == folded_nick("MARIA") == "maria"
    assert folded_nick("JOÃO") == "joão"
    assert folded_nick("rnaria") != folded_nick("maria")
    assert folded_nick("É\ud800") == "é\ud800"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *(("lobby", "lobby"), ("#lobby", "lobby"), ("##lobby", "lobby"), (" #lobby\n", "lobby")),
        *(("Rock.n_roll-2", "Rock.n_roll-2"), ("2024", "2024"), ("_x", "_x"), ("१२", "१२")),
        *(("café", "café"), ("новости", "новости"), ("日本語", "日本語"), ("ПОЛЕ", "ПОЛЕ")),
    ],
)
def test_a_room_name_is_letters_digits_and_three_signs(text: str, name: str) -> None:
    assert clean_room_name(text, 50) == name


@pytest.mark.parametrize(
    "text",
    [
        *("#", "", "...", "_", "-a", ".a", "a b", "a,b", "a#b", "\u0301a", "a👍", "a\x07b"),
        *("lоbby", "a" * 51, "é" * 51, "٣٤", "a\u200db", "\ud800"),
    ],
)
def test_everything_else_is_no_room_name(text: str) -> None:
    assert clean_room_name(text, 50) is None


@given(anything | namelike)
def test_a_clean_room_name_stays_clean_and_is_found_by_what_was_typed(text: str) -> None:
    name = clean_room_name(text, 50)
    if name is not None:
        assert clean_room_name(name, 50) == name
        assert clean_room_name(f"#{name}", 50) == name
        assert room_key(name) == room_key(f"#{name}") == room_key(f" {name.upper()} ")
        assert not name.startswith(("#", "-", "."))


@given(anything)
def test_anything_can_be_looked_up(text: str) -> None:
    assert isinstance(room_key(text), str)
    assert isinstance(nick_key(text), str)
    assert isinstance(folded_nick(text), str)
    assert is_guest_nick(text) in (True, False)
    assert is_reserved_nick(text) in (True, False)


def test_rooms_compare_as_nicks_do() -> None:
    assert room_key("#Lobby") == room_key("IobbY") == room_key("lobby")
    assert len(room_key("m" * 10_000)) == 2 * MAX_NAME


@pytest.mark.parametrize(
    "nick", ["guest1", "Guest12", "GUEST-7", "guest_-_99", "guestl0", "guest٣"]
)
def test_guest_nicks_are_known(nick: str) -> None:
    assert is_guest_nick(nick)


@pytest.mark.parametrize("nick", ["guest", "guest-", "guests1", "my-guest1", "guest1a", "ana"])
def test_other_nicks_are_no_guest_nicks(nick: str) -> None:
    assert not is_guest_nick(nick)


@pytest.mark.parametrize(
    "nick", ["server", "SERVER", "_adm1n_", "Nick-Serv", "ѕуѕtеm", "y0u", "ALL", "tertuIia"]
)
def test_reserved_nicks_are_known_in_disguise(nick: str) -> None:
    assert is_reserved_nick(nick)


@pytest.mark.parametrize("nick", ["ana", "servers", "administer", "maria", "_", ""])
def test_other_nicks_are_not_reserved(nick: str) -> None:
    assert not is_reserved_nick(nick)


def test_each_reserved_nick_is_kept_for_a_reason_of_its_own() -> None:
    assert len(set(map(nick_key, RESERVED_NICKS))) == len(RESERVED_NICKS)
    assert all(map(is_reserved_nick, RESERVED_NICKS))


def test_a_guest_nick_depends_on_the_lot() -> None:
    assert guest_nick(0, nobody) == "guest1000"
    assert guest_nick(77, nobody) == "guest1077"
    assert guest_nick(2**32 - 1, nobody) == guest_nick(2**32 - 1, nobody)


def test_guests_in_a_crowd_get_longer_numbers() -> None:
    def short(key: str) -> bool:
        return len(key) < len("guest00000")

    assert guest_nick(77, short) == "guest10077"


def test_a_guest_nick_is_found_though_all_are_taken() -> None:
    asked: list[str] = []

    def everybody(key: str) -> bool:
        asked.append(key)
        return True

    assert is_guest_nick(guest_nick(5, everybody))
    assert len(set(asked)) == len(asked) == 90


@given(st.integers(0, 2**64), st.sets(st.integers(0, 99), max_size=50))
def test_a_guest_nick_is_free_and_good(lot: int, near: set[int]) -> None:
    taken = {nick_key(f"guest{1000 + (lot + step) % 9000}") for step in near}
    nick = guest_nick(lot, taken.__contains__)
    assert nick_key(nick) not in taken
    assert clean_nick(nick, 32) == nick
    assert is_guest_nick(nick)


@pytest.mark.parametrize(
    ("nick", "limit", "taken", "free"),
    [
        ("ana", 32, nobody, "ana2"),
        ("ana", 32, {"ana2", "ana3"}.__contains__, "ana4"),
        ("ana2", 32, nobody, "ana3"),
        ("ana99", 32, nobody, "ana100"),
        ("a" * 32, 32, nobody, "a" * 31 + "2"),
        ("João", 4, nobody, "Joã2"),
        ("ana1", 32, nobody, "ana2"),
        ("admin", 32, nobody, "admin2"),
        ("م٣", 32, nobody, "user2"),
        ("guest", 32, nobody, "user2"),
        ("12", 32, nobody, "user2"),
    ],
)
def test_a_free_nick_is_near_the_one_wanted(
    nick: str, limit: int, taken: Callable[[str], bool], free: str
) -> None:
    assert free_nick(nick, limit, taken) == free


@given(anything | namelike, st.integers(6, 40), st.sets(st.integers(2, 30)))
def test_a_free_nick_is_free_and_good(text: str, limit: int, near: set[int]) -> None:
    taken = {nick_key(f"{text}{number}") for number in near} | {nick_key(text)}
    nick = free_nick(text, limit, taken.__contains__)
    assert clean_nick(nick, limit) == nick
    assert nick_key(nick) not in taken
    assert not is_guest_nick(nick)
    assert not is_reserved_nick(nick)


def test_a_suggestion_comes_to_an_end_though_all_are_taken() -> None:
    assert free_nick("ana", 10, lambda key: True) == "ana"
