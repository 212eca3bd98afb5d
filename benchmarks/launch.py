"""Starting and stopping the servers that are measured.

Each says on stdout `listening DOOR HOST:PORT` and then `ready`, and is a single process.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from benchmarks.scenarios import Carrier
from benchmarks.system import pinned

_START = 20.0
_STOP = 5.0
_ROOT = Path(__file__).resolve().parent.parent


class ServerError(Exception):
    """A server did not start; the message holds the last that it said."""


class Candidate(Struct, frozen=True):
    """A server that can be measured."""

    name: str
    dialect: str
    command: tuple[str, ...]
    """Its program and arguments; `{data}` stands for an empty folder."""
    carrier: Carrier = "lines"


class Running(Struct, frozen=True):
    """A server that accepts connections."""

    pid: int
    host: str
    port: int


def candidates(program: str) -> list[Candidate]:
    """Return all servers; `program` is the `tertulia` to run as ours.

    A name stands for one server of each carrier that it has one of.
    """
    python = (sys.executable, "-m")
    ours = (
        *(program, "serve", "--data", "{data}"),
        *("--set", "limits.enabled=false"),
        *("--set", "limits.sessions=20000"),
        *("--set", "doors.line.max_sessions=20000"),
    )
    line, events = ("--listen", "line=127.0.0.1:0"), ("--listen", "events=127.0.0.1:0")
    broadcast = (*python, "benchmarks.servers.broadcast")
    return [
        Candidate("ours", "line", (*ours, *line)),
        Candidate("naive", "simple", (*python, "benchmarks.servers.naive")),
        Candidate("bare", "simple", (*python, "benchmarks.servers.bare", "join")),
        Candidate("bare-send", "simple", (*python, "benchmarks.servers.bare", "send")),
        Candidate("ours", "events", (*ours, *events), carrier="websocket"),
        Candidate("naive", "frames", broadcast, carrier="websocket"),
    ]


def default_program() -> str:
    """Return the `tertulia` that belongs to this interpreter, or the one on the path."""
    beside = Path(sys.executable).with_name("tertulia")
    return str(beside) if beside.exists() else (shutil.which("tertulia") or "tertulia")


@contextmanager
def running(candidate: Candidate, core: int | None) -> Iterator[Running]:
    """Run a server on `core` while the block lasts.

    Raises:
        ServerError: it did not say that it is ready.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        errors = Path(folder) / "stderr"
        command = [word.format(data=Path(folder) / "data") for word in candidate.command]
        process = _start(command, errors, core)
        try:
            yield _wait_until_ready(process, errors)
        finally:
            _stop(process)


def _start(command: Sequence[str], errors: Path, core: int | None) -> subprocess.Popen[bytes]:
    with errors.open("wb") as stderr, pinned(core):
        try:
            return subprocess.Popen(
                command,
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                # A terminal's Ctrl-C is for the benchmark, which then stops its server itself.
                start_new_session=True,
            )
        except OSError as error:
            raise ServerError(f"{command[0]}: {error.strerror}") from error


def _wait_until_ready(process: subprocess.Popen[bytes], errors: Path) -> Running:
    assert process.stdout is not None
    deadline = time.monotonic() + _START
    said = b""
    descriptor = process.stdout.fileno()
    while b"ready\n" not in said:
        left = max(0.0, deadline - time.monotonic())
        chunk = b""
        if select.select([descriptor], [], [], left)[0]:
            chunk = os.read(descriptor, 4096)
        if not chunk:
            last = errors.read_text("utf-8", "replace").strip().splitlines()[-3:]
            raise ServerError(" / ".join(last) or f"{process.args!r} did not get ready")
        said += chunk
    for line in said.decode().splitlines():
        match line.split():
            case ["listening", _, address]:
                host, _, port = address.rpartition(":")
                return Running(process.pid, host, int(port))
    raise ServerError(f"no address in what it said: {said!r}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
