from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tertulia.core import errors
from tertulia.core.errors import (
    NickInUse,
    NoSuchRoom,
    RateLimited,
    Refusal,
    Refused,
    UnknownRoom,
    describe,
)

SAMPLES: dict[str, Any] = {"str": "ana", "int": 3, "float": 2.4}


def kinds(base: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


ALL = sorted(kinds(), key=lambda kind: kind.__name__)


def sample(kind: type[Refusal]) -> Refusal:
    fields = msgspec.structs.fields(kind)
    return kind(**{field.name: SAMPLES[field.type.__name__] for field in fields})


def same(message: str) -> str:
    return message


@pytest.mark.parametrize("kind", ALL)
def test_every_refusal_has_a_sentence_that_its_fields_fill(kind: type[Refusal]) -> None:
    named = {name for _, name, _, _ in string.Formatter().parse(kind.template) if name}
    assert named <= set(kind.__struct_fields__)
    sentence = describe(sample(kind), same)
    assert sentence
    assert not set("{}") & set(sentence)


@pytest.mark.parametrize("kind", ALL)
def test_every_refusal_survives_its_way_through_json(kind: type[Refusal]) -> None:
    refusal = sample(kind)
    raw = msgspec.json.encode(refusal)
    assert msgspec.json.decode(raw, type=kind) == refusal
    assert msgspec.json.decode(raw)["code"] == refusal.code


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = [sample(kind).code for kind in ALL]
    assert len(set(codes)) == len(codes) >= 40
    assert all(code == code.lower() and code.replace("_", "").isalpha() for code in codes)


def test_every_refusal_has_words_of_its_own() -> None:
    assert len({kind.template for kind in ALL}) == len(ALL)


def test_a_code_follows_from_the_name_of_its_class() -> None:
    assert sample(NickInUse).code == "nick_in_use"
    for kind in ALL:
        words = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__)
        assert sample(kind).code == words.removeprefix("_")


def test_a_sentence_is_in_the_language_of_its_reader() -> None:
    portuguese = {UnknownRoom.template: "Essa sala já não existe."}
    assert describe(UnknownRoom(), portuguese.__getitem__) == "Essa sala já não existe."


def test_what_people_typed_is_no_template() -> None:
    assert "{limit}" in describe(NoSuchRoom("{limit}"), same)


def test_a_refusal_travels_inside_an_exception_that_reads_well() -> None:
    no = Refused(NickInUse("ana", "ana2"))
    assert no.refusal == NickInUse("ana", "ana2")
    assert str(no) == "The nick ana is taken, or looks like one that is. ana2 is free."


def test_the_time_to_wait_is_in_whole_seconds() -> None:
    assert describe(RateLimited(2.4), same) == "You are too fast. Try again in 2 s."


def test_a_message_id_is_marked_and_unchanged() -> None:
    assert errors.N_("hello") == "hello"
