from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tertulia.ports import StoreMisfit
from tertulia.stores.sqlite.lock import DataLock

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys, pathlib
from tertulia.stores.sqlite.lock import DataLock
DataLock(pathlib.Path(sys.argv[1])).acquire()
sys.stdout.write("held\\n")
sys.stdout.flush()
sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "tertulia.db"


def test_a_lock_is_free_again_when_its_holder_is_killed(database: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        lock = DataLock(database)
        with pytest.raises(StoreMisfit, match=rf"\(process {holder.pid}\)"):
            lock.acquire()
        holder.kill()
    lock.acquire()
    lock.release()
    lock.release()


def test_a_lock_remembers_that_a_database_was_made(database: Path) -> None:
    lock = DataLock(database)
    lock.acquire()
    assert not lock.is_made
    lock.note_made()
    lock.release()
    again = DataLock(database)
    again.acquire()
    assert again.is_made
    again.release()
    assert again.path.read_text() == f"pid {os.getpid()}\ndatabase made\n"


def test_a_note_that_makes_no_sense_is_written_anew(database: Path) -> None:
    lock = DataLock(database)
    lock.path.write_bytes(b"\xff" * 9000)
    lock.acquire()
    assert not lock.is_made
    lock.release()
    assert lock.path.read_text() == f"pid {os.getpid()}\n"


def test_a_file_system_that_can_not_lock_is_refused(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreMisfit, match="keep the data on a local disk"):
        DataLock(database).acquire()


def test_a_note_that_can_not_be_written_is_refused(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: int, content: bytes, offset: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", refuse)
        with pytest.raises(StoreMisfit, match="No space left on device"):
            DataLock(database).acquire()
    DataLock(database).acquire()
