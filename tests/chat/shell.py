"""What a shell does about jobs: runs a program in front, and says when it stops or ends.

Run as `shell.py DESCRIPTOR COMMAND …`: what happens is written to the descriptor, and any word
that is read from it lets the program go on.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import termios


def main(descriptor: int, command: list[str]) -> None:
    """Run `command` on the terminal that is the standard input."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execv(command[0], command)
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            os.write(descriptor, f"ended {os.waitstatus_to_exitcode(status)}".encode())
            os.read(descriptor, 100)
            return
        os.tcsetpgrp(0, os.getpgrp())
        os.write(descriptor, b"stopped")
        os.read(descriptor, 100)
        os.tcsetpgrp(0, child)
        os.killpg(child, signal.SIGCONT)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
