"""The JSON Schema of the event protocol, made from the types."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any, Final

import msgspec

from tertulia.wire.events.events import EVENTS
from tertulia.wire.events.objects import PROTOCOL, RequestId
from tertulia.wire.events.requests import REQUESTS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REF: Final = "#/$defs/{name}"

JsonSchema = dict[str, Any]
"""A JSON Schema holds anything that JSON can."""


def json_schema() -> JsonSchema:
    """Return the schema of everything that goes over the wire, in either direction."""
    kinds = [*REQUESTS.values(), *EVENTS.values()]
    (request_id, *_), components = msgspec.json.schema_components(
        [RequestId, *kinds], ref_template=_REF
    )
    return {
        "$schema": DIALECT,
        "title": f"The event protocol of Tertulia, version {PROTOCOL}",
        "oneOf": [{"$ref": "#/$defs/request"}, {"$ref": "#/$defs/event"}],
        "$defs": {
            "request": {
                "description": "What a client sends.",
                "oneOf": _arrays(REQUESTS),
            },
            "event": {
                "description": "What the server sends.",
                "oneOf": _arrays(EVENTS),
            },
            "request_id": {"description": "Marks a request and its answer.", **request_id},
            **{name: _cleaned(schema) for name, schema in components.items()},
        },
    }


def _cleaned(schema: JsonSchema) -> JsonSchema:
    """Return the schema of one type with its description as people read it."""
    return {**schema, "description": cleandoc(schema["description"])}


def _arrays(table: Mapping[str, type]) -> list[JsonSchema]:
    return [_array(name, kind) for name, kind in table.items()]


def _array(name: str, kind: type) -> JsonSchema:
    return {
        "title": name,
        "type": "array",
        "prefixItems": [
            {"const": name},
            {"$ref": _REF.format(name=kind.__name__)},
            {"anyOf": [{"$ref": "#/$defs/request_id"}, {"type": "null"}]},
        ],
        "minItems": 2,
        "items": False,
    }
