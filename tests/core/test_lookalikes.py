from __future__ import annotations

from unicodedata import category, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core import lookalikes
from tertulia.core.lookalikes import mixes_scripts, poses_as_ascii, skeleton

LETTERS = [
    char
    for char in map(chr, range(0x20, 0x20000))
    if category(char)[0] in "LMN" and normalize("NFKC", char) == char
]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("João", "joão"),
        ("JOÃO", "joa\u0303o"),
        ("Strauß", "STRAUSS"),
        ("νίκος", "ΝΊΚΟΣ"),
        ("İzmir", "ızmır"),
        ("İzmir", "izmir"),
        ("paypal", "PayPaI"),
        ("paypal", "раураӏ"),
        ("l1I", "Il1"),
        ("O0o", "ооо"),
        ("maria", "rnaria"),
        ("tom", "ТОМ"),
        ("tom", "том"),
        ("ana", "аnа"),
        ("scope", "ѕсоре"),
        ("google", "gօogle"),
        ("ǎna", "ăna"),
        ("Ægir", "aegir"),
        ("Ðóra", "đóra"),
        ("ｎａｍｅ", "name"),
        ("工", "エ"),
    ],
)
def test_names_that_look_alike_compare_equal(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("João", "Joao"),
        ("ana", "anna"),
        ("peña", "pena"),
        ("иван", "ivan"),
        ("Łukasz", "Lukasz"),
        ("boa", "bóa"),
        ("Gergő", "Gergö"),
        ("a-b", "a_b"),
        ("名前", "名"),
    ],
)
def test_names_that_look_different_compare_different(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@given(st.text(max_size=20))
def test_a_skeleton_is_its_own_skeleton(text: str) -> None:
    assert skeleton(skeleton(text)) == skeleton(text)


@given(st.lists(st.sampled_from(LETTERS), max_size=8).map("".join))
def test_case_makes_no_difference(text: str) -> None:
    assert skeleton(text) == skeleton(text.casefold())


def test_each_letter_has_one_shape_that_rests() -> None:
    assert [char for char in LETTERS if skeleton(skeleton(char)) != skeleton(char)] == []


@pytest.mark.parametrize("text", ["ΑΝΝΑ", "ΥΑ", "Νανα"])
def test_capitals_can_pose_as_what_they_do_not_compare_as(text: str) -> None:
    assert poses_as_ascii(text)


@pytest.mark.parametrize("text", ["Anna", "ANNA", "Άννα", "άννα", "Бора", "João", "ТОМ", "раураӏ"])
def test_most_names_pose_as_nothing_else(text: str) -> None:
    assert not poses_as_ascii(text)


@pytest.mark.parametrize(
    "text",
    ["mаria", "Иван_dev", "gօogle", "αлфа", "aлα", "рaypal", "гdж", "漢字ж", "אб", "Tοm"],
)
def test_scripts_that_could_deceive_do_not_mix(text: str) -> None:
    assert mixes_scripts(text)


@pytest.mark.parametrize(
    "text",
    [
        *("maria", "мария", "μαρία", "João", "x\u0301-1_y", "Ana2", "12", ""),
        *(
            "テスト名前です",
            "dev名前テスト",
            "김철수漢字dev",
            "ㄅㄆ注音",
            "राम-dev",
            "жdev",
            "\U0002fa20",
        ),
    ],
)
def test_scripts_that_are_written_together_may_mix(text: str) -> None:
    assert not mixes_scripts(text)


def test_characters_of_no_known_script_do_not_mix() -> None:
    assert mixes_scripts("漢\U000323b0ж")
    assert not mixes_scripts("\U000323b0")


def test_a_table_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_data(package: str, name: str) -> None:
        return None

    monkeypatch.setattr("pkgutil.get_data", no_data)
    with pytest.raises(FileNotFoundError, match="confusables.json"):
        lookalikes._prototypes.__wrapped__()
