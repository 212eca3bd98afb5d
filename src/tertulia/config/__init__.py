"""Settings: what they are (`settings`), how they are read (`load`), how they are shown (`example`).

Knows nothing of the server that is built from them.
"""

from __future__ import annotations

from tertulia.config.address import Address, format_address, parse_address
from tertulia.config.load import ConfigError, load
from tertulia.config.openings import Opening, openings
from tertulia.config.settings import Settings

__all__ = [
    "Address",
    "ConfigError",
    "Opening",
    "Settings",
    "format_address",
    "load",
    "openings",
    "parse_address",
]
