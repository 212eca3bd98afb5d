"""Tertulia: self-hosted chat with one core of rooms and many doors into it."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
