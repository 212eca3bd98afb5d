"""Tests of `tertulia.config.load`: the layers, and the words for what is wrong in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tertulia.config.load import ConfigError, load
from tertulia.config.settings import Settings


def load_text(
    folder: Path,
    toml: str = "",
    environ: Mapping[str, str] | None = None,
    overrides: Sequence[str] = (),
) -> Settings:
    file = folder / "tertulia.toml"
    file.write_text(toml, encoding="utf-8")
    return load(file, environ or {}, overrides)


def faults_of(
    folder: Path,
    toml: str = "",
    environ: Mapping[str, str] | None = None,
    overrides: Sequence[str] = (),
) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_text(folder, toml, environ, overrides)
    assert str(caught.value) == "\n".join(caught.value.faults)
    return list(caught.value.faults)


def test_nothing_given_leaves_the_defaults() -> None:
    assert load(None, {"PATH": "/bin"}) == Settings()


def test_each_layer_wins_over_the_one_before(tmp_path: Path) -> None:
    toml = "[doors.line]\nmax_sessions = 1\nmax_line = 1000\nhistory = 3\n"
    environ = {"TERTULIA_DOORS__LINE__MAX_LINE": "2000", "TERTULIA_DOORS__LINE__HISTORY": "4"}
    line = load_text(tmp_path, toml, environ, ["doors.line.history=5"]).doors.line
    assert (line.max_sessions, line.max_line, line.history) == (1, 2000, 5)


def test_the_last_override_wins() -> None:
    assert load(None, {}, ["log.level=debug", "log.level = error"]).log.level == "error"


@pytest.mark.parametrize(
    ("override", "value"),
    [("true", True), ("False", False), ("1", True), ("0", False)],
)
def test_texts_become_yes_and_no(override: str, value: bool) -> None:
    assert load(None, {}, [f"limits.enabled={override}"]).limits.enabled is value


def test_texts_become_numbers() -> None:
    settings = load(None, {}, ["limits.message_rate=2.5", "limits.sessions=7"])
    assert (settings.limits.message_rate, settings.limits.sessions) == (2.5, 7)


def test_a_whole_number_does_for_a_number(tmp_path: Path) -> None:
    assert load_text(tmp_path, "[hub]\nroom_share = 3").hub.room_share == 3.0


def test_an_equals_sign_may_stand_in_a_value() -> None:
    assert load(None, {}, ["server.data=a=b"]).server.data == "a=b"


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        ('[doors.line]\nmax_sessions = "x"', "doors.line.max_sessions: expected an integer"),
        ("[doors.line]\nmax_sessions = true", "doors.line.max_sessions: expected an integer"),
        ("[doors.line]\nmax_sessions = 1.5", "doors.line.max_sessions: expected an integer"),
        ("[doors.line]\nmax_sessions = 0", "doors.line.max_sessions: expected at least 1"),
        ("[doors.line]\nhistory = 201", "doors.line.history: expected at least 0 and at most 200"),
        ("[limits]\nenabled = 1", "limits.enabled: expected true or false"),
        ('[limits]\nmessage_rate = "x"', "limits.message_rate: expected a number"),
        ("[limits]\nmessage_rate = nan", "limits.message_rate: expected a number"),
        ("[limits]\nmessage_rate = 0", "limits.message_rate: expected more than 0"),
        (
            "[server]\nmain_room = 3",
            "server.main_room: expected a room name: letters, digits, - and _",
        ),
        (
            '[server]\nmain_room = "a b"',
            "server.main_room: expected a room name: letters, digits, - and _",
        ),
        ('[server]\nlanguage = "fr"', "server.language: expected one of en, pt, es"),
        (
            '[server]\ntimezone = "Lisbon"',
            "server.timezone: expected the name of a time zone, such as Europe/Lisbon",
        ),
        (
            '[server]\ntimezone = "../etc/passwd"',
            "server.timezone: expected the name of a time zone, such as Europe/Lisbon",
        ),
        ('[server]\ndata = ""', "server.data: expected the name of a folder"),
        (
            '[doors.line]\nlisten = "8888"',
            "doors.line.listen: expected HOST:PORT, such as 127.0.0.1:8888 or [::1]:8888",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_path(
    tmp_path: Path, toml: str, fault: str
) -> None:
    assert faults_of(tmp_path, toml) == [fault]


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        (
            "[doors.lime]\nmax_sessions = 3",
            "doors.lime: no such setting (did you mean doors.line?)",
        ),
        (
            "[doors.line]\nmax_session = 3",
            "doors.line.max_session: no such setting (did you mean doors.line.max_sessions?)",
        ),
        (
            "max_sessions = 3",
            "max_sessions: no such setting (did you mean doors.line.max_sessions?)",
        ),
        ("zzz = 3", "zzz: no such setting"),
        ("[doors.line]\nzzz = 3", "doors.line.zzz: no such setting"),
        (
            "[log]\nlevel = 'info'\n[log.format]\nx = 1",
            "log.format: expected one of text, json",
        ),
        (
            "doors.line = 3",
            "doors.line: expected a section with settings, such as doors.line.enabled",
        ),
        (
            "[doors.line.max_sessions]\nx = 1",
            "doors.line.max_sessions: expected an integer",
        ),
    ],
)
def test_an_unknown_setting_gets_a_suggestion(tmp_path: Path, toml: str, fault: str) -> None:
    assert faults_of(tmp_path, toml) == [fault]


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        (
            "doors.lime.max_sessions=1",
            "doors.lime.max_sessions: no such setting (did you mean doors.line.max_sessions?)",
        ),
        ("doors.lime.x=1", "doors.lime.x: no such setting (did you mean doors.line?)"),
        ("limits=1", "limits: expected a section with settings, such as limits.enabled"),
        ("log.level.x=1", "log.level.x: no such setting"),
    ],
)
def test_a_mistaken_part_of_a_path_is_set_right(tmp_path: Path, override: str, fault: str) -> None:
    assert faults_of(tmp_path, overrides=[override]) == [fault]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    toml = "[doors.line]\nmax_sessions = 'x'\n[log]\nlevle = 'info'\n"
    environ = {"TERTULIA_HUB__CROWD": "few"}
    assert faults_of(tmp_path, toml, environ, ["limits.enabled"]) == [
        "doors.line.max_sessions: expected an integer",
        "log.levle: no such setting (did you mean log.level?)",
        "hub.crowd: expected an integer (from TERTULIA_HUB__CROWD)",
        "--set limits.enabled: expected KEY=VALUE",
    ]


def test_variables_of_others_are_left_alone() -> None:
    environ = {"TERTULIA_PORT": "tcp://10.0.0.1:8888", "TERTULIA_PORT_8888_TCP_ADDR": "10.0.0.1"}
    assert load(None, environ) == Settings()


def test_a_variable_with_too_few_underscores_is_told_about(tmp_path: Path) -> None:
    assert faults_of(tmp_path, environ={"TERTULIA_LIMITS_ENABLED": "false"}) == [
        "TERTULIA_LIMITS_ENABLED: write two underscores for each dot of a setting"
    ]


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file or directory"):
        load(tmp_path / "none.toml", {})


def test_a_file_that_is_no_toml_is_named_with_the_line(tmp_path: Path) -> None:
    [fault] = faults_of(tmp_path, "[server]\nlanguage en\n")
    assert fault.startswith(f"{tmp_path / 'tertulia.toml'}: ")
    assert "line 2" in fault


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "tertulia.toml"
    file.write_bytes(b"# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"tertulia\.toml: not UTF-8 at byte 6"):
        load(file, {})
