"""Telnet: what is taken out, what is answered, and that nothing depends on where it is cut."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.wire.telnet import (
    AYT,
    BINARY,
    DO,
    DONT,
    EC,
    EL,
    IAC,
    MAX_ANSWERS,
    MAX_SUBNEGOTIATION,
    SB,
    SE,
    TIMING_MARK,
    WILL,
    WONT,
    YES,
    Received,
    Telnet,
)

ECHO = 1
SUPPRESS_GO_AHEAD = 3
TERMINAL_TYPE = 24
WINDOW_SIZE = 31


def received(*pieces: bytes) -> Received:
    telnet = Telnet()
    parts = [telnet.receive_data(piece) for piece in pieces]
    return Received(b"".join(p.text for p in parts), b"".join(p.answer for p in parts))


def cut_everywhere(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def test_text_without_telnet_passes_as_the_same_bytes() -> None:
    data = "olá, ana\r\n".encode()
    assert Telnet().receive_data(data).text is data


def test_a_peer_that_never_negotiates_sees_no_telnet() -> None:
    assert received(b"hello\r\n", b"", b"\0\x08\xf0\xfe").answer == b""


@pytest.mark.parametrize("option", [ECHO, SUPPRESS_GO_AHEAD, TERMINAL_TYPE, WINDOW_SIZE, IAC])
def test_options_are_refused(option: int) -> None:
    # RFC 855, §1: "WON'T and DON'T" are the answers that may always be given.
    assert received(bytes((IAC, DO, option))).answer == bytes((IAC, WONT, option))
    assert received(bytes((IAC, WILL, option))).answer == bytes((IAC, DONT, option))


def test_a_refusal_is_not_answered() -> None:
    # RFC 1143, §2: what is so already is not acknowledged, or two sides never end.
    assert received(bytes((IAC, DONT, ECHO, IAC, WONT, ECHO))) == Received(b"", b"")


def test_eight_bits_are_agreed_to_once_each_way() -> None:
    agreed = bytes((IAC, DO, BINARY, IAC, WILL, BINARY))
    assert received(agreed, agreed).answer == bytes((IAC, WILL, BINARY, IAC, DO, BINARY))


def test_eight_bits_are_taken_back_once_each_way() -> None:
    telnet = Telnet()
    telnet.receive_data(bytes((IAC, DO, BINARY, IAC, WILL, BINARY)))
    taken_back = bytes((IAC, DONT, BINARY, IAC, WONT, BINARY))
    assert telnet.receive_data(taken_back).answer == bytes((IAC, WONT, BINARY, IAC, DONT, BINARY))
    assert telnet.receive_data(taken_back).answer == b""


def test_each_timing_mark_is_answered() -> None:
    # RFC 860: a client that was interrupted drops everything until the mark comes back.
    asked = bytes((IAC, 244, IAC, DO, TIMING_MARK))
    assert received(asked, asked).answer == bytes((IAC, WILL, TIMING_MARK)) * 2


def test_negotiation_in_the_middle_of_a_word_is_taken_out() -> None:
    assert received(b"he" + bytes((IAC, WILL, WINDOW_SIZE)) + b"llo\r\n").text == b"hello\r\n"


def test_a_doubled_iac_is_one_byte_255() -> None:
    assert received(bytes((IAC, IAC)) + b"a") == Received(b"\xffa", b"")


def test_erase_character_and_erase_line_are_passed_on_as_keys() -> None:
    assert received(b"ab" + bytes((IAC, EC)) + b"c" + bytes((IAC, EL))).text == b"ab\x08c\x15"


@pytest.mark.parametrize("command", [SE, 241, 242, 243, 244, 245, 249, 236, 237, 238, 239])
def test_other_commands_vanish(command: int) -> None:
    assert received(b"a" + bytes((IAC, command)) + b"b") == Received(b"ab", b"")


def test_are_you_there_is_answered_once_in_one_go() -> None:
    assert received(bytes((IAC, AYT)) * 1000) == Received(b"", YES)


def test_a_sub_negotiation_is_taken_out() -> None:
    size = bytes((IAC, SB, WINDOW_SIZE, 0, 80, 0, IAC, IAC, 10, 13, IAC, SE))
    assert received(b"a" + size + b"b") == Received(b"ab", b"")


def test_a_sub_negotiation_that_lost_its_end_ends_with_the_next_command() -> None:
    assert received(bytes((IAC, SB, 24, 0, IAC, DO, ECHO)) + b"a") == Received(
        b"a", bytes((IAC, WONT, ECHO))
    )


def test_an_endless_sub_negotiation_is_text_again_and_no_utf8() -> None:
    data = bytes((IAC, SB)) + b"x" * MAX_SUBNEGOTIATION + b"hello\n"
    assert received(data).text == b"\xffhello\n"


def test_an_endless_sub_negotiation_of_doubled_iacs_ends_too() -> None:
    data = bytes((IAC, SB, 1)) + bytes((IAC, IAC)) * (MAX_SUBNEGOTIATION // 2) + b"hello\n"
    assert received(data).text == b"\xffhello\n"


def test_an_endless_sub_negotiation_holds_no_memory() -> None:
    telnet = Telnet()
    telnet.receive_data(bytes((IAC, SB, WINDOW_SIZE)))
    chunk = bytes((IAC, SB)) + b"x" * (MAX_SUBNEGOTIATION - 10)
    tracemalloc.start()
    try:
        for _ in range(1000):
            telnet.receive_data(chunk)
        assert tracemalloc.get_traced_memory()[0] < 4096
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("letter", [b"a", b"\n", b"\r", b"\0"])
def test_an_iac_before_what_is_no_command_is_text_that_is_no_utf8(letter: bytes) -> None:
    assert received(b"\xff" + letter) == Received(b"\xff" + letter, b"")


def test_answers_in_one_go_are_bounded() -> None:
    assert len(received(bytes((IAC, DO, ECHO)) * 10_000).answer) == 3 * MAX_ANSWERS


pieces_of_telnet = st.one_of(
    st.binary(max_size=8),
    st.sampled_from(
        [bytes((IAC, verb, option)) for verb in (WILL, WONT, DO, DONT) for option in (0, 1, 6, 31)]
    ),
    st.sampled_from([bytes((IAC, SB, 31)), bytes((IAC, SE)), bytes((IAC, IAC)), bytes((IAC, EC))]),
)


@given(st.lists(pieces_of_telnet, max_size=20).map(b"".join))
def test_it_makes_no_difference_where_the_stream_is_cut(data: bytes) -> None:
    assert received(*cut_everywhere(data)) == received(data)


@pytest.mark.parametrize("length", range(MAX_SUBNEGOTIATION - 3, MAX_SUBNEGOTIATION + 3))
def test_the_bound_of_a_sub_negotiation_holds_however_it_is_cut(length: int) -> None:
    data = bytes((IAC, SB)) + b"x" * length + bytes((IAC, IAC, IAC, SE)) + b"a\n"
    assert received(*cut_everywhere(data)) == received(data)


@given(st.text(), st.integers(0, 20))
def test_utf8_text_is_never_changed(text: str, at: int) -> None:
    data = text.encode()
    assert received(data[:at], data[at:]) == Received(data, b"")
