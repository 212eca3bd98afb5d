"""The words that the benchmark says: who, the how-many-eth, and when, in 100 bytes.

Pure: bytes in, bytes out. Every message is one line that `RECORD` matches to its last letter.
"""

from __future__ import annotations

import re

MARK = b"~m"
PROBE = b"~probe"
"""Said once the rooms are full, to learn that everybody hears."""

# Plain words after the numbers: a server that cleans and indexes texts gets what people write.
_WORDS = b" everyone in the room hears these words once, in order, and never sooner"
_TEXT = b"~m%04dn%08dt%012d" + _WORDS

RECORD = re.compile(rb"~m(\d{4})n(\d{8})t(\d{12})" + re.escape(_WORDS) + rb"\r?\n")
"""A message and the end of its line: sender, number, time."""


def compose(sender: int, number: int, stamp: int) -> bytes:
    """Write a message, without the end of its line.

    Args:
        sender: who, up to 9999.
        number: the sender's how-many-eth message, from 1.
        stamp: when, in microseconds of the load's own clock.
    """
    return _TEXT % (sender, number, stamp)
