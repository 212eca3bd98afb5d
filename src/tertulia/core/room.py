"""A room's state: what its log amounts to."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from tertulia.core.events import Person, Role, RoomKind
from tertulia.core.ids import RoomId, UserId


class Member(Struct, frozen=True, array_like=True):
    """A user in a room."""

    user: Person
    role: Role = Role.MEMBER


class RoomState(Struct, frozen=True):
    """A room as its log has made it. Messages do not change it, but for `has_history`."""

    id: RoomId
    name: str
    kind: RoomKind = RoomKind.PUBLIC
    topic: str = ""
    permanent: bool = False
    owner: UserId | None = None
    """Who created it; owner again when they rejoin."""
    parties: tuple[str, ...] = ()
    """Of a direct conversation: the identities of the two, sorted."""
    has_history: bool = False
    created: int = 0
    """Milliseconds of Unix time."""
    changed: int = 0
    """`seq` of the last event that changed this state."""
    members: Mapping[UserId, Member] = {}
