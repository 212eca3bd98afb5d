from __future__ import annotations

from collections.abc import Callable

import pytest
from typing_extensions import override

from tertulia.ports import Store
from tertulia.stores.memory import MemoryStore
from tests.contracts.store import RECENT, StoreContract


class TestMemoryStore(StoreContract):
    @override
    @pytest.fixture
    def make_store(self) -> Callable[[], Store]:
        store = MemoryStore(recent=RECENT)
        return lambda: store
