from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SCRIPT = [sys.executable, "-m", "tests.stores.sqlite.full_disk"]


def own_file_systems() -> list[str]:
    """Return the command that gives a process a mount namespace; empty where there is none."""
    command = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    try:
        probe = subprocess.run(
            [*command, "mount", "-t", "tmpfs", "tmpfs", "/tmp"], capture_output=True, check=False
        )
    except FileNotFoundError:
        return []
    return command if probe.returncode == 0 else []


def run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    namespace = own_file_systems()
    kind = "tmpfs" if namespace else "limit"
    said = run([*namespace, *SCRIPT, kind, str(tmp_path)])
    assert said.startswith("Nothing can be kept just now: the disk is full")


def test_files_that_may_not_grow_refuse_and_recover(tmp_path: Path) -> None:
    said = run([*SCRIPT, "limit", str(tmp_path)])
    assert said.startswith("Nothing can be kept just now: the disk is full")
