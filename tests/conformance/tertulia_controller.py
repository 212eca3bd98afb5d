"""A controller for irctest: starts `tertulia serve` with its IRC door for each test.

Not a test of the project's own suite: irctest imports it by name. See README.md beside it.
"""

# irctest is no dependency of the project: it is cloned when it is wanted.
# mypy: disable-error-code="import-not-found,misc"

from __future__ import annotations

import sys
from typing import Any

from irctest.basecontrollers import BaseServerController, DirectoryBasedController
from irctest.runner import NotImplementedByController
from irctest.specifications import Capabilities, OptionalBehaviors


class TertuliaController(BaseServerController, DirectoryBasedController):
    """Runs the server in a folder of its own."""

    software_name = "Tertulia"
    _port_wait_interval = 0.05
    supported_sasl_mechanisms: set[str] = set()
    supports_sts = False
    capabilities = frozenset(
        (
            Capabilities.AWAY_NOTIFY,
            Capabilities.BATCH,
            Capabilities.ECHO_MESSAGE,
            Capabilities.EXTENDED_JOIN,
            Capabilities.EXTENDED_MONITOR,
            Capabilities.LABELED_RESPONSE,
            Capabilities.MESSAGE_REDACTION,
            Capabilities.MESSAGE_TAGS,
            Capabilities.MULTI_PREFIX,
            Capabilities.READ_MARKER,
            Capabilities.SERVER_TIME,
            Capabilities.SETNAME,
        )
    )
    optional_behaviors = frozenset(
        (
            OptionalBehaviors.BAN_EXCEPTION_MODE,
            OptionalBehaviors.CAP_REQ_MINUS,
            OptionalBehaviors.INVITE_EXCEPTION_MODE,
            OptionalBehaviors.INVITE_OVERRIDES_LIMIT,
            OptionalBehaviors.INVITE_LIST,
            OptionalBehaviors.MULTI_JOIN,
            OptionalBehaviors.MULTI_KICK,
            OptionalBehaviors.MULTI_NAMES_COMMAND,
            OptionalBehaviors.MULTI_PRIVMSG,
            OptionalBehaviors.ELIST_C,
            OptionalBehaviors.ELIST_M,
            OptionalBehaviors.ELIST_N,
            OptionalBehaviors.ELIST_T,
            OptionalBehaviors.ELIST_U,
        )
    )

    isupport = {
        "BOT": "B",
        "CASEMAPPING": "ascii",
        "ELIST": "CMNTU",
        "EXCEPTS": "e",
        "INVEX": "I",
        "MONITOR": "100",
        "MSGREFTYPES": "msgid,timestamp",
        "PREFIX": "(ohv)@%+",
        "UTF8ONLY": None,
        "WHOX": None,
    }

    def run(
        self,
        hostname: str,
        port: int,
        *,
        password: str | None,
        ssl: bool,
        run_services: bool,
        faketime: str | None,
        websocket_hostname: str | None,
        websocket_port: int | None,
    ) -> None:
        if ssl:
            raise NotImplementedByController("TLS")
        if websocket_hostname is not None:
            raise NotImplementedByController("WebSocket")
        self.create_config()
        assert self.directory is not None
        self.port = port
        settings = {
            "limits.enabled": "false",
            "log.level": "error",
            "server.data": str(self.directory / "data"),
            "store.kind": "memory",
            "doors.irc.name": "My.Little.Server",
            "doors.irc.description": "test server",
            "doors.irc.motd": "Welcome to a test",
            "doors.irc.operators": "operuser=operpassword",
            "doors.irc.password": password or "",
        }
        command: list[Any] = [sys.executable, "-m", "tertulia", "serve"]
        command += ["--listen", f"irc={hostname}:{port}"]
        for name, value in settings.items():
            command += ["--set", f"{name}={value}"]
        self.proc = self.execute(command, cwd=self.directory)


def get_irctest_controller_class() -> type[TertuliaController]:
    """Return what irctest asks the module for."""
    return TertuliaController
