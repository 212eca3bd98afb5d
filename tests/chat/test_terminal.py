"""Tests of `tertulia chat` on a terminal."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.chat.program import OnTerminal, piped
from tests.running import RunningServer


def test_one_talks_and_hears_while_the_prompt_stays_whole(url: str) -> None:
    with OnTerminal(url, "--nick", "typer") as terminal:
        terminal.read_until("[lobby] typer>")
        terminal.press("half a thou")
        terminal.read_until("half a thou")
        assert piped("interrupting\n", url, "--nick", "other").returncode == 0
        terminal.read_until("other: interrupting")
        terminal.read_until("[lobby] typer> half a thou")
        terminal.press("ght\r")
        terminal.read_until("typer: half a thought\n")
        terminal.press("\x04")
        assert terminal.wait() == 0
        assert terminal.is_restored


def test_a_line_is_edited_and_fetched_back(url: str) -> None:
    with OnTerminal(url, "--nick", "editor") as terminal:
        terminal.read_until("editor>")
        terminal.press("wrld\x1b[D\x1b[D\x1b[Do\x01hello \x05!\r")
        terminal.read_until("editor: hello world!\n")
        terminal.press("\x1b[A\x7f?\r")
        terminal.read_until("editor: hello world?\n")
        terminal.press("\x1b[200~two\rlines\x1b[201~\r")
        terminal.read_until("editor: two\n")
        terminal.read_until("      lines\n")
        terminal.press("日本\x7f語\r")
        terminal.read_until("editor: 日語\n")


def test_words_are_completed(url: str) -> None:
    with OnTerminal(url, "--nick", "completer") as terminal:
        terminal.read_until("completer>")
        terminal.press("/cre\troom-by-tab\r")
        terminal.read_until("[room-by-tab] completer>")
        terminal.press("comp\t")
        terminal.read_until("completer: ")
        terminal.press("\x15/l\t")
        terminal.read_until("/lang")
        terminal.press("\x15/exit\r")
        assert terminal.wait() == 0


@pytest.mark.parametrize(("language", "word"), [("pt_BR.UTF-8", "/ENTRAR"), ("es", "/entrar")])
def test_it_asks_where_to_in_the_language_of_the_terminal(
    url: str, language: str, word: str
) -> None:
    port = url.rpartition(":")[2]
    with OnTerminal(environ={"LC_ALL": language}) as terminal:
        terminal.read_until("/ENTRAR")
        terminal.press(f"{word}\r")
        terminal.read_until("[127.0.0.1]:")
        terminal.press("\r")
        terminal.read_until("[4444]:")
        terminal.press(f"{port}\r")
        terminal.read_until(":")
        terminal.press("conectada\r")
        terminal.read_until("[lobby] conectada>")
        terminal.press("/USUARIOS\r")
        terminal.read_until("lobby (")
        terminal.read_until("conectada")
        # The answers to questions are no lines that were said.
        terminal.press("\x1b[A")
        terminal.read_until("/USUARIOS")
        terminal.press("\x1b[A")
        terminal.read_until(word)
        terminal.press("\x15/SAIR\r")
        assert terminal.wait() == 0
        assert terminal.is_restored


def test_a_connection_that_can_not_be_made_is_told_and_can_be_tried_again(url: str) -> None:
    with OnTerminal() as terminal:
        terminal.read_until("/connect")
        terminal.press("/connect tcp://127.0.0.1:1\r")
        terminal.read_until("127.0.0.1:1: ")
        terminal.press("hello?\r")
        terminal.read_until("You are not connected.")
        terminal.press(f"/connect {url} again\r")
        terminal.read_until("[lobby] again>")


def test_ctrl_c_empties_the_line_and_then_ends(url: str) -> None:
    with OnTerminal(url, "--nick", "ctrlc") as terminal:
        terminal.read_until("ctrlc>")
        terminal.press("never mind")
        terminal.read_until("never mind")
        terminal.press("\x03still here\r")
        terminal.read_until("ctrlc: still here\n")
        terminal.press("\x03")
        assert terminal.wait() == 0
        assert terminal.is_restored


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_terminal_is_restored_however_it_ends(url: str, number: signal.Signals) -> None:
    with OnTerminal(url) as terminal:
        terminal.read_until("[lobby]")
        assert not terminal.is_restored
        terminal.process.send_signal(number)
        assert terminal.wait() != 0
        assert terminal.is_restored


def test_stopped_and_continued_it_goes_on_where_it_was(url: str) -> None:
    with OnTerminal(url, "--nick", "sleeper", under_shell=True) as terminal:
        terminal.read_until("sleeper>")
        terminal.press("before")
        terminal.read_until("before")
        terminal.press("\x1a")
        assert terminal.shell_says() == "stopped"
        assert terminal.is_restored
        terminal.tell_shell("continue")
        terminal.read_until("[lobby] sleeper> before")
        terminal.press(" and after\r")
        terminal.read_until("sleeper: before and after\n")
        terminal.press("\x04")
        assert terminal.shell_says() == "ended 0"
        assert terminal.is_restored


def test_where_nobody_could_continue_it_it_is_not_stopped(url: str) -> None:
    with OnTerminal(url, "--nick", "orphan") as terminal:
        terminal.read_until("orphan>")
        terminal.press("\x1a")
        terminal.press("still here\r")
        terminal.read_until("orphan: still here\n")


def test_a_terminal_that_changes_its_width_is_followed(url: str) -> None:
    with OnTerminal(url, "--nick", "wide") as terminal:
        terminal.read_until("wide>")
        terminal.press("0123456789" * 3)
        terminal.read_until("0123456789" * 3)
        terminal.resize(24)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.read_until("…")


def test_it_goes_on_when_the_server_comes_back(tmp_path: Path) -> None:
    listens = ("events=127.0.0.1:0",)
    with RunningServer(tmp_path, listens=listens) as server:
        port = server.port("events")
        with OnTerminal(f"ws://127.0.0.1:{port}/events", "--nick", "loyal") as terminal:
            terminal.read_until("[lobby] loyal>")
            assert server.stop() == 0
            terminal.read_until("The chat has been shut down")
            terminal.read_until("[lobby] (loyal)>")
            terminal.press("patience\r")
            with RunningServer(tmp_path, listens=(f"events=127.0.0.1:{port}",)):
                terminal.read_until("You are connected again.")
                terminal.read_until("loyal: patience\n")
                terminal.press("\x04")
                assert terminal.wait() == 0
