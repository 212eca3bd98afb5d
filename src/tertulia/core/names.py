"""Names: what may be a nick or a room's name, and what they are compared by.

A nick that is good here is good at every door: it is a PRECIS username (RFC 8265), fits the
grammar of IRC (RFC 2812, 2.3.1) but for its alphabet, and does not mix scripts to deceive.
Everything here is total: whatever is typed, nothing is raised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Final
from unicodedata import category

from precis_i18n import get_profile

from tertulia.core.lookalikes import mixes_scripts, poses_as_ascii, skeleton
from tertulia.core.text import clean_line

MAX_NAME: Final = 100
"""No name is longer than this many characters, whatever the settings say."""

RESERVED_NICKS: Final = (
    # Could pass for the server, or for whoever runs it.
    *("server", "servidor", "system", "sistema", "tertulia", "console", "root", "sysop"),
    *("admin", "administrator", "administrador", "operator", "operador", "moderator", "moderador"),
    # Services that IRC clients talk to without being asked, and send passwords to.
    *("nickserv", "chanserv", "memoserv", "operserv", "hostserv", "botserv", "authserv", "global"),
    # Read as somebody, everybody or nobody in a sentence, or in a notice of the server's.
    *("all", "everyone", "everybody", "todos", "channel", "here", "aqui", "you", "me", "stranger"),
    *("someone", "somebody", "nobody", "anonymous", "unknown", "guest", "convidado", "invitado"),
)
"""Nicks that nobody may take: each could be mistaken for something that is no person."""

_NICK: Final = re.compile("[A-Za-z_][A-Za-z0-9_-]*")
_ROOM: Final = re.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*")
# The figures of a guest's nick as the skeleton has them: 0 is o there, and 1 is l.
_GUEST: Final = re.compile(r"guest[-_]*[\dol]+")
_PRECIS: Final = get_profile("UsernameCasePreserved")
_FOLDING: Final = get_profile("UsernameCaseMapped")


def clean_nick(text: str, limit: int) -> str | None:
    """Return `text` as a nick of at most `limit` characters; None when it can't be one.

    A nick has letters of any script, digits, `-` and `_`, at least one letter, and begins with
    a letter or `_` (an IRC nick begins with neither a digit nor `-`).
    """
    name = _clean_name(text.strip(), limit, "-_", _NICK)
    if name is None or not any(map(str.isalpha, name)):
        return None
    return name if name[0] == "_" or category(name[0])[0] == "L" else None


def nick_key(nick: str) -> str:
    """Return what a nick is compared by: the same for nicks that differ in case or look alike."""
    return _key(nick[:MAX_NAME])


def folded_nick(nick: str) -> str:
    """Return a nick without case (RFC 8265, 3.3), which is what lasts of it after its user left.

    Look-alikes stay apart here: what was kept for one name is not for another.
    """
    nick = nick[:MAX_NAME]
    try:
        return nick.lower() if nick.isascii() else _FOLDING.enforce(nick)
    except UnicodeError:
        return nick.lower()


def clean_room_name(text: str, limit: int) -> str | None:
    """Return `text`, without any leading `#`, as a room's name; None when it can't be one.

    A name has letters of any script, digits, `-`, `_` and `.`, at least one letter or digit, and
    begins with neither `-` nor `.`. It has at most `limit` characters.
    """
    name = _clean_name(_bare_room(text), limit, "-_.", _ROOM)
    if name is None or not any(map(str.isalnum, name)):
        return None
    return None if name[0] in "-." or category(name[0])[0] == "M" else name


def room_key(name: str) -> str:
    """Return what a room's name, with or without `#`, is compared by; see `nick_key`."""
    return _key(_bare_room(name)[:MAX_NAME])


def is_guest_nick(nick: str) -> bool:
    """Tell whether a nick is, or looks like, one that the server draws for guests."""
    return _GUEST.fullmatch(nick_key(nick)) is not None


def is_reserved_nick(nick: str) -> bool:
    """Tell whether a nick is one of `RESERVED_NICKS`, or looks like it."""
    return _bare_key(nick) in _reserved_keys()


def guest_nick(lot: int, taken: Callable[[str], bool]) -> str:
    """Return a nick for a guest, picked by `lot`: `guest` and four digits, or more in a crowd.

    Args:
        lot: A random number that is not negative; the same lot gives the same nick.
        taken: Tells whether a nick with this key is in use.
    """
    nick = ""
    for digits in range(4, 13):
        base = 10 ** (digits - 1)
        for attempt in range(10):
            # The step is a prime that does not divide the span: attempts never meet.
            nick = f"guest{base + (lot + attempt * 7919) % (9 * base)}"
            if not taken(nick_key(nick)):
                return nick
    return nick


def free_nick(nick: str, limit: int, taken: Callable[[str], bool]) -> str:
    """Return a nick near `nick` that could be had: `ana2` for `ana`, `ana3` for `ana2`.

    It is `nick` itself if none could, which takes a crowd of thousands under such nicks.

    Args:
        nick: The nick that can't be had.
        limit: The most characters of a nick; see `clean_nick`.
        taken: Tells whether a nick with this key is in use.
    """
    free = (
        near
        for near in _nicks_near(nick[:MAX_NAME], limit)
        if _could_be_had(near, limit) and not taken(nick_key(near))
    )
    return next(free, nick)


def _nicks_near(nick: str, limit: int) -> Iterator[str]:
    stem = nick.rstrip("0123456789") or nick
    number = int(nick[len(stem) :][:6] or 1)
    yield from _numbered(stem, range(number + 1, number + 51), limit)
    # What remains for names that our figures may not follow, as they don't mix with Arabic ones.
    yield from _numbered("user", range(2, 10_000), limit)


def _numbered(stem: str, numbers: range, limit: int) -> Iterator[str]:
    return (f"{stem[: limit - len(str(number))]}{number}" for number in numbers)


def _could_be_had(nick: str, limit: int) -> bool:
    return (
        clean_nick(nick, limit) == nick and not is_guest_nick(nick) and not is_reserved_nick(nick)
    )


def _bare_room(text: str) -> str:
    return text.strip().lstrip("#")


def _clean_name(text: str, limit: int, signs: str, plain: re.Pattern[str]) -> str | None:
    """Return a name of letters, digits and `signs`; `plain` is all that ASCII may have of it."""
    limit = min(limit, MAX_NAME)
    # PRECIS may make a name shorter (composition), but never by more than this.
    if not text or len(text) > 4 * limit:
        return None
    if text.isascii():
        return text if len(text) <= limit and plain.fullmatch(text) else None
    try:
        name = _PRECIS.enforce(text)
    except UnicodeError:
        return None
    is_safe = (
        len(name) <= limit
        and all(_is_part_of_name(char, signs) for char in name)
        and clean_line(name, limit) == name
        and not mixes_scripts(name)
        and not poses_as_ascii(name)
    )
    return name if is_safe else None


def _is_part_of_name(char: str, signs: str) -> bool:
    return char in signs or category(char)[0] in "LM" or category(char) == "Nd"


@lru_cache(maxsize=8192)
def _key(name: str) -> str:
    return skeleton(name)


def _bare_key(nick: str) -> str:
    return nick_key(nick).translate({ord("-"): None, ord("_"): None})


@cache
def _reserved_keys() -> frozenset[str]:
    return frozenset(map(_bare_key, RESERVED_NICKS))
