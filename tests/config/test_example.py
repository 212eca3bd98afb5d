"""Tests of `tertulia.config.example`: the file in the root says what the code says."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tertulia.config.example import example_toml
from tertulia.config.load import load
from tertulia.config.schema import settings_by_path
from tertulia.config.settings import Settings

FILE = Path(__file__).parents[2] / "tertulia.example.toml"


def test_the_example_file_is_what_the_code_would_write() -> None:
    assert FILE.read_text(encoding="utf-8") == example_toml(), (
        "run: python -m tertulia.config.example > tertulia.example.toml"
    )


def test_the_example_file_amounts_to_the_defaults() -> None:
    assert load(FILE, {}) == Settings()


def test_the_example_file_names_every_setting_with_its_sentence() -> None:
    text = " ".join(FILE.read_text(encoding="utf-8").replace("\n# ", " ").split())
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    for path, setting in settings_by_path().items():
        value: object = tables
        for part in path.split("."):
            assert isinstance(value, dict)
            value = value[part]
        assert setting.convert(value, from_text=False) == setting.default
        assert setting.sentence.rstrip(".") in text
