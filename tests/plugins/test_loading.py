"""Where plugins come from, and what is said of those that can't be loaded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from tertulia.plugins import loading
from tertulia.plugins import plugin as plugin_module
from tertulia.plugins.loading import LoadError, Source, installed_sources, load, source_of
from tests.plugins.hall import Hall

PLUGIN = """
from tertulia.plugins import Plugin, command

class Dice(Plugin):
    @command(description="Rolls.")
    def roll(self, call) -> str:
        return "{0}"

class More(Dice):
    @command(description="Rolls again.")
    def reroll(self, call) -> str:
        return "{0}"

@command(description="Spins.")
def spin(call) -> str:
    return "{0}"
"""


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def commands(source: Source) -> list[str]:
    return [one.name for one in load(source).hooks.commands]


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("dice.py", "dice"),
        ("some/where/my.dice.py", "my-dice"),
        ("some/where/dice", "dice"),
        ("package.dice", "dice"),
        ("dice", "dice"),
        ("ü.py", "plugin"),
        (f"{'x' * 40}.py", "x" * 32),
    ],
)
def test_a_plugin_is_called_what_its_file_or_module_is_called(where: str, name: str) -> None:
    assert source_of(where).name == name


def test_a_file_a_folder_and_a_module_are_told_apart() -> None:
    assert source_of("./dice.py").file.endswith("/dice.py")
    assert source_of("./dice").file.endswith("/dice")
    assert source_of("package.dice").module == "package.dice"


def test_a_file_has_what_its_functions_and_its_classes_but_for_their_bases_declare(
    tmp_path: Path,
) -> None:
    path = tmp_path / "dice.py"
    path.write_text(PLUGIN.format("x"))
    loaded = load(source_of(str(path)))
    names = sorted(one.name for one in loaded.hooks.commands)
    assert names == ["reroll", "roll", "spin"]
    assert loaded.roots == (str(path),)
    assert not (tmp_path / "__pycache__").exists()


def test_a_file_is_read_anew_each_time(tmp_path: Path) -> None:
    path = tmp_path / "dice.py"
    for text in ("one", "two"):
        path.write_text(PLUGIN.format(text))
        functions = [one.function for one in load(source_of(str(path))).hooks.commands]
        assert {function(None) for function in functions} == {text}


def test_a_folder_is_a_package_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "dice"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from tertulia.plugins import command\nfrom .inner import text\n"
        "@command(description='Rolls.')\ndef roll(call): return text\n"
    )
    for text in ("one", "longer"):
        (folder / "inner.py").write_text(f"text = {text!r}\n")
        loaded = load(source_of(str(folder)))
        assert [one.function(None) for one in loaded.hooks.commands] == [text]
        assert loaded.roots == (str(folder),)


def test_a_module_is_imported_anew_each_time(importable: Path) -> None:
    for text in ("one", "longer"):
        (importable / "some_dice.py").write_text(PLUGIN.format(text))
        hooks = load(source_of("some_dice")).hooks
        assert {one.function(None) for one in hooks.commands} == {text}


def test_installed_packages_bring_plugins(
    importable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (importable / "some_dice.py").write_text(PLUGIN.format("x"))
    points = [
        EntryPoint("whole", "some_dice", loading.GROUP),
        EntryPoint("dice", "some_dice:Dice", loading.GROUP),
        EntryPoint("wrong", "some_dice:spin", loading.GROUP),
    ]
    monkeypatch.setattr(loading, "entry_points", lambda group: EntryPoints(points))
    dice, whole, wrong = installed_sources()
    assert [dice.name, whole.name, wrong.name] == ["dice", "whole", "wrong"]
    assert commands(dice) == ["roll"]
    assert sorted(commands(whole)) == ["reroll", "roll", "spin"]
    with pytest.raises(LoadError, match="TypeError: spin is no class based on Plugin"):
        load(wrong)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def f(:\n", "SyntaxError: invalid syntax"),
        ("import nothing_of_that_name\n", "ModuleNotFoundError: No module named"),
        ("raise SystemExit\n", "SystemExit"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("x = 3\n", "it declares nothing"),
        ("raise ValueError('two\\nlines')\n", "ValueError: two lines$"),
    ],
)
def test_what_can_t_be_loaded_is_told_in_one_line(tmp_path: Path, code: str, told: str) -> None:
    path = tmp_path / "broken.py"
    path.write_text(code)
    with pytest.raises(LoadError, match=told):
        load(source_of(str(path)))


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=f"there is no file {tmp_path}/dice.py"):
        load(source_of(f"{tmp_path}/dice.py"))
    with pytest.raises(LoadError, match="No module named 'no_such_dice'"):
        load(source_of("no_such_dice"))


async def test_a_plugin_of_the_operators_that_can_t_be_loaded_is_why_there_is_no_start(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path)
    hall.names.append(str(tmp_path / "none.py"))
    with pytest.raises(LoadError, match="The plugin .*none.py can't be loaded: there is no file"):
        async with hall:
            raise AssertionError("it started")


async def test_an_installed_plugin_that_can_t_be_loaded_only_stays_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    point = EntryPoint("dice", "no_such_dice", loading.GROUP)
    monkeypatch.setattr(loading, "entry_points", lambda group: EntryPoints([point]))
    hall = Hall(tmp_path)
    hall.discovers = True
    async with hall:
        assert hall.manager.describe() == [
            "dice (stays out: ModuleNotFoundError: No module named 'no_such_dice')"
        ]
    assert "plugin dice stays out: ModuleNotFoundError" in caplog.text


async def test_two_plugins_of_one_name_are_one_too_many(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.write("dice", PLUGIN.format("x"))
    (tmp_path / "sub").mkdir()
    other = tmp_path / "sub" / "dice.py"
    other.write_text(PLUGIN.format("x"))
    hall.names.append(str(other))
    with pytest.raises(LoadError, match="there is another plugin called dice"):
        async with hall:
            raise AssertionError("it started")


@pytest.mark.parametrize("body", ["time.sleep(1)", "while True: pass"])
async def test_a_plugin_whose_code_does_not_come_to_an_end_stays_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr(plugin_module, "START_WITHIN", 0.2)
    hall = Hall(tmp_path)
    hall.write("slow", f"import time\n{body}\n")
    with pytest.raises(LoadError, match="loading it took more than 0 s"):
        async with hall:
            raise AssertionError("it started")
