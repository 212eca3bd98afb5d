"""The guide for authors: what it shows runs, and what there is is in it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tertulia import plugins
from tertulia.config.schema import settings_by_path
from tertulia.core.errors import PluginFailed, PluginNotRunning
from tertulia.plugins.chat import Chat
from tertulia.plugins.hooks import EVENTS, PREFIX
from tertulia.plugins.loading import GROUP, load, source_of

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
FILES = dict[str, str](re.findall(r"```python\n# (\w+\.py)\n(.*?)```", GUIDE, re.DOTALL))
PLUGINS = [name for name in FILES if not name.startswith("test_")]


def write_files(folder: Path) -> None:
    for name, code in FILES.items():
        (folder / name).write_text(code, encoding="utf-8")


@pytest.mark.parametrize("name", PLUGINS)
def test_every_plugin_of_the_guide_can_be_loaded(tmp_path: Path, name: str) -> None:
    write_files(tmp_path)
    load(source_of(str(tmp_path / name)))


def test_the_tests_of_the_guide_pass_for_somebody_who_has_only_installed_tertulia(
    tmp_path: Path,
) -> None:
    write_files(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_the_guide_names_every_hook_event_setting_and_refusal() -> None:
    wanted = [
        *plugins.__all__,
        *(f"`{PREFIX}{event}`" for event in EVENTS),
        *(path for path in settings_by_path() if path.startswith("plugins.")),
        *(f"`{name}`" for name in vars(Chat) if name not in CHAT_INSIDE and name[0] != "_"),
        *(f"`{kind('').code}`" for kind in (PluginFailed, PluginNotRunning)),
        *(path.name for path in (ROOT / "examples" / "plugins").glob("*.py")),
        GROUP,
    ]
    assert [name for name in wanted if name not in GUIDE] == []


CHAT_INSIDE = {"ask", "tell_server"}
"""What is between the threads, and nothing for authors."""
