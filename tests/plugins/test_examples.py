"""The example plugins, each in a real server, tested the way that an author would test them."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tertulia.testing import StartServer

EXAMPLES = Path(__file__).parents[2] / "examples" / "plugins"


def test_every_example_is_tested_here() -> None:
    tested = set(re.findall(r'EXAMPLES / "(\w+\.py)"', Path(__file__).read_text()))
    assert tested == {path.name for path in EXAMPLES.glob("*.py")}


def test_dice(tertulia_server: StartServer) -> None:
    chat = tertulia_server(EXAMPLES / "dice.py")
    ana, bob = chat.join("ana"), chat.join("bob")
    ana.say("/roll 2 3")
    assert re.search(r"\* ana rolls [12] \+ [12] \+ [12] = [3-6]$", bob.hears("rolls"))
    assert ana.ask("/roll 1", "refuses").endswith("Up to 100 dice of 2 to 100 sides, please.")
    ana.ask("/roll many", "Usage: /roll [SIDES] [DICE]")
    ana.ask("/help dado", "/roll [SIDES] [DICE]")


def test_calm(tertulia_server: StartServer) -> None:
    chat = tertulia_server(EXAMPLES / "calm.py")
    ana, bob = chat.join("ana"), chat.join("bob")
    ana.ask("oh heck", "calm refuses that: Not heck, please.")
    ana.ask("/msg bob darn it", "Not darn, please.")
    ana.say("GOOD MORNING")
    assert bob.hears("morning").endswith("ana: Good morning")


def test_welcome(tertulia_server: StartServer) -> None:
    chat = tertulia_server(EXAMPLES / "welcome.py")
    ana = chat.join("ana")
    ana.say("/create tea")
    ana.hears("welcome: Welcome to tea, ana!")


def test_reminders(
    tertulia_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMINDERS", str(tmp_path / "reminders.db"))
    chat = tertulia_server(EXAMPLES / "reminders.py")
    ana = chat.join("ana")
    ana.ask("/remind 60 later", "You will be reminded in 60 min.")
    ana.ask("/remind 0 the tea is ready", "You will be reminded in 0 min.")
    ana.hears("reminders -> ana: You wanted to be reminded: the tea is ready")
    ana.ask("/remind -1 x", "From 0 to 1440 minutes ahead, please.")


def test_finger(tertulia_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINGER", "127.0.0.1:0")
    chat = tertulia_server(EXAMPLES / "finger.py")
    chat.join("ana")
    chat.join("bob")
    for question, answer in (("", "ana\r\nbob\r\n"), ("ANA", "ana is here.\r\n")):
        with socket.create_connection(("127.0.0.1", chat.port("finger")), 20) as asker:
            asker.sendall(f"{question}\r\n".encode())
            answered = b""
            while data := asker.recv(1000):
                answered += data
            assert answered.decode() == answer
