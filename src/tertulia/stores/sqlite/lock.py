"""The lock file beside a database: one server at a time, and a note that a database was made.

The lock is the kernel's and ends with the process that holds it, however it dies. The file stays;
its note is how an empty folder that lost its database is told from a new one.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

from tertulia.ports import StoreMisfit

_MADE: Final = "database made"
_BOUND: Final = 4096


class DataLock:
    """The lock on one database. Taken by `acquire`, given back by `release`."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".lock")
        """The lock file."""
        self.is_made = False
        """A database was made here once."""
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock, and read the note.

        Raises:
            StoreMisfit: another process has it, or the folder can't be written to.
        """
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreMisfit(_unwritable(self.path.parent, error)) from error
        try:
            self._take(file)
        except BaseException:
            os.close(file)
            raise
        self._file = file

    def note_made(self) -> None:
        """Note that a database exists from here on, so that its loss will be seen."""
        assert self._file is not None
        self.is_made = True
        self._write_note(self._file)

    def release(self) -> None:
        """Give the lock back. Safe to repeat."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _take(self, file: int) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreMisfit(self._in_use(_read(file))) from None
        except OSError as error:
            raise StoreMisfit(
                f"The file system of {self.path.parent} can't lock files ({error.strerror}): "
                "keep the data on a local disk."
            ) from error
        self.is_made = _MADE in _read(file).splitlines()
        try:
            self._write_note(file)
        except OSError as error:
            raise StoreMisfit(_unwritable(self.path.parent, error)) from error

    def _write_note(self, file: int) -> None:
        lines = [f"pid {os.getpid()}", *([_MADE] if self.is_made else [])]
        note = "".join(f"{line}\n" for line in lines).encode()
        # Written over the old one first and cut after: there is no moment without the note.
        os.pwrite(file, note, 0)
        os.ftruncate(file, len(note))
        os.fsync(file)

    def _in_use(self, note: str) -> str:
        first = note.splitlines()[:1]
        by = f" (process {first[0][4:]})" if first and first[0].startswith("pid ") else ""
        return (
            f"Another server{by} is already using the data in {self.path.parent}: "
            "stop it, or choose another data folder."
        )


def _read(file: int) -> str:
    return os.pread(file, _BOUND, 0).decode("utf-8", "replace")


def _unwritable(folder: Path, error: OSError) -> str:
    return (
        f"The data folder {folder} can't be written to ({error.strerror}): "
        "make it writable for this user, make room on the disk, or choose another folder."
    )
