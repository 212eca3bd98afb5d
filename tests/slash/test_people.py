from __future__ import annotations

from datetime import timedelta, timezone

from tertulia.core.errors import (
    InvalidNick,
    NickInUse,
    NoSuchRoom,
    NoSuchUser,
    ShuttingDown,
    ToYourself,
    Usage,
)
from tertulia.core.events import LeaveReason
from tests.fakes import FakeGateway
from tests.slash.typist import Typist


def test_nick_without_a_name_tells_who_one_is(ana: Typist) -> None:
    assert ana.types("/nick") == ["You are ana. Your id is 127.0.0.1:50001."]


def test_nick_takes_another_name(gateway: FakeGateway) -> None:
    guest = Typist(gateway)
    assert guest.types("/nick Zoë") == ["You are Zoë now."]
    assert guest.types("/ENTRAR @zé") == ["You are zé now."]
    assert guest.nick == "zé"


def test_nick_can_be_refused(ana: Typist, bob: Typist) -> None:
    assert bob.refused("/nick Ana") == NickInUse("Ana", "Ana2")
    assert bob.refused("/nick a/b") == InvalidNick("a/b", 32)
    assert bob.refused("/nick ana maria") == Usage("/nick [NAME]")


def test_entrar_with_a_room_joins_it(ana: Typist, bob: Typist) -> None:
    bob.types("/create chá")
    assert ana.types("/entrar #chá") == []
    assert ana.reply.entered == ["chá"]
    assert ana.refused("/entrar #café") == NoSuchRoom("café")


def test_whois_tells_what_is_known(gateway: FakeGateway, ana: Typist, bob: Typist) -> None:
    gateway.now += 24 * 3600_000
    bob.types("/create tea")
    bob.types("/away for {lunch}")
    ana.zone = timezone(timedelta(hours=1))
    assert ana.types("/whois BOB") == [
        "bob",
        "  id            127.0.0.1:50002",
        "  online since  2026-11-20 13:00",
        "  away          for {lunch}",
        "  rooms         lobby, tea",
    ]


def test_whois_leaves_out_what_is_not_so(ana: Typist, bob: Typist) -> None:
    bob.types("/leave")
    assert ana.types("/whois @bob") == [
        "bob",
        "  id            127.0.0.1:50002",
        "  online since  2026-11-20 12:00",
    ]
    bob.types("/away")
    assert ana.types("/whois bob")[-1] == "  away          yes"


def test_whois_of_nobody_is_refused(ana: Typist) -> None:
    assert ana.refused("/whois zoe") == NoSuchUser("zoe")
    assert ana.refused("/whois") == Usage("/whois NICK")
    assert ana.refused("/whois ana bob") == Usage("/whois NICK")


def test_being_away_and_back_is_confirmed(ana: Typist) -> None:
    assert ana.types("/away lunch") == ["You are away now. /back ends it."]
    assert ana.call().me().away == "lunch"
    assert ana.types("/back") == ["You are back."]
    assert ana.call().me().away is None
    assert ana.refused("/back now") == Usage("/back")


def test_ignoring_is_said_listed_and_ended(ana: Typist, bob: Typist) -> None:
    assert ana.types("/ignore") == ["You ignore nobody."]
    assert ana.types("/ignore BOB") == [
        "You will not see what bob says and does. /unignore bob ends that."
    ]
    Typist(ana.gateway, "cat")
    ana.types("/ignore cat")
    assert ana.types("/ignore") == ["You ignore: bob, cat"]
    assert ana.types("/unignore Bob") == ["You see again what bob says and does."]
    assert ana.types("/ignore") == ["You ignore: cat"]


def test_somebody_who_has_gone_can_be_heard_again(ana: Typist, bob: Typist) -> None:
    ana.types("/ignore bob")
    bob.gateway.close(bob.session, LeaveReason.QUIT)
    assert ana.types("/unignore bob") == ["You see again what bob says and does."]


def test_ignoring_can_be_refused(ana: Typist) -> None:
    assert ana.refused("/ignore ana") == ToYourself()
    assert ana.refused("/ignore zoe") == NoSuchUser("zoe")
    assert ana.refused("/unignore zoe") == NoSuchUser("zoe")
    assert ana.refused("/unignore") == Usage("/unignore NICK")


def test_somebody_who_has_gone_is_refused_everything(ana: Typist) -> None:
    ana.gateway.close(ana.session, LeaveReason.QUIT)
    assert ana.refused("/nick") == ShuttingDown()
    assert ana.refused("/nick zoe") == ShuttingDown()
