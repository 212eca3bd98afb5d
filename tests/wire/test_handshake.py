"""Tests of `tertulia.wire.handshake`: who is let in (RFC 6455, sections 4 and 10.2)."""

from __future__ import annotations

import pytest

from tertulia.wire.handshake import END_OF_HEAD, Terms, answer_head, is_this_machine

TERMS = Terms("/events", (), ("tertulia.v1",))


def request(path: str = "/events", host: str = "127.0.0.1:4444", **headers: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: keep-alive, Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + END_OF_HEAD


def status(head: bytes, terms: Terms = TERMS, *, is_local: bool = True) -> int:
    outcome = answer_head(head, terms, is_local=is_local)
    code = int(outcome.answer.split(b" ")[1])
    assert outcome.is_open is (code == 101)
    assert outcome.answer.startswith(b"HTTP/1.1 ")
    return code


def test_the_key_of_the_rfc_is_answered_as_there() -> None:
    """RFC 6455, 1.3."""
    outcome = answer_head(request(), TERMS, is_local=True)
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in outcome.answer
    assert outcome.answer.endswith(END_OF_HEAD)


def test_a_query_makes_no_difference_to_the_path() -> None:
    assert status(request("/events?v=1")) == 101


@pytest.mark.parametrize("path", ["/", "/event", "/events/", "/EVENTS", "/x?/events"])
def test_elsewhere_there_is_nothing(path: str) -> None:
    assert status(request(path)) == 404


def test_a_subprotocol_is_spoken_if_it_is_asked_for() -> None:
    asked = answer_head(
        request(Sec_WebSocket_Protocol="soap, tertulia.v1"), TERMS, is_local=True
    ).answer
    assert b"Sec-WebSocket-Protocol: tertulia.v1\r\n" in asked
    other = answer_head(request(Sec_WebSocket_Protocol="soap"), TERMS, is_local=True).answer
    assert b"Sec-WebSocket-Protocol" not in other
    assert other.startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"GET /events HTTP/1.1\r\nHost: a" + END_OF_HEAD, 426),
        (b"GET /events HTTP/1.0\r\nHost: a" + END_OF_HEAD, 505),
        (b"GET /events SPDY\r\nHost: a" + END_OF_HEAD, 400),
        (b"GET /events" + END_OF_HEAD, 400),
        (b"GET /events HTTP/1.1\r\n: x" + END_OF_HEAD, 400),
        (b"GET /events HTTP/1.1\r\n" + b"a: b\r\n" * 200 + END_OF_HEAD, 431),
        (b"GET /" + b"x" * 10_000 + b" HTTP/1.1" + END_OF_HEAD, 414),
        (request().replace(b"Version: 13", b"Version: 12"), 400),
        (request().replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"short"), 400),
    ],
)
def test_what_is_no_request_for_a_websocket_is_answered_in_http(head: bytes, code: int) -> None:
    assert status(head) == code


# Which pages may connect


def test_a_program_has_no_origin_and_may_connect() -> None:
    assert status(request(host="chat.example.org")) == 101


def test_a_page_of_the_same_host_may_connect() -> None:
    assert status(request(Origin="http://127.0.0.1:8080")) == 101
    assert status(request(host="localhost:4444", Origin="http://localhost")) == 101
    here = request(host="chat.example.org", Origin="https://chat.example.org")
    assert status(here, is_local=False) == 101


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://127.0.0.1.evil.example", "http://[::1"]
)
def test_a_page_of_another_host_may_not(origin: str) -> None:
    assert status(request(Origin=origin)) == 403
    assert status(request(Origin=origin), is_local=False) == 403


def test_a_page_whose_name_was_made_to_point_here_may_not() -> None:
    rebound = request(host="evil.example:4444", Origin="http://evil.example:4444")
    assert status(rebound, is_local=True) == 403


def test_a_page_with_two_origins_may_not() -> None:
    two = request(Origin="http://127.0.0.1").replace(
        b"Origin:", b"Origin: http://127.0.0.1\r\nOrigin:"
    )
    assert status(two) == 403


def test_the_pages_named_may_connect_and_no_others() -> None:
    terms = Terms("/events", ("https://chat.example.org",))
    named = request(host="chat.example.org", Origin="https://chat.example.org")
    assert status(named, terms) == 101
    assert status(request(Origin="http://127.0.0.1:4444"), terms) == 403
    assert status(request(), terms) == 101


def test_all_pages_may_connect_if_that_is_said() -> None:
    assert status(request(Origin="https://else.example"), Terms("/events", ("*",))) == 101


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_is_known(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["localhost.evil.example", "10.0.0.1", "::2", "", "2130706433"])
def test_other_machines_are_others(host: str) -> None:
    assert not is_this_machine(host)
