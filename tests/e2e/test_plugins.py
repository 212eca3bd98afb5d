"""Plugins that misbehave in a real server, while people talk; and reloading under their feet."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_terminal import OnTerminal
from tests.e2e.visitors import Canaries, arrive
from tests.running import FAREWELL, LOG, NotReady, RunningServer

HEAD = """\
import time
from msgspec.structs import replace
from tertulia.core.commands import PostMessage
from tertulia.plugins import *
"""


def write(path: Path, code: str) -> Path:
    path.write_text(HEAD + textwrap.dedent(code), encoding="utf-8")
    return path


def server_with(folder: Path, *plugins: Path, budget: float = 5.0) -> RunningServer:
    arguments = [word for plugin in plugins for word in ("--plugin", str(plugin))]
    return RunningServer(
        folder,
        arguments=arguments,
        settings=[f"plugins.budget_seconds={budget}", "limits.enabled=false"],
    )


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A plugin that can do everything wrong."""
    return write(
        tmp_path / "bad.py",
        """
        @command(description="Never ends.")
        def spin(call):
            while True:
                pass

        @command(description="Blocks.")
        def block(call):
            time.sleep(1.5)

        @command(description="Raises.")
        def fail(call):
            raise ValueError("a fault of mine")

        @listener()
        def on_message(heard):
            raise ValueError("a fault of its")

        @every(0.05)
        def tick(chat):
            raise ValueError("a fault of the clock")
        """,
    )


def test_a_plugin_that_never_ends_leaves_the_others_chat_alive(tmp_path: Path, bad: Path) -> None:
    with server_with(tmp_path, bad, budget=0.3) as server:
        canaries = Canaries(server)
        with arrive(server, "ana") as ana:
            ana.say("/spin")
            canaries.sing(20)
            ana.read_until("The plugin bad has failed. The operator's log says how.")
            canaries.sing(20)
            while "not running" not in server.log:
                ana.say("/fail")
                if "not running" in ana.read_until("The plugin bad"):
                    break
                canaries.sing(1)
            canaries.sing(20)
        assert canaries.songs() == list(range(1, len(canaries.songs()) + 1))
        canaries.close()
        assert server.stop() == 0
        assert "The plugin bad is suspended" in server.log
        assert "plugin bad has held up its thread" in server.log


def test_a_plugin_that_blocks_or_raises_leaves_the_others_chat_alive(
    tmp_path: Path, bad: Path
) -> None:
    with server_with(tmp_path, bad, budget=0.8) as server:
        canaries = Canaries(server)
        with arrive(server, "ana") as ana:
            canaries.sing(5)
            ana.say("/fail")
            ana.read_until("The plugin bad has failed.")
            ana.say("/block")
            canaries.sing(20)
            ana.read_until("The plugin bad has failed.")
        canaries.close()
        assert server.stop() == 0
        assert "plugin bad: fail failed" in server.log
        assert "ValueError: a fault of mine" in server.log
        assert "plugin bad: on_message failed" in server.log


@pytest.mark.parametrize("command", ["/spin", "/block"])
def test_the_server_ends_as_always_whatever_a_plugin_is_at(
    tmp_path: Path, bad: Path, command: str
) -> None:
    with server_with(tmp_path, bad) as server, arrive(server, "ana") as ana:
        ana.say(command)
        ana.say("/time")
        assert server.stop() == 0
        assert ana.read_to_end().rstrip().endswith(FAREWELL)


def test_filters_of_plugins_are_in_front_of_every_door(tmp_path: Path) -> None:
    plugin = write(
        tmp_path / "calm.py",
        """
        @command_filter()
        def calm(asked, command: PostMessage):
            if "darn" in command.text:
                raise asked.refusal("Not that word.")
            if command.text.isupper():
                return replace(command, text=command.text.lower())
        """,
    )
    with server_with(tmp_path, plugin) as server:
        with arrive(server, "ana") as ana, arrive(server, "bob") as bob:
            ana.send("oh darn\nHELLO\nlast words\nQUIT\n")
            ana.read_until("calm refuses that: Not that word.")
            heard = bob.read_until("has left the chat").splitlines()
            assert [line[5:] for line in heard if " ana: " in line] == [
                " ana: hello",
                " ana: last words",
            ]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def broken(:\n", "SyntaxError: invalid syntax"),
        ("import nothing_like_that\n", "ModuleNotFoundError"),
        ("x = 3\n", "it declares nothing"),
        (
            "@command(description='Joins.')\ndef join(call): pass\n",
            "/join is both /join and /join",
        ),
        (
            "@door('127.0.0.1')\ndef d(gateway):\n    return type('D', (), {'name': 'd'})()\n",
            "its door at 127.0.0.1 can't be opened: ValueError: not HOST:PORT",
        ),
    ],
)
def test_a_server_with_a_plugin_that_can_t_be_loaded_says_so_in_a_line(
    tmp_path: Path, code: str, told: str
) -> None:
    plugin = write(tmp_path / "broken.py", code)
    with pytest.raises(NotReady, match="exit status 2"), server_with(tmp_path, plugin):
        raise AssertionError("it is ready")
    last = (tmp_path / LOG).read_text().splitlines()[-1]
    assert last.startswith(f"tertulia: The plugin {plugin} can't be loaded: ")
    assert told in last


def test_plugins_named_in_the_settings_and_on_the_command_line_are_all_loaded(
    tmp_path: Path,
) -> None:
    code = "@command(description='Works.')\ndef {}(call): return '{} works'\n"
    one = write(tmp_path / "one.py", code.format("one", "one"))
    two = write(tmp_path / "two.py", code.format("two", "two"))
    config = tmp_path / "tertulia.toml"
    config.write_text(f'[plugins]\nload = ["{one}"]\n')
    arguments = ["--config", str(config), "--plugin", str(two)]
    with RunningServer(tmp_path, arguments=arguments) as server, arrive(server) as peer:
        for name in ("one", "two"):
            peer.say(f"/{name}")
            peer.read_until(f"{name} works")


@pytest.fixture
def greeter(tmp_path: Path) -> Path:
    return write(tmp_path / "greeter.py", GREETER.format("hello"))


GREETER = """
@command(description="Greets.")
def greet(call):
    return "{0} to you"
"""


@pytest.fixture
def terminal(tmp_path: Path, greeter: Path, bad: Path) -> Iterator[OnTerminal]:
    on_terminal = OnTerminal(
        tmp_path,
        *("--plugin", str(greeter), "--plugin", str(bad)),
        *("--set", "plugins.budget_seconds=0.2"),
    )
    yield on_terminal
    on_terminal.close()


def test_reload_brings_new_code_under_the_feet_of_who_is_there(
    terminal: OnTerminal, greeter: Path
) -> None:
    with terminal.connect() as ana, terminal.connect() as bob:
        ana.say("/greet")
        ana.read_until("hello to you")
        write(greeter, GREETER.format("howdy"))
        terminal.type("reload\n")
        terminal.read_until("greeter (1 command): reloaded")
        ana.say("/greet")
        ana.read_until("howdy to you")
        write(greeter, "def broken(:\n")
        terminal.type("reload\n")
        terminal.read_until("greeter stays out: SyntaxError")
        ana.say("/greet")
        ana.read_until("There is no command /greet")
        terminal.type("status\n")
        terminal.read_until("bad (3 commands, 1 listener, 1 periodic function)")
        terminal.read_until("greeter (stays out: SyntaxError")
        ana.say("still here")
        bob.read_until("still here")


def test_the_operator_is_told_of_a_plugin_that_is_suspended(terminal: OnTerminal) -> None:
    with terminal.connect() as ana:
        ana.say("/spin")
        terminal.read_until("The plugin bad is suspended: ")
        terminal.read_until("`reload` tries it again.")
        ana.say("/spin")
        ana.read_until("The plugin bad is not running just now.")
        terminal.type("status\n")
        terminal.read_until("periodic function, suspended: ")
        terminal.type("reload\n")
        terminal.read_until("bad (3 commands, 1 listener, 1 periodic function): reloaded")
