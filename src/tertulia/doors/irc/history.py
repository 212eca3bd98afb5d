"""CHATHISTORY: what was said before (IRCv3 draft)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tertulia.core.errors import Refused
from tertulia.core.history import Message as Said
from tertulia.core.ids import RoomId, format_id, parse_id
from tertulia.core.names import nick_key
from tertulia.core.room import RoomState
from tertulia.doors.irc.channels import is_inside, room_of
from tertulia.doors.irc.marks import stamp
from tertulia.doors.irc.reply import Reply
from tertulia.wire.irc.format import channel, source_of
from tertulia.wire.irc.message import Message

if TYPE_CHECKING:
    from tertulia.doors.irc.client import IrcClient

MOST: Final = 100
"""Messages of one page; ISUPPORT CHATHISTORY says so."""
PAGES: Final = 20
"""Pages looked through for a time or an id."""


# CHATHISTORY


def chathistory(client: IrcClient, message: Message, reply: Reply) -> None:
    """CHATHISTORY kind target reference limit: what was said before."""
    kind, *params = message.params
    kind = kind.upper()
    needed = {"LATEST": 3, "BEFORE": 3, "AFTER": 3, "AROUND": 3, "BETWEEN": 4, "TARGETS": 3}
    if kind not in needed:
        reply.fail("CHATHISTORY", "INVALID_PARAMS", kind[:50], "Unknown subcommand")
        return
    if len(params) < needed[kind]:
        reply.fail("CHATHISTORY", "NEED_MORE_PARAMS", kind, "Missing parameters")
        return
    limit = params[needed[kind] - 1]
    if not (limit.isascii() and limit.isdecimal()):
        reply.fail("CHATHISTORY", "INVALID_PARAMS", kind, limit[:50], "Invalid limit")
        return
    count = min(int(limit[:6]), MOST)
    if kind == "TARGETS":
        reply.fail("CHATHISTORY", "INVALID_PARAMS", kind, "Not supported")
        return
    room = _room(client, params[0])
    if room is None:
        reply.fail("CHATHISTORY", "INVALID_TARGET", kind, params[0][:100], "You can't read there")
        return
    references = [_reference(text) for text in params[1 : needed[kind] - 1]]
    if any(one is None for one in references) and not (kind == "LATEST" and params[1] == "*"):
        reply.fail("CHATHISTORY", "INVALID_PARAMS", kind, params[1][:50], "Invalid reference")
        return
    known = [one for one in references if one is not None]
    client.door.read(client, reply, _read(client, reply, room, params[0], kind, known, count))


def _room(client: IrcClient, target: str) -> RoomState | None:
    if target.startswith("#"):
        room = room_of(client, target)
        return room if room is not None and is_inside(client, room) else None
    gateway = client.door.gateway
    key = nick_key(target)
    for one in gateway.conversations(client.session):
        if nick_key(one.nick) == key:
            return one.room
    return None


def _reference(text: str) -> tuple[str, int] | None:
    kind, _, value = text.partition("=")
    found = stamp(value) if kind == "timestamp" else parse_id(value) if kind == "msgid" else None
    return None if found is None else (kind, found)


async def _read(
    client: IrcClient,
    reply: Reply,
    room: RoomState,
    target: str,
    kind: str,
    references: Sequence[tuple[str, int]],
    count: int,
) -> None:
    try:
        messages = await _page(client, room.id, kind, references, count)
    except Refused:
        reply.fail("CHATHISTORY", "MESSAGE_ERROR", kind, target[:100], "It can't be read just now")
        return
    batch = client.fresh_batch()
    wire = client.wire
    lines = [f":{client.server} BATCH +{batch} chathistory {target}"]
    for said in messages:
        if said.is_deleted:
            continue
        shown = channel(room.name) if not room.parties else said.to or target
        tags = (("draft/reply", format_id(said.reply_to)),) if said.reply_to else ()
        own = tuple((f"+{name}", value) for name, value in tags)
        data = wire.words(
            source_of(said.author),
            "PRIVMSG",
            shown,
            said.text,
            action=said.action,
            tags=wire.tags(said.time, said.id, own, (("batch", batch),)),
            more=wire.tags(said.time, None, (), (("batch", batch),)),
        )
        lines += data.decode().splitlines()
    lines.append(f":{client.server} BATCH -{batch}")
    for line in lines:
        reply.raw(line)


async def _page(
    client: IrcClient,
    room: RoomId,
    kind: str,
    references: Sequence[tuple[str, int]],
    count: int,
) -> Sequence[Said]:
    gateway, session = client.door.gateway, client.session
    if not count:
        return ()
    if kind == "LATEST":
        newest = await gateway.history(session, room, limit=count)
        after = await _seq(client, room, references[0], "after") if references else 0
        return [one for one in newest if one.seq > after]
    if kind == "AFTER":
        after = await _seq(client, room, references[0], "after")
        return await gateway.history(session, room, after=after, limit=count)
    if kind == "BEFORE":
        before = await _seq(client, room, references[0], "before")
        return await gateway.history(session, room, before=before, limit=count)
    if kind == "AROUND":
        middle = await _seq(client, room, references[0], "before")
        half = count // 2
        earlier = await gateway.history(session, room, before=middle, limit=half) if half else ()
        later = await gateway.history(session, room, after=middle - 1, limit=count - len(earlier))
        return (*earlier, *later)
    first, second = references
    if first[1] <= second[1]:
        after = await _seq(client, room, first, "after")
        before = await _seq(client, room, second, "before")
        page = await gateway.history(session, room, after=after, limit=count)
    else:
        after = await _seq(client, room, second, "after")
        before = await _seq(client, room, first, "before")
        page = await gateway.history(session, room, before=before, limit=count)
    return [one for one in page if after < one.seq < before]


async def _seq(client: IrcClient, room: RoomId, reference: tuple[str, int], side: str) -> int:
    """Return the place in the log that a reference stands for, looking back page by page.

    With `after`: the last message up to it. With `before`: the first message from it on.
    """
    kind, value = reference
    gateway, session = client.door.gateway, client.session
    before: int | None = None
    first_from = 2**62
    for _ in range(PAGES):
        page = await gateway.history(session, room, before=before, limit=MOST)
        for said in reversed(page):
            mark = said.id if kind == "msgid" else said.time
            if mark >= value:
                first_from = said.seq
            if mark == value:
                return said.seq
            if mark < value:
                return said.seq if side == "after" else first_from
        if len(page) < MOST:
            break
        before = page[0].seq
    return 0 if side == "after" else first_from
