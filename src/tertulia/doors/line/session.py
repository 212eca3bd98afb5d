"""One connection of the line door: bytes into lines, and the welcome.

What becomes of the lines is `doors.text`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from tertulia.core import errors as e
from tertulia.core.errors import Refusal, describe
from tertulia.core.state import User
from tertulia.doors.text.handler import MAX_WAITING, Piece, TextHandler
from tertulia.ports import Answer, Link
from tertulia.slash import parse
from tertulia.slash.parse import Typed
from tertulia.wire.buffer import Line, LineBuffer, Result, TooLong
from tertulia.wire.telnet import Telnet

if TYPE_CHECKING:
    from tertulia.doors.line.door import LineDoor

BLOCK: Final = 4096
"""Bytes cut into lines at once, so that few lines wait as objects and the rest as bytes."""

NOISY: Final = 256
"""Line ends and keys in one block that make it noise: each takes work, and little is said."""
NOISY_BLOCKS: Final = 4
"""So many of them, and nothing more is taken for a while."""
NOISE_PAUSE: Final = 1.0
"""Seconds that this while takes."""

_WORDS: Final = {"QUIT": Typed("quit"), "SHUTDOWN": Typed("shutdown")}
"""Lines that are commands without a slash, in just this spelling."""
_NONE: Final[Iterator[Result]] = iter(())


class LineHandler(TextHandler):
    """Implements `ports.StreamHandler`, `ports.SessionView` and `slash.call.Reply`."""

    __slots__ = ("_buffer", "_complaint", "_lines", "_noise", "_raw", "_telnet")

    _door: LineDoor

    def __init__(self, door: LineDoor, link: Link) -> None:
        """Bring somebody online through `link`."""
        super().__init__(door, link)
        self._buffer = LineBuffer(door.settings.max_line)
        self._telnet: Telnet | None = None
        self._raw = b""
        """What has not been cut into lines yet."""
        self._lines = _NONE
        """What has not been taken yet."""
        self._complaint: Refusal | None = None
        self._noise = 0
        self.come_in(None)

    # Bytes into lines

    @override
    def keep(self, data: bytes) -> None:
        self._raw = self._raw + data if self._raw else data

    @override
    def receive_data(self, data: bytes) -> None:
        self._complaint = None
        super().receive_data(data)

    @override
    def is_full(self) -> bool:
        return len(self._raw) >= MAX_WAITING

    @override
    def forget(self) -> None:
        self._raw = b""
        self._lines = _NONE

    @override
    def next_piece(self) -> Piece | None:
        line = next(self._lines, None)
        if line is None:
            self._lines = iter(self._cut())
            line = next(self._lines, None)
        if isinstance(line, Line):
            return line.text
        if isinstance(line, TooLong):
            return e.LineTooLong(self._door.settings.max_line)
        return None if line is None else e.InvalidEncoding()

    def _cut(self) -> Sequence[Result]:
        """Cut some of the bytes that wait into lines; return none when no line is complete."""
        while self._raw and self.may_go_on():
            block, self._raw = self._raw[:BLOCK], self._raw[BLOCK:]
            if len(block) > NOISY and _is_noise(block):
                self._bear_noise()
            if self._telnet is not None or b"\xff" in block:
                block = self._without_telnet(block)
            lines = self._buffer.receive_data(block)
            if lines:
                return lines
        return self._buffer.receive_eof() if self._is_ended and not self._raw else ()

    def _bear_noise(self) -> None:
        self._noise += 1
        if self._noise == NOISY_BLOCKS:
            self._noise = 0
            self.rest(NOISE_PAUSE)

    def _without_telnet(self, block: bytes) -> bytes:
        if self._telnet is None:
            self._telnet = Telnet()
        received = self._telnet.receive_data(block)
        if received.answer:
            self._link.outbox.push(received.answer)
        return received.text

    # Lines

    @override
    def parse(self, text: str) -> parse.Line:
        return _WORDS.get(text) or super().parse(text)

    @override
    def complain(self, refusal: Refusal) -> None:
        """Refuse what can't be read; a whole heap of it, such as a picture, only once."""
        if refusal != self._complaint:
            self._complaint = refusal
            self.refuse(refusal)

    @override
    def greet(self, me: User, answer: Answer) -> None:
        texts = self._voice.catalog
        online = len(self._door.gateway.users())
        lines = [
            texts.gettext("Congratulations! You've successfully joined the chat server."),
            texts.gettext("Your id is: '{id}'.").format(id=me.person.label),
            texts.gettext("There are {count} client(s) connected to this server.").format(
                count=online
            ),
            texts.gettext("You are {nick}; /nick NAME changes that.").format(nick=me.person.nick),
        ]
        if isinstance(answer, Refusal):
            lines.append(describe(answer, texts.gettext))
        elif answer.room is not None:
            lines += self.entrance(answer.room)
        lines.append(
            texts.gettext("Type and press Enter to talk. /help lists the commands, QUIT leaves.")
        )
        self.say(lines)


def _is_noise(block: bytes) -> bool:
    ends = max(block.count(b"\n"), block.count(b"\r"))
    return ends + sum(block.count(key) for key in (b"\x08", b"\x7f", b"\x15", b"\xff")) > NOISY
