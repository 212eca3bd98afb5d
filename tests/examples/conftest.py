"""The server of the SDK's tests, for the programs that stand on the SDK."""

from __future__ import annotations

from tests.sdk.conftest import server as server
from tests.sdk.conftest import url as url
