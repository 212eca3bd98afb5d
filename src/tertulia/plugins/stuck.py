"""Stuck threads: where one is, and asking it to end.

Python has no way to kill a thread, only to raise an exception in one (`PyThreadState_SetAsyncExc`).
That is safe where the plugin's own code runs, and nowhere else: raised in the middle of the
standard library it could leave a lock taken that the server needs, that of the log for one. So it
is raised only while the innermost function is the plugin's.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final

_SHOWN: Final = 5
"""Functions of a stuck thread that are shown, the innermost last."""


class Ended(BaseException):
    """Raised in a thread that has been given up. No `except Exception` holds it up."""


def where(thread: threading.Thread, roots: Sequence[str]) -> str:
    """Return where in the plugin's files a thread is: `tick (dice.py:12), roll (dice.py:3)`."""
    frame = _frame_of(thread)
    stack = [] if frame is None else traceback.extract_stack(frame)
    own = [one for one in stack if _is_below(one.filename, roots)]
    names = [f"{one.name} ({one.filename}:{one.lineno})" for one in own[-_SHOWN:]]
    return ", ".join(names) or "elsewhere"


def ask_to_end(thread: threading.Thread, roots: Sequence[str]) -> bool:
    """Raise `Ended` in a thread, if it runs code below `roots` right now; tell whether it does."""
    frame = _frame_of(thread)
    if frame is None or not _is_below(frame.f_code.co_filename, roots) or not _can_raise():
        return False
    raise_in: Callable[..., int] = ctypes.pythonapi.PyThreadState_SetAsyncExc
    return raise_in(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Ended)) == 1


def _can_raise() -> bool:
    """Tell whether nothing can run between a look at the thread and the exception.

    The lock of the interpreter makes sure of that, where there is one.
    """
    has_lock: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return sys.implementation.name == "cpython" and has_lock()


def _frame_of(thread: threading.Thread) -> FrameType | None:
    return sys._current_frames().get(thread.ident or 0)


def _is_below(filename: str, roots: Sequence[str]) -> bool:
    return any(filename == root or filename.startswith(f"{root}/") for root in roots)
