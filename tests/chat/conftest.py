"""The server of the SDK's tests, for the client that stands on the SDK."""

from __future__ import annotations

from tests.sdk.conftest import server as server
from tests.sdk.conftest import url as url
