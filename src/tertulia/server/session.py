"""A live session: one connection of a user through a door, as the gateway keeps it.

There is one for each client, so it has slots, and shares whatever is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from tertulia.core.events import Person
from tertulia.core.ids import RoomId, UserId
from tertulia.core.names import nick_key
from tertulia.ports import Client, SessionView
from tertulia.server.keys import Keys
from tertulia.server.limits import Allowance


class Ignored(Struct, frozen=True):
    """Whom a session hides."""

    people: Mapping[UserId, str]
    """Who they were, with the nick they had then."""
    keys: frozenset[str]
    """What those nicks are compared by: whoever comes back under one is hidden as well."""

    def hides(self, person: Person) -> bool:
        """Tell whether what `person` says is hidden."""
        return person.id in self.people or nick_key(person.nick) in self.keys


def ignoring(people: Mapping[UserId, str]) -> Ignored:
    """Return what hides `people`."""
    if not people:
        return IGNORES_NOBODY
    return Ignored(people, frozenset(map(nick_key, people.values())))


IGNORES_NOBODY: Final = Ignored(MappingProxyType({}), frozenset())
NO_ROOMS: Final[Mapping[RoomId, int]] = MappingProxyType({})


class LiveSession:
    """What the gateway knows of one connection; implements `ports.Session`."""

    __slots__ = (
        "actions",
        "client",
        "current",
        "directs",
        "hears_itself",
        "identity",
        "ignored",
        "in_flight",
        "is_away",
        "is_closed",
        "is_operator",
        "keys",
        "messages",
        "since",
        "user",
        "view",
    )

    def __init__(
        self,
        user: UserId,
        client: Client,
        view: SessionView,
        *,
        messages: Allowance,
        actions: Allowance,
        is_operator: bool = False,
        hears_itself: bool = True,
    ) -> None:
        self.user = user
        self.client = client
        self.view = view
        self.is_operator = is_operator
        self.hears_itself = hears_itself
        """Whether it is told the signals that tell of what its own user does."""
        self.identity = ""
        """What their direct conversations are kept under; empty until they are online."""
        self.current: RoomId | None = None
        self.is_closed = False
        self.is_away = False
        """Its connection is lost, and its owner may come back."""
        self.in_flight = 0
        """Commands submitted and not answered yet, and pages of history being read."""
        self.messages = messages
        self.actions = actions
        self.ignored = IGNORES_NOBODY
        self.directs = NO_ROOMS
        """The direct conversations it hears, and up to which `seq` each came before it did.

        0 once it has been told what it missed there.
        """
        self.since = NO_ROOMS
        """The last entry of each direct conversation before the first one that it heard."""
        self.keys: Keys | None = None
        """What its client has marked messages with, if it does so."""

    @property
    def is_deaf(self) -> bool:
        """Whether nobody is there to hear anything."""
        return self.is_closed or self.is_away
