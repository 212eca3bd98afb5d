"""Writes the reference page and the JSON Schema of the event protocol from its types."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tertulia.wire.events.reference import page, schema_text

REFERENCE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference"

if __name__ == "__main__":
    REFERENCE.mkdir(parents=True, exist_ok=True)
    (REFERENCE / "events.md").write_text(page(), encoding="utf-8")
    (REFERENCE / "events.schema.json").write_text(schema_text(), encoding="utf-8")
