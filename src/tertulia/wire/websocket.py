"""WebSocket frames (RFC 6455, section 5), the server's side: bytes in, messages out, and back.

What comes in is masked, what goes out is not; no extension is ever agreed on. A message that is
too long is told of and passed over, so that the connection can stay. The opening handshake is
`handshake`; knows nothing of what messages mean.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final, TypeAlias

from msgspec import Struct

MAX_PASSED_OVER: Final = 16 * 1024 * 1024
"""The longest frame that is passed over; who announces a longer one is not worth waiting for."""
MAX_CONTROL: Final = 125
"""Bytes in a control frame at the most (section 5.5)."""
NO_CODE: Final = 1005
"""Stands for a close frame without a code (section 7.4.1); never sent."""

_FIN: Final = 0x80
_MASKED: Final = 0x80
_RESERVED: Final = 0x70
_SHORT: Final = 126
_HEAD: Final = 6
"""Bytes of the head of a short frame with a mask."""
_WHOLE_TEXT: Final = 0x81
_LONG: Final = 127


class CloseCode(IntEnum):
    """Why a connection is closed (section 7.4.1)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    INVALID_DATA = 1007
    POLICY = 1008
    TOO_BIG = 1009


class Text(Struct, frozen=True):
    """A whole text message, which is UTF-8."""

    data: bytes


class Binary(Struct, frozen=True):
    """A whole binary message."""

    data: bytes


class TooLong(Struct, frozen=True):
    """A message that outgrew the bound; told once, and the rest of it is passed over."""


class Ping(Struct, frozen=True):
    """The peer asks for a `pong_frame` with the same data."""

    data: bytes


class Closing(Struct, frozen=True):
    """The peer closes, and sends nothing more; it is answered with a close frame of ours."""

    code: int = NO_CODE


class Failed(Struct, frozen=True):
    """The peer broke the rules; it is told why in a close frame, and nothing more is read."""

    code: CloseCode
    reason: str


Received: TypeAlias = Text | Binary | TooLong | Ping | Closing | Failed


class _Opcode(IntEnum):
    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


_OPCODES: Final = {opcode.value: opcode for opcode in _Opcode}


class _Broken(Exception):
    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.failed = Failed(code, reason)


class _Head(Struct):
    """The head of a frame."""

    opcode: _Opcode
    is_final: bool
    size: int
    """Bytes of the head itself, with the mask."""
    length: int
    """Bytes of what follows."""


class FrameReader:
    """Cuts one peer's bytes into messages; holds little more than `max_message` bytes."""

    __slots__ = (
        "_buffer",
        "_is_over",
        "_max_message",
        "_message",
        "_needed",
        "_opcode",
        "_passing",
    )

    def __init__(self, max_message: int) -> None:
        self._max_message = max_message
        self._buffer: bytearray | None = None
        self._needed = 0
        """How long the buffer must be before it is worth looking at."""
        self._message: bytearray | None = None
        """The fragments so far; None while there is no message, or while it is passed over."""
        self._opcode: _Opcode | None = None
        """The kind of message whose fragments are coming."""
        self._passing = 0
        """Bytes of the present frame that are still to be passed over."""
        self._is_over = False

    def receive_data(self, data: bytes) -> list[Received]:
        """Take in bytes; return what they complete, in order."""
        if self._is_over:
            return []
        if self._buffer is not None:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return []
            data = bytes(self._buffer)
        received: list[Received] = []
        at = self._needed = 0
        try:
            while at < len(data) and not self._is_over:
                used = self._read_plain(data, at, received) or (
                    self._pass_over(data, at) or self._read_frame(data, at, received)
                )
                if not used:
                    break
                at += used
        except _Broken as broken:
            self._is_over = True
            received.append(broken.failed)
        is_used_up = self._is_over or at == len(data)
        self._buffer = None if is_used_up else bytearray(data[at:])
        return received

    def _read_plain(self, data: bytes, at: int, received: list[Received]) -> int:
        """Take a whole ASCII text in one frame, which nearly all frames are; leave the others.

        A third of the time that the whole way takes.
        """
        is_passing = self._passing or self._opcode is not None
        if is_passing or len(data) - at < _HEAD or data[at] != _WHOLE_TEXT:
            return 0
        length, start = data[at + 1] - _MASKED, at + _HEAD
        if length == _SHORT:
            length, start = data[at + 2] << 8 | data[at + 3], start + 2
        end = start + length
        if not 0 <= length <= self._max_message or data[at + 1] & 0x7F == _LONG or len(data) < end:
            return 0
        payload = _unmask(data[start:end], data[start - 4 : start])
        if not payload.isascii():
            return 0
        received.append(Text(payload))
        return end - at

    def _pass_over(self, data: bytes, at: int) -> int:
        """Drop what comes of a message that is too long; return how many bytes that was."""
        count = min(self._passing, len(data) - at)
        self._passing -= count
        return count

    def _read_frame(self, data: bytes, at: int, received: list[Received]) -> int:
        """Take the frame that begins at `at`; return how many bytes that was, 0 for not yet."""
        head = _read_head(data, at)
        if head is None:
            return 0
        if head.opcode < _Opcode.CLOSE:
            self._check_order(head)
            if self._is_too_long(head, received):
                return head.size
        end = at + head.size + head.length
        if len(data) < end:
            self._needed = end - at
            return 0
        start = end - head.length
        payload = _unmask(data[start:end], data[start - 4 : start])
        if head.opcode < _Opcode.CLOSE:
            self._take_fragment(head, payload, received)
        else:
            self._take_control(head.opcode, payload, received)
        return head.size + head.length

    def _check_order(self, head: _Head) -> None:
        """See that fragments follow each other (section 5.4)."""
        if head.opcode is _Opcode.CONTINUATION:
            if self._opcode is None:
                raise _Broken(CloseCode.PROTOCOL_ERROR, "nothing to continue")
        elif self._opcode is not None:
            raise _Broken(CloseCode.PROTOCOL_ERROR, "a message within a message")

    def _is_too_long(self, head: _Head, received: list[Received]) -> bool:
        """Begin to pass over a frame of a message that is too long."""
        is_first = head.opcode is not _Opcode.CONTINUATION
        held = 0 if self._message is None else len(self._message)
        is_passed_over = not is_first and self._message is None
        if not is_passed_over and held + head.length <= self._max_message:
            return False
        if head.length > MAX_PASSED_OVER:
            raise _Broken(CloseCode.TOO_BIG, "too long to be passed over")
        if not is_passed_over:
            received.append(TooLong())
        self._message = None
        self._passing = head.length
        self._opcode = None if head.is_final else (head.opcode if is_first else self._opcode)
        return True

    def _take_fragment(self, head: _Head, payload: bytes, received: list[Received]) -> None:
        if head.opcode is not _Opcode.CONTINUATION:
            self._opcode = head.opcode
        if self._message is not None or not head.is_final:
            fragments = self._message = self._message or bytearray()
            fragments += payload
            if not head.is_final:
                return
            payload = bytes(fragments)
        opcode, self._opcode, self._message = self._opcode, None, None
        if opcode is _Opcode.BINARY:
            received.append(Binary(payload))
        elif _is_utf8(payload):
            received.append(Text(payload))
        else:
            raise _Broken(CloseCode.INVALID_DATA, "a text message that is no UTF-8")

    def _take_control(self, opcode: _Opcode, payload: bytes, received: list[Received]) -> None:
        if opcode is _Opcode.PING:
            received.append(Ping(payload))
        elif opcode is _Opcode.CLOSE:
            code = _read_close(payload)
            self._is_over = True
            received.append(Closing(code))


def text_frame(payload: bytes) -> bytes:
    """Write a whole text message, which must be UTF-8."""
    return _frame(_Opcode.TEXT, payload)


def pong_frame(payload: bytes) -> bytes:
    """Write the answer to a ping."""
    return _frame(_Opcode.PONG, payload)


def close_frame(code: int, reason: str = "") -> bytes:
    """Write the last frame; without a code for `NO_CODE`. A long reason is cut."""
    if code == NO_CODE:
        return _frame(_Opcode.CLOSE, b"")
    text = reason.encode()[: MAX_CONTROL - 2].decode(errors="ignore").encode()
    return _frame(_Opcode.CLOSE, struct.pack("!H", code) + text)


def _frame(opcode: _Opcode, payload: bytes) -> bytes:
    length = len(payload)
    first = _FIN | opcode
    if length < _SHORT:
        return bytes((first, length)) + payload
    if length < 0x10000:
        return struct.pack("!BBH", first, _SHORT, length) + payload
    return struct.pack("!BBQ", first, _LONG, length) + payload


def _read_head(data: bytes, at: int) -> _Head | None:
    """Read a frame's head (section 5.2); None when it is not all there."""
    left = len(data) - at
    if left < 2:
        return None
    first, second = data[at], data[at + 1]
    opcode = _OPCODES.get(first & 0x0F)
    if opcode is None or first & _RESERVED:
        raise _Broken(CloseCode.PROTOCOL_ERROR, "a frame of no known kind")
    if not second & _MASKED:
        raise _Broken(CloseCode.PROTOCOL_ERROR, "a frame without a mask")
    is_final = bool(first & _FIN)
    length, size = second & 0x7F, 6
    if opcode >= _Opcode.CLOSE and (length > MAX_CONTROL or not is_final):
        raise _Broken(CloseCode.PROTOCOL_ERROR, "a control frame that is long or in pieces")
    if length == _SHORT:
        size = 8
    elif length == _LONG:
        size = 14
    if left < size:
        return None
    if size > 6:
        length = int.from_bytes(data[at + 2 : at + size - 4], "big")
    return _Head(opcode, is_final, size, length)


def _unmask(data: bytes, mask: bytes) -> bytes:
    length = len(data)
    pattern = (mask * (length // 4 + 1))[:length]
    mixed = int.from_bytes(data, "little") ^ int.from_bytes(pattern, "little")
    return mixed.to_bytes(length, "little")


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_close(payload: bytes) -> int:
    """Read what a close frame holds (sections 5.5.1 and 7.4)."""
    if not payload:
        return NO_CODE
    if len(payload) < 2 or not _is_utf8(payload[2:]):
        raise _Broken(CloseCode.PROTOCOL_ERROR, "a close frame that says nothing")
    code = int.from_bytes(payload[:2], "big")
    is_code = 1000 <= code <= 1014 and code not in (1004, NO_CODE, 1006)
    if not (is_code or 3000 <= code <= 4999):
        raise _Broken(CloseCode.PROTOCOL_ERROR, "a close code that may not be sent")
    return code
