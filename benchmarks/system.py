"""What the system says of processes and cores, and where they run. Linux only.

Knows nothing of chats: CPU seconds, resident memory, who else used a core, pinning.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

_TICK = os.sysconf("SC_CLK_TCK")
_SPARE_DESCRIPTORS = 100


class Cores(Struct, frozen=True):
    """Which core is whose; None: there are not two, nothing is pinned."""

    server: int | None
    load: int | None


def choose_cores() -> Cores:
    """Take the first two cores that this process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(allowed[0], allowed[1]) if len(allowed) > 1 else Cores(None, None)


def pin(core: int | None) -> None:
    """Keep this process and what it starts on one core."""
    if core is not None:
        os.sched_setaffinity(0, {core})


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Start children on one core, then go back to where we were."""
    before = os.sched_getaffinity(0)
    pin(core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def raise_descriptor_limit(sockets: int) -> bool:
    """Allow this process and its children as many descriptors as it may; tell if they do."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard == resource.RLIM_INFINITY or hard >= sockets + _SPARE_DESCRIPTORS


class Cpu(Struct, frozen=True):
    """CPU seconds of a process, all its threads together."""

    user: float
    system: float

    @property
    def total(self) -> float:
        """Both."""
        return self.user + self.system

    def __sub__(self, earlier: Cpu) -> Cpu:
        """Return what was used since."""
        return Cpu(self.user - earlier.user, self.system - earlier.system)


def cpu_of(pid: int) -> Cpu:
    """Read what a process has used so far (proc(5), fields utime and stime)."""
    # The command's name, in brackets, may hold blanks: count from after it.
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return Cpu(int(fields[11]) / _TICK, int(fields[12]) / _TICK)


def resident_kib(pid: int) -> int:
    """Read the resident memory of a process, in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ProcessLookupError(f"process {pid} has no memory: it has ended")


def busy_seconds(core: int) -> float:
    """Read how long a core has worked, for anybody (proc(5), /proc/stat; stolen time counts)."""
    for line in Path("/proc/stat").read_text("ascii").splitlines():
        name, *numbers = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _wait, irq, softirq, steal = map(int, numbers[:8])
            return (user + nice + system + irq + softirq + steal) / _TICK
    raise LookupError(f"no core {core}")


class Usage(Struct, frozen=True):
    """What was used between two readings."""

    seconds: float
    server: Cpu
    load: float
    """The load's own share of a core, 0 to 1."""
    others: float
    """What others used of the busier of our two cores, 0 to 1; 0 when nothing is pinned."""


class Meter:
    """Reads the server's, the load's and the cores' clocks at once."""

    def __init__(self, pid: int, cores: Cores) -> None:
        """Watch the server `pid`; nothing is read yet."""
        self._pid = pid
        self._cores = cores
        self._start = self._read()

    def restart(self) -> None:
        """Begin to measure here."""
        self._start = self._read()

    def usage(self) -> Usage:
        """Return what was used since the start."""
        now, start = self._read(), self._start
        seconds = now.at - start.at
        server = now.server - start.server
        load = now.load - start.load
        others = max(
            now.server_core - start.server_core - server.total,
            now.load_core - start.load_core - load,
            0.0,
        )
        return Usage(seconds, server, load / seconds, others / seconds)

    def server(self) -> float:
        """Return the CPU seconds that the server has used in its life."""
        return cpu_of(self._pid).total

    def _read(self) -> _Reading:
        cores = self._cores
        return _Reading(
            at=time.monotonic(),
            server=cpu_of(self._pid),
            load=time.process_time(),
            server_core=0.0 if cores.server is None else busy_seconds(cores.server),
            load_core=0.0 if cores.load is None else busy_seconds(cores.load),
        )


class _Reading(Struct, frozen=True):
    at: float
    server: Cpu
    load: float
    server_core: float
    load_core: float


def file_system_of(folder: str) -> str:
    """Return the kind of file system that a folder is on, such as `ext4`."""
    path, best, kind = os.path.realpath(folder), "", "an unknown file system"
    for line in Path("/proc/mounts").read_text("utf-8", "replace").splitlines():
        _device, point, name, *_ = line.split()
        if len(point) >= len(best) and os.path.commonpath([point, path]) == point:
            best, kind = point, name
    return kind
