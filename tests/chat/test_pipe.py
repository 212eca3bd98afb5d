"""Tests of `tertulia chat` in a pipe."""

from __future__ import annotations

import json
import os
import subprocess

from tertulia.sdk import connect
from tests.chat.program import COMMAND, piped
from tests.running import DEADLINE, RunningServer, environment


async def said_in_lobby(url: str, count: int) -> list[str]:
    """Return what was said last, oldest first."""
    async with connect(url) as client:
        newest = [one async for one in client.history("lobby", limit=count)]
    return [f"{one.author.nick}: {one.text}" for one in reversed(newest)]


async def test_lines_are_said_and_stored_before_it_ends(url: str) -> None:
    lines = [f"line {number} olá ☕" for number in range(200)]
    done = piped("\n".join(lines), url, "--nick", "piper")
    assert (done.returncode, done.stderr) == (0, "")
    shown = [line.partition(" ")[2] for line in done.stdout.splitlines()]
    assert [line for line in shown if line.startswith("piper: ")] == [
        f"piper: {line}" for line in lines
    ]
    assert await said_in_lobby(url, 200) == [f"piper: {line}" for line in lines]


async def test_commands_are_done_in_order_with_the_lines(url: str) -> None:
    script = "before\n/create piped A topic\ninside\n/topic Another\n/leave\nafter\n//slash\n"
    done = piped(script, url.replace("tcp", "ws"), "--nick", "scripted")
    assert (done.returncode, done.stderr) == (0, "")
    shown = [line for line in done.stdout.splitlines() if "scripted" in line]
    assert [line[6:] if line[2] == ":" else line for line in shown] == [
        "scripted: before",
        "scripted: inside",
        "scripted has set the topic: Another",
        "scripted has left [piped]",
        "scripted: after",
        "scripted: /slash",
    ]
    assert (await said_in_lobby(url, 2)) == ["scripted: after", "scripted: /slash"]


def test_a_room_can_be_wished_for(url: str) -> None:
    assert piped("/create wished\nhi\n", url, "--nick", "wisher").returncode == 0
    done = piped("hello\n", url, "--nick", "wisher", "--room", "wished")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].endswith("wisher: hello")
    assert "You are in wished." in done.stdout
    nowhere = piped("hello\n", url, "--nick", "wisher", "--room", "nowhere")
    assert nowhere.returncode == 2
    assert "There is no room called nowhere." in nowhere.stderr


def test_events_are_written_as_json(url: str) -> None:
    done = piped("hi\n/whois machine\n", url, "--nick", "machine", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    names = [event[0] for event in events]
    assert names[:2] == ["welcome", "room_joined"]
    assert names[-1] == "goodbye"
    [message] = [event for event in events if event[0] == "message"]
    assert (message[1]["text"], message[1]["author"]["nick"]) == ("hi", "machine")
    assert "notice" in names


def test_what_is_refused_goes_to_the_errors_and_the_exit_status(url: str) -> None:
    done = piped(f"{'x' * 5000}\n/dance\nfine\n", url, "--nick", "refused")
    assert done.returncode == 1
    assert "That is too long" in done.stderr
    assert "There is no command /dance" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("refused: fine")


def test_nobody_there_is_an_error() -> None:
    done = piped("hi\n", "tcp://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "127.0.0.1:1" in done.stderr
    assert piped("hi\n", "http://x").returncode == 2


def test_without_an_address_it_waits_to_be_told_one(url: str) -> None:
    port = url.rpartition(":")[2]
    script = f"too early\n/connect\n127.0.0.1\n{port}\nasked\nhello\n/users\n/exit bye\nnever\n"
    done = piped(script)
    assert done.returncode == 1
    assert done.stderr == "You are not connected. /connect asks where to, and as whom.\n"
    lines = done.stdout.splitlines()
    assert lines[1:4] == [
        "Address [127.0.0.1]:",
        "Port [4444]:",
        "Nickname, or nothing for a guest's:",
    ]
    assert any(line.endswith("asked: hello") for line in lines)
    assert any(line.startswith("In lobby (") and "asked" in line for line in lines)
    assert "never" not in done.stdout


def test_an_address_may_be_given_with_the_command(url: str) -> None:
    done = piped(f"/connect {url} named\nhello\n/connect\n")
    assert done.returncode == 0
    assert "You are connected already. /exit leaves." in done.stdout
    assert any(line.endswith("named: hello") for line in done.stdout.splitlines())


def test_whoever_reads_it_may_stop_reading(url: str) -> None:
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, url, "--nick", "unread"],
        stdin=subprocess.PIPE,
        stdout=writing,
        stderr=subprocess.PIPE,
        env=environment({"LC_ALL": "C.UTF-8"}),
    )
    os.close(writing)
    assert os.read(reading, 65_536)
    os.close(reading)
    assert process.stdin is not None
    process.stdin.write(b"one\ntwo\n")
    process.stdin.flush()
    _, errors = process.communicate(timeout=DEADLINE)
    assert errors == b""


def test_a_follower_hears_others_until_its_input_ends(url: str) -> None:
    with subprocess.Popen(
        [*COMMAND, url, "--nick", "follower"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=environment({"LC_ALL": "C.UTF-8"}),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().startswith("You are in lobby")
        assert piped("news\n", url, "--nick", "reporter").returncode == 0
        while not (line := process.stdout.readline()).endswith("reporter: news\n"):
            assert line
        process.stdin.close()
        assert process.wait(DEADLINE) == 0


def test_two_in_the_same_room_through_other_doors_see_each_other(server: RunningServer) -> None:
    url = f"tcp://127.0.0.1:{server.port('events')}"
    with server.arrive() as telnet:
        assert piped("from a pipe\n", url, "--nick", "pipes").returncode == 0
        telnet.read_until("pipes: from a pipe")
