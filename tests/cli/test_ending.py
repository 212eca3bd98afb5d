"""Tests of `tertulia serve` as it ends: a word to everyone, in time, with nothing lost."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Final

import pytest

from tests.running import FAREWELL, Peer, RunningServer

ENDED_IN_TIME: Final = 5.0
"""Seconds that an orderly end may take; this is what is promised."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_chat_with_a_word_to_everyone(
    tmp_path: Path, number: signal.Signals
) -> None:
    with RunningServer(tmp_path) as server:
        with server.arrive() as ana, server.arrive() as bea:
            server.process.send_signal(number)
            for peer in (ana, bea):
                assert peer.read_to_end().rstrip().endswith(FAREWELL)
        assert server.wait(ENDED_IN_TIME) == 0


UNBOUNDED: Final = (
    "limits.enabled=false",
    "limits.outbox_bytes=100000000",
    "store.kind=memory",
)


def stall(server: RunningServer) -> Peer:
    """Return a peer that does not read, with more on its way than the kernel takes."""
    sleeper = Peer(server.addresses["line"], receive_buffer=4096)
    with server.arrive() as talker, server.arrive() as listener:
        for hundred in range(20):
            talker.send("".join(f"{hundred} {'x' * 3900}\r\n" for _ in range(100)))
            talker.say(f"end of {hundred}")
            listener.read_until(f"end of {hundred}")
    return sleeper


def test_a_client_that_never_reads_does_not_put_off_the_end(tmp_path: Path) -> None:
    with RunningServer(tmp_path, settings=UNBOUNDED) as server, stall(server):
        assert server.stop(seconds=ENDED_IN_TIME) == 0


def test_a_second_sigint_ends_the_server_at_once(tmp_path: Path) -> None:
    with RunningServer(tmp_path, settings=UNBOUNDED) as server, stall(server):
        with server.arrive() as ana:
            server.process.send_signal(signal.SIGINT)
            ana.read_until(FAREWELL)
            assert server.stop(signal.SIGINT) == -signal.SIGINT


def test_a_person_may_end_the_chat_where_anyone_may(tmp_path: Path) -> None:
    with RunningServer(tmp_path, settings=["doors.line.anyone_may_shutdown=true"]) as server:
        with server.arrive() as ana, server.arrive() as bea:
            ana.say("SHUTDOWN")
            assert bea.read_to_end().rstrip().endswith(FAREWELL)
        assert server.wait() == 0


def test_what_was_said_is_there_after_an_orderly_end(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        with server.arrive() as ana, server.arrive() as bea:
            ana.say("remember me")
            bea.read_until("remember me")
        assert server.stop() == 0
    with RunningServer(tmp_path) as server, server.connect() as cleo:
        cleo.read_until("remember me")


def test_what_was_shown_is_there_after_a_crash(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server, server.arrive() as ana, server.arrive() as bea:
        ana.say("remember me")
        bea.read_until("remember me")
        server.kill()
    with RunningServer(tmp_path) as server, server.connect() as cleo:
        cleo.read_until("remember me")
