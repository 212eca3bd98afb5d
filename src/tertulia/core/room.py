"""A room's state: what its log amounts to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tertulia.core.events import Person, Role, RoomKind
from tertulia.core.ids import RoomId, UserId


class Member(Struct, frozen=True, array_like=True, gc=False):
    """A user in a room."""

    user: Person
    role: Role = Role.MEMBER
    """The highest that they have."""
    also: tuple[Role, ...] = ()
    """Lower ones that they have besides, the highest first."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """All roles they have, the highest first; none for a plain member."""
        return () if self.role is Role.MEMBER else (self.role, *self.also)


class Mask(Struct, frozen=True, array_like=True):
    """A pattern of people in a list of the room's, with who put it there and when."""

    mask: str
    by: str
    time: int
    """Milliseconds of Unix time."""


class Rules(Struct, frozen=True, omit_defaults=True):
    """Who may come in, be heard and change the topic."""

    key: str = ""
    limit: int = 0
    """0: none."""
    invite_only: bool = False
    moderated: bool = False
    members_only: bool = True
    unlisted: bool = False
    topic_locked: bool = False
    bans: tuple[Mask, ...] = ()
    exceptions: tuple[Mask, ...] = ()
    invitations: tuple[Mask, ...] = ()


OPEN: Final = Rules()
"""The rules of a room for which nobody has set any."""


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
    rules: Rules = OPEN
    invited: tuple[UserId, ...] = ()
    """Who may come in though the rules say no; until they have."""
    topic_by: str = ""
    """The nick of who set the topic."""
    topic_time: int = 0
    """When it was set, in milliseconds of Unix time."""
