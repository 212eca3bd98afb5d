"""What plugins say to people, made safe to show: their words may be anybody's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import structs

from tertulia.core.errors import Refusal
from tertulia.core.text import clean_line

LINE: Final = 2000
"""Characters of one line."""


def clean_lines(texts: Iterable[str]) -> list[str]:
    """Return texts as lines that are safe to show."""
    return [clean_line(line, LINE) for text in texts for line in text.splitlines() or [""]]


def clean_refusal(refusal: Refusal) -> Refusal:
    """Return a refusal whose texts are safe to show."""
    texts = {
        name: clean_line(value, LINE)
        for name, value in structs.asdict(refusal).items()
        if isinstance(value, str)
    }
    return structs.replace(refusal, **texts)
