"""The events door of a real server, over real sockets: TCP and WebSocket clients in one room."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.bots import Bot, TcpCarrier, WebSocketCarrier, arrive, bot
from tests.running import RunningServer

LISTENS = ("line=127.0.0.1:0", "events=127.0.0.1:0")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("chat"), listens=LISTENS) as running:
        yield running


@pytest.fixture(scope="module")
def unlimited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("unlimited")
    settings = ("limits.enabled=false",)
    with RunningServer(folder, listens=LISTENS, settings=settings) as running:
        yield running


def test_lines_events_and_frames_meet_in_one_room(server: RunningServer) -> None:
    tcp, web = arrive(server, "tina"), arrive(server, "wanda", "websocket")
    with server.connect() as telnet:
        telnet.read_until("/help lists")
        telnet.say("/nick nora")
        assert tcp.named("nick_changed")[1]["user"]["nick"] == "nora"
        telnet.say("olá, from a terminal")
        for client in (tcp, web):
            message = client.named("message")
            assert (message[1]["text"], message[1]["author"]["nick"]) == (
                "olá, from a terminal",
                "nora",
            )
        acknowledged = tcp.say("from a line of JSON")
        assert "tina: from a line of JSON" in telnet.read_until("from a line of JSON")
        assert web.named("message") == ["message", acknowledged]
        web.say("from a frame")
        assert "wanda: from a frame" in telnet.read_until("from a frame")
        telnet.say("/msg tina psst")
        assert tcp.wait_for(lambda event: event[1].get("to") == "tina")[1]["text"] == "psst"
        tcp.ask("logout")
        assert "tina" in telnet.read_until("has left the chat")
    assert web.named("user_left")[1]["user"]["nick"] == "tina"
    web.close()
    tcp.close()


@pytest.mark.parametrize("carrier", ["tcp", "websocket"])
def test_every_kind_of_request_is_answered(server: RunningServer, carrier: str) -> None:
    nick = f"ana-{carrier}"
    ana = bot(server, carrier)
    assert ana.ask("ping", data="x")[1]["data"] == "x"
    assert ana.ask("get_rooms")[1]["code"] == "login_required"
    ana.log_in(nick)
    name = f"room-{carrier}"
    assert ana.ask("create_room", name=name, topic="all of it")[0] == "room_joined"
    message = ana.say("first", name)["id"]
    for request, params, answer in [
        ("set_topic", {"room": name, "topic": "more of it"}, "topic_changed"),
        ("edit_message", {"message": message, "text": "First"}, "message_edited"),
        ("add_reaction", {"message": message, "reaction": "👍"}, "reaction_added"),
        ("remove_reaction", {"message": message, "reaction": "👍"}, "reaction_removed"),
        ("delete_message", {"message": message}, "message_deleted"),
        ("send_direct", {"nick": "carla", "text": "psst"}, "message"),
        ("set_away", {"text": "lunch"}, "done"),
        ("set_typing", {"room": name}, "done"),
        ("change_nick", {"nick": f"{nick}-2"}, "done"),
        ("get_history", {"room": name}, "history"),
        ("search", {"words": "psst"}, "search_results"),
        ("get_users", {"room": name}, "users"),
        ("get_users", {}, "users"),
        ("get_rooms", {}, "rooms"),
        ("ignore", {"nick": "nobody"}, "server_error"),
        ("unignore", {"nick": "nobody"}, "server_error"),
        ("run_command", {"text": "/rooms"}, "notice"),
        ("leave_room", {"room": name}, "user_left"),
        ("join_room", {"room": name}, "room_joined"),
        ("delete_room", {"room": name}, "done"),
        ("join_room", {"room": name}, "server_error"),
        ("send_message", {"room": "lobby", "text": "x", "user": {"id": "x"}}, "server_error"),
        ("login", {"nick": "other"}, "server_error"),
        ("dance", {}, "server_error"),
        ("logout", {"text": "bye"}, "goodbye"),
    ]:
        assert ana.ask(request, **params)[0] == answer, request
    assert ana.next() is None
    ana.close()


def test_a_hundred_glued_events_are_dealt_with_in_order(server: RunningServer) -> None:
    glued, reader = arrive(server, "glued"), arrive(server, "reader", "websocket")
    carrier = glued.carrier
    assert isinstance(carrier, TcpCarrier)
    lines = [f'["send_message",{{"room":"lobby","text":"glued {at}"}},{at}]' for at in range(100)]
    data = ("\n".join(lines) + "\n").encode()
    for start in range(0, len(data), 777):
        carrier.socket.sendall(data[start : start + 777])
    expected = [f"glued {at}" for at in range(100)]
    for client in (glued, reader):
        client.wait_for(lambda event: event[1].get("text") == "glued 99")
        assert [text for text in client.heard() if text.startswith("glued ")] == expected
        client.close()


# Coming back


def test_who_comes_back_in_the_middle_of_a_flood_misses_nothing(unlimited: RunningServer) -> None:
    flooder = arrive(unlimited, "flooder")
    told = threading.Event()

    def flood() -> None:
        for at in range(4000):
            flooder.send("send_message", at, room="lobby", text=f"drop {at}")
            if at % 50 == 49:
                # No faster than it is taken in, so that the reader is in the middle of it.
                flooder.wait_for(lambda event, at=at: event[2:] == [at])  # type: ignore[misc]
        told.set()

    reader = arrive(unlimited, "reader", "websocket")
    lobby = reader.welcome["main_room"]
    cursor = reader.seen[-1][1]["seq"]
    heard: list[str] = []
    comings = 0
    thread = threading.Thread(target=flood)
    thread.start()
    try:
        while not heard or heard[-1] != "drop 3999":
            for _ in range(200):
                event = reader.next()
                assert event is not None
                if event[0] == "room_joined":
                    raise AssertionError("too much was missed for this test")
                if "seq" in event[1] and event[1].get("room") == lobby:
                    assert event[1]["seq"] == cursor + 1
                    cursor = event[1]["seq"]
                    if event[0] == "message":
                        heard.append(event[1]["text"])
                if heard and heard[-1] == "drop 3999":
                    break
            else:
                reader = come_back(unlimited, reader, {lobby: cursor}, comings)
                comings += 1
    finally:
        thread.join(30)
    assert told.is_set()
    assert heard == [f"drop {at}" for at in range(4000)]
    assert comings >= 5
    flooder.close()
    reader.close()


def come_back(server: RunningServer, lost: Bot, cursors: dict[str, int], times: int) -> Bot:
    """Break a connection off, and come back by another, of one kind or the other."""
    lost.carrier.break_off()
    back = bot(server, "tcp" if times % 2 else "websocket")
    welcome = back.log_in(token=lost.welcome["token"], cursors=cursors)
    assert welcome["resumed"] is True
    return back


def test_a_message_that_was_never_acknowledged_is_said_once(server: RunningServer) -> None:
    sender, witness = arrive(server, "sender"), arrive(server, "witness")
    lobby = sender.welcome["main_room"]
    sender.send("send_message", 1, room="lobby", text="once", key="the key")
    witness.wait_for(lambda event: event[1].get("text") == "once")
    sender.carrier.break_off()
    back = bot(server)
    back.log_in(token=sender.welcome["token"], cursors={lobby: 10**9})
    answer = back.ask("send_message", room="lobby", text="once", key="the key")
    assert answer[0] == "message"
    back.say("the end")
    witness.wait_for(lambda event: event[1].get("text") == "the end")
    assert witness.heard().count("once") == 1
    for client in (back, witness):
        client.close()


def test_after_a_restart_one_logs_in_anew_and_everything_acknowledged_is_there(
    tmp_path: Path,
) -> None:
    with RunningServer(tmp_path, listens=LISTENS) as first:
        ana = arrive(first, "ana", "websocket")
        token = ana.welcome["token"]
        said = [ana.say(f"word {at}")["id"] for at in range(20)]
        first.kill()
        while ana.next() is not None:
            pass
    with RunningServer(tmp_path, listens=LISTENS) as second:
        back = bot(second)
        refused = back.ask("login", token=token, cursors={})
        assert refused[1]["code"] == "resume_failed"
        back.log_in("ana")
        history = back.ask("get_history", room="lobby", limit=20)
        assert [message["id"] for message in history[1]["messages"]] == said
        back.close()


def test_when_the_server_ends_everybody_is_told(tmp_path: Path) -> None:
    with RunningServer(tmp_path, listens=LISTENS) as server:
        clients = [arrive(server, "tina"), arrive(server, "wanda", "websocket")]
        away = arrive(server, "away")
        away.close()
        assert server.stop(signal.SIGTERM) == 0
        for client in clients:
            assert client.named("goodbye")[1]["reason"] == "shutdown"
            assert client.next() is None
        web = clients[1].carrier
        assert isinstance(web, WebSocketCarrier)
        assert web.socket.close_code == 1000
        for client in clients:
            client.close()
