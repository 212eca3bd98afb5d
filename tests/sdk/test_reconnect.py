"""Tests of coming back: nothing is lost and nothing doubled, however the line breaks."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from tertulia.sdk import (
    Client,
    ClientClosed,
    ConnectionLost,
    QueueFull,
    ServerError,
    SessionReplaced,
    connect,
)
from tertulia.sdk import session as session_module
from tertulia.sdk.session import Session
from tests.running import RunningServer
from tests.sdk.proxy import Proxy
from tests.sdk.waiting import DEADLINE, Noted, take_over

EVENTS = ("events=127.0.0.1:0",)


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next connection be tried almost at once."""
    make = Session.__init__

    def init(session: Session, *args: object, **options: object) -> None:
        make(session, *args, **{**options, "draw": lambda: 0.02})  # type: ignore[arg-type]  # as it was

    monkeypatch.setattr(Session, "__init__", init)


async def test_what_was_said_meanwhile_is_told_and_one_is_still_inside(
    server: RunningServer, url: str
) -> None:
    async with Proxy(server.port("events")) as proxy, connect(url, nick="stayer") as stayer:
        async with connect(proxy.url, nick="faller") as faller:
            noted = Noted(faller)
            room = await stayer.create_room("harbour")
            await faller.join("harbour")
            me = faller.user.id
            proxy.is_closed = True
            proxy.cut()
            await noted.until_event("disconnected")
            assert not faller.is_online
            for number in range(30):
                await room.say(f"meanwhile {number}")
            assert [member.nick for member in room.members] == ["stayer", "faller"]
            proxy.is_closed = False
            await noted.until_event("reconnected")
            await noted.until_text("meanwhile 29")
            assert noted.texts == [f"meanwhile {number}" for number in range(30)]
            assert faller.user.id == me
            # Only its own first entrance into each room was told.
            assert noted.others.count("room_joined") == 1


async def test_messages_said_offline_are_delivered_once_in_order(
    server: RunningServer, url: str
) -> None:
    async with Proxy(server.port("events")) as proxy, connect(url, nick="hears") as hears:
        heard = Noted(hears)
        async with connect(proxy.url, nick="offline") as client:
            noted = Noted(client)
            proxy.is_closed = True
            proxy.cut()
            await noted.until_event("disconnected")
            saying = [
                asyncio.create_task(client.say("lobby", f"queued {number}")) for number in range(50)
            ]
            await asyncio.sleep(0)
            proxy.is_closed = False
            said = await asyncio.gather(*saying)
            assert [message.text for message in said] == [f"queued {n}" for n in range(50)]
            await heard.until_text("queued 49")
            assert [text for text in heard.texts if "queued" in text] == [
                f"queued {number}" for number in range(50)
            ]


async def test_a_message_whose_answer_was_lost_is_not_said_twice(
    server: RunningServer, url: str
) -> None:
    async with Proxy(server.port("events")) as proxy, connect(url, nick="witness") as witness:
        heard = Noted(witness)
        async with connect(proxy.url, nick="unsure") as client:
            noted = Noted(client)
            proxy.is_deaf = True
            saying = asyncio.create_task(client.say("lobby", "once only"))
            await heard.until_text("once only")
            proxy.cut()
            proxy.is_deaf = False
            assert (await saying).text == "once only"
            await client.say("lobby", "and then this")
            await heard.until_text("and then this")
            await noted.until_text("and then this")
        assert heard.texts == ["once only", "and then this"]
        assert noted.texts == ["once only", "and then this"]


async def test_a_change_whose_answer_was_lost_is_given_up(server: RunningServer, url: str) -> None:
    async with Proxy(server.port("events")) as proxy, connect(url, nick="sees") as sees:
        async with connect(proxy.url, nick="changer") as client:
            changed = asyncio.create_task(sees.wait_for("topic_changed"))
            await asyncio.sleep(0)
            proxy.is_deaf = True
            changing = asyncio.create_task(client.set_topic("lobby", "New"))
            reading = asyncio.create_task(client.users())
            await changed
            proxy.cut()
            proxy.is_deaf = False
            with pytest.raises(ConnectionLost):
                await changing
            # What only reads is asked again.
            assert "changer" in [user.nick for user in await reading]
            assert client.main_room.topic == "New"


async def test_a_flood_survives_breaks_in_both_directions(server: RunningServer, url: str) -> None:
    async with (
        Proxy(server.port("events")) as proxy,
        Proxy(server.port("events")) as other,
        connect(url, nick="judge") as judge,
        connect(proxy.url, nick="flooder") as flooder,
        connect(other.url.replace("tcp", "ws"), nick="listener") as listener,
    ):
        room = await judge.create_room("flood")
        await flooder.join("flood")
        await listener.join("flood")
        clients = (judge, flooder, listener)
        noted = [Noted(client) for client in clients]
        count, breaks = 2000, 6
        wanted = [f"{number}" for number in range(count)]

        async def flood() -> None:
            for start in range(0, count, 50):
                batch = wanted[start : start + 50]
                await asyncio.gather(*(flooder.say(room.id, text) for text in batch))

        async def disturb() -> None:
            for time in range(breaks):
                mark = f"{count * (time + 1) // (breaks + 2)}"
                await noted[0].until_text(mark)
                (proxy if time % 2 else other).cut()

        await asyncio.gather(flood(), disturb())
        for one in noted:
            await one.until_text(wanted[-1])
        for one in noted:
            assert one.texts == wanted
        assert proxy.lines > 1
        assert other.lines > 1
        for client in clients:
            assert client.mirror.states[room.id] == judge.mirror.states[room.id]
            assert client.mirror.cursors[room.id] == judge.mirror.cursors[room.id]


async def test_too_much_that_waits_offline_is_refused(server: RunningServer) -> None:
    async with Proxy(server.port("events")) as proxy:
        client = Client(proxy.url, nick="bounded", most_waiting=3)
        async with client:
            noted = Noted(client)
            proxy.is_closed = True
            proxy.cut()
            await noted.until_event("disconnected")
            saying = [asyncio.create_task(client.say("lobby", str(n))) for n in range(3)]
            await asyncio.sleep(0)
            with pytest.raises(QueueFull):
                await client.say("lobby", "one too many")
            proxy.is_closed = False
            await asyncio.gather(*saying)


async def test_whoever_does_not_want_to_come_back_is_told(server: RunningServer) -> None:
    async with Proxy(server.port("events")) as proxy:
        client = Client(proxy.url, nick="leaves", reconnect=False)
        await client.connect()
        proxy.cut()
        with pytest.raises(ConnectionLost):
            async with asyncio.timeout(DEADLINE):
                await client.wait_closed()
        with pytest.raises(ClientClosed):
            await client.say("lobby", "too late")
        await client.close()


async def test_who_is_replaced_does_not_come_back(url: str) -> None:
    original = Client(url, nick="original")
    noted = Noted(original)
    async with original:
        await noted.until_event("ready")
        writer = await take_over(url, noted.token)
        with pytest.raises(SessionReplaced):
            async with asyncio.timeout(DEADLINE):
                await original.wait_closed()
        with pytest.raises(ClientClosed):
            await original.say("lobby", "I?")
        writer.close()


async def test_a_silent_server_counts_as_lost(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "HEARTBEAT", 0.02)
    monkeypatch.setattr(session_module, "SILENCE", 0.2)
    async with Proxy(server.port("events")) as proxy:
        async with connect(proxy.url, nick="watchful") as client:
            noted = Noted(client)
            proxy.is_deaf = True
            await noted.until_event("disconnected")
            proxy.is_deaf = False
            proxy.cut()
            await noted.until_event("reconnected")


async def test_who_was_away_for_too_long_comes_as_somebody_new_and_misses_nothing(
    tmp_path: Path,
) -> None:
    settings = ["limits.enabled=false", "doors.events.resume_seconds=0"]
    with RunningServer(tmp_path, listens=EVENTS, settings=settings) as server:
        url = f"tcp://127.0.0.1:{server.port('events')}"
        async with Proxy(server.port("events")) as proxy, connect(url, nick="present") as present:
            async with connect(proxy.url, nick="absent") as absent:
                noted = Noted(absent)
                room = await present.create_room("den")
                await absent.join("den")
                me = absent.user.id
                proxy.is_closed = True
                proxy.cut()
                await noted.until_event("disconnected")
                for number in range(250):
                    await room.say(f"{number}")
                saying = asyncio.create_task(absent.say("den", "and I"))
                proxy.is_closed = False
                for number in range(250, 500):
                    await room.say(f"{number}")
                assert (await saying).text == "and I"
                await noted.until(lambda: len(noted.texts) == 501)
                # What was missed is told before what is heard live, and all of it in order.
                assert [one for one in noted.texts if one != "and I"] == [*map(str, range(500))]
                assert absent.user.id != me
                assert absent.user.nick == "absent"
                assert room.is_joined


async def test_a_gap_that_is_too_great_is_told_as_one(tmp_path: Path) -> None:
    settings = ["limits.enabled=false", "doors.events.resume_entries=10"]
    with RunningServer(tmp_path, listens=EVENTS, settings=settings) as server:
        url = f"tcp://127.0.0.1:{server.port('events')}"
        async with Proxy(server.port("events")) as proxy, connect(url, nick="present") as present:
            async with connect(proxy.url, nick="absent") as absent:
                noted = Noted(absent)
                reset = asyncio.create_task(absent.wait_for("room_joined"))
                proxy.is_closed = True
                proxy.cut()
                await noted.until_event("disconnected")
                for number in range(30):
                    await present.say("lobby", f"{number}")
                proxy.is_closed = False
                joined = await reset
                assert joined.is_reset
                assert joined.messages[-1].text == "29"
                assert noted.texts == []


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
async def test_a_restart_of_the_server_loses_and_doubles_nothing(
    tmp_path: Path, end: signal.Signals
) -> None:
    settings = ["limits.enabled=false"]
    with RunningServer(tmp_path, listens=EVENTS, settings=settings) as server:
        async with Proxy(server.port("events")) as proxy:
            flooder = Client(proxy.url, nick="flooder", most_waiting=2000)
            hearer = Client(proxy.url, nick="hearer")
            async with flooder, hearer:
                noted = Noted(hearer)
                room = await flooder.create_room("den")
                await hearer.join("den")
                wanted = [f"{number}" for number in range(1500)]
                saying = [asyncio.create_task(flooder.say(room.id, text)) for text in wanted[:750]]
                await noted.until(lambda: len(noted.texts) > 100)
                proxy.is_closed = True
                await asyncio.to_thread(server.stop, end)
                saying += [asyncio.create_task(flooder.say("den", text)) for text in wanted[750:]]
                with RunningServer(tmp_path, listens=EVENTS, settings=settings) as again:
                    proxy.target = again.port("events")
                    proxy.is_closed = False
                    await asyncio.gather(*saying)
                    await noted.until_text(wanted[-1])
                    log = [one.text async for one in room.history(limit=None)]
                    assert log[::-1] == wanted
                    assert noted.texts == wanted
                    await flooder.close()
                    await hearer.close()


async def test_what_was_under_way_to_one_person_survives_a_crash(tmp_path: Path) -> None:
    settings = ["limits.enabled=false"]
    with RunningServer(tmp_path, listens=EVENTS, settings=settings) as server:
        async with Proxy(server.port("events")) as proxy:
            ana, bob = Client(proxy.url, nick="ana"), Client(proxy.url, nick="bob")
            async with ana, bob:
                noted = Noted(bob)
                proxy.is_deaf = True
                wanted = [f"{number}" for number in range(100)]
                saying = [asyncio.create_task(ana.direct("bob", text)) for text in wanted]
                url = f"tcp://127.0.0.1:{server.port('events')}"
                async with connect(url, nick="eve") as eve:
                    # What eve says is stored after it, for the log is one.
                    await eve.say("lobby", "now")
                proxy.is_closed = True
                await asyncio.to_thread(server.stop, signal.SIGKILL)
                with RunningServer(tmp_path, listens=EVENTS, settings=settings) as again:
                    proxy.target = again.port("events")
                    proxy.is_closed = proxy.is_deaf = False
                    said = await asyncio.gather(*saying)
                    log = [one.text async for one in said[0].room.history(limit=None)]
                    assert log[::-1] == wanted
                    await noted.until_event("reconnected")
                    await ana.close()
                    await bob.close()


async def test_what_can_not_be_found_out_any_more_is_told_so(tmp_path: Path) -> None:
    settings = ["limits.enabled=false", "doors.events.resume_seconds=0"]
    with RunningServer(tmp_path, listens=EVENTS, settings=settings) as server:
        url = f"tcp://127.0.0.1:{server.port('events')}"
        async with Proxy(server.port("events")) as proxy, connect(url, nick="owner") as owner:
            async with connect(proxy.url, nick="guest-star") as client:
                noted = Noted(owner)
                room = await owner.create_room("den")
                await client.join("den")
                proxy.is_deaf = True
                saying = asyncio.create_task(client.say(room, "stored or not?"))
                await noted.until_text("stored or not?")
                proxy.is_closed = True
                proxy.cut()
                await owner.delete_room("den")
                proxy.is_closed = proxy.is_deaf = False
                with pytest.raises((ConnectionLost, ServerError)):
                    await saying
                assert (await client.say("lobby", "and on")).text == "and on"


async def test_a_nick_that_was_taken_meanwhile_is_replaced(tmp_path: Path) -> None:
    settings = ["doors.events.resume_seconds=0"]
    with RunningServer(tmp_path, listens=EVENTS, settings=settings) as server:
        url = f"tcp://127.0.0.1:{server.port('events')}"
        async with Proxy(server.port("events")) as proxy:
            async with connect(proxy.url, nick="wanted") as client:
                noted = Noted(client)
                proxy.is_closed = True
                proxy.cut()
                await noted.until_event("disconnected")
                async with connect(url, nick="wanted"):
                    proxy.is_closed = False
                    await noted.until_event("reconnected")
                    assert client.user.nick == "wanted2"


async def test_a_guest_that_comes_back_is_a_guest(tmp_path: Path) -> None:
    settings = ["doors.events.resume_seconds=0"]
    with RunningServer(tmp_path, listens=EVENTS, settings=settings) as server:
        url = f"tcp://127.0.0.1:{server.port('events')}"
        async with Proxy(server.port("events")) as proxy, connect(url, nick="renamer") as other:
            async with connect(proxy.url) as client:
                noted = Noted(client)
                await other.set_nick("renamed")
                proxy.cut()
                await noted.until_event("reconnected")
                assert client.user.nick.startswith("guest")


async def test_who_is_too_fast_waits_and_keeps_the_order(tmp_path: Path) -> None:
    settings = ["limits.message_burst=5", "limits.message_rate=100"]
    with RunningServer(tmp_path, listens=EVENTS, settings=settings) as server:
        url = f"tcp://127.0.0.1:{server.port('events')}"
        async with connect(url, nick="fast") as fast, connect(url, nick="slow") as slow:
            noted = Noted(slow)
            wanted = [f"{number}" for number in range(40)]
            await asyncio.gather(*(fast.say("lobby", text) for text in wanted))
            await noted.until_text(wanted[-1])
            assert noted.texts == wanted
