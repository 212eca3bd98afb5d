"""Writes the reference page of the slash-commands from their rows."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tertulia.slash import BUILTIN, page

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "slash-commands.md"

if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page.reference(BUILTIN), encoding="utf-8")
