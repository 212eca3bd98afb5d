"""Reading the settings: defaults, then a TOML file, then the environment, then `--set`.

In the environment, `TERTULIA_DOORS__LINE__MAX_SESSIONS` is `doors.line.max_sessions`: two
underscores stand for each dot. All faults are found and told at once, each by its path.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from tertulia.config.schema import settings_by_path
from tertulia.config.settings import Settings

ENVIRONMENT_PREFIX: Final = "TERTULIA_"
_ENVIRONMENT_DOT: Final = "__"


class ConfigError(Exception):
    """Settings that can't be used; its text has one fault on each line."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def load(
    config_file: Path | None, environ: Mapping[str, str], overrides: Sequence[str] = ()
) -> Settings:
    """Return the settings that all layers amount to; `overrides` are `KEY=VALUE`, the last wins.

    Raises:
        ConfigError: something in them is wrong.
    """
    layers = _Layers()
    if config_file is not None:
        layers.take_table("", _read_toml(config_file))
    layers.take_environment(environ)
    for override in overrides:
        layers.take_override(override)
    if layers.faults:
        raise ConfigError(layers.faults)
    return msgspec.convert(_nested(layers.values), Settings)


def _read_toml(config_file: Path) -> dict[str, object]:
    try:
        text = config_file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([f"{config_file}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{config_file}: not UTF-8 at byte {error.start + 1}"]) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{config_file}: {error}"]) from error


class _Layers:
    """The values given so far, the last for each path, and what was wrong with others."""

    def __init__(self) -> None:
        self._known = settings_by_path()
        self._sections = {above for path in self._known for above in _sections_above(path)}
        self.values: dict[str, object] = {}
        self.faults: list[str] = []

    def take_table(self, path: str, table: Mapping[str, object]) -> None:
        """Take in a table of a TOML file."""
        for key, value in table.items():
            here = f"{path}.{key}" if path else key
            if isinstance(value, dict) and here in self._sections:
                self.take_table(here, value)
            else:
                self._take(here, value, from_text=False)

    def take_environment(self, environ: Mapping[str, str]) -> None:
        """Take in the variables that are meant for the settings.

        Of those with the prefix, the ones without a separator belong to somebody else (service
        discovery makes such as `TERTULIA_PORT`), unless they are a setting misspelt.
        """
        flat = {path.replace(".", "_") for path in self._known}
        for name in sorted(environ):
            if not name.startswith(ENVIRONMENT_PREFIX):
                continue
            key = name.removeprefix(ENVIRONMENT_PREFIX).lower()
            path = key.replace(_ENVIRONMENT_DOT, ".")
            if path in self._known or _ENVIRONMENT_DOT in key:
                self._take(path, environ[name], from_text=True, source=f" (from {name})")
            elif key in flat:
                self.faults.append(f"{name}: write two underscores for each dot of a setting")

    def take_override(self, override: str) -> None:
        """Take in one `KEY=VALUE`."""
        key, equals, value = override.partition("=")
        if equals:
            self._take(key.strip(), value.strip(), from_text=True)
        else:
            self.faults.append(f"--set {override}: expected KEY=VALUE")

    def _take(self, path: str, value: object, *, from_text: bool, source: str = "") -> None:
        setting = self._known.get(path)
        if setting is None:
            self.faults.append(f"{path}: {self._unknown(path)}{source}")
            return
        try:
            self.values[path] = setting.convert(value, from_text=from_text)
        except ValueError as fault:
            self.faults.append(f"{path}: {fault}{source}")

    def _unknown(self, path: str) -> str:
        if path in self._sections:
            example = next(known for known in self._known if known.startswith(f"{path}."))
            return f"expected a section with settings, such as {example}"
        meant = _nearest(path, self._known)
        return f"no such setting (did you mean {meant}?)" if meant else "no such setting"


def _sections_above(path: str) -> Iterator[str]:
    """Return the sections that a setting is in, from the inside out."""
    while path := path.rpartition(".")[0]:
        yield path


def _nearest(path: str, known: Collection[str]) -> str | None:
    """Return the setting or section that was most likely meant."""
    from difflib import get_close_matches

    for one in known:
        if one.endswith(f".{path}"):
            return one
    here = ""
    parts = path.split(".")
    for depth, part in enumerate(parts):
        names = {one.removeprefix(here).split(".")[0] for one in known if one.startswith(here)}
        if part not in names:
            near = get_close_matches(part, sorted(names), n=1)
            if not near:
                return None
            whole = ".".join((here + near[0], *parts[depth + 1 :]))
            return whole if whole in known else here + near[0]
        here += f"{part}."
    return None


def _nested(values: Mapping[str, object]) -> dict[str, object]:
    """Return values by dotted path as tables in tables."""
    nested: dict[str, object] = {}
    for path, value in values.items():
        *parents, name = path.split(".")
        table = nested
        for parent in parents:
            inner = table.setdefault(parent, {})
            assert isinstance(inner, dict)
            table = inner
        table[name] = value
    return nested
