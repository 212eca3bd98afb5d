from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typing_extensions import override

from tertulia.ports import Store
from tertulia.stores.sqlite import SqliteStore
from tests.contracts.store import RECENT, StoreContract


class TestSqliteStore(StoreContract):
    @override
    @pytest.fixture
    def make_store(self, tmp_path: Path) -> Callable[[], Store]:
        return lambda: SqliteStore(tmp_path / "tertulia.db", recent=RECENT)
