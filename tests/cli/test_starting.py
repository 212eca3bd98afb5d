"""Tests of `tertulia serve` as it starts: what it prints, where it listens, what it obeys."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tertulia import __version__
from tests.running import WELCOME, Peer, RunningServer


def loopbacks() -> list[str]:
    """Return the loopback addresses that this machine has."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return ["127.0.0.1", "::1"]
    except OSError:
        return ["127.0.0.1"]


def test_what_is_printed_tells_people_how_to_join_and_programs_that_it_is_ready(
    tmp_path: Path,
) -> None:
    with RunningServer(tmp_path) as server:
        port = server.port()
        assert server.printed.splitlines() == [
            f"Tertulia {__version__} is open. To join:",
            f"  telnet 127.0.0.1 {port}      (or: nc 127.0.0.1 {port})",
            f"listening line 127.0.0.1:{port}",
            "ready",
        ]
        with server.arrive():
            pass


def test_a_door_may_listen_at_several_addresses(tmp_path: Path) -> None:
    with RunningServer(tmp_path, listens=["line=127.0.0.1:0", "line=localhost:0"]) as server:
        lines = [line for line in server.printed.splitlines() if line.startswith("listening ")]
        assert len(lines) == 2
        for line in lines:
            host, _, port = line.removeprefix("listening line ").rpartition(":")
            with Peer((host.strip("[]"), int(port))) as peer:
                peer.read_until(WELCOME)


@pytest.mark.parametrize("host", loopbacks())
def test_a_door_opens_at_every_kind_of_address(tmp_path: Path, host: str) -> None:
    shown = f"[{host}]" if ":" in host else host
    with RunningServer(tmp_path, listens=[f"line={shown}:0"]) as server:
        assert server.addresses["line"][0] == host
        assert f"listening line {shown}:{server.port()}\n" in server.printed
        with server.arrive():
            pass


def test_settings_come_from_file_environment_and_options(tmp_path: Path) -> None:
    file = tmp_path / "tertulia.toml"
    file.write_text('[server]\nmain_room = "square"\n[doors.line]\nmax_sessions = 7\n')
    with RunningServer(
        tmp_path,
        arguments=["--config", str(file)],
        environ={"TERTULIA_DOORS__LINE__MAX_SESSIONS": "3"},
        settings=["doors.line.max_sessions=1"],
    ) as server:
        with server.arrive() as ana:
            ana.read_until("square")
            with server.connect() as bea:
                assert "full (1 clients)" in bea.read_to_end()


def test_new_files_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    with RunningServer(tmp_path):
        files = [tmp_path / "data", *(tmp_path / "data").iterdir()]
        assert len(files) > 1
        assert {file.stat().st_mode & 0o077 for file in files} == {0}
