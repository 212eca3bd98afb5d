"""Which doors are opened, and where: from the settings, or from `--listen` alone when given."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from tertulia.config.address import Address, parse_address
from tertulia.config.load import ConfigError
from tertulia.config.settings import DoorsSection, Settings


class Opening(Struct, frozen=True):
    """A door and an address it is opened at."""

    door: str
    address: Address


def openings(settings: Settings, listens: Sequence[str]) -> list[Opening]:
    """Return what is to be opened; `listens` are `DOOR=HOST:PORT`.

    Raises:
        ConfigError: one of `listens` is no such thing, or nothing would be opened at all.
    """
    if listens:
        return _asked_for(listens)
    found = [
        Opening(name, parse_address(section.listen))
        for name, section in structs.asdict(settings.doors).items()
        if section.enabled
    ]
    if not found:
        names = ", ".join(f"doors.{name}.enabled" for name in DoorsSection.__struct_fields__)
        raise ConfigError([f"no door would be open; set one of these to true: {names}"])
    return found


def _asked_for(listens: Sequence[str]) -> list[Opening]:
    found: list[Opening] = []
    faults: list[str] = []
    for listen in listens:
        door, equals, address = listen.partition("=")
        if equals and door not in DoorsSection.__struct_fields__:
            known = ", ".join(DoorsSection.__struct_fields__)
            faults.append(f"--listen {listen}: no such door; there is {known}")
            continue
        try:
            found.append(Opening(door, parse_address(address)))
        except ValueError:
            faults.append(f"--listen {listen}: expected DOOR=HOST:PORT")
    if faults:
        raise ConfigError(faults)
    return found
