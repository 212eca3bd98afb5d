"""What every Tertulia has, declared the way plugins declare it. It needs no thread of its own."""

from __future__ import annotations

from typing import Final

from tertulia.plugins.hooks import Hooks
from tertulia.slash.builtin import BUILTIN

SLASH_COMMANDS: Final = Hooks(rows=BUILTIN)
"""The slash-commands."""
