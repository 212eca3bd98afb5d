"""What the settings' fields say about themselves, as plain data: path, type, default, sentence.

Read by the loader, the example file and the tests. Knows no value of any running server.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct, structs

from tertulia.config.settings import Form, Settings

_EXPECTED: Final = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a text",
    tuple[str, ...]: "a list of texts",
}


class Setting(Struct, frozen=True):
    """One setting."""

    path: str
    """Dotted, such as `doors.line.max_sessions`."""
    annotation: Any
    """The field's whole annotation; whatever a field may be annotated with."""
    default: object

    @property
    def type(self) -> Any:
        """The bare type, without bounds."""
        return get_args(self.annotation)[0]

    @property
    def sentence(self) -> str:
        """The one sentence about it."""
        return self._meta.description or ""

    @property
    def form(self) -> Form | None:
        """What its text must look like, where not every text will do."""
        found = (self._meta.extra or {}).get("form")
        return found if isinstance(found, Form) else None

    @property
    def expected(self) -> str:
        """Its type in words."""
        if self.form is not None:
            return self.form.expected
        if get_origin(self.type) is Literal:
            return f"one of {', '.join(get_args(self.type))}"
        return _EXPECTED[self.type]

    @property
    def bounds(self) -> str:
        """Its bounds in words; empty when it has none."""
        meta = self._meta
        lowest = f"at least {meta.ge}" if meta.ge is not None else ""
        if meta.gt is not None:
            lowest = f"more than {meta.gt}"
        highest = f"at most {meta.le}" if meta.le is not None else ""
        return " and ".join(part for part in (lowest, highest) if part)

    @property
    def _meta(self) -> Meta:
        meta = get_args(self.annotation)[1]
        assert isinstance(meta, Meta)
        return meta

    def convert(self, value: object, *, from_text: bool) -> object:
        """Return `value` as this setting holds it.

        Raises:
            ValueError: it does not fit; the message says what was expected.
        """
        strict = not from_text
        if from_text and self.type == tuple[str, ...]:
            value = _listed(str(value))
        try:
            plain: object = msgspec.convert(value, self.type, strict=strict)
        except msgspec.ValidationError:
            raise ValueError(f"expected {self.expected}") from None
        if isinstance(plain, float) and not math.isfinite(plain):
            raise ValueError(f"expected {self.expected}")
        try:
            msgspec.convert(plain, self.annotation)
        except msgspec.ValidationError:
            raise ValueError(f"expected {self.bounds}") from None
        if self.form is not None and not self.form.fits(str(plain)):
            raise ValueError(f"expected {self.form.expected}")
        return plain


class Section(Struct, frozen=True):
    """A section and the settings right inside it."""

    path: str
    sentence: str
    settings: tuple[Setting, ...]


def sections() -> list[Section]:
    """Return all sections that hold settings, in the order of their fields."""
    found: list[Section] = []
    _collect("", Settings, found)
    return found


def settings_by_path() -> dict[str, Setting]:
    """Return all settings, in the order of their fields."""
    return {setting.path: setting for section in sections() for setting in section.settings}


def _listed(text: str) -> object:
    """Return the list that a text is: as TOML and JSON write it, or with commas between."""
    if text.startswith("["):
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError:
            return text
    return [part for part in map(str.strip, text.split(",")) if part]


def _collect(path: str, section: type[Struct], found: list[Section]) -> None:
    hints = get_type_hints(section, include_extras=True)
    settings: list[Setting] = []
    inner: list[tuple[str, type[Struct]]] = []
    for field in structs.fields(section):
        here = f"{path}.{field.name}" if path else field.name
        hint = hints[field.name]
        if get_origin(hint) is Annotated:
            settings.append(Setting(here, hint, field.default))
        else:
            inner.append((here, hint))
    if settings:
        found.append(Section(path, (section.__doc__ or "").strip(), tuple(settings)))
    for here, hint in inner:
        _collect(here, hint, found)
