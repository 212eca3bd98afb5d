"""`tertulia serve`: from options to a running server, and from its fate to an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from tertulia.config import ConfigError, load, openings
from tertulia.server.app import run
from tertulia.server.failure import CannotStart

CANNOT_START: Final = 2
INTERRUPTED: Final = 130


def serve_chat(
    config_file: Path | None,
    overrides: Sequence[str],
    listens: Sequence[str],
    plugins: Sequence[str] = (),
) -> int:
    """Run the server; return the exit status of the process.

    `plugins` are loaded after those that the settings name.

    0: ended as asked; 1: ended by a fault of its own; 2: it could not start, and said why.
    """
    try:
        settings = load(config_file, os.environ, overrides)
        named = replace(settings.plugins, load=(*settings.plugins.load, *plugins))
        settings = replace(settings, plugins=named)
        return run(settings, openings(settings, listens))
    except (ConfigError, CannotStart) as fault:
        for line in str(fault).splitlines():
            sys.stderr.write(f"tertulia: {line}\n")
        return CANNOT_START
    except KeyboardInterrupt:
        return INTERRUPTED
