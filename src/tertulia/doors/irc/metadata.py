"""METADATA: what people say of themselves and of their channels, for programs (IRCv3 draft).

It is kept as long as the server runs and the one it is about is there; it is in no log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from tertulia.core.ids import RoomId, UserId
from tertulia.core.moderation import Action, may
from tertulia.core.room import RoomState
from tertulia.core.state import User
from tertulia.core.text import clean_line
from tertulia.doors.irc import numerics as n
from tertulia.doors.irc.channels import is_inside, is_visible, room_of
from tertulia.doors.irc.reply import Reply
from tertulia.wire.irc.format import channel
from tertulia.wire.irc.message import Message

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

CAP: Final = "draft/metadata-3"
MAX_KEYS: Final = 50
"""Keys of one target."""
MAX_SUBS: Final = 100
MAX_VALUE: Final = 300
"""Bytes of a value, so that the line about it stays whole."""
MOST_TARGETS: Final = 100_000
_KEY: Final = re.compile("[a-z0-9_./-]{1,60}")


class Metadata:
    """What is kept, by the user or the room that it is about."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[UserId | RoomId, dict[str, str]] = {}

    def of(self, ident: UserId | RoomId) -> dict[str, str]:
        """Return what is kept about somebody, or a room."""
        return self._kept.get(ident, {})

    def set(self, ident: UserId | RoomId, key: str, value: str) -> bool:
        """Keep a value, or with an empty one nothing; False when there is no room for it."""
        if not value:
            self._kept.get(ident, {}).pop(key, None)
            return True
        kept = self._kept.get(ident, {})
        is_full = key not in kept and len(kept) >= MAX_KEYS
        if is_full or (not kept and len(self._kept) >= MOST_TARGETS):
            return False
        self._kept.setdefault(ident, kept)[key] = value
        return True

    def forget(self, ident: UserId | RoomId) -> None:
        """Keep nothing about somebody who is gone."""
        self._kept.pop(ident, None)


class _Target:
    """Whom, or which channel, a command is about."""

    __slots__ = ("ident", "is_own", "name", "room")

    def __init__(
        self, ident: UserId | RoomId, name: str, room: RoomState | None, *, is_own: bool
    ) -> None:
        self.ident = ident
        self.name = name
        self.room = room
        self.is_own = is_own
        """Whether it may be changed by who asks."""


def metadata(client: IrcClient, message: Message, reply: Reply) -> None:
    """METADATA target subcommand [parameters]: look at, or change, what is said of somebody."""
    name, subcommand, *params = message.params
    match subcommand.upper():
        case "SUB":
            _subscribe(client, params, reply)
            return
        case "UNSUB":
            gone = [key for key in params if key in client.subscriptions]
            client.subscriptions.difference_update(gone)
            reply.numeric(n.RPL_METADATAUNSUBOK, *gone)
            return
        case "SUBS":
            reply.numeric(n.RPL_METADATASUBS, *sorted(client.subscriptions))
            return
        case _:
            pass
    target = _find(client, name)
    if target is None:
        reply.fail("METADATA", "INVALID_TARGET", name[:100], "Invalid target")
        return
    match subcommand.upper():
        case "GET":
            _tell(client, target, params, reply)
        case "LIST":
            _tell(client, target, sorted(client.door.metadata.of(target.ident)), reply)
        case "SYNC":
            kept = client.door.metadata.of(target.ident)
            _tell(client, target, sorted(client.subscriptions & kept.keys()), reply)
        case "SET":
            _set(client, target, params, reply)
        case "CLEAR":
            _clear(client, target, reply)
        case _:
            reply.fail("METADATA", "SUBCOMMAND_INVALID", subcommand[:50], "Invalid subcommand")


def _find(client: IrcClient, name: str) -> _Target | None:
    own = client.session.user
    if name == "*":
        return _Target(own, client.nick, None, is_own=True)
    if name.startswith("#"):
        room = room_of(client, name)
        if room is None or not is_visible(client, room):
            return None
        if room.rules.invite_only and not is_inside(client, room):
            return None
        is_own = may(room.members.get(own), Action.SET_RULES)
        return _Target(room.id, channel(room.name), room, is_own=is_own)
    user = client.door.gateway.user_called(name)
    if user is None:
        return None
    return _Target(user.person.id, user.person.nick, None, is_own=user.person.id == own)


def _subscribe(client: IrcClient, keys: list[str], reply: Reply) -> None:
    taken: list[str] = []
    for key in keys:
        if _KEY.fullmatch(key) is None:
            reply.fail("METADATA", "KEY_INVALID", key[:60] or "*", "Invalid key")
        elif len(client.subscriptions) >= MAX_SUBS:
            reply.fail("METADATA", "TOO_MANY_SUBS", key, "Too many subscriptions")
            break
        else:
            client.subscriptions.add(key)
            taken.append(key)
    if taken:
        reply.numeric(n.RPL_METADATASUBOK, *taken)


def _tell(client: IrcClient, target: _Target, keys: list[str], reply: Reply) -> None:
    """Add a batch with the values of keys."""
    batch = client.fresh_batch()
    kept = client.door.metadata.of(target.ident)
    reply.raw(f":{client.server} BATCH +{batch} metadata {target.name}")
    tags = (("batch", batch),)
    for key in keys[:MAX_KEYS]:
        if _KEY.fullmatch(key) is None:
            reply.line(
                client.server, "FAIL", "METADATA", "KEY_INVALID", key[:60] or "*", "Invalid key",
                tags=tags,
            )  # fmt: skip
        else:
            line = _value_line(client, target.name, key, kept.get(key, ""))
            reply.raw(line, tags=tags)
    reply.raw(f":{client.server} BATCH -{batch}")


def _value_line(client: IrcClient, name: str, key: str, value: str) -> str:
    head = f":{client.server} {n.RPL_KEYVALUE if value else n.RPL_KEYNOTSET} {client.nick}"
    return f"{head} {name} {key} * :{value}" if value else f"{head} {name} {key} :key not set"


def _set(client: IrcClient, target: _Target, params: list[str], reply: Reply) -> None:
    key = params[0] if params else ""
    if _KEY.fullmatch(key) is None:
        reply.fail("METADATA", "KEY_INVALID", key[:60] or "*", "Invalid key")
        return
    if not target.is_own:
        reply.fail("METADATA", "KEY_NO_PERMISSION", target.name, key, "You may not change that")
        return
    value = params[1] if len(params) > 1 else ""
    if len(value.encode()) > MAX_VALUE:
        reply.fail("METADATA", "INVALID_VALUE", key, "The value is too long")
        return
    value = clean_line(value, MAX_VALUE)
    if not client.door.metadata.set(target.ident, key, value):
        reply.fail("METADATA", "LIMIT_REACHED", target.name, "Too many keys")
        return
    reply.raw(_value_line(client, target.name, key, value))
    _tell_others(client, target, key, value)


def _clear(client: IrcClient, target: _Target, reply: Reply) -> None:
    if not target.is_own:
        reply.fail("METADATA", "KEY_NO_PERMISSION", target.name, "*", "You may not change that")
        return
    keys = sorted(client.door.metadata.of(target.ident))
    client.door.metadata.forget(target.ident)
    _tell(client, target, keys, reply)
    for key in keys:
        _tell_others(client, target, key, "")


def _tell_others(client: IrcClient, target: _Target, key: str, value: str) -> None:
    """Tell those who subscribed to a key, and share a room, that its value is another."""
    for other in _audience(client, target):
        if other is not client and CAP in other.caps and key in other.subscriptions:
            other.send(_value_line(other, target.name, key, value))


def _audience(client: IrcClient, target: _Target) -> Iterable[IrcClient]:
    rooms = [target.room] if target.room is not None else _rooms_of(client, client.user)
    users = {user for room in rooms for user in room.members}
    for ident in users:
        other = client.door.clients.get(ident)
        if other is not None:
            yield other


def _rooms_of(client: IrcClient, user: User | None) -> list[RoomState]:
    rooms = (client.door.gateway.room(ident) for ident in (() if user is None else user.rooms))
    return [room for room in rooms if room is not None]


def sync(client: IrcClient, reply: Reply, room: RoomState) -> None:
    """Add what a newcomer subscribed to, of a room and of those inside; tell these of the one."""
    own, kept = client.session.user, client.door.metadata.of
    if CAP in client.caps and client.subscriptions:
        about: list[tuple[UserId | RoomId, str]] = [(room.id, channel(room.name))]
        about += [(user, member.user.nick) for user, member in room.members.items()]
        for ident, name in about:
            for key in sorted(client.subscriptions & kept(ident).keys()):
                reply.raw(_value_line(client, name, key, kept(ident)[key]))
    for key, value in kept(own).items():
        for user in room.members:
            other = client.door.clients.get(user)
            if other is not None and other is not client:
                if CAP in other.caps and key in other.subscriptions:
                    other.send(_value_line(other, client.nick, key, value))


def tell_whois(client: IrcClient, reply: Reply, user: User) -> None:
    """Add what somebody says of themselves."""
    if CAP in client.caps:
        for key, value in sorted(client.door.metadata.of(user.person.id).items()):
            reply.numeric(n.RPL_WHOISKEYVALUE, user.person.nick, key, "*", value)
