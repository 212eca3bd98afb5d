"""Somebody who types at a door without bytes: what they type, and what they are shown."""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import cache
from itertools import chain

from typing_extensions import override

from tertulia.core.commands import PostMessage
from tertulia.core.errors import Refusal
from tertulia.core.language import Catalog, English
from tertulia.core.room import RoomState
from tertulia.slash import Call, Registry, Said, builtin, cut, run
from tests.fakes import FakeGateway, FakeReply
from tools.catalogues import template

REGISTRY = builtin()


@cache
def known_texts() -> frozenset[str]:
    """Return all texts that translators get to see."""
    ids = ([it.id] if isinstance(it.id, str) else it.id for it in template())
    return frozenset(chain.from_iterable(ids))


class Translatable(English):
    """English, but for texts that no translator would ever find: they fail."""

    @override
    def gettext(self, message: str, /) -> str:
        assert message in known_texts()
        return super().gettext(message)

    @override
    def ngettext(self, one: str, many: str, count: int, /) -> str:
        assert known_texts() >= {one, many}
        return super().ngettext(one, many, count)


class Typist:
    """One person online."""

    def __init__(
        self,
        gateway: FakeGateway,
        nick: str | None = None,
        *,
        operator: bool = False,
        catalog: Catalog | None = None,
        zone: tzinfo = UTC,
        registry: Registry = REGISTRY,
    ) -> None:
        self.gateway = gateway
        self.session = gateway.enter(nick, operator=operator)
        self.reply = FakeReply()
        self.catalog = catalog or Translatable()
        self.zone = zone
        self.registry = registry

    def types(self, line: str) -> list[str]:
        """Type a line, as the line door would take it; return what is said in answer to it."""
        self.reply.lines = []
        self.reply.refusals = []
        parsed = cut(line)
        if isinstance(parsed, Said):
            room = self.session.current
            assert room is not None
            self.gateway.submit(self.session, PostMessage(room, parsed.text))
            return []
        pending = run(self.call(), parsed)
        if pending is not None:
            # Nothing here ever waits, so one step takes a handler to its end.
            try:
                pending.send(None)
            except StopIteration:
                pass
            else:
                raise AssertionError("a handler waits for something")
        return self.reply.lines

    def refused(self, line: str) -> Refusal:
        """Type a line that is refused, and nothing else said; return the refusal."""
        assert self.types(line) == []
        [refusal] = self.reply.refusals
        return refusal

    def call(self) -> Call:
        """Return what a door would hand to a handler."""
        return Call(
            gateway=self.gateway,
            session=self.session,
            reply=self.reply,
            registry=self.registry,
            catalog=self.catalog,
            now=self.gateway.now,
            zone=self.zone,
        )

    @property
    def nick(self) -> str:
        return self.call().me().person.nick

    @property
    def here(self) -> str:
        """The name of the current room, or nothing."""
        current = self.session.current
        room: RoomState | None = None if current is None else self.gateway.room(current)
        return "" if room is None else room.name
