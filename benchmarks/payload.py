"""The words that the benchmark says: who, the how-many-eth, and when, in 100 bytes.

Pure: bytes in, bytes out. Every message is matched to its last letter where it is read, by the
`Grammar` of what it comes in.
"""

from __future__ import annotations

import re

from msgspec import Struct

MARK = b"~m"
PROBE = b"~probe"
"""Said once the rooms are full, to learn that everybody hears."""

# Plain words after the numbers: a server that cleans and indexes texts gets what people write.
_WORDS = b" everyone in the room hears these words once, in order, and never sooner"
_TEXT = b"~m%04dn%08dt%012d" + _WORDS

RECORD = re.compile(rb"~m(\d{4})n(\d{8})t(\d{12})" + re.escape(_WORDS) + rb"\r?\n")
"""A message and the end of its line: sender, number, time."""


class Grammar(Struct, frozen=True):
    """How messages stand in what is read."""

    record: re.Pattern[bytes]
    """Finds a message: sender, number, time."""
    end: bytes
    """What each message ends with; up to the last of these, everything is whole."""


LINES = Grammar(RECORD, b"\n")
FRAMES = Grammar(re.compile(rb"~m(\d{4})n(\d{8})t(\d{12})" + re.escape(_WORDS)), b"never sooner")
"""In WebSocket frames nothing marks an end but the length, so the last words do."""


def compose(sender: int, number: int, stamp: int) -> bytes:
    """Write a message, without the end of its line.

    Args:
        sender: who, up to 9999.
        number: the sender's how-many-eth message, from 1.
        stamp: when, in microseconds of the load's own clock.
    """
    return _TEXT % (sender, number, stamp)
