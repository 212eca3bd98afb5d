"""Masks: patterns of people, `nick!user@host` with `*` and `?`, as IRC has them.

`address_of` gives what they are compared with. Neither takes more time than the product of the
two lengths, whatever is typed.
"""

from __future__ import annotations

from typing import Final

from tertulia.core.events import Person
from tertulia.core.text import clean_line

MAX_MASK: Final = 200


def login_of(person: Person) -> str:
    """Return the name of somebody's user at their own machine, as far as they said it."""
    login, at, _ = person.label.rpartition("@")
    return login if at else "~" + ("".join(filter(str.isalnum, person.nick))[:10] or "u")


def host_of(person: Person) -> str:
    """Return the host that somebody comes from; one that begins with a colon gets a zero."""
    place = person.label.rpartition("@")[2]
    host = place.rpartition(":")[0] if ":" in place else place
    host = host.strip("[]") or "unknown"
    return f"0{host}" if host.startswith(":") else host


def address_of(person: Person) -> str:
    """Return `nick!user@host`."""
    return f"{person.nick}!{login_of(person)}@{host_of(person)}"


def clean_mask(text: str) -> str:
    """Return `text` as a whole mask: `ana` is `ana!*@*`, `@host` is `*!*@host`.

    Empty when it can't be one.
    """
    text = clean_line(text, MAX_MASK)
    if not text or " " in text or text.startswith(":"):
        return ""
    if "!" in text:
        nick, _, rest = text.partition("!")
        user, _, host = rest.partition("@")
    elif "@" in text:
        nick = "*"
        user, _, host = text.rpartition("@")
    else:
        nick, user, host = text, "*", "*"
    return f"{nick or '*'}!{user or '*'}@{host or '*'}"


def matches(mask: str, text: str) -> bool:
    """Tell whether `text` fits `mask`, without case; a backslash makes the next sign plain."""
    pattern = _parts(mask.casefold())
    text = text.casefold()
    at = here = 0
    star, anew = -1, 0
    while at < len(text):
        if here < len(pattern) and pattern[here] in ("?", "=" + text[at]):
            at, here = at + 1, here + 1
        elif here < len(pattern) and pattern[here] == "*":
            star, anew, here = here, at, here + 1
        elif star >= 0:
            anew += 1
            at, here = anew, star + 1
        else:
            return False
    return all(part == "*" for part in pattern[here:])


def _parts(mask: str) -> list[str]:
    """Return a mask as `*`, `?`, and plain signs with `=` before them."""
    parts: list[str] = []
    is_plain = False
    for char in mask:
        if char == "\\" and not is_plain:
            is_plain = True
            continue
        if is_plain and char not in "*?":
            parts.append("=\\")
        parts.append(char if char in "*?" and not is_plain else "=" + char)
        is_plain = False
    if is_plain:
        parts.append("=\\")
    return parts
