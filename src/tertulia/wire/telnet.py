"""Telnet: takes commands and negotiation out of a stream of bytes, also when they are cut.

It only ever answers: whoever never negotiates never sees a byte of telnet. Every option but BINARY
is refused, so a terminal keeps editing and echoing its own lines. Knows nothing of lines.
RFC 854 (commands), 855 (options), 856 (BINARY), 860 (TIMING-MARK), 1143 (answers without loops).
"""

from __future__ import annotations

from enum import Enum
from typing import Final, assert_never

from msgspec import Struct

IAC: Final = 255
DONT: Final = 254
DO: Final = 253
WONT: Final = 252
WILL: Final = 251
SB: Final = 250
EL: Final = 248
EC: Final = 247
AYT: Final = 246
SE: Final = 240

BINARY: Final = 0
TIMING_MARK: Final = 6

ERASE_CHARACTER: Final = b"\x08"
"""What EC is passed on as: a backspace."""
ERASE_LINE: Final = b"\x15"
"""What EL is passed on as: what Ctrl-U sends."""
YES: Final = b"[yes]\r\n"
"""The answer to AYT, "are you there"; RFC 854 asks for something that can be seen."""

MAX_SUBNEGOTIATION: Final = 4096
"""Bytes after which a sub-negotiation without an end is taken for text again."""
MAX_ANSWERS: Final = 256
"""Answers in one go; there are no more options, and whoever asks on and on gets no more."""

_FIRST_COMMAND: Final = 236
"""EOF, SUSP and ABORT (RFC 1184), EOR (RFC 885); below there is no command."""
_MARK: Final = b"\xff"


class _State(Enum):
    TEXT = "text"
    COMMAND = "command"
    """After IAC."""
    OPTION = "option"
    """After IAC and one of WILL, WONT, DO, DONT."""
    INSIDE = "inside"
    """In a sub-negotiation."""
    INSIDE_COMMAND = "inside_command"
    """After IAC in a sub-negotiation."""


class Received(Struct, frozen=True):
    """What a piece of the stream amounted to."""

    text: bytes
    """What is left when telnet is taken out; IAC IAC is one byte 255, which is no UTF-8."""
    answer: bytes
    """What is to be sent back."""


class Telnet:
    """The telnet state of one peer."""

    __slots__ = ("_peer_is_binary", "_skipped", "_state", "_verb", "_we_are_binary")

    def __init__(self) -> None:
        self._state = _State.TEXT
        self._verb = 0
        self._skipped = 0
        """Bytes of the present sub-negotiation so far."""
        self._we_are_binary = False
        self._peer_is_binary = False

    def receive_data(self, data: bytes) -> Received:
        """Take in a piece of the stream, however it was cut."""
        if self._state is _State.TEXT and _MARK not in data:
            return Received(data, b"")
        text: list[bytes] = []
        answers: list[bytes] = []
        at = 0
        while at < len(data):
            match self._state:
                case _State.TEXT:
                    at = self._read_text(data, at, text)
                case _State.COMMAND:
                    self._read_command(data[at], text, answers)
                    at += 1
                case _State.OPTION:
                    self._state = _State.TEXT
                    answers.append(self._answer(self._verb, data[at]))
                    at += 1
                case _State.INSIDE:
                    at = self._skip(data, at, text)
                case _State.INSIDE_COMMAND:
                    at = self._read_inside_command(data, at)
                case _:
                    assert_never(self._state)
        answers = [answer for answer in answers if answer]
        return Received(b"".join(text), b"".join(answers[:MAX_ANSWERS]))

    def _read_text(self, data: bytes, at: int, text: list[bytes]) -> int:
        mark = data.find(_MARK, at)
        if mark < 0:
            text.append(data[at:])
            return len(data)
        text.append(data[at:mark])
        self._state = _State.COMMAND
        return mark + 1

    def _read_command(self, command: int, text: list[bytes], answers: list[bytes]) -> None:
        self._state = _State.TEXT
        if command >= WILL and command != IAC:
            self._verb = command
            self._state = _State.OPTION
        elif command == SB:
            self._skipped = 0
            self._state = _State.INSIDE
        elif command == IAC:
            text.append(_MARK)
        elif command == EC:
            text.append(ERASE_CHARACTER)
        elif command == EL:
            text.append(ERASE_LINE)
        elif command == AYT:
            if YES not in answers:
                answers.append(YES)
        elif command < _FIRST_COMMAND:
            # No telnet at all: letters of another encoding, which make their line no UTF-8. The
            # byte itself may be a line end, and must not be lost.
            text.append(bytes((IAC, command)))

    def _skip(self, data: bytes, at: int, text: list[bytes]) -> int:
        """Pass over a sub-negotiation, up to its end or the bound."""
        stop = min(len(data), at + max(0, MAX_SUBNEGOTIATION - self._skipped))
        mark = data.find(_MARK, at, stop)
        if mark >= 0:
            self._skipped += mark - at
            self._state = _State.INSIDE_COMMAND
            return mark + 1
        self._skipped += stop - at
        if self._skipped >= MAX_SUBNEGOTIATION:
            # Nobody who means it says so much: make the line that goes on here no UTF-8, so that
            # its writer hears of it.
            text.append(_MARK)
            self._state = _State.TEXT
        return stop

    def _read_inside_command(self, data: bytes, at: int) -> int:
        if data[at] == IAC:
            self._skipped += 2
            self._state = _State.INSIDE
            return at + 1
        if data[at] == SE:
            self._state = _State.TEXT
            return at + 1
        # The end was lost: the sub-negotiation is over, and this is another command.
        self._state = _State.COMMAND
        return at

    def _answer(self, verb: int, option: int) -> bytes:
        """Answer one request; nothing when it asks for what is so already (RFC 1143, §2)."""
        if option == BINARY:
            return self._answer_binary(verb)
        if verb == DO:
            # A timing mark is no option but a question, answered each time (RFC 860, §3).
            return bytes((IAC, WILL if option == TIMING_MARK else WONT, option))
        if verb == WILL:
            return bytes((IAC, DONT, option))
        return b""

    def _answer_binary(self, verb: int) -> bytes:
        """Agree to eight bits, either way, which is all that UTF-8 needs."""
        if verb in (DO, DONT):
            wanted = verb == DO
            if wanted == self._we_are_binary:
                return b""
            self._we_are_binary = wanted
            return bytes((IAC, WILL if wanted else WONT, BINARY))
        wanted = verb == WILL
        if wanted == self._peer_is_binary:
            return b""
        self._peer_is_binary = wanted
        return bytes((IAC, DO if wanted else DONT, BINARY))
