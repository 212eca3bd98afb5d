"""The log in one SQLite file: needs nothing but Python, and is the store by default.

One thread writes, a few connections read; see `store` for the port's methods, `writing` for what
the writer thread does, `reading` for the queries, and `migrations` for the tables.
"""

from __future__ import annotations

from tertulia.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
