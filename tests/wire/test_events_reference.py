"""Tests of the reference page and the JSON Schema: they are what the code is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import inspect

from tertulia.core import errors
from tertulia.core.errors import Refusal
from tertulia.core.events import LeaveReason, Role, RoomKind
from tertulia.wire.events import Fault, decode_event, decode_request
from tertulia.wire.events.codec import FAULTS
from tertulia.wire.events.events import EVENTS, RoomJoined, UserJoined, UserLeft
from tertulia.wire.events.reference import page, schema_text
from tertulia.wire.events.requests import REQUESTS
from tertulia.wire.events.schema import json_schema

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize(
    ("name", "make"), [("events.md", page), ("events.schema.json", schema_text)]
)
def test_the_files_are_what_the_types_say(name: str, make: Callable[[], str]) -> None:
    # `python tools/events_page.py` writes them.
    assert (REFERENCE / name).read_text(encoding="utf-8") == make()


def test_the_page_has_every_event_and_every_error() -> None:
    text = page()
    for name in (*REQUESTS, *EVENTS):
        assert f"### `{name}`" in text
    codes = [kind.__struct_config__.tag for kind in refusals()] + [one.value for one in Fault]
    for code in codes:
        assert f"| `{code}` |" in text
    assert set(FAULTS) == set(Fault)


def test_what_the_examples_show_can_be_sent() -> None:
    for line in page().splitlines():
        if line.startswith("> ["):
            decode_request(line[2:].encode())
        elif line.startswith("< ["):
            decode_event(line[2:].encode())


def test_every_answer_is_an_event() -> None:
    assert {kind.answer for kind in REQUESTS.values()} <= EVENTS.keys()


@pytest.mark.parametrize(
    ("kind", "field", "values"),
    [
        (UserLeft, "reason", LeaveReason),
        (UserJoined, "role", Role),
        (RoomJoined, "kind", RoomKind),
    ],
)
def test_every_value_of_an_enumeration_is_named(
    kind: type, field: str, values: type[LeaveReason] | type[Role] | type[RoomKind]
) -> None:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    [described] = [one.type for one in info.fields if one.name == field]
    assert isinstance(described, inspect.Metadata)
    description = (described.extra_json_schema or {})["description"]
    for value in values:
        assert f"`{value.value}`" in description


def test_every_reference_in_the_schema_leads_somewhere() -> None:
    schema = json_schema()
    names = {f"#/$defs/{name}" for name in schema["$defs"]}
    assert set(references(json.loads(schema_text()))) <= names
    assert len(schema["$defs"]["request"]["oneOf"]) == len(REQUESTS)
    assert len(schema["$defs"]["event"]["oneOf"]) == len(EVENTS)


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def refusals() -> list[type[Refusal]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in kinds if issubclass(kind, Refusal) and kind is not Refusal]
