"""Tests of the events door on a WebSocket: the upgrade, frames, and the end."""

from __future__ import annotations

import pytest
from websockets.frames import Opcode

from tertulia.core.events import LeaveReason
from tertulia.wire.websocket import MAX_PASSED_OVER
from tests.doors.events_peer import REQUEST, Peer, WebSocketPeer, door_of
from tests.server.driving import Chat
from tests.server.virtual import in_virtual_time


def closing(peer: WebSocketPeer) -> int:
    """Return the code of the close frame, which is the last thing that was sent."""
    opcode, payload = peer.frames[-1]
    assert opcode == Opcode.CLOSE
    return int.from_bytes(payload[:2], "big")


@in_virtual_time
async def test_lines_and_frames_are_spoken_on_the_same_port_in_the_same_room() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, bob = Peer(chat, door), WebSocketPeer(chat, door)
        await ana.log_in("ana")
        await bob.log_in("bob")
        ana.events()
        sent = await bob.ask("send_message", 1, room="lobby", text="olá")
        assert sent[2] == 1
        assert ana.events("message") == [sent[:2]]
        sent = await ana.ask("send_message", 1, room="lobby", text="oi")
        assert bob.events("message") == [sent[:2]]


@in_virtual_time
async def test_a_request_that_comes_byte_by_byte_is_answered() -> None:
    async with Chat() as chat:
        peer = Peer(chat, door_of(chat))
        for byte in REQUEST:
            assert peer.link.sent == b""
            peer.link.receive(bytes([byte]))
        assert peer.link.sent.startswith(b"HTTP/1.1 101 ")


@in_virtual_time
async def test_frames_may_be_glued_to_the_request() -> None:
    async with Chat() as chat:
        peer = Peer(chat, door_of(chat))
        frame = b'\x81\x8b\0\0\0\0["ping",{}]'
        peer.link.receive(REQUEST + frame)
        assert b'["pong"' in peer.link.sent


@in_virtual_time
@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (REQUEST.replace(b"/events", b"/"), b"404"),
        (REQUEST.replace(b"Host:", b"Origin: https://evil.example\r\nHost:"), b"403"),
        (b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n", b"426"),
        (b"GET x\r\n\r\n", b"400"),
        (b"GET /events HTTP/1.1\r\n" + b"a: b\r\n" * 5000, b"405"),
    ],
)
async def test_what_is_no_upgrade_is_answered_and_closed(
    request_head: bytes, status: bytes
) -> None:
    async with Chat() as chat:
        peer = Peer(chat, door_of(chat))
        peer.link.receive(request_head)
        assert peer.link.sent.startswith(b"HTTP/1.1 " + status)
        assert peer.link.closed is LeaveReason.LOST


@in_virtual_time
async def test_pages_of_the_origins_in_the_settings_may_connect() -> None:
    async with Chat() as chat:
        door = door_of(chat, origins=("https://chat.example.org",))
        peer = Peer(chat, door)
        peer.link.receive(REQUEST.replace(b"Host:", b"Origin: https://chat.example.org\r\nHost:"))
        assert peer.link.sent.startswith(b"HTTP/1.1 101 ")


@in_virtual_time
async def test_a_page_from_elsewhere_with_the_name_of_this_host_may_connect() -> None:
    async with Chat() as chat:
        head = REQUEST.replace(b"127.0.0.1:4444", b"chat.example.org")
        head = head.replace(b"Host:", b"Origin: https://chat.example.org\r\nHost:")
        near, far = Peer(chat, door_of(chat)), Peer(chat, door_of(chat), "203.0.113.9")
        near.link.receive(head)
        far.link.receive(head)
        assert near.link.sent.startswith(b"HTTP/1.1 403 ")
        assert far.link.sent.startswith(b"HTTP/1.1 101 ")


@in_virtual_time
async def test_an_upgrade_that_never_ends_is_closed() -> None:
    async with Chat() as chat:
        peer = Peer(chat, door_of(chat))
        peer.link.receive(REQUEST[:-2])
        for _ in range(11):
            await chat.settle()
        assert peer.link.closed is LeaveReason.TIMEOUT


@in_virtual_time
async def test_a_ping_is_answered_with_its_data() -> None:
    async with Chat() as chat:
        peer = WebSocketPeer(chat, door_of(chat))
        peer.send_frame(Opcode.PING, b"are you there?")
        peer.send_frame(Opcode.PONG, b"unasked")
        assert peer.frames == [(Opcode.PONG, b"are you there?")]


@in_virtual_time
async def test_an_event_may_come_in_fragments() -> None:
    async with Chat() as chat:
        peer = WebSocketPeer(chat, door_of(chat))
        peer.send_frame(Opcode.TEXT, b'["pi', fin=False)
        peer.send_frame(Opcode.PING)
        peer.send_frame(Opcode.CONT, b'ng",{},1]')
        assert peer.events()[0][2] == 1


@in_virtual_time
async def test_a_binary_message_is_junk_like_any_other() -> None:
    async with Chat() as chat:
        peer = WebSocketPeer(chat, door_of(chat))
        peer.send_frame(Opcode.BINARY, b'["ping",{}]')
        assert peer.events()[0][1]["code"] == "invalid_json"
        peer.send("ping", 1)
        assert peer.events()[0][0] == "pong"


@in_virtual_time
async def test_a_message_that_is_too_long_is_told_and_passed_over() -> None:
    async with Chat() as chat:
        peer = WebSocketPeer(chat, door_of(chat, max_event=1024))
        peer.send_frame(Opcode.TEXT, b'["ping",{"data":"' + b"x" * 100_000 + b'"}]')
        peer.send("ping", 1)
        assert [event[0] for event in peer.events()] == ["server_error", "pong"]


@in_virtual_time
@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (b"\x81\x02{}", 1002),
        (b"\xf1\x80\0\0\0\0", 1002),
        (b"\x80\x80\0\0\0\0", 1002),
        (b"\x81\x81\0\0\0\0\xff", 1007),
        (b"\x81\xff" + (MAX_PASSED_OVER + 1).to_bytes(8, "big") + b"\0\0\0\0", 1009),
    ],
)
async def test_frames_that_break_the_rules_end_the_connection(broken: bytes, code: int) -> None:
    async with Chat() as chat:
        ana, bob = WebSocketPeer(chat, door_of(chat)), Peer(chat, door_of(chat))
        await ana.log_in("ana")
        await bob.log_in("bob")
        ana.link.receive(broken)
        assert closing(ana) == code
        assert ana.link.closed is LeaveReason.LOST
        assert (await bob.ask("send_message", 1, room="lobby", text="hi"))[0] == "message"


@in_virtual_time
@pytest.mark.parametrize(
    ("code", "has_left"), [(b"\x03\xe8", True), (b"\x03\xe9", False), (b"", False)]
)
async def test_who_closes_has_left_unless_they_may_come_back(code: bytes, has_left: bool) -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, bob = WebSocketPeer(chat, door), Peer(chat, door)
        await ana.log_in("ana")
        await bob.log_in("bob")
        ana.send("send_message", room="lobby", text="last words")
        ana.send_frame(Opcode.CLOSE, code)
        ana.send("send_message", room="lobby", text="after")
        await chat.settle()
        assert ana.frames[-1] == (Opcode.CLOSE, code)
        reasons = [event[1]["reason"] for event in bob.events("user_left")]
        assert reasons == (["quit"] if has_left else [])
        assert [event[1]["text"] for event in bob.sent if event[0] == "message"] == ["last words"]


@in_virtual_time
async def test_a_connection_that_breaks_off_is_lost() -> None:
    async with Chat() as chat:
        ana = WebSocketPeer(chat, door_of(chat))
        await ana.log_in("ana")
        ana.link.end()
        await chat.settle()
        assert ana.link.closed is LeaveReason.LOST
        assert chat.gateway.user_called("ana") is not None


@in_virtual_time
async def test_the_last_word_is_a_close_frame() -> None:
    async with Chat() as chat:
        door = door_of(chat)
        ana, silent = WebSocketPeer(chat, door), WebSocketPeer(chat, door)
        await ana.log_in("ana")
        chat.gateway.evict_all()
        assert ana.events()[-1][0] == "goodbye"
        assert closing(ana) == 1000
        for _ in range(11):
            await chat.settle()
        assert silent.events()[-1][1]["reason"] == "login_timeout"
        assert closing(silent) == 1000
