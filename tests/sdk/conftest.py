"""A real server for the SDK's tests, one for all that do not need their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import RunningServer

LISTENS = ("events=127.0.0.1:0", "line=127.0.0.1:0")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server without limits on speed; its tests use nicks and rooms of their own."""
    folder = tmp_path_factory.mktemp("server")
    with RunningServer(folder, listens=LISTENS, settings=["limits.enabled=false"]) as running:
        yield running


@pytest.fixture(scope="session")
def url(server: RunningServer) -> str:
    """Where that server's events door is."""
    return f"tcp://127.0.0.1:{server.port('events')}"
