"""`tertulia chat` as people run it: on a terminal, or in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.running import DEADLINE, environment

COMMAND: Final = (sys.executable, "-m", "tertulia", "chat")
SHELL: Final = (sys.executable, str(Path(__file__).with_name("shell.py")))
_SEQUENCE: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def piped(
    text: str, *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `tertulia chat` with `text` as its input, to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        input=text,
        env=environment({"LC_ALL": "C.UTF-8", **(environ or {})}),
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
        check=False,
    )


class OnTerminal:
    """`tertulia chat` with a terminal of 60 columns in front of it."""

    def __init__(
        self,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        under_shell: bool = False,
    ) -> None:
        """Start it with `arguments`; `under_shell`: by a shell that can stop and continue it."""
        self.terminal, self.theirs = pty.openpty()
        self.resize(60)
        self.before = termios.tcgetattr(self.theirs)
        self._seen = ""
        self._shell, theirs = socket.socketpair()
        self._shell.settimeout(DEADLINE)
        command = [*COMMAND, *arguments]
        if under_shell:
            command = [*SHELL, str(theirs.fileno()), *command]
        self.process = subprocess.Popen(
            command,
            env=environment({"LC_ALL": "C.UTF-8", "TERM": "xterm", **(environ or {})}),
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()

    def resize(self, columns: int) -> None:
        """Make the terminal wider or narrower."""
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def press(self, text: str) -> None:
        """Press keys."""
        os.write(self.terminal, text.encode())

    def read_until(self, text: str) -> str:
        """Return what was shown up to and with `text`, without what only steers the terminal."""
        while text not in self._seen:
            assert select.select([self.terminal], [], [], DEADLINE)[0], self._seen
            try:
                data = os.read(self.terminal, 65_536)
            except OSError:
                data = b""
            assert data, f"ended before {text!r}: {self._seen!r}"
            self._seen = _SEQUENCE.sub("", self._seen + data.decode())
        before, found, self._seen = self._seen.partition(text)
        return before + found

    def shell_says(self) -> str:
        """Return what has become of the program, as its shell says."""
        while not select.select([self._shell], [], [], 0.05)[0]:
            assert self.process.poll() is None, "the shell has ended"
            if select.select([self.terminal], [], [], 0)[0]:
                self._seen += _SEQUENCE.sub("", os.read(self.terminal, 65_536).decode())
        return self._shell.recv(100).decode()

    def tell_shell(self, word: str) -> None:
        """Let the shell do something."""
        self._shell.send(word.encode())

    def wait(self) -> int:
        """Wait for the end; return the exit status."""
        while self.process.poll() is None:
            if select.select([self.terminal], [], [], 0.05)[0]:
                os.read(self.terminal, 65_536)
        return self.process.returncode

    @property
    def is_restored(self) -> bool:
        """Whether the terminal is as it was."""
        return termios.tcgetattr(self.theirs) == self.before

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE)
        assert self.process.stderr is not None, "it is a pipe"
        self.process.stderr.close()
        self._shell.close()
        os.close(self.terminal)
        os.close(self.theirs)
