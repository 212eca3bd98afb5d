"""Loading: from what the operator names to the hooks of a plugin, each time from the code anew.

A plugin is a file, a folder that is a package, a module that can be imported, or an entry point of
an installed package. Files are always compiled from their source, so that a reload never meets
what was compiled a moment before; nothing is written beside them.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

from msgspec import Struct
from typing_extensions import override

from tertulia.plugins.hooks import Hooks, Plugin, hooks_of

GROUP: Final = "tertulia.plugins"
"""The group of entry points by which installed packages bring plugins."""
_PREFIX: Final = "tertulia_plugin_"
"""What the names of modules that are loaded from files begin with."""
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_-]+")
_NAME_LENGTH: Final = 32


class LoadError(Exception):
    """A plugin can't be loaded; its text says why, in one line."""


class Source(Struct, frozen=True):
    """Where a plugin's code is."""

    name: str
    """What the plugin is called, in the log, in refusals, and as a user."""
    where: str
    """As the operator would name it."""
    file: str = ""
    """The file, or the folder of the package."""
    module: str = ""
    """The module's dotted name, if it is not a file."""
    attribute: str = ""
    """The one class of the module that is the plugin, if an entry point says so."""


class Loaded(Struct, frozen=True):
    """A plugin's code, loaded."""

    hooks: Hooks
    roots: tuple[str, ...]
    """The files, or folders, that it is in."""


def source_of(where: str) -> Source:
    """Return the source that the operator has named: a path, or a module."""
    if where.endswith(".py") or os.sep in where:
        path = Path(where).expanduser().absolute()
        stem = path.stem if path.suffix == ".py" else path.name
        return Source(_clean_name(stem), where, file=str(path))
    return Source(_clean_name(where.rpartition(".")[2]), where, module=where)


def installed_sources() -> list[Source]:
    """Return the plugins that installed packages bring, by name."""
    found = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return [_entry_point_source(point) for point in found]


def _entry_point_source(point: EntryPoint) -> Source:
    where = f"{GROUP}: {point.name}"
    return Source(_clean_name(point.name), where, module=point.module, attribute=point.attr)


def _clean_name(text: str) -> str:
    return _NOT_IN_NAMES.sub("-", text)[:_NAME_LENGTH].strip("-") or "plugin"


def load(source: Source) -> Loaded:
    """Run a plugin's code, and return what it declares. May block as long as that code does.

    Raises:
        LoadError: it can't be found, or run, or declares nothing or something impossible.
    """
    try:
        module = _run_file(source) if source.file else _import(source.module)
        owners = _owners(module, source.attribute)
        hooks = hooks_of(*owners)
    except (Exception, SystemExit) as error:
        raise LoadError(_told(error)) from error
    if hooks == Hooks():
        raise LoadError("it declares nothing: no command, no listener, no other hook")
    return Loaded(hooks, _roots(module))


def _run_file(source: Source) -> ModuleType:
    spec = _spec(source)
    _forget(spec.name)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        assert spec.loader is not None
        spec.loader.exec_module(module)
    except BaseException:
        _forget(spec.name)
        raise
    return module


def _spec(source: Source) -> ModuleSpec:
    path = Path(source.file)
    name = _PREFIX + source.name.replace("-", "_")
    folders: list[str] | None = None
    if path.is_dir():
        folders = [str(path)]
        path = path / "__init__.py"
    if not path.is_file():
        raise LoadError(f"there is no file {path}")
    loader = _FreshLoader(name, str(path))
    spec = spec_from_file_location(name, path, loader=loader, submodule_search_locations=folders)
    assert spec is not None
    return spec


def _import(name: str) -> ModuleType:
    _forget(name)
    importlib.invalidate_caches()
    return importlib.import_module(name)


def _forget(name: str) -> None:
    """Forget a module and those inside it, so that they are run anew."""
    for known in list(sys.modules):
        if known == name or known.startswith(f"{name}."):
            del sys.modules[known]


class _FreshLoader(SourceFileLoader):
    """Compiles the source each time, and keeps nothing of it."""

    @override
    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def _owners(module: ModuleType, attribute: str) -> Sequence[object]:
    """Return what has hooks: the module's functions, and one of each of its plugin classes."""
    if attribute:
        chosen = getattr(module, attribute)
        if not (isinstance(chosen, type) and issubclass(chosen, Plugin)):
            raise TypeError(f"{attribute} is no class based on Plugin")
        return [chosen()]
    return [module, *(kind() for kind in _classes(module))]


def _classes(module: ModuleType) -> list[type[Plugin]]:
    """Return the module's plugin classes, but for those that others of them are based on."""
    found = dict.fromkeys(
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Plugin)
        and value.__module__ == module.__name__
    )
    return [one for one in found if not any(issubclass(it, one) for it in found if it is not one)]


def _roots(module: ModuleType) -> tuple[str, ...]:
    folders = getattr(module, "__path__", None)
    if folders is not None:
        return tuple(folders)
    file = getattr(module, "__file__", None)
    return (file,) if file else ()


def _told(error: BaseException) -> str:
    """Return what went wrong, in one line."""
    if isinstance(error, LoadError):
        return str(error)
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
