"""Tests of `tertulia.cli.main`: the command line answers at once, and loads little."""

from __future__ import annotations

import subprocess
import sys

from click.testing import CliRunner

from tertulia import __version__
from tertulia.cli import main
from tests.running import tertulia


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert (result.exit_code, result.output) == (0, f"tertulia {__version__}\n")


def test_every_option_of_serve_is_in_its_help() -> None:
    result = CliRunner().invoke(main, ["serve", "--help"])
    assert result.exit_code == 0
    for option in ("--config", "--data", "--set", "--listen", "--log-format"):
        assert option in result.output


def test_help_does_not_load_the_server() -> None:
    heavy = "('asyncio', 'msgspec', 'sqlite3')"
    program = f"import sys, tertulia.cli; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert loaded.stdout == "[]\n"


def test_the_module_is_the_command() -> None:
    result = tertulia("--version")
    assert (result.returncode, result.stdout) == (0, f"tertulia {__version__}\n")


def test_an_unknown_option_is_refused_with_2() -> None:
    result = tertulia("serve", "--prot", "1")
    assert result.returncode == 2
    assert "No such option" in result.stderr
