"""Commands: what somebody asks for, in the imperative. Who asks is the connection's business.

A command never carries its author: the gateway names the user that a session belongs to, and
nothing that a client sends can change that.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from tertulia.core.events import LeaveReason, Rule
from tertulia.core.ids import EventId, RoomId, UserId


class _Command(Struct, frozen=True, gc=False):
    """Base of all commands."""


class Connect(_Command, frozen=True):
    """Bring a user online under `nick`, or under a guest nick drawn from `lot`."""

    user: UserId
    label: str
    nick: str | None = None
    lot: int = 0
    """A random number from the server, which picks the guest nick."""
    realname: str = ""


class Disconnect(_Command, frozen=True):
    """Take the user offline and out of every room."""

    reason: LeaveReason
    text: str = ""


class ChangeNick(_Command, frozen=True):
    """Take another nick."""

    nick: str


class SetAway(_Command, frozen=True):
    """Go away with a text, or come back with None."""

    text: str | None


class SetRealname(_Command, frozen=True):
    """Be called something else besides one's nick."""

    realname: str


class CreateRoom(_Command, frozen=True):
    """Create a public room and join it as its owner."""

    name: str
    topic: str = ""


class DeleteRoom(_Command, frozen=True):
    """Delete a room that one owns."""

    room: RoomId


class JoinRoom(_Command, frozen=True):
    """Join a room by id or by name."""

    room: RoomId | str
    key: str = ""
    create: bool = False
    """Whether to create it if there is none of that name."""


class LeaveRoom(_Command, frozen=True):
    """Leave a room."""

    room: RoomId
    text: str = ""


class SetTopic(_Command, frozen=True):
    """Set a room's topic; empty to clear it."""

    room: RoomId
    topic: str


class RuleWish(Struct, frozen=True):
    """One rule to set or lift; see `RuleChange`."""

    rule: Rule
    on: bool = True
    value: str = ""
    whom: UserId | None = None
    """Of a role: whose it is to be."""


class ChangeRules(_Command, frozen=True):
    """Change a room's rules and the roles of its members, all of it or nothing."""

    room: RoomId
    wishes: tuple[RuleWish, ...]


class Kick(_Command, frozen=True):
    """Put a member out of a room."""

    room: RoomId
    whom: UserId
    text: str = ""


class Invite(_Command, frozen=True):
    """Ask somebody into a room."""

    room: RoomId
    whom: UserId


class RenameRoom(_Command, frozen=True):
    """Give a room another name."""

    room: RoomId
    name: str
    text: str = ""


class PostMessage(_Command, frozen=True):
    """Say something in a room."""

    room: RoomId
    text: str
    action: bool = False
    reply_to: EventId | None = None
    notice: bool = False
    tags: tuple[tuple[str, str], ...] = ()


class PostDirect(_Command, frozen=True):
    """Say something to one person, online or not."""

    nick: str
    text: str
    action: bool = False
    reply_to: EventId | None = None
    notice: bool = False
    tags: tuple[tuple[str, str], ...] = ()


class EditMessage(_Command, frozen=True):
    """Put other words in place of one's own message."""

    target: EventId
    text: str


class DeleteMessage(_Command, frozen=True):
    """Take a message back: one's own, or as a moderator that of another."""

    target: EventId
    reason: str = ""


class AddReaction(_Command, frozen=True):
    """React to a message."""

    target: EventId
    reaction: str


class RemoveReaction(_Command, frozen=True):
    """Take one's own reaction back."""

    target: EventId
    reaction: str


class ShowTyping(_Command, frozen=True):
    """Tell a room that one is writing."""

    room: RoomId


class SendTags(_Command, frozen=True):
    """Tell the programs of others in a room something that is not for people."""

    room: RoomId
    tags: tuple[tuple[str, str], ...]


Command: TypeAlias = (
    Connect
    | Disconnect
    | ChangeNick
    | SetAway
    | SetRealname
    | CreateRoom
    | DeleteRoom
    | JoinRoom
    | LeaveRoom
    | SetTopic
    | ChangeRules
    | Kick
    | Invite
    | RenameRoom
    | PostMessage
    | PostDirect
    | EditMessage
    | DeleteMessage
    | AddReaction
    | RemoveReaction
    | ShowTyping
    | SendTags
)


def target_of(command: Command) -> EventId | None:
    """Return the earlier message that a command is about, which is looked up before deciding."""
    if isinstance(command, (PostMessage, PostDirect)):
        return command.reply_to
    if isinstance(command, (EditMessage, DeleteMessage, AddReaction, RemoveReaction)):
        return command.target
    return None
