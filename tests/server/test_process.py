"""Tests of `tertulia.server.process`: what a process is made ready for, and how it is ended."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
import uvloop

from tertulia.server.process import loop_factory, memory_in_use


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python of its own, for what would change this one."""
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=False
    )


def test_the_process_may_open_as_many_files_as_it_is_ever_let() -> None:
    result = run(
        "from resource import *\n"
        "from tertulia.server.process import prepare_process\n"
        "hard = min(getrlimit(RLIMIT_NOFILE)[1], 4096)\n"
        "setrlimit(RLIMIT_NOFILE, (64, hard))\n"
        "prepare_process()\n"
        "print(getrlimit(RLIMIT_NOFILE) == (hard, hard))\n"
    )
    assert result.stdout == "True\n", result.stderr


def test_new_files_are_private() -> None:
    result = run(
        "import os\n"
        "from tertulia.server.process import prepare_process\n"
        "prepare_process()\n"
        "print(oct(os.umask(0)))\n"
    )
    assert result.stdout == "0o77\n", result.stderr


def test_a_process_that_hangs_is_ended_and_shows_where() -> None:
    result = run(
        "import threading\n"
        "from tertulia.server.process import end_within\n"
        "end_within(0.01)\n"
        "threading.Event().wait()\n"
    )
    assert result.returncode == 1
    assert "threading.py" in result.stderr


def test_uvloop_is_taken_where_it_is() -> None:
    assert loop_factory() is uvloop.new_event_loop


def test_without_uvloop_asyncio_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory() is asyncio.new_event_loop


def test_a_process_holds_some_memory() -> None:
    assert 1_000_000 < memory_in_use() < 10_000_000_000
