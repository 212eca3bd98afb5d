"""What the tests of the core share; no example of Hypothesis has a deadline, as machines differ."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tertulia.core.ids import UserId
from tests.core.chat import Chat

settings.register_profile("tertulia", deadline=None)
settings.load_profile("tertulia")


@pytest.fixture
def chat() -> Chat:
    """A chat with its main room."""
    return Chat()


@pytest.fixture
def ana(chat: Chat) -> UserId:
    """Somebody in the main room."""
    return chat.online("ana")


@pytest.fixture
def bob(chat: Chat) -> UserId:
    """Somebody else in the main room."""
    return chat.online("bob")
