"""What the server asks of its process: an event loop, descriptors, private files, a swift end."""

from __future__ import annotations

import asyncio
import ctypes
import faulthandler
import os
import resource
import sys
from collections.abc import Callable
from typing import Final

LARGE_BLOCK: Final = 32_768
"""Bytes from which a block of memory goes back to the system as soon as it is free.

By default glibc keeps such blocks once it has seen a few. When 2000 people joined one room, the
tables of members that were outgrown on the way left 5 KiB of memory a client behind.
"""
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3


def prepare_process() -> None:
    """Let this process open all the files it may, keep new ones private, and give memory back."""
    os.umask(0o077)
    _give_memory_back()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):
            # Some systems call the hard limit infinite and then refuse it; theirs will do.
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _give_memory_back() -> None:
    """Set mallopt(3) where the C library has it (glibc)."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK)
        mallopt(_M_TRIM_THRESHOLD, 2 * LARGE_BLOCK)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes the event loop: uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def end_within(seconds: float) -> None:
    """End this process with status 1 after `seconds`, whatever hangs then, and show where."""
    faulthandler.dump_traceback_later(seconds, exit=True)


def memory_in_use() -> int:
    """Return the bytes of memory that this process holds; its peak, where only that is known."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
