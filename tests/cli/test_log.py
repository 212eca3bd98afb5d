"""Tests of what `tertulia serve` writes about itself: to standard error, never people's words."""

from __future__ import annotations

import json
from pathlib import Path

from tests.running import RunningServer


def test_the_log_can_be_json_on_every_line(tmp_path: Path) -> None:
    arguments = ["--log-format", "json"]
    with RunningServer(tmp_path, arguments=arguments, settings=["log.level=debug"]) as server:
        with server.arrive():
            pass
        server.stop()
    records = [json.loads(line) for line in server.log.splitlines()]
    assert {"time", "level", "logger", "message"} <= set(records[0])
    assert "ending: SIGTERM" in [record["message"] for record in records]


def test_the_log_never_holds_what_people_say(tmp_path: Path) -> None:
    with RunningServer(tmp_path, settings=["log.level=debug"]) as server:
        with server.arrive() as ana, server.arrive() as bea:
            ana.say("the secret is xyzzy")
            bea.read_until("xyzzy")
            ana.say("/msg xyzzy xyzzy")
            ana.say("/topic xyzzy")
            bea.read_until("xyzzy")
            ana.send(b"xyzzy \xff\r\n" + b"xyzzy" * 10_000 + b"\r\n")
            ana.say("/users")
            ana.read_until("online")
        server.stop()
    assert "xyzzy" not in server.log


def test_an_uneventful_server_writes_little(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        with server.arrive():
            pass
        server.stop()
        assert server.process.stdout is not None
        assert server.process.stdout.read() == b""
    assert [line[20:] for line in server.log.splitlines()] == ["info    ending: SIGTERM"]
