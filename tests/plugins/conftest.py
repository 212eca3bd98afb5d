"""The fixture that ships for authors of plugins is what the examples are tested with."""

from __future__ import annotations

from tertulia.testing import tertulia_server

__all__ = ["tertulia_server"]
