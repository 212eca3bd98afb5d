"""A terminal that tests can type into and look at: tmux, with a server of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from types import TracebackType
from typing import Final, Self

from tests.running import DEADLINE

IS_HERE: Final = all(shutil.which(program) for program in ("tmux", "telnet", "nc"))
"""Whether this machine has the programs that people would use."""


class Terminal:
    """One command running in a terminal of 100 by 40, until the `with` block ends."""

    def __init__(self, name: str, command: str) -> None:
        self._socket = f"tertulia-{os.getpid()}-{name}"
        self._command = command

    def write(self, text: str) -> None:
        """Press the keys of `text`."""
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Press keys by their names, such as `Enter`."""
        self._tmux("send-keys", *keys)

    def screen(self) -> list[str]:
        """Return what is on the screen, line by line."""
        return self._tmux("capture-pane", "-p").splitlines()

    def wait_for(self, text: str) -> list[str]:
        """Look at the screen until `text` is on it, and return it."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            screen = self.screen()
            if any(text in line for line in screen):
                return screen
        raise AssertionError("\n".join([f"not on the screen: {text!r}", *self.screen()]))

    def __enter__(self) -> Self:
        self._tmux("-f", os.devnull, "new-session", "-d", "-x", "100", "-y", "40", self._command)
        self._tmux("set-option", "-g", "remain-on-exit", "on")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-L", self._socket, *arguments],
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"},
            timeout=DEADLINE,
            check=True,
        ).stdout
