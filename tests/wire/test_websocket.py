"""Tests of `tertulia.wire.websocket`: frames by RFC 6455, against `websockets` as the other end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from tertulia.wire.websocket import (
    MAX_PASSED_OVER,
    NO_CODE,
    Binary,
    CloseCode,
    Closing,
    Failed,
    FrameReader,
    Ping,
    Received,
    Text,
    TooLong,
    close_frame,
    pong_frame,
    text_frame,
)

BOUND = 200


def frame(opcode: Opcode, payload: bytes = b"", *, fin: bool = True, mask: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=mask)


def read(*chunks: bytes, bound: int = BOUND) -> list[Received]:
    reader = FrameReader(bound)
    return [received for chunk in chunks for received in reader.receive_data(chunk)]


def failure(*chunks: bytes) -> CloseCode:
    last = read(*chunks)[-1]
    assert isinstance(last, Failed)
    return last.code


def in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(place for place in cuts if place < len(data))})
    return [data[start:end] for start, end in zip(places, places[1:], strict=False)]


# 5.2: the frame


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_messages_of_all_lengths_are_read(length: int) -> None:
    payload = b"x" * length
    assert read(frame(Opcode.TEXT, payload), bound=length) == [Text(payload)]


def test_the_masked_hello_of_the_rfc_is_read() -> None:
    """RFC 6455, 5.7: a single-frame masked text message."""
    assert read(bytes.fromhex("818537fa213d7f9f4d5158")) == [Text(b"Hello")]


@given(
    st.lists(st.binary(max_size=50), max_size=6),
    st.lists(st.integers(0, 400), max_size=8),
)
def test_the_same_bytes_give_the_same_messages_wherever_they_are_cut(
    payloads: list[bytes], cuts: list[int]
) -> None:
    data = b"".join(frame(Opcode.BINARY, payload) for payload in payloads)
    assert read(*in_pieces(data, cuts)) == [Binary(payload) for payload in payloads]


def test_one_byte_at_a_time_is_enough() -> None:
    data = frame(Opcode.TEXT, "olá".encode()) + frame(Opcode.PING, b"?") + frame(Opcode.CLOSE)
    pieces = [data[at : at + 1] for at in range(len(data))]
    assert read(*pieces) == [Text("olá".encode()), Ping(b"?"), Closing(NO_CODE)]


@pytest.mark.parametrize(
    "broken",
    [
        b"\x83\x80\0\0\0\0",
        b"\x8b\x80\0\0\0\0",
        b"\xc1\x80\0\0\0\0",
        b"\x81\x05Hello",
        frame(Opcode.TEXT, b"x", mask=False),
        b"\x89\xfe\x00\x7e",
        b"\x09\x80\0\0\0\0",
        b"\x08\x80\0\0\0\0",
    ],
    ids=[
        "unknown data frame",
        "unknown control frame",
        "reserved bit",
        "no mask",
        "no mask by the other writer",
        "long ping",
        "ping in pieces",
        "close in pieces",
    ],
)
def test_a_frame_that_breaks_the_rules_ends_the_reading(broken: bytes) -> None:
    assert failure(frame(Opcode.TEXT, b"before") + broken) is CloseCode.PROTOCOL_ERROR
    assert read(broken, frame(Opcode.TEXT, b"after"))[1:] == []


# 5.4: fragments


def test_fragments_are_put_together_with_control_frames_between_them() -> None:
    data = (
        frame(Opcode.TEXT, b"ol", fin=False)
        + frame(Opcode.PING, b"1")
        + frame(Opcode.CONT, b"\xc3", fin=False)
        + frame(Opcode.PONG, b"2")
        + frame(Opcode.CONT, b"", fin=False)
        + frame(Opcode.CONT, b"\xa1")
        + frame(Opcode.TEXT, b"next")
    )
    assert read(data) == [Ping(b"1"), Text("olá".encode()), Text(b"next")]


def test_a_fragment_of_nothing_is_a_fault() -> None:
    assert failure(frame(Opcode.CONT, b"x")) is CloseCode.PROTOCOL_ERROR


def test_a_message_within_a_message_is_a_fault() -> None:
    begun = frame(Opcode.TEXT, b"x", fin=False)
    assert failure(begun, frame(Opcode.TEXT, b"y")) is CloseCode.PROTOCOL_ERROR


# Bounds


def test_a_message_that_is_too_long_is_told_once_and_passed_over() -> None:
    long = frame(Opcode.TEXT, b"x" * (BOUND + 1))
    assert read(long[:10], long[10:], frame(Opcode.TEXT, b"ok")) == [TooLong(), Text(b"ok")]


def test_fragments_that_are_too_long_together_are_passed_over() -> None:
    data = (
        frame(Opcode.TEXT, b"x" * BOUND, fin=False)
        + frame(Opcode.CONT, b"y", fin=False)
        + frame(Opcode.PING)
        + frame(Opcode.CONT, b"z" * BOUND, fin=False)
        + frame(Opcode.CONT)
        + frame(Opcode.BINARY, b"ok")
    )
    assert read(data) == [TooLong(), Ping(b""), Binary(b"ok")]


def test_a_long_first_fragment_is_passed_over_with_the_others() -> None:
    data = frame(Opcode.TEXT, b"x" * 300, fin=False) + frame(Opcode.CONT, b"x")
    assert read(data, frame(Opcode.TEXT, b"ok")) == [TooLong(), Text(b"ok")]


def test_what_is_passed_over_is_not_held() -> None:
    reader = FrameReader(BOUND)
    reader.receive_data(b"\x81\xff" + (1_000_000).to_bytes(8, "big") + b"mask" + b"x" * 500_000)
    assert reader._buffer is None
    assert reader._message is None


def test_a_frame_that_nobody_can_wait_for_ends_the_reading() -> None:
    head = b"\x81\xff" + (MAX_PASSED_OVER + 1).to_bytes(8, "big") + b"mask"
    assert failure(head) is CloseCode.TOO_BIG
    assert failure(b"\x81\xff" + b"\xff" * 8 + b"mask") is CloseCode.TOO_BIG


def test_a_long_frame_in_small_pieces_is_put_together_once() -> None:
    data = frame(Opcode.BINARY, b"x" * BOUND)
    reader = FrameReader(BOUND)
    for at in range(len(data) - 1):
        assert reader.receive_data(data[at : at + 1]) == []
    assert reader.receive_data(data[-1:]) == [Binary(b"x" * BOUND)]


# 8.1: text is UTF-8


@pytest.mark.parametrize("payload", [b"\xff", b"\xc3", b"\xed\xa0\x80"])
def test_text_that_is_no_utf8_ends_the_reading(payload: bytes) -> None:
    assert failure(frame(Opcode.TEXT, payload)) is CloseCode.INVALID_DATA


# 5.5.1 and 7.4: closing


@pytest.mark.parametrize("code", [1000, 1001, 1011, 3000, 4999])
def test_a_close_frame_has_its_code(code: int) -> None:
    assert read(frame(Opcode.CLOSE, code.to_bytes(2, "big") + b"bye")) == [Closing(code)]


@pytest.mark.parametrize(
    "payload",
    [b"\x03", *(code.to_bytes(2, "big") for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000))],
)
def test_a_close_frame_that_may_not_be_sent_is_a_fault(payload: bytes) -> None:
    assert failure(frame(Opcode.CLOSE, payload)) is CloseCode.PROTOCOL_ERROR


def test_nothing_is_read_after_a_close_frame() -> None:
    assert read(frame(Opcode.CLOSE) + frame(Opcode.TEXT, b"x"), b"more") == [Closing(NO_CODE)]


# The same as another reader

FAILED = ("failed", b"")
MOSTLY = st.sampled_from([True, True, True, True, False])


def any_frame(opcode: int, payload: bytes, fin: bool, is_masked: bool, is_plain: bool) -> bytes:
    """Return a frame that may break the rules."""
    first = opcode | (0x80 if fin else 0) | (0 if is_plain else 0x40)
    masked = 0x80 if is_masked else 0
    if len(payload) < 126:
        head = bytes((first, masked | len(payload)))
    else:
        head = bytes((first, masked | 126)) + len(payload).to_bytes(2, "big")
    return head + (bytes(4) if is_masked else b"") + payload


CHUNKS = st.one_of(
    st.binary(max_size=20),
    st.builds(
        any_frame,
        st.sampled_from([0, 1, 1, 2, 8, 9, 10, 3, 11]),
        st.binary(max_size=130),
        st.booleans(),
        MOSTLY,
        MOSTLY,
    ),
)


@given(st.lists(CHUNKS, max_size=8))
def test_it_reads_what_the_other_implementation_reads(chunks: list[bytes]) -> None:
    ours: list[tuple[str, bytes]] = []
    for received in read(b"".join(chunks), bound=10_000):
        match received:
            case Text(data=data):
                ours.append(("text", data))
            case Binary(data=data):
                ours.append(("binary", data))
            case Ping(data=data):
                ours.append(("ping", data))
            case Closing():
                ours.append(("closed", b""))
            case Failed():
                ours.append(FAILED)
            case TooLong():
                raise AssertionError("the bound is far away")
    theirs = other_reading(b"".join(chunks))
    if ours[-1:] == [FAILED] and theirs[-1:] != [FAILED]:
        # Theirs waits for the whole of a frame that ours does not like the head of.
        theirs.append(FAILED)
    assert ours == theirs


def other_reading(data: bytes) -> list[tuple[str, bytes]]:
    protocol = ServerProtocol(state=OPEN)
    protocol.receive_data(data)
    read: list[tuple[str, bytes]] = []
    kind, parts = "", b""
    for event in protocol.events_received():
        assert isinstance(event, Frame)
        if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            if event.opcode is not Opcode.CONT:
                kind, parts = event.opcode.name.lower(), b""
            parts += bytes(event.data)
            if event.fin:
                read.append((kind, parts))
        elif event.opcode is Opcode.PING:
            read.append(("ping", bytes(event.data)))
        elif event.opcode is Opcode.CLOSE:
            read.append(("closed", b""))
    texts = [data for kind, data in read if kind == "text"]
    bad = next((at for at, text in enumerate(texts) if not is_text(text)), None)
    if bad is not None:
        # The other one leaves it to its caller to look at what a text is made of.
        at = [place for place, (kind, _) in enumerate(read) if kind == "text"][bad]
        return [*read[:at], FAILED]
    if protocol.parser_exc is not None:
        read.append(FAILED)
    return read


def is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


# What is written


def other_end(data: bytes) -> list[Frame]:
    client = ClientProtocol(parse_uri("ws://localhost/"), state=OPEN)
    client.receive_data(data)
    assert client.parser_exc is None
    return [event for event in client.events_received() if isinstance(event, Frame)]


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
def test_what_is_written_is_read_at_the_other_end(length: int) -> None:
    payload = b"x" * length
    assert other_end(text_frame(payload) + pong_frame(b"?")) == [
        Frame(Opcode.TEXT, payload),
        Frame(Opcode.PONG, b"?"),
    ]


def test_the_unmasked_hello_of_the_rfc_is_written() -> None:
    """RFC 6455, 5.7: a single-frame unmasked text message."""
    assert text_frame(b"Hello") == bytes.fromhex("810548656c6c6f")


def test_a_close_frame_says_why() -> None:
    assert other_end(close_frame(1000, "bye")) == [Frame(Opcode.CLOSE, b"\x03\xe8bye")]
    assert other_end(close_frame(NO_CODE)) == [Frame(Opcode.CLOSE, b"")]


def test_a_long_reason_is_cut_between_characters() -> None:
    [written] = other_end(close_frame(1002, "é" * 100))
    assert bytes(written.data) == b"\x03\xea" + ("é" * 61).encode()
