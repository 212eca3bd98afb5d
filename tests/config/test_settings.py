"""Tests of `tertulia.config.settings` and `schema`: what is true of every setting."""

from __future__ import annotations

import pytest

from tertulia.config.schema import Setting, sections, settings_by_path
from tertulia.config.settings import PolicySection
from tertulia.core.policy import Policy

SETTINGS = list(settings_by_path().values())


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.path)
def test_every_setting_has_one_sentence(setting: Setting) -> None:
    assert setting.sentence.endswith(".")
    assert len(setting.sentence) > 10


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.path)
def test_every_default_fits_its_own_setting(setting: Setting) -> None:
    assert setting.convert(setting.default, from_text=False) == setting.default


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.path)
def test_every_default_can_be_given_as_text(setting: Setting) -> None:
    default = setting.default
    text = ",".join(default) if isinstance(default, tuple) else str(default)
    assert setting.convert(text, from_text=True) == default


def test_every_section_has_a_sentence() -> None:
    assert [section.path for section in sections() if not section.sentence.endswith(".")] == []


def test_every_bound_of_the_core_is_a_setting() -> None:
    elsewhere = {"main_room", "main_room_topic"}
    assert set(Policy.__struct_fields__) - elsewhere == set(PolicySection.__struct_fields__)
