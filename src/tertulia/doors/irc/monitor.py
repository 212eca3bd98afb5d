"""Monitors: who watches for whom, by nick (IRCv3 monitor and extended-monitor)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tertulia.core.events import (
    AwayChanged,
    Person,
    RealnameChanged,
    Signal,
    UserArrived,
    UserGone,
    UserRenamed,
)
from tertulia.core.names import nick_key
from tertulia.core.state import User
from tertulia.doors.irc import numerics as n
from tertulia.wire.irc.format import source_of
from tertulia.wire.irc.message import format_line

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient


class Monitors:
    """Everybody who watches for somebody."""

    def __init__(self, user_called: Callable[[str], User | None]) -> None:
        self._user_called = user_called
        self._watchers: dict[str, dict[IrcClient, str]] = {}
        self._watched: dict[IrcClient, dict[str, str]] = {}

    def of(self, client: IrcClient) -> dict[str, str]:
        """Return the nicks that a client watches for, by what they compare by."""
        return self._watched.get(client, {})

    def add(self, client: IrcClient, nick: str) -> None:
        """Let a client watch for a nick."""
        key = nick_key(nick)
        self._watchers.setdefault(key, {})[client] = nick
        self._watched.setdefault(client, {})[key] = nick

    def remove(self, client: IrcClient, nick: str) -> None:
        """Let a client watch for a nick no more."""
        self._drop(client, nick_key(nick))
        self._watched.get(client, {}).pop(nick_key(nick), None)

    def forget(self, client: IrcClient) -> None:
        """Let a client watch for nobody."""
        for key in self._watched.pop(client, {}):
            self._drop(client, key)

    def _drop(self, client: IrcClient, key: str) -> None:
        watchers = self._watchers.get(key, {})
        watchers.pop(client, None)
        if not watchers:
            self._watchers.pop(key, None)

    def note(self, signal: Signal) -> None:
        """Tell those who watch for whom a signal is about."""
        if not self._watchers:
            return
        match signal:
            case UserArrived(user=user):
                self._tell_online(user)
            case UserGone(user=user):
                self._tell_offline(user.nick)
            case UserRenamed(user=user, old_nick=old):
                if nick_key(old) != nick_key(user.nick):
                    self._tell_offline(old)
                    self._tell_online(user)
            case AwayChanged(user=user) | RealnameChanged(user=user):
                self._tell_change(user, signal)
            case _:
                pass

    def _tell_online(self, user: Person) -> None:
        for client in self._watchers.get(nick_key(user.nick), ()):
            line = format_line(client.server, n.RPL_MONONLINE, (client.nick, source_of(user)))
            client.send(line)

    def _tell_offline(self, nick: str) -> None:
        for client in self._watchers.get(nick_key(nick), ()):
            client.send(format_line(client.server, n.RPL_MONOFFLINE, (client.nick, nick)))

    def _tell_change(self, user: Person, signal: Signal) -> None:
        """Tell those who are not told anyway because they share a room."""
        there = self._user_called(user.nick)
        rooms = set(() if there is None else there.rooms)
        for client in self._watchers.get(nick_key(user.nick), ()):
            own = client.user
            if "extended-monitor" in client.caps and own is not None:
                if rooms.isdisjoint(own.rooms) and own.person.id != user.id:
                    client.push(client.wire.encode_signal(signal, None))
