"""Messages of IRC: one line of it read and written, tags included.

The grammar is that of RFC 2812, 2.3.1 with the IRCv3 message-tags specification. Reading is
total: whatever the line is, there is a message or None. Lengths count as those texts say, with
the CR LF: 512 bytes for a message, 8191 for the tags of a server's, 4096 for those of a client's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

MAX_BODY: Final = 512
"""Bytes of a line without its tags, with CR LF (RFC 2812, 2.3)."""
MAX_CLIENT_TAGS: Final = 4096
"""Bytes of tags from a client, with the leading `@` and the blank."""
MAX_TAG_DATA: Final = 4094
"""Bytes of tags without those two."""
MAX_LINE: Final = MAX_CLIENT_TAGS + MAX_BODY
MAX_PARAMS: Final = 100
"""How many parameters of a line are read apart; what is beyond goes into the last one."""

END: Final = "\r\n"

_ESCAPES: Final = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_ESCAPED: Final = str.maketrans(
    {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n", "\0": ""}
)
_UNSAFE: Final = str.maketrans("\r\n\0", "   ")

NO_TAGS: Final[Mapping[str, str]] = {}


class Message(Struct, frozen=True, gc=False):
    """One line, taken apart."""

    command: str
    """In capitals."""
    params: tuple[str, ...] = ()
    source: str = ""
    tags: Mapping[str, str] = NO_TAGS
    """A tag without a value has an empty one; of a name that comes twice, the last counts."""


def parse(line: str) -> Message | None:
    """Return the message that a line without its end holds; None when it holds none."""
    tags = NO_TAGS
    source = ""
    if line.startswith("@"):
        written, _, line = line[1:].partition(" ")
        tags = parse_tags(written)
    line = line.lstrip(" ")
    if line.startswith(":"):
        source, _, line = line[1:].partition(" ")
        line = line.lstrip(" ")
    command, _, rest = line.partition(" ")
    if not command:
        return None
    return Message(command.upper(), _params(rest), source, tags)


def _params(rest: str) -> tuple[str, ...]:
    """Return the parameters: words, and one at the end that may hold blanks."""
    if rest.startswith(":"):
        return (rest[1:],)
    middle, colon, last = rest.partition(" :")
    params = [word for word in middle.split(" ", MAX_PARAMS) if word]
    if colon:
        params.append(last)
    return tuple(params)


def parse_tags(written: str) -> dict[str, str]:
    """Return the tags that stand between `@` and the blank."""
    tags: dict[str, str] = {}
    for tag in written.split(";"):
        name, _, value = tag.partition("=")
        if name:
            tags[name] = unescape(value)
    return tags


def unescape(value: str) -> str:
    """Return what an escaped value of a tag stands for; a lone backslash at the end goes."""
    if "\\" not in value:
        return value
    plain: list[str] = []
    signs = iter(value)
    for sign in signs:
        if sign == "\\":
            after = next(signs, "")
            plain.append(_ESCAPES.get(after, after))
        else:
            plain.append(sign)
    return "".join(plain)


def escape(value: str) -> str:
    """Return a value as it stands in a tag."""
    return value.translate(_ESCAPED)


def format_tags(tags: Iterable[tuple[str, str]]) -> str:
    """Return tags as they stand before a line, with the `@` and the blank; empty without any."""
    written = ";".join(f"{name}={escape(value)}" if value else name for name, value in tags)
    return f"@{written} " if written else ""


def format_line(source: str, command: str, params: Sequence[str]) -> str:
    """Return a line without tags and end. The last parameter may hold blanks, or be empty.

    Line ends and NUL, which nothing should hold by then, become blanks: no parameter can ever
    begin a line of its own.
    """
    head = f":{source} {command}" if source else command
    if not params:
        return head
    *middle, last = params
    if not last or last[0] == ":" or " " in last:
        last = f":{last}"
    line = " ".join((head, *middle, last))
    return line if line.isprintable() else line.translate(_UNSAFE)


def room_for(text_limit: int, head: str) -> int:
    """Return how many bytes are left for the last parameter of a line that begins with `head`."""
    return max(1, text_limit - len(head.encode()) - len(END))


def split_text(text: str, size: int) -> list[str]:
    """Cut a text into pieces of at most `size` bytes, between words if that is near enough.

    Never inside a character; a piece may be longer when one character alone is.
    """
    pieces: list[str] = []
    while len(text) * 4 > size and len(text.encode()) > size:
        cut = len(text.encode()[:size].decode(errors="ignore")) or 1
        blank = text.rfind(" ", cut // 2, cut + 1)
        if blank > 0:
            pieces.append(text[:blank])
            text = text[blank + 1 :]
        else:
            pieces.append(text[:cut])
            text = text[cut:]
    if text or not pieces:
        pieces.append(text)
    return pieces
