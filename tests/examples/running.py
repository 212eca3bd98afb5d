"""An example, running in a process of its own as its page says."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.running import DEADLINE, environment

EXAMPLES: Final = Path(__file__).resolve().parent.parent.parent / "examples"


class Example:
    """Runs until the `with` block ends, and must then end without a complaint."""

    def __init__(self, path: Path | str, *arguments: str) -> None:
        """Start `path`, in the folder of examples, with `arguments`."""
        self.process = subprocess.Popen(
            [sys.executable, "-X", "dev", str(EXAMPLES / path), *arguments],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def read_line(self) -> str:
        """Return the next line that it writes."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self.process.kill()
        self.process.send_signal(signal.SIGINT)
        _, complaints = self.process.communicate(timeout=DEADLINE)
        if error is None:
            assert (complaints, self.process.returncode) == ("", 0), complaints
