"""People at the line door of a real server, for end-to-end tests."""

from __future__ import annotations

import unicodedata
from itertools import count, groupby

from tests.running import Peer, RunningServer

LAST_OF_WELCOME = "/help lists"


def arrive(server: RunningServer, nick: str | None = None) -> Peer:
    """Connect, read the welcome, and take a nick."""
    peer = server.connect()
    peer.read_until(LAST_OF_WELCOME)
    if nick is not None:
        peer.say(f"/nick {nick}")
        peer.read_until(f"You are {nick} now")
    return peer


class Canaries:
    """Two who talk to each other throughout, and notice when anything comes between them."""

    def __init__(self, server: RunningServer) -> None:
        self._numbers = count(1)
        self.seen = ""
        """Everything that the second one has read."""
        self.singer = arrive(server, "canary")
        self.listener = arrive(server, "listener")
        self.singer.read_until("is listener now")

    def sing(self, times: int = 1) -> str:
        """Say something and hear it, and again; return all that was heard meanwhile."""
        heard = ""
        for _ in range(times):
            song = f"tweet {next(self._numbers)} of many"
            self.singer.say(song)
            heard += self.listener.read_until(song)
        self.seen += heard
        assert is_harmless(heard), ascii(heard)
        return heard

    def wait_for(self, text: str) -> str:
        """Return what the second one reads, up to the line with `text`."""
        heard = self.listener.read_until(text)
        self.seen += heard
        assert is_harmless(heard), ascii(heard)
        return heard

    def songs(self) -> list[int]:
        """Return which songs were heard, in order."""
        lines = [line[5:] for line in self.seen.splitlines()]
        return [int(line.split()[2]) for line in lines if line.startswith(" canary: tweet ")]

    def close(self) -> None:
        """Hang up."""
        self.singer.close()
        self.listener.close()


def is_harmless(text: str) -> bool:
    """Tell whether nothing in `text` can steer a terminal, turn words round or pile up marks."""
    if any(unicodedata.category(letter) == "Cc" and letter not in "\r\n" for letter in text):
        return False
    if any(unicodedata.bidirectional(letter) in _TURNING for letter in text):
        return False
    marks = groupby(text, key=lambda letter: unicodedata.category(letter) == "Mn")
    return all(len(list(run)) <= 4 for is_mark, run in marks if is_mark)


_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
