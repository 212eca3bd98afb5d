"""Tests of `tertulia serve` where it can't start: status 2, and one line that says what to do."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest

from tests.running import RunningServer, tertulia


def refused(*arguments: str) -> str:
    """Run a server that can't start; return its one line of excuse, without the name before it."""
    result = tertulia("serve", *arguments)
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("tertulia: ")
    return line.removeprefix("tertulia: ")


def test_a_setting_that_does_not_fit_is_named(tmp_path: Path) -> None:
    file = tmp_path / "tertulia.toml"
    file.write_text('[doors.line]\nmax_sessions = "many"\n')
    assert refused("--config", str(file)) == "doors.line.max_sessions: expected an integer"


def test_every_faulty_setting_has_its_line() -> None:
    result = tertulia("serve", "--set", "doors.lime.x=1", "--set", "hub.crowd=few")
    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "tertulia: doors.lime.x: no such setting (did you mean doors.line?)",
        "tertulia: hub.crowd: expected an integer",
    ]


def test_a_door_that_does_not_exist_is_named() -> None:
    assert refused("--listen", "lime=127.0.0.1:0") == (
        "--listen lime=127.0.0.1:0: no such door; there is line, events, frames, irc"
    )


def test_a_port_in_use_is_told_of(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        where = f"127.0.0.1:{other.getsockname()[1]}"
        excuse = refused("--data", str(tmp_path), "--listen", f"line={where}")
    assert excuse == (
        f"The door line can't be opened at {where}: another program, perhaps another Tertulia, "
        "listens there. Choose another address with --listen line=HOST:PORT (port 0: any free one)."
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "a..b"])
def test_a_host_that_is_not_this_one_is_told_of(tmp_path: Path, host: str) -> None:
    excuse = refused("--data", str(tmp_path), "--listen", f"line={host}:0")
    assert excuse.startswith(f"The door line can't be opened at {host}:0: ")


def test_a_second_server_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server, server.arrive() as ana:
        excuse = refused("--data", str(tmp_path / "data"), "--listen", "line=127.0.0.1:0")
        assert "is already using the data" in excuse
        ana.say("/users")
        ana.read_until("online")


def test_a_data_folder_that_can_t_be_made_is_told_of(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    excuse = refused("--data", str(file / "data"), "--listen", "line=127.0.0.1:0")
    assert excuse == (
        f"The data folder {file}/data can't be made (Not a directory): "
        "choose another one, or give this user the right to."
    )


def database(folder: Path) -> Path:
    """Return the one database in a folder."""
    [file] = folder.glob("*.db")
    return file


def test_a_database_of_a_newer_version_is_told_of(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        server.stop()
    connection = sqlite3.connect(database(tmp_path / "data"))
    connection.execute("PRAGMA user_version = 9999")
    connection.commit()
    connection.close()
    excuse = refused("--data", str(tmp_path / "data"), "--listen", "line=127.0.0.1:0")
    assert "newer" in excuse


def test_a_damaged_database_is_told_of_and_left_as_it_is(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        with server.arrive() as ana:
            ana.say("remember me")
        server.stop()
    file = database(tmp_path / "data")
    file.write_bytes(b"rubbish" * 1000)
    excuse = refused("--data", str(tmp_path / "data"), "--listen", "line=127.0.0.1:0")
    assert "damaged" in excuse
    assert file.read_bytes() == b"rubbish" * 1000
