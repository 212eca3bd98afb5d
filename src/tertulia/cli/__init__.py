"""The command line: reads what was asked for and hands it on; imports the rest when needed."""

from __future__ import annotations

from tertulia.cli.main import main

__all__ = ["main"]
