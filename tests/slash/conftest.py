"""A chat with two people in its main room."""

from __future__ import annotations

import pytest

from tests.fakes import FakeGateway
from tests.slash.typist import Typist


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def ana(gateway: FakeGateway) -> Typist:
    return Typist(gateway, "ana")


@pytest.fixture
def bob(gateway: FakeGateway) -> Typist:
    return Typist(gateway, "bob")
